"""Small extractions built by hand: entities and facts whose spans are found in the text."""

from __future__ import annotations

from collections.abc import Sequence

from summitgraph.graph.records import Document, Entity, Extraction, Fact, Name, Span, Value
from tests.conftest import STAMP


def spans(text: str, *words: str) -> tuple[Span, ...]:
    """Return where each of *words* stands first."""
    return tuple(Span(text.index(word), text.index(word) + len(word)) for word in words)


def entity(
    text: str,
    id: str,
    kind: str,
    *names: str,
    language: str = "ar",
    edition: str = "",
    reference: str = "",
    label: str = "",
    description: str = "",
) -> Entity:
    """Return an entity with *names*, each at its first place in *text*."""
    found = tuple(Name(name, language, spans(text, name)[0]) for name in names)
    mentions = tuple(name.span for name in found) or (spans(text, description) if description else ())
    return Entity(id, kind, found, mentions, description, edition, "", reference, label)


def fact(text: str, id: str, kind: str, words: str | Sequence[str], /, **roles: Value | tuple[Value, ...]) -> Fact:
    """Return a fact whose evidence is *words*."""
    places = spans(text, *([words] if isinstance(words, str) else words))
    values = {role: value if isinstance(value, tuple) else (value,) for role, value in roles.items()}
    return Fact(id, kind, values, places, "test.rule", 0.8)


def extraction(
    text: str, entities: Sequence[Entity] = (), facts: Sequence[Fact] = (), language: str = "ar"
) -> Extraction:
    """Return an extraction of a document with a fixed time."""
    document = Document(text, language, title="عنوان", source="a.txt", generated_at=STAMP)
    return Extraction(document, tuple(entities), tuple(facts))

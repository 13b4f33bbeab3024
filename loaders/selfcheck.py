"""Run the examples that the pattern files carry: each pattern must give what it says and stay silent where it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from summitgraph.graph.records import Document, EntityRef, Extraction, Fact, Value

from .extract import extract
from .normalise import fold
from .rules import Language, Pattern


@dataclass(frozen=True, slots=True)
class Problem:
    """A pattern that does not do what its own example says."""

    place: str  # file:line
    pattern: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.pattern}: {self.message}"


def check(language: Language) -> Iterator[Problem]:
    """Yield every problem of the patterns of *language*; none when all examples hold.

    An example is read after ``example_context``, a line that names a summit: "the summit" alone is about none.
    """
    for pattern in (*language.names, *language.frames):
        yield from _check(pattern, language.code, str(language.settings.get("example_context", "")))


def without_example(language: Language) -> list[str]:
    """Return the ids of the patterns that state facts and show no example yet."""
    return [pattern.id for pattern in (*language.names, *language.frames) if pattern.emit and not pattern.example]


def _check(pattern: Pattern, code: str, context: str) -> Iterator[Problem]:
    if pattern.example:
        extraction = extract(Document(context + pattern.example, code))
        # A name it makes is known by the second reading, in which another pattern may find it.
        facts = any(kind != "Finding" for expected in pattern.expect for kind in expected)
        if facts and not pattern.new and not any(fact.rule == pattern.id for fact in extraction.facts):
            yield Problem(
                pattern.where_from, pattern.id, f"its example gives nothing by this pattern: {pattern.example}"
            )
        for expected in pattern.expect:
            for kind, roles in expected.items():
                if kind == "Finding":
                    found = any(finding.code == roles["kind"] for finding in extraction.findings)
                else:
                    found = any(_fits(fact, kind, roles or {}, extraction) for fact in extraction.facts)
                if not found:
                    yield Problem(
                        pattern.where_from, pattern.id, f"its example gives no {kind} {roles}: {pattern.example}"
                    )
    if pattern.counter_example:
        extraction = extract(Document(context + pattern.counter_example, code))
        states = {roles["kind"] for kind, roles in pattern.emit if kind == "Finding"}
        if any(fact.rule == pattern.id for fact in extraction.facts) or states & {f.code for f in extraction.findings}:
            yield Problem(pattern.where_from, pattern.id, f"it matches its counter-example: {pattern.counter_example}")


def _fits(fact: Fact, kind: str, roles: Mapping[str, object], extraction: Extraction) -> bool:
    if fact.kind != kind:
        return False
    return all(
        any(
            fold(str(words)) in fold(shown)
            for value in fact.roles.get(role, ())
            for shown in words_of(value, extraction)
        )
        for role, words in roles.items()
    )


def words_of(value: Value, extraction: Extraction) -> list[str]:
    """Return the words a value can be shown as: an entity's names, a date, an amount, a concept."""
    if isinstance(value, EntityRef):
        entity = next(entity for entity in extraction.entities if entity.id == value.id)
        spans = [extraction.document.text[span.start : span.end] for span in entity.mentions]
        return [*(name.text for name in entity.names), entity.description, *spans]
    for attribute in ("value", "name"):
        if hasattr(value, attribute):
            return [str(getattr(value, attribute))]
    return [f"{getattr(value, 'minimum', '')} {getattr(value, 'maximum', '')} {getattr(value, 'currency', '')}"]

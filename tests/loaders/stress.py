"""Read a stress set: sentences with the facts they state, one relation at a time, and what the extractor makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from summitgraph.graph import gold
from summitgraph.graph.records import Document, Extraction, Fact
from summitgraph.loaders import extract, patterns
from summitgraph.loaders.items import ENTITY_TYPES, GROUPS
from summitgraph.loaders.selfcheck import words_of

FOLDER = Path(__file__).parent / "stress"
# The roles that make a row of a record; a direct property has subject and object.
_ROLES = {
    "FinancialCommitment": ("committedBy", "amount"),
    "Endorsement": ("committedBy", "document"),
    "Refusal": ("committedBy", "document"),
    "Participation": ("event", "actor"),
    "Position": ("heldBy", "title"),
    "Statement": ("speaker", "gist"),
    "Partnership": ("partner", "partner"),
    "Tally": ("tallyFor", "count"),
}
_TALLIES = ("Attendees", "Signatories", "Supporters")
Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a stress set; ``open``: not read rightly yet, kept for whoever takes it up."""

    relation: str
    words: str
    facts: tuple[str, ...]
    also: tuple[str, ...]
    open: bool

    def __str__(self) -> str:
        return f"{self.relation}: {self.words}"


def sentences(name: str) -> list[Sentence]:
    """Return the sentences of the stress set *name* (``ar-things``)."""
    entries: dict[str, list[dict[str, Any]]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))
    return [
        Sentence(
            relation,
            entry["say"],
            tuple(map(str, entry["facts"])),
            tuple(map(str, entry.get("also", ()))),
            bool(entry.get("open")),
        )
        for relation, listed in entries.items()
        for entry in listed
    ]


def problems(sentence: Sentence, code: str) -> list[str]:
    """Return what is missed and what is stated wrongly of the sentence's relation, one line each."""
    context = str(patterns.load(code).settings["example_context"])
    extraction = extract(Document(context + sentence.words, code))
    found = list(_found(sentence.relation, extraction, len(context)))
    wanted, allowed = list(map(_row, sentence.facts)), list(map(_row, sentence.also))
    lines = [f"missed: {' | '.join(row)}" for row in wanted if not any(_same(row, names) for names in found)]
    lines += [
        "wrong: " + " | ".join(sorted(part)[0] if part else "?" for part in names)
        for names in found
        if not any(_same(row, names) for row in (*wanted, *allowed))
    ]
    return lines


def _row(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(" | "))


def _same(row: tuple[str, ...], names: tuple[Names, ...]) -> bool:
    if len(row) != len(names):
        return False
    orders = (names, names[::-1]) if len(row) > 1 and names[0] != names[1] else (names,)
    return any(all(gold.normalise(word) in part for word, part in zip(row, order, strict=True)) for order in orders)


def _found(relation: str, extraction: Extraction, start: int) -> Iterator[tuple[Names, ...]]:
    """Yield the rows of *relation*, each part as all its names; entities as rows of one part, the context's left out."""
    if relation in ENTITY_TYPES:
        kinds = {relation, *(GROUPS["Org"] if relation == "Organization" else ())}
        for entity in extraction.entities:
            if entity.kind in kinds and any(span.start >= start for span in entity.mentions):
                names = [name for name in entity.names if name.span.start >= start]
                if len(names) == len(entity.names):
                    yield (frozenset(gold.normalise(name.text) for name in names),)
        return
    for fact in extraction.facts:
        if relation == fact.kind or (fact.kind == "Tally" and relation in _TALLIES and _tally(fact) == relation):
            first, second = _ROLES.get(fact.kind, ("subject", "object"))
            if first == second:  # partners, in either order
                pair = fact.roles[first]
                yield tuple(_names(value, extraction) for value in pair)
            else:
                yield tuple(_names(value, extraction) for role in (first, second) for value in fact.roles[role][:1])


def _tally(fact: Fact) -> str:
    return str(getattr(fact.roles["tallyOf"][0], "name", ""))


def _names(value: Any, extraction: Extraction) -> Names:
    if hasattr(value, "currency"):
        low, high = (f"{n:.0f}" if n is not None else "" for n in (value.minimum, value.maximum))
        return frozenset({gold.normalise(f"{low if low == high else f'{low}..{high}'} {value.currency}")})
    return frozenset(gold.normalise(words) for words in words_of(value, extraction) if words)

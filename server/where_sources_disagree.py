"""What texts contradict each other on about one thing: the questions ``summitgraph conflicts`` asks, for one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from summitgraph.ontology.terms import NAMESPACE

from . import terms
from .engine import Engine, iris
from .facts import Fact, Record, with_prefixes
from .shown import Shower, Shown, ShownRecord
from .site import value

_DATED = ("startDate", "endDate", "publishedOn")
_SIDES = 6


@dataclass(slots=True)
class Disagreement:
    """A question, and what each side says: the value, its words and the document."""

    question: str
    sides: list[tuple[Shown, str, Shown]]


@lru_cache(maxsize=4)
def _query(name: str) -> str:
    return (resources.files("summitgraph.graph") / "queries" / f"{name}.rq").read_text("utf-8")


def disagreements(
    engine: Engine, thing: str, facts: Sequence[Fact], records: Sequence[Record], shower: Shower
) -> list[Disagreement]:
    """Return the conflicts about *thing*; a query is asked only where there can be one."""
    found: list[Disagreement] = []
    dates = [fact for fact in facts if terms.local_name(fact.predicate) in _DATED]
    if _differ(dates):
        found += _ask(engine, thing, "conflicting-values", shower)
    if sum("Tally" in record.kinds and record.names_in("tallyFor", thing) for record in records) > 1:
        found += _ask(engine, thing, "conflicting-tallies", shower)
    if sum(record.names_in("committedBy", thing) and bool(record.values.get("amount")) for record in records) > 1:
        found += _ask(engine, thing, "conflicting-amounts", shower)
    return found


def disputed_values(conflicts: Sequence[Disagreement], records: Sequence[ShownRecord]) -> set[str]:
    """Return the counts and sums of *records*, as they are shown, that are a side of a conflict."""
    sides = {side.text for conflict in conflicts for side, _, _ in conflict.sides}
    shown = {
        cell.text for item in records for name, _, cells in item.rows if name in ("amount", "count") for cell in cells
    }
    return {text for text in shown if text.partition("\u00a0")[0] in sides}


def _differ(facts: Sequence[Fact]) -> bool:
    values: dict[str, list[str]] = {}
    for fact in facts:
        values.setdefault(fact.predicate, []).append(fact.object["value"])
    return any(
        not (one.startswith(other) or other.startswith(one))
        for texts in values.values()
        for one in texts
        for other in texts
    )


def _ask(engine: Engine, thing: str, name: str, shower: Shower) -> list[Disagreement]:
    head, _, rest = _query(name).partition("{")
    text = with_prefixes(f"{head}{{ VALUES ?subject {{ <{iris([thing])[0]}> }} {rest}")
    grouped: dict[str, dict[str, tuple[Shown, str, Shown]]] = {}
    for row in engine.select(text):
        question, said = value(row, "question"), value(row, "value")
        document = value(row, "document")
        shower.names.learn([document])
        side = (shower.cell(row["value"], question), value(row, "words"), shower.thing(document))
        grouped.setdefault(question, {}).setdefault(said, side)
    return [
        Disagreement(_in_words(question, shower), list(sides.values())[:_SIDES])
        for question, sides in sorted(grouped.items())
        if len(sides) > 1
    ]


def _in_words(question: str, shower: Shower) -> str:
    """Return a question, made of names of terms, with those in the reader's language."""
    words = [terms.label(NAMESPACE + word, shower.names.language) or word for word in question.split(" ")]
    return " ".join(word for word in words if word not in ("counted", "in", "for"))

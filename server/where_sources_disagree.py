"""What texts contradict each other on about one thing: the questions ``summitgraph conflicts`` asks, for one subject."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
_COMPARED = 60  # claims or records of one thing


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
    """Return the conflicts about *thing*; the evidence of its facts and records has to be there.

    Of the claims and records that say the same, only one or a few are compared: what thousands of texts say of a hub is
    compared as fast as what two say.
    """
    found: list[Disagreement] = []
    dates = [fact for fact in facts if terms.local_name(fact.predicate) in _DATED and fact.claims]
    if _differ(dates):
        found += _ask(engine, thing, "conflicting-values", "c", [fact.claims[0] for fact in dates], shower)
    tallies = [item for item in records if "Tally" in item.kinds and item.names_in("tallyFor", thing)]
    sums = [item for item in records if item.names_in("committedBy", thing) and item.values.get("amount")]
    for name, variable, compared in (
        ("conflicting-tallies", "t", _different(tallies, ("tallyOf", "unit", "count", "comparator"), 1)),
        ("conflicting-amounts", "f", _different(sums, ("amount", "beneficiary"), 3)),
    ):
        if len(compared) > 1:
            found += _ask(engine, thing, name, variable, compared, shower)
    return found


def _different(records: Sequence[Record], names: Sequence[str], most: int) -> list[str]:
    """Return the IRIs of records that differ in the properties *names*: of equal ones at most *most*, of several texts."""
    kept: dict[tuple[object, ...], dict[str, str]] = {}
    for item in records:
        key = tuple(tuple(sorted(_key(cell) for cell in item.values.get(name, ()))) for name in names)
        texts = kept.setdefault(key, {})
        document = item.evidence[0].document if item.evidence else ""
        if len(texts) < most:
            texts.setdefault(document, item.iri)
    return [iri for texts in kept.values() for iri in texts.values()][:_COMPARED]


def _key(cell: Mapping[str, str]) -> tuple[str, ...]:
    if cell["type"] == "money":
        return (cell["min"], cell["max"], cell["currency"])
    return (cell["value"],)


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


def _ask(
    engine: Engine, thing: str, name: str, variable: str, compared: Sequence[str], shower: Shower
) -> list[Disagreement]:
    listed = " ".join(f"<{iri}>" for iri in iris(compared))
    head, _, rest = _query(name).partition("{")
    rest = re.sub(rf"\?({variable}2?) a ", rf"VALUES ?\1 {{ {listed} }} ?\1 a ", rest)
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

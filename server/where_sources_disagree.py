"""What texts contradict each other on about one thing: what ``summitgraph conflicts`` finds for all, for one subject.

The rules are those of :mod:`summitgraph.graph.contradictions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from summitgraph.graph.contradictions import DATED, Sum, contested_counts, contested_dates, contested_sums
from summitgraph.ontology.terms import NAMESPACE

from . import terms
from .facts import Fact, Record
from .shown import Shower, Shown, ShownRecord

_SIDES = 6


@dataclass(slots=True)
class Disagreement:
    """A question, and what each side says: the value, its words and the document."""

    question: str
    sides: list[tuple[Shown, str, Shown]]


def disagreements(thing: str, facts: Sequence[Fact], records: Sequence[Record], shower: Shower) -> list[Disagreement]:
    """Return the conflicts about *thing*; the evidence of its facts and records has to be there.

    They are compared here, from what the page has read already.
    """
    dates = [fact for fact in facts if terms.local_name(fact.predicate) in DATED and fact.evidence]
    tallies = [item for item in records if "Tally" in item.kinds and item.names_in("tallyFor", thing) and item.evidence]
    sums = [item for item in records if item.names_in("committedBy", thing) and item.evidence and _sum(item)]
    shower.names.learn(
        [fact.evidence[0].document for fact in dates] + [item.evidence[0].document for item in (*tallies, *sums)]
    )
    return [*_dates(dates, shower), *_tallies(tallies, shower), *_sums(sums, shower)]


def _tallies(records: Sequence[Record], shower: Shower) -> list[Disagreement]:
    """Return the counts of one thing that cannot both be true."""
    grouped: dict[tuple[str, str], dict[tuple[int, str], Record]] = {}
    for item in records:
        if count := item.first("count"):
            said = (int(count), terms.local_name(item.first("comparator")) or "Exactly")
            grouped.setdefault((item.first("tallyOf"), item.first("unit")), {}).setdefault(said, item)
    found = []
    for (of, unit), counts in sorted(grouped.items()):
        sides = [counts[pair] for pair in contested_counts(counts)]
        if sides:
            shown = [_side(item, shower.cell(item.values["count"][0], "count"), shower) for item in sides]
            found.append(Disagreement(f"{shower.names(of)} · {shower.names(unit)}", shown[:_SIDES]))
    return found


def _sum(item: Record) -> Sum | None:
    """Return the sum of a commitment, if it has an upper bound."""
    cell = next((cell for cell in item.values.get("amount", ()) if cell["type"] == "money" and cell["max"]), None)
    return (
        Sum(float(cell["min"] or 0), float(cell["max"]), cell["currency"], item.first("beneficiary")) if cell else None
    )


def _sums(records: Sequence[Record], shower: Shower) -> list[Disagreement]:
    """Return the sums of one actor, to one beneficiary or so close that one sum is meant."""
    kept: dict[Sum, Record] = {}
    documents: dict[Sum, set[str]] = {}
    for item in records:
        if amount := _sum(item):
            kept.setdefault(amount, item)
            documents.setdefault(amount, set()).update(passage.document for passage in item.evidence)
    found = []
    for (beneficiary, currency), sums in contested_sums(documents).items():
        words = [
            terms.label(NAMESPACE + "amount", shower.names.language),
            *([shower.names(beneficiary)] if beneficiary else []),
            currency,
        ]
        shown = [
            _side(kept[item], Shown(shower.form.number(f"{item.low:.0f}"), shower.names.language), shower)
            for item in sums
        ]
        found.append(Disagreement(" · ".join(words), shown[:_SIDES]))
    return found


def _side(item: Record, said: Shown, shower: Shower) -> tuple[Shown, str, Shown]:
    return said, item.evidence[0].words, shower.thing(item.evidence[0].document)


def disputed_values(conflicts: Sequence[Disagreement], records: Sequence[ShownRecord]) -> set[str]:
    """Return the counts and sums of *records*, as they are shown, that are a side of a conflict."""
    sides = {side.text for conflict in conflicts for side, _, _ in conflict.sides}
    shown = {
        cell.text for item in records for name, _, cells in item.rows if name in ("amount", "count") for cell in cells
    }
    return {text for text in shown if text.partition("\u00a0")[0] in sides}


def _dates(facts: Sequence[Fact], shower: Shower) -> list[Disagreement]:
    """Return the dates that cannot both be true; a partial date agrees with its fuller form."""
    by_property: dict[str, list[Fact]] = {}
    for fact in facts:
        by_property.setdefault(fact.predicate, []).append(fact)
    found = []
    for predicate, listed in sorted(by_property.items()):
        values = [fact.object["value"] for fact in listed]
        contested = set(contested_dates(values))
        sides = [fact for fact in listed if fact.evidence and fact.object["value"] in contested]
        if len(sides) > 1:
            name = terms.local_name(predicate)
            shown = [
                (shower.cell(fact.object, name), fact.evidence[0].words, shower.thing(fact.evidence[0].document))
                for fact in sorted(sides, key=lambda fact: fact.object["value"])
            ]
            found.append(Disagreement(terms.label(predicate, shower.names.language) or name, shown[:_SIDES]))
    return found

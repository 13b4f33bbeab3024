"""What texts contradict each other on about one thing: what ``summitgraph conflicts`` finds for all, for one subject."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from summitgraph.ontology.terms import NAMESPACE

from . import terms
from .facts import Fact, Record
from .shown import Shower, Shown, ShownRecord

_DATED = ("startDate", "endDate", "publishedOn")
_SIDES = 6
_COMPARED = 60  # claims or records of one thing


@dataclass(slots=True)
class Disagreement:
    """A question, and what each side says: the value, its words and the document."""

    question: str
    sides: list[tuple[Shown, str, Shown]]


def disagreements(thing: str, facts: Sequence[Fact], records: Sequence[Record], shower: Shower) -> list[Disagreement]:
    """Return the conflicts about *thing*; the evidence of its facts and records has to be there.

    They are compared here, from what the page has read: the queries compare every claim there is with every other, which
    takes seconds for a thing that thousands of texts speak of.
    """
    dates = [fact for fact in facts if terms.local_name(fact.predicate) in _DATED and fact.evidence]
    tallies = [item for item in records if "Tally" in item.kinds and item.names_in("tallyFor", thing) and item.evidence]
    sums = [item for item in records if item.names_in("committedBy", thing) and item.evidence and _sum(item)]
    shower.names.learn(
        [fact.evidence[0].document for fact in dates] + [item.evidence[0].document for item in (*tallies, *sums)]
    )
    return [*_dates(dates, shower), *_tallies(tallies, shower), *_sums(sums, shower)]


def _tallies(records: Sequence[Record], shower: Shower) -> list[Disagreement]:
    """Return the counts of one thing that cannot both be true (``conflicting-tallies.rq``)."""
    grouped: dict[tuple[str, str], dict[tuple[int, str], Record]] = {}
    for item in records:
        if count := item.first("count"):
            said = (int(count), terms.local_name(item.first("comparator")) or "Exactly")
            grouped.setdefault((item.first("tallyOf"), item.first("unit")), {}).setdefault(said, item)
    found = []
    for (of, unit), counts in sorted(grouped.items()):
        sides = [
            (pair, item) for pair, item in sorted(counts.items()) if any(contradict(pair, other) for other in counts)
        ]
        if sides:
            shown = [_side(item, shower.cell(item.values["count"][0], "count"), shower) for _, item in sides]
            found.append(Disagreement(f"{shower.names(of)} · {shower.names(unit)}", shown[:_SIDES]))
    return found


def contradict(one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Tell whether two counts with their comparators cannot both be true.

    >>> contradict((40, "MoreThan"), (38, "Exactly")), contradict((60, "MoreThan"), (61, "Exactly"))
    (True, False)
    """
    (number, how), (number2, how2) = one, other
    if number == number2 or ("About" in (how, how2) and max(number, number2) <= 1.1 * min(number, number2)):
        return False
    for (n, c), (n2, c2) in (((number, how), (number2, how2)), ((number2, how2), (number, how))):
        if c == "MoreThan" and (n2 > n or c2 == "MoreThan"):
            return False
        if c == "AtMost" and (n2 < n or c2 == "AtMost"):
            return False
    return True


def _sum(item: Record) -> tuple[float, float, str] | None:
    """Return lower bound, upper bound and currency of a commitment, if it has an upper bound."""
    cell = next((cell for cell in item.values.get("amount", ()) if cell["type"] == "money" and cell["max"]), None)
    return (float(cell["min"] or 0), float(cell["max"]), cell["currency"]) if cell else None


def _sums(records: Sequence[Record], shower: Shower) -> list[Disagreement]:
    """Return the sums of one actor, to one beneficiary or so close that one sum is meant (``conflicting-amounts.rq``)."""
    texts: dict[float, set[str]] = {}  # upper bound to the texts that give it
    kept: dict[tuple[tuple[float, float, str], str], Record] = {}
    documents: dict[tuple[tuple[float, float, str], str], set[str]] = {}
    for item in records:
        amount = _sum(item)
        if amount is None:
            continue
        key = (amount, item.first("beneficiary"))
        kept.setdefault(key, item)
        named = {passage.document for passage in item.evidence}
        documents.setdefault(key, set()).update(named)
        texts.setdefault(amount[1], set()).update(named)
    sides: dict[tuple[str, str], dict[tuple[tuple[float, float, str], str], Record]] = {}
    for key, other in itertools.permutations(list(kept)[:_COMPARED], 2):
        ((low, high, currency), beneficiary), ((low2, high2, currency2), beneficiary2) = key, other
        if currency != currency2 or not (low > high2 or low2 > high) or beneficiary != beneficiary2:
            continue
        if beneficiary:
            apart = documents[key] != documents[other] or len(documents[key]) > 1
        else:  # where each text gives the other's sum too, they speak of two commitments
            apart = max(high, high2) <= 1.2 * min(high, high2) and not (texts[high] & texts[high2])
        if apart:
            sides.setdefault((beneficiary, currency), {})[key] = kept[key]
    found = []
    for (beneficiary, currency), items in sorted(sides.items()):
        words = [
            terms.label(NAMESPACE + "amount", shower.names.language),
            *([shower.names(beneficiary)] if beneficiary else []),
            currency,
        ]
        shown = [
            _side(item, Shown(shower.form.number(f"{key[0][1]:.0f}"), shower.names.language), shower)
            for key, item in sorted(items.items())
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
    """Return the dates that cannot both be true; a partial date agrees with its fuller form (``conflicting-values.rq``)."""
    by_property: dict[str, list[Fact]] = {}
    for fact in facts:
        by_property.setdefault(fact.predicate, []).append(fact)
    found = []
    for predicate, listed in sorted(by_property.items()):
        values = [fact.object["value"] for fact in listed]
        sides = [
            fact for fact in listed if fact.evidence and any(_differ(fact.object["value"], other) for other in values)
        ]
        if len(sides) > 1:
            name = terms.local_name(predicate)
            shown = [
                (shower.cell(fact.object, name), fact.evidence[0].words, shower.thing(fact.evidence[0].document))
                for fact in sorted(sides, key=lambda fact: fact.object["value"])
            ]
            found.append(Disagreement(terms.label(predicate, shower.names.language) or name, shown[:_SIDES]))
    return found


def _differ(one: str, other: str) -> bool:
    return not (one.startswith(other) or other.startswith(one))

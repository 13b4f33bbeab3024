"""Does a prediction state what a gold row states? The matching rules of the gold format, pure functions of both.

Where the format leaves a choice, the stricter reading is taken: a row that names nobody (``unnamed``) is never matched by a name
that does not stand in its own words, even if it says ``any``; ``sg:launchedAt`` is a fact whose object is the event, right only where a
row has that object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import regex

from summitgraph.ontology.terms import SUPERCLASSES

from .described import Amount, Thing
from .gold import Gold, Row, normalise
from .predictions import DATES, Prediction

COUNTS = frozenset({"attendance", "signatoryCount", "supporterCount"})
BY_OVERLAP = frozenset({"statement"})
BY_OVERLAP_OR_WORDS = frozenset({"theme", "principle", "purpose"})
TITLES = frozenset({"position"})
QUALIFIERS = (
    "organization", "role", "kind", "quoted", "status", "comparator", "unit", "at", "event", "recipient", "announcedBy", "addressee",
    "period", "from",
)  # fmt: skip
TURNED = {"nextEdition": "previousEdition"}  # inverses: compared, and counted, as the other


@dataclass(frozen=True, slots=True)
class Match:
    """How a prediction matches a row: ``correct`` counts for precision, ``finds`` for recall, ``overlaps`` for evidence."""

    correct: bool
    finds: bool
    overlaps: bool


def match(row: Row, fact: Prediction, gold: Gold, text: str) -> Match | None:
    """Return how *fact* matches *row*, None where it does not. *text* is the document's."""
    fits = _relation_fits(row, fact)
    if not fits and not (row.relation == "location" and fact.reached):
        return None
    overlaps = any(span.overlaps(row.span) for span in fact.evidence)
    words = normalise(text[row.span.start : row.span.end])
    if row.relation == "partOf":
        fits = (
            _number(row, "amountMin", fact.amount)
            and _number(row, "wholeMin", fact.whole)
            and _currency(row, fact.amount)
        )
        return Match(True, True, overlaps) if fits and fact.relation == "partOf" else None
    if row.relation == "type":
        same = _kind_fits(row, fact) and _end_fits(row, "subject", fact.subject, gold, words)
        return Match(True, True, overlaps) if same else None
    for turned in _ways(row, fact):
        subject, object_ = (fact.object, fact.subject) if turned else (fact.subject, fact.object)
        first, second = ("object", "subject") if row.relation in TURNED else ("subject", "object")
        if not _end_fits(row, first, subject, gold, words):
            continue
        if fits and _object_fits(row, second, fact, object_, gold, words, overlaps):
            return Match(True, True, overlaps)
        if row.relation == "location" and any(_end_fits(row, second, place, gold, words) for place in fact.reached):
            return Match(False, True, overlaps)  # found by sg:locatedIn, though the place itself may be wrong
    return None


def qualifiers(row: Row, fact: Prediction, gold: Gold) -> dict[str, bool]:
    """Return, for each qualifier that both sides give, whether they agree."""
    result = {}
    for key in QUALIFIERS:
        given = fact.qualifiers.get(key, frozenset())
        if key == "organization" and fact.relation != "position":
            continue
        if key in row.qualifiers and given:
            wanted = (*row.qualifiers[key], *row.qualifiers.get(f"alt{key[0].upper()}{key[1:]}", ()))
            result[key] = any(gold.names(value) & given for value in wanted)
    return result


def same_words(names: Iterable[str], others: Iterable[str]) -> bool:
    """Tell whether two of the names are equal, or the shorter has two words or more and all of them are in the longer."""
    theirs = [(name, set(name.split())) for name in others]
    for name in names:
        words = set(name.split())
        for other, other_words in theirs:
            shorter, longer = sorted((words, other_words), key=len)
            if name == other or (len(shorter) >= 2 and shorter <= longer):
                return True
    return False


def count(text: str) -> Decimal | None:
    """Return a number in any script's digits, None for what is none.

    >>> count("١٬٠٠٠") == count("1,000") == 1000
    True
    """
    try:
        return Decimal(regex.sub(r"[\s,٬ ]", "", text).replace("٫", "."))
    except InvalidOperation:
        return None


def date_fits(row: Row, value: str) -> bool:
    """Tell whether a predicted date is the row's, an accepted one, or begins with the row's partial one."""
    if value == row.object or row.has("accept", value):
        return True
    partial = regex.fullmatch(r"\d{4}(-\d\d)?", row.object) is not None
    size = {"year": 4, "month": 7}.get(row.qualifiers.get("precision", ("",))[0], len(row.object) if partial else 0)
    return bool(size) and (value + "-").startswith(row.object[:size] + "-")


def _relation_fits(row: Row, fact: Prediction) -> bool:
    return fact.relation == TURNED.get(row.relation, row.relation) or row.has("altRelation", fact.relation)


def _ways(row: Row, fact: Prediction) -> tuple[bool, ...]:
    """Return the directions to compare in: both for what is symmetric, or another relation whose ends may be the other way."""
    if fact.relation == "partnership" or fact.relation != TURNED.get(row.relation, row.relation):
        return (False, True)
    return (False,)


def _end_fits(row: Row, end: str, thing: Thing | None, gold: Gold, words: str) -> bool:
    names = row.subject_names if end == "subject" else row.object_names
    nameless, anything = row.has("unnamed", end), row.has("altSubject" if end == "subject" else "altObject", "any")
    if thing is None:
        return nameless or anything
    if thing.names & names:
        return True
    if not nameless:
        return anything
    # A description matches: its own words, or words of the row's evidence that name nothing else.
    if same_words(thing.names, names):
        return True
    elsewhere = thing.linked or any(thing.names & known for known in gold.known.values())
    return not elsewhere and any(set(name.split()) <= set(words.split()) for name in thing.names)


def _object_fits(
    row: Row, end: str, fact: Prediction, thing: Thing | None, gold: Gold, words: str, overlaps: bool
) -> bool:
    if row.relation in BY_OVERLAP:
        return overlaps
    if row.relation in BY_OVERLAP_OR_WORDS:
        return overlaps or (thing is not None and same_words(thing.names, row.object_names))
    if row.relation in DATES:
        return date_fits(row, fact.value)
    if row.relation in COUNTS:
        number = count(fact.value)
        return number is not None and number == count(row.object)
    if row.relation == "financialCommitment":
        return _amount_fits(row, fact.amount)
    if fact.relation == "position" and row.relation in ("leads", "affiliation"):
        return bool(fact.qualifiers.get("organization", frozenset()) & row.object_names)
    if row.relation == "position" and fact.relation == "affiliation":
        labels = (*row.qualifiers.get("organization", ()), *row.qualifiers.get("altOrganization", ()))
        return thing is not None and any(gold.names(label) & thing.names for label in labels)
    if row.relation in TITLES and thing is not None and same_words(thing.names, row.object_names):
        return True
    return _end_fits(row, end, thing, gold, words)


def _kind_fits(row: Row, fact: Prediction) -> bool:
    kind = next(iter(fact.object.classes)) if fact.object else ""
    return bool({row.object, *row.qualifiers.get("altType", ())} & {kind, *SUPERCLASSES.get(kind, ())})


def _amount_fits(row: Row, amount: Amount | None) -> bool:
    if amount is None or not _currency(row, amount):
        return False
    bounds = (("amountMin", amount.minimum), ("amountMax", amount.maximum))
    given = [(row.qualifiers[key], bound) for key, bound in bounds if key in row.qualifiers]
    return bool(given) and all(bound is not None and bound in map(count, values) for values, bound in given)


def _number(row: Row, key: str, amount: Amount | None) -> bool:
    """Compare one stated number; of an amount "up to" it is the upper bound."""
    if amount is None or key not in row.qualifiers:
        return False
    stated = amount.maximum if amount.minimum is None else amount.minimum
    return stated is not None and stated in map(count, row.qualifiers[key])


def _currency(row: Row, amount: Amount | None) -> bool:
    return "currency" not in row.qualifiers or (amount is not None and row.has("currency", amount.currency))

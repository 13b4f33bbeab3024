"""Traps of a gold file: which were fallen into. Descriptions of a simple form are judged here, the others shown to a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from .described import Thing
from .gold import RELATIONS, Gold, Trap, normalise
from .matching import count, same_words
from .predictions import Prediction

_RELATION = "|".join(sorted(RELATIONS))
_FORM = regex.compile(rf"\b(?P<relations>(?:{_RELATION})(?:(?:, | or |, or )(?:{_RELATION}))*)\((?P<ends>[^()]*)\)")
_NAMED = regex.compile(rf"\b(?:{_RELATION})\b")
_ANYTHING = regex.compile(r"\.\.\.|…|any\b.*|anyone|anything|anybody|an? .*")
_QUALIFIER = regex.compile(r"(\w+)=(.+)")


@dataclass(frozen=True, slots=True)
class TrapResult:
    """A trap with the facts that fell into it (``broken``) or may have (``possible``: a person has to read them)."""

    trap: Trap
    broken: tuple[Prediction, ...] = ()
    possible: tuple[Prediction, ...] = ()


def judge(gold: Gold, facts: Sequence[Prediction], correct: Iterable[Prediction], text: str) -> list[TrapResult]:
    """Return how each trap and each stretch of noise fared; anomalies are to be kept and reported, not judged.

    Args:
        correct: The facts that match a row of the gold: what gold states is no trap, unless the trap is about a qualifier.
    """
    right = {id(fact) for fact in correct}
    results = []
    for trap in gold.traps:
        if trap.kind == "anomaly":
            continue
        near = [fact for fact in facts if any(span.overlaps(trap.span) for span in fact.evidence)]
        if trap.kind == "noise":
            inside = [f for f in near if all(trap.span.start <= s.start and s.end <= trap.span.end for s in f.evidence)]
            results.append(TrapResult(trap, tuple(inside)))
        else:
            results.append(_judge(trap, near, right, gold, normalise(text[trap.span.start : trap.span.end])))
    return results


def _judge(trap: Trap, near: list[Prediction], right: set[int], gold: Gold, words: str) -> TrapResult:
    forms = list(_FORM.finditer(trap.description))
    broken, possible = [], []
    for fact in near:
        verdicts = [_fits(form["ends"], fact, gold, words) for form in forms if fact.relation in _relations(form)]
        wrong = id(fact) not in right
        if any(fits and (wrong or about_qualifier) for fits, about_qualifier in verdicts):
            broken.append(fact)
        elif wrong and (None in (fits for fits, _ in verdicts) or (not forms and _mentioned(trap, fact))):
            possible.append(fact)
    return TrapResult(trap, tuple(broken), tuple(possible))


def _relations(form: regex.Match[str]) -> set[str]:
    named = set(_NAMED.findall(form["relations"]))
    return named | ({"previousEdition"} if "nextEdition" in named else set())


def _mentioned(trap: Trap, fact: Prediction) -> bool:
    """Tell whether a description that has no simple form is about the relation of *fact*; one that names none, about any."""
    named = set(_NAMED.findall(trap.description))
    return not named or fact.relation in named


def _fits(ends: str, fact: Prediction, gold: Gold, words: str) -> tuple[bool | None, bool]:
    """Return whether *fact* is what ``subject, object`` describe (None: a person has to say), and whether a qualifier decided."""
    subject, _, object_ = ends.partition(", ")
    first = _end(subject, fact.subject, "", gold)
    if fact.relation == "type" and first is None:  # an English gloss: the evidence of a type is the name itself
        first = fact.subject is not None and any(set(words.split()) & set(name.split()) for name in fact.subject.names)
    if not object_:  # one end alone: either may be meant
        second = _end(subject, fact.object, fact.value, gold)
        return (True if True in (first, second) else None if None in (first, second) else False), False
    if qualifier := _QUALIFIER.fullmatch(object_):
        stated = fact.qualifiers.get(qualifier[1], frozenset())
        return _both(first, normalise(qualifier[2]) in stated), True
    second = _end(object_, fact.object, fact.value or (str(fact.amount.minimum) if fact.amount else ""), gold)
    if first and second is None:
        return True, False  # the right subject on the trap's own words, and gold does not state it
    return _both(first, second), False


def _both(first: bool | None, second: bool | None) -> bool | None:
    return False if False in (first, second) else None if None in (first, second) else True


def _end(described: str, thing: Thing | None, value: str, gold: Gold) -> bool | None:
    """Return whether a described end is *thing* or *value*; None where the description cannot be compared."""
    alternatives = [part.strip() for part in regex.split(r", (?:or )?| or ", described) if part.strip()]
    if any(_ANYTHING.fullmatch(part) for part in alternatives):
        return True
    if value:
        numbers = [(part, count(part)) for part in alternatives]
        if any(part == value or (number is not None and number == count(value)) for part, number in numbers):
            return True
        return False if all(number is not None or regex.match(r"\d{4}", part) for part, number in numbers) else None
    if thing is None:
        return None
    resolved = 0
    for part in alternatives:
        names = gold.names(part)
        if names & thing.names or same_words(names, thing.names):
            return True
        resolved += normalise(part) in gold.known
    elsewhere = any(thing.names & names for names in gold.known.values())
    return False if elsewhere or resolved == len(alternatives) else None

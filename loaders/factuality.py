"""What a sentence only supposes: conditions, questions, rumours, doubts, plans, and what somebody is urged to do.

"If Kenya signs the charter, ..." names a signatory in no world that the text asserts (FactBank: Saurí and Pustejovsky 2009 call such
events counterfactual or underspecified). The markers are a language's own (``unreal`` in ``language.yaml``):

``condition``
    from here on nothing is asserted, to the end of the sentence or the next semicolon
``aside_condition``
    the same up to the next comma ("asked if Kenya would sign, he said ...")
``doubt``
    from here on nothing is asserted ("few believe that")
``hearsay``
    a word that takes the whole sentence back ("according to a hoax")
``maybe``
    beside the verb: what might be ("might attend")
``plan``
    beside the verb: what is expected, meant or threatened; takes back what is done, not what is promised
``promise_plan``
    a promise that is itself only planned ("plans to pledge")
``urge``
    just before the subject: what somebody is asked to do

What people said, their offices and their nationalities stand whatever surrounds them.
"""

from __future__ import annotations

import functools
from dataclasses import replace

import regex

from .annotate import Match
from .rules import Language, Pattern

_STAND = frozenset({"Statement", "Position", "nationality", "affiliatedWith", "Finding"})
_DONE = frozenset(
    {"Endorsement", "Refusal", "adopted", "memberOf", "launchedBy", "launchedAt", "develops", "commissionedBy"}
)
_QUESTION = regex.compile(r"\?[\s\"')\]]*$")
_BEFORE = 40  # characters before a match in which a word may govern it


def supposed(match: Match, language: Language) -> bool:
    """Tell whether *match* says only what might be, might have been, is asked, planned or rumoured."""
    kinds = _kinds(match.pattern)
    if not language.unreal or not kinds:
        return False
    if not any(_may_be_found(language, name, match.sentence.present) for name in language.unreal):
        return _QUESTION.search(match.sentence.text) is not None
    text = match.sentence.text
    for start, end in _zones(text, language):
        if start <= match.start < end:
            return True
    before = text[max(0, match.start - _BEFORE) : match.start]
    inside = text[match.start : _stop(match)]
    near = before.rsplit(",", 1)[-1] + inside
    if _found(language, "maybe", near) or _found(language, "urge", before):
        return True
    if kinds & _DONE and _found(language, "plan", near):
        return True
    return "FinancialCommitment" in kinds and _found(language, "promise_plan", near)


def as_planned(match: Match, language: Language) -> Match:
    """Return *match* with the sums it calls pledged called expected, where they are only planned ("is expected to invest")."""
    pattern = match.pattern
    if not any(roles.get("status") == "=Pledged" for _, roles in pattern.emit):
        return match
    inside = match.sentence.text[match.start : _stop(match)]
    if not _found(language, "plan", inside):
        return match
    emit = tuple(
        (kind, {**roles, "status": "=Expected"} if roles.get("status") == "=Pledged" else roles)
        for kind, roles in pattern.emit
    )
    return replace(match, pattern=replace(pattern, emit=emit))


def _kinds(pattern: Pattern) -> frozenset[str]:
    return frozenset(kind for kind, _ in pattern.emit) - _STAND


def _may_be_found(language: Language, name: str, present: int) -> bool:
    """Tell whether a sentence has, by what the prefilter found in it, the words without which a marker stands nowhere."""
    bits = language.unreal_bits[name]
    return bits & present == bits


def _found(language: Language, name: str, text: str) -> bool:
    expression = language.unreal.get(name)
    return expression is not None and expression.search(text) is not None


@functools.lru_cache(maxsize=512)
def _zones(text: str, language: Language) -> tuple[tuple[int, int], ...]:
    """Return the stretches of a sentence in which nothing is asserted."""
    if _QUESTION.search(text) is not None or _found(language, "hearsay", text):
        return ((0, len(text)),)
    found = []
    for name, stop in (("condition", ";"), ("doubt", ";"), ("aside_condition", ",")):
        expression = language.unreal.get(name)
        for marker in expression.finditer(text) if expression is not None else ():
            end = text.find(stop, marker.end())
            found.append((marker.start(), end if end >= 0 else len(text)))
    return tuple(found)


def _stop(match: Match) -> int:
    """Return where the words of the pattern itself end: before free words, which hold other clauses."""
    slots = match.slots
    free = [
        slots[slot][0]
        for slot, kind in match.pattern.slots.items()
        if kind.startswith(("Rest", "Clause", "Words", "List")) and slot in slots
    ]
    return max(match.start, min([match.end, *free]))

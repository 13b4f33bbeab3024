"""Whom a number counts: "61 states, among them China and India, signed it" says of China what it says of the 61.

A pattern, or the weights, need only find what the number is of; how a language names members behind a number is told once, in
``members`` of its ``language.yaml``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from .annotate import Annotated, Match
from .items import CODE, Item
from .rules import Language, Pattern

_MEMBERS = "State|Org|Person+"
# What is said of the members of a count, by what it counts.
_STATED = {
    "Signatories": ("Endorsement", {"committedBy": "{}", "document": "@signed"}),
    "Supporters": ("supportedBy", {"subject": "@backed", "object": "{}"}),
    "Attendees": ("Participation", {"actor": "{}", "event": "@attended", "role": "=Attendee"}),
}
_PATTERNS = {
    (of, slot): Pattern(
        f"members.{of.lower()}",
        "language.yaml",
        None,
        {slot: _MEMBERS},
        0,
        ((kind, {role: text.format(slot) for role, text in roles.items()}),),
        confidence=0.88,
    )
    for of, (kind, roles) in _STATED.items()
    for slot in ("a", "b")
}


# The number itself, where a pattern has found what those it counts did.
_TALLY = Pattern(
    "members.count",
    "language.yaml",
    None,
    {"c": "Count"},
    0,
    (
        (
            "Tally",
            {
                "tallyFor": "@signed",
                "tallyOf": "=Signatories",
                "unit": "unit(c)",
                "count": "count(c)",
                "comparator": "cmp(c)",
            },
        ),
    ),
    confidence=0.88,
)


def named(sentence: Annotated, count: Item, of: str, language: Language) -> Iterator[Match]:
    """Yield, as matches that state it, those whom a sentence names as members of what *count* counts (*of*: a concept of tallies)."""
    if of not in _STATED:
        return
    for number, slot, found in _found(sentence, language):
        if number is count:
            yield Match(_PATTERNS[of, slot], sentence, found.start(), found.end(slot), {slot: found.span(slot)})


def signing(sentence: Annotated, signed: Collection[int], language: Language) -> Iterator[Match]:
    """Yield the numbers that count some who have *signed* (items, by ``id``), as matches that state so."""
    for _, slot, found in _found(sentence, language):
        start, end = found.span(slot)
        if any(item is not None and id(item) in signed for item in sentence.items[start:end]):
            yield Match(_TALLY, sentence, found.start(), found.end(), {"c": found.span("c")})


def _found(sentence: Annotated, language: Language) -> Iterator[tuple[Item | None, str, Any]]:
    if CODE["Count"] not in sentence.text:
        return
    for expression in language.members:
        for found in expression.finditer(sentence.text):
            for slot in ("a", "b"):
                if slot in found.re.groupindex and found[slot]:
                    yield sentence.items[found.start("c")], slot, found

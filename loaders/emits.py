"""What ``emit`` of a pattern may say, checked when the pattern files are read: nothing is left to fail on a text.

The kinds and roles are the ontology's; what a role is filled from is a small language of its own (``docs/patterns.md``), whose forms
are told here once, for the check and for :mod:`.roles`, which fills them.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping

import regex

from summitgraph.errors import PatternError
from summitgraph.ontology import terms

from .findings import MESSAGES
from .llm_schema import records

CALL = regex.compile(
    r"(?P<function>start|end|unit|count|cmp|years|text|split|says|most|state)\((?P<slot>\w+)\)(?: as (?P<kind>\w+))?$"
)
REACH = regex.compile(r"(?P<first>\w+)\.\.(?P<last>\w+)$")
AS = regex.compile(r"(?P<slot>\w+) as (?P<kind>\w+)$")
IN_NAME = regex.compile(r"@(?P<function>place_in|summit_in|employer)\((?P<slot>\w+)\)$")
# What ``@…`` can mean: what the text around the sentence speaks of (see discourse.py).
CONTEXTS = frozenset(
    ("summit", "nearest", "main", "earlier", "speaker", "giver", "body", "document", "organization", "report")
) | {"initiative", "signed", "backed"}
_DESCRIBED = frozenset(("Principle", "Text", "Topic"))
_EXTRA_ROLES = frozenset(("evidence", "says"))


@functools.lru_cache(maxsize=4096)
def alternatives(specification: str) -> tuple[tuple[str, ...], ...]:
    """Return what a role is filled from: alternatives, each of parts that all have to be there."""
    return tuple(tuple(part.strip() for part in text.split("&")) for text in specification.split("|"))


def check(emit: Collection[tuple[str, Mapping[str, str]]], slots: Collection[str], place: str) -> None:
    """Check all that a pattern with *slots* emits.

    Raises:
        PatternError: If a kind, a role, a slot, a concept or the form of a value is not known; names *place*.
    """
    made: set[str] = {"earlier"}  # the sum that the sentence before gave
    for kind, roles in emit:
        if not isinstance(roles, Mapping) or not all(isinstance(text, str) for text in roles.values()):
            raise PatternError(f"{place}: emit: {kind} takes roles with a text each, got {roles!r}")
        if kind == "Finding":
            _finding(roles, place)
        elif kind == "dates":
            _dates(roles, slots, place)
        else:
            _fact(kind, roles, slots, made, place)
            made.add(kind)


def _finding(roles: Mapping[str, str], place: str) -> None:
    if roles.get("kind") not in MESSAGES:
        raise PatternError(f"{place}: a Finding has a kind of {', '.join(MESSAGES)}, not {roles.get('kind')!r}")


def _dates(roles: Mapping[str, str], slots: Collection[str], place: str) -> None:
    if set(roles) != {"event", "date"}:
        raise PatternError(f"{place}: emit: dates takes event and date, got {', '.join(sorted(roles))}")
    _value("event", roles["event"], slots, (), place)
    for slot in roles["date"].split("|"):
        _slot(slot.strip(), slots, place)


def _fact(kind: str, roles: Mapping[str, str], slots: Collection[str], made: Collection[str], place: str) -> None:
    if kind in records():
        allowed = {*records()[kind], "partOf", "office"} | _EXTRA_ROLES
    elif kind in terms.PROPERTIES:
        allowed = {"subject", "object", "evidence"}
        if missing := {"subject", "object"} - set(roles):
            raise PatternError(f"{place}: emit: {kind} needs its {' and '.join(sorted(missing))}")
    else:
        raise PatternError(f"{place}: emit: {kind!r} is no record or property of the ontology")
    for role, text in roles.items():
        if role not in allowed:
            raise PatternError(f"{place}: emit: {kind} has no role {role!r}; known: {', '.join(sorted(allowed))}")
        if role in _EXTRA_ROLES:
            _slot(text, slots, place)
        else:
            _value(role, text, slots, made, place)


def _value(role: str, text: str, slots: Collection[str], made: Collection[str], place: str) -> None:
    for part in (part for parts in alternatives(text) for part in parts):
        if part.startswith("="):
            if part[1:] not in terms.CONCEPTS | terms.CLASSES:  # a class: what is counted
                raise PatternError(f"{place}: emit: {role}: {part[1:]!r} is no concept or class of the ontology")
        elif part.startswith("#"):
            if part[1:] not in made:
                raise PatternError(f"{place}: emit: {role}: no line above makes a {part[1:]!r}")
        elif found := IN_NAME.match(part) or CALL.match(part) or AS.match(part):
            _slot(found["slot"], slots, place)
            if "kind" in found.re.groupindex and found["kind"] not in (None, *_DESCRIBED, *terms.CLASSES):
                raise PatternError(f"{place}: emit: {role}: {found['kind']!r} is no class of the ontology")
        elif part.startswith("@"):
            if part[1:] not in CONTEXTS:
                raise PatternError(
                    f"{place}: emit: {role}: {part!r} means nothing; known: {', '.join(sorted(CONTEXTS))}"
                )
        elif reach := REACH.match(part):
            _slot(reach["first"], slots, place)
            _slot(reach["last"], slots, place)
        elif part != "new":
            _slot(part, slots, place)


def _slot(name: str, slots: Collection[str], place: str) -> None:
    if name not in slots:
        raise PatternError(f"{place}: emit names no slot: {name!r}; slots: {', '.join(sorted(slots)) or 'none'}")

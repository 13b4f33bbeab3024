"""Which facts the ontology admits: a property stands between the kinds of things its domain and range say."""

from __future__ import annotations

from collections.abc import Mapping

from summitgraph.ontology import terms

from .records import EntityRef, Fact


def fits(kind: str, expected: tuple[str, ...]) -> bool:
    """Tell whether a thing of class *kind* may stand where one of *expected* is wanted.

    An initiative acts like an organisation, and an organisation that somebody launched is an initiative (see the shapes).
    """
    if not expected:
        return True
    own = {kind, *terms.SUPERCLASSES.get(kind, ())}
    if kind == "Initiative":
        own |= {"Actor", "Organization"}
    if "Organization" in own:
        own.add("Initiative")
    return not own.isdisjoint(expected)


def admits(fact: Fact, kinds: Mapping[str, str]) -> bool:
    """Tell whether *fact* agrees with the ontology, given the class of each entity by id."""
    for role, values in fact.roles.items():
        if role == "subject":
            expected = terms.DOMAINS.get(fact.kind, ())
        elif role == "object":
            expected = terms.RANGES.get(fact.kind, ())
        else:
            expected = terms.RANGES.get(role, ())
        classes = tuple(name for name in expected if name in terms.CLASSES)
        for value in values:
            if isinstance(value, EntityRef) and not fits(kinds[value.id], classes):
                return False
    return True

"""Which office of the ontology a title names: "Premier ministre", "رئيس الوزراء"."""

from __future__ import annotations

from functools import cache

from summitgraph.ontology import terms

from .names import fold


@cache
def _by_name() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, offices in terms.OFFICE_NAMES.items():
        found[fold(name)] = found.get(fold(name), frozenset()).union(offices)
    return found


def find(title: str, holders: frozenset[str]) -> str | None:
    """Return the local name of the office that *title* names; None where it names none, or could name two.

    Args:
        title: As the text has it, in any of our languages.
        holders: Classes of what the position is in. A word that two offices share is decided by it: the president of a state
            is not the president of a company.
    """
    offices = _by_name().get(fold(title), frozenset())
    if len(offices) > 1 and holders:
        offices = offices & terms.STATE_OFFICES if "State" in holders else offices - terms.STATE_OFFICES
    return next(iter(offices)) if len(offices) == 1 else None

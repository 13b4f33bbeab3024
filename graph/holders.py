"""Who held an office of a state or organisation, and when: ``terms.csv`` of the reference table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import regex

from summitgraph.errors import InputError

from . import reference

COLUMNS = ("qid", "office", "of", "start", "end", "known_until", "evidence")
_DATE = regex.compile(r"(\d{4})(?:-\d\d(?:-\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Tenure:
    """An office somebody held: years, both included; ``end`` is None where the source knows of none."""

    office: str
    of: str  # QID of the state or organisation
    start: int
    end: int | None
    known_until: int  # year of the source: what came after it is not known

    def covers(self, year: int) -> bool | None:
        """Tell whether *year* is in the term; None where nobody knows."""
        if year < self.start:
            return False
        if self.end is not None:
            return year <= self.end
        return True if year <= self.known_until else None


@cache
def tenures() -> Mapping[str, tuple[Tenure, ...]]:
    """Return the terms of office by the holder's identifier.

    Raises:
        InputError: If a row is malformed; names file and row.
    """
    found: dict[str, tuple[Tenure, ...]] = {}
    for number, entry in reference.read_csv(reference.FOLDER / "terms.csv", COLUMNS):
        start, end, until = (_DATE.fullmatch(entry[name]) for name in ("start", "end", "known_until"))
        if (
            not reference.is_qid(entry["qid"])
            or not reference.is_qid(entry["of"])
            or start is None
            or not (end or until)
        ):
            raise InputError(
                f"terms.csv:{number}: expected two QIDs, a start and an end or the year it is known until, got {list(entry.values())}"
            )
        if end is not None and int(end[1]) < int(start[1]):
            raise InputError(f"terms.csv:{number}: ends {end[0]} before it starts {start[0]}")
        term = Tenure(
            entry["office"],
            entry["of"],
            int(start[1]),
            int(end[1]) if end else None,
            int(until[1]) if until else int(end[1] if end else start[1]),
        )
        found[entry["qid"]] = (*found.get(entry["qid"], ()), term)
    return found


def in_office(qid: str, year: int) -> bool | None:
    """Tell whether somebody held an office that the table knows in *year*; None where it cannot tell."""
    known = [term.covers(year) for term in tenures().get(qid, ())]
    if any(known):
        return True
    return None if not known or None in known else False


def last_year(qid: str) -> int | None:
    """Return the year in which the last office of somebody ended, None where that is not known."""
    ends = [term.end for term in tenures().get(qid, ())]
    return max((end for end in ends if end is not None), default=None) if ends and None not in ends else None

"""When two things that texts state cannot both be true: dates, counts and promised sums. For the command line and for pages."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass

_COMPARED = 200  # sums of one actor
_CLOSE = 1.2  # sums to nobody named that are further apart are taken for two commitments
_ROUGHLY = 1.1  # how far a count that is said to be rough may be off
DATED = ("startDate", "endDate", "publishedOn")  # properties with one value


@dataclass(frozen=True, slots=True)
class Sum:
    """A promised sum in whole units of a currency: ``low`` is 0 where no lower bound is stated, ``beneficiary`` may be empty."""

    low: float
    high: float
    currency: str
    beneficiary: str = ""


def dates_differ(one: str, other: str) -> bool:
    """Tell whether two dates cannot both be true; a partial date agrees with its fuller form.

    >>> dates_differ("2025-02", "2025-02-10"), dates_differ("2025-02-10", "2025-02-11")
    (False, True)
    """
    return not (one.startswith(other) or other.startswith(one))


def contested_dates(values: Collection[str]) -> list[str]:
    """Return the dates that another of *values* contradicts."""
    return [value for value in values if any(dates_differ(value, other) for other in values)]


def counts_contradict(one: tuple[int, str], other: tuple[int, str]) -> bool:
    """Tell whether two counts with their comparators (local names) cannot both be true.

    >>> counts_contradict((40, "MoreThan"), (38, "Exactly")), counts_contradict((60, "MoreThan"), (61, "Exactly"))
    (True, False)
    """
    (number, how), (number2, how2) = one, other
    if number == number2 or ("About" in (how, how2) and max(number, number2) <= _ROUGHLY * min(number, number2)):
        return False
    for (n, c), (n2, c2) in (((number, how), (number2, how2)), ((number2, how2), (number, how))):
        if c == "MoreThan" and (n2 > n or c2 == "MoreThan"):
            return False
        if c == "AtMost" and (n2 < n or c2 == "AtMost"):
            return False
    return True


def contested_counts(counts: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Return the counts of one thing by one measure that another contradicts, in order."""
    listed = sorted(counts)
    return [pair for pair in listed if any(counts_contradict(pair, other) for other in listed)]


def contested_sums(stated: Mapping[Sum, Set[str]]) -> dict[tuple[str, str], list[Sum]]:
    """Return the sums of one actor that another contradicts, by beneficiary and currency.

    To one beneficiary two sums contradict each other where two texts state them; to nobody named only where they are so
    close that one sum is meant, and no text gives both.

    Args:
        stated: Each sum and the texts that state it.
    """
    texts: dict[tuple[str, float], set[str]] = {}
    for item, documents in stated.items():
        texts.setdefault((item.currency, item.high), set()).update(documents)
    found: dict[tuple[str, str], list[Sum]] = {}
    for one, other in itertools.permutations(list(stated)[:_COMPARED], 2):
        if (one.currency, one.beneficiary) != (other.currency, other.beneficiary):
            continue
        if not (one.low > other.high or other.low > one.high):
            continue
        if one.beneficiary:
            apart = stated[one] != stated[other] or len(stated[one]) > 1
        else:  # where a text gives both, it speaks of two commitments
            both = texts[one.currency, one.high] & texts[other.currency, other.high]
            apart = max(one.high, other.high) <= _CLOSE * min(one.high, other.high) and not both
        sides = found.setdefault((one.beneficiary, one.currency), [])
        if apart and one not in sides:
            sides.append(one)
    return {key: sorted(sides, key=lambda item: (item.low, item.high)) for key, sides in sorted(found.items()) if sides}

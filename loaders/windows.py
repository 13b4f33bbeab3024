"""Where in a text an expression is worth trying: around words that tell of it, found in one pass over the whole text."""

from __future__ import annotations

import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import ahocorasick
import regex

from .prefilter import needs

Windows = Sequence[tuple[int, int]]
# How many characters a value can reach before and behind the word that tells its kind.
_REACH = {
    "money": (110, 2),  # a currency comes last
    "symbol": (70, 90),
    "count": (110, 2),
    "date": (60, 60),
    "period": (60, 60),
    "dual": (8, 2),
    "year": (40, 4),
}
_ALL_DIGITS = tuple("0123456789")
_DIGITS = regex.compile(r"\d+")
_ISO = regex.compile(r"\d-[01]\d-\d")
_YEAR = regex.compile(r"(?:19[5-9]|20[0-4])\d")


class Anchors:
    """Where values can stand at all: around currencies, months, units and numbers, found in one pass over the text.

    The expressions of values begin with what may be missing, so they are slow where nothing is; this is what makes them cheap.
    """

    def __init__(self, words: Mapping[str, Iterable[str]]) -> None:
        kinds: dict[str, set[str]] = {}
        for kind, forms in words.items():
            for form in forms:
                kinds.setdefault(form, set()).add(kind)
        self._automaton = ahocorasick.Automaton()
        self._automaton.add_word("\0", (1, ()))
        for form, found in kinds.items():
            if form:
                self._automaton.add_word(form, (len(form), tuple(found)))
        self._automaton.make_automaton()

    def find(self, folded: str) -> dict[str, Windows]:
        """Return by kind of value the stretches of *folded* to look at, in order, none overlapping."""
        places: dict[str, list[tuple[int, int]]] = {kind: [] for kind in (*_REACH, "number")}
        for last, (length, kinds) in self._automaton.iter(folded):
            start, end = last + 1 - length, last + 1
            symbol = not folded[start:end].isalpha()
            if symbol or _is_word(folded, start, end):
                for kind in kinds:
                    places[kind].append((start, end))
        places["number"] += [match.span() for match in _DIGITS.finditer(folded)]
        places["date"] += [match.span() for match in _ISO.finditer(folded)]
        places["year"] += [match.span() for match in _YEAR.finditer(folded)]
        numbers = sorted(start for start, _ in places["number"])
        windows: dict[str, Windows] = {}
        for kind, (before, after) in _REACH.items():
            here = sorted(places[kind])
            if kind not in ("dual", "date", "year"):
                here = [place for place in here if _any_between(numbers, place[0] - before, place[1] + after)]
            windows[kind] = around(here, before, after, folded)
        windows["money"] = _joined(sorted([*windows["money"], *windows.pop("symbol")]))
        return windows


def _any_between(ordered: Sequence[int], low: int, high: int) -> bool:
    index = bisect.bisect_left(ordered, low)
    return index < len(ordered) and ordered[index] <= high


def _joined(windows: Windows) -> Windows:
    """Return *windows* (sorted), those that meet made one."""
    found: list[tuple[int, int]] = []
    for start, end in windows:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _is_word(folded: str, start: int, end: int) -> bool:
    """Tell whether [start, end) is a word, but for what is glued to its front."""
    if end < len(folded) and folded[end].isalpha():
        return False
    return start < 4 or not folded[start - 4 : start].isalpha()


def telling(expression: Any) -> Collection[str]:
    """Return words of which each match of *expression* holds one."""
    clauses = needs(expression.pattern)
    return min(clauses, key=len) if clauses else _ALL_DIGITS


def around(places: Windows, before: int, after: int, folded: str) -> Windows:
    """Return the surroundings of *places* (sorted), cut between words."""
    found: list[tuple[int, int]] = []
    for start, end in places:
        if found and end + after <= found[-1][1]:
            continue
        right = folded.find(" ", end + after)
        found.append((folded.rfind(" ", 0, max(0, start - before)) + 1, right if right >= 0 else len(folded)))
    return _joined(found)


def within(windows: Windows, expression: Any, folded: str) -> Iterator[Any]:
    """Yield the matches of *expression* in the stretches of *folded*."""
    for start, end in windows:
        yield from expression.finditer(folded, start, end)


class Openings(dict[str, bool]):
    """Which first letters of a word a match of *expression* can begin with, found out as they are met.

    An expression that begins with what may be missing is tried in vain at almost every word; this asks the expression itself, once
    for every three letters, whether more letters could make them a match. It must begin at no space, and where no letter stands before.
    """

    def __init__(self, expression: Any) -> None:
        super().__init__()
        if "(?<=" in expression.pattern or not expression.pattern.startswith(_AFTER_NO_LETTER):
            raise ValueError(f"not an expression of words: {expression.pattern[:40]}")
        self.expression = expression

    def __missing__(self, letters: str) -> bool:
        if len(self) >= _OPENINGS:
            self.clear()
        found = self[letters] = self.expression.match(letters, partial=True) is not None
        return found

    def within(self, windows: Windows, folded: str) -> Iterator[Any]:
        """Yield the matches of the expression in the stretches of *folded*, as :func:`within` does."""
        match = self.expression.match
        for start, end in windows:
            position = start
            for word in _WORD_BEGINS.finditer(folded, start, end):
                place = word.start()
                if place >= position and self[folded[place : place + 3]] and (found := match(folded, place, end)):
                    yield found
                    position = max(found.end(), place + 1)


_OPENINGS = 8192  # remembered
_AFTER_NO_LETTER = ("(?<!\\w)", "(?<![\\w")
_WORD_BEGINS = regex.compile(r"(?<!\w)\S")


class Literals:
    """Where any of several expressions can match: around the literals they cannot do without."""

    def __init__(self, expressions: Iterable[str], reach: int) -> None:
        self._reach = reach
        self._automaton: Any = ahocorasick.Automaton()
        self._automaton.add_word("\0", 1)
        for expression in expressions:
            clauses = needs(expression)
            if not clauses:
                self._automaton = None  # it can match anywhere
                return
            for literal in min(clauses, key=len):
                self._automaton.add_word(literal, len(literal))
        self._automaton.make_automaton()

    def find(self, folded: str) -> Windows:
        """Return the stretches of *folded* to look at."""
        if self._automaton is None:
            return [(0, len(folded))]
        places = sorted((last + 1 - length, last + 1) for last, length in self._automaton.iter(folded))
        return around(places, self._reach, self._reach, folded)

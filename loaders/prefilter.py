"""What a sentence must hold before an expression is worth trying: one look-up of all words of a language, then integers.

A regular expression can only match where certain words or items stand. They are read off the expression itself, as clauses of
which each needs one of several literals; every clause of a language gets one bit, and one Aho-Corasick pass over a sentence tells
which bits it has. So the cost of a sentence hangs on the patterns that can match it, not on how many there are. After the
prefilter of RE2 (R. Cox, "Regular expression matching in the wild", 2010).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ahocorasick

from .items import ITEM_CLASS, TYPE_OF

_MIN_LITERAL = 2  # characters; shorter ones are everywhere
_MAX_CLAUSES = 6  # of one expression
_MAX_STRINGS = 400  # of one clause
_REMEMBERED = 2000  # sentences
_CLASSES = frozenset("wWdDsSXRhHvVNpP")
_PLACES = frozenset("bBAZGmMK")  # escapes that stand for no character
_MAX_MEMBERS = 40  # of a set that is read as so many alternatives

_PLAIN = re.compile(rf"[^\\()\[\]{{}}.*+?^$|{ITEM_CLASS[1:-1]}]+")

_ITEM = re.compile(ITEM_CLASS)
Clause = frozenset[str]
Needs = list[Clause]
Exact = set[str] | None


def needs(expression: str) -> Needs:
    """Return clauses of literals; no text matches *expression* (mrab-regex syntax) that lacks all literals of one of them.

    >>> [sorted(clause) for clause in needs("(?:signed|backed) by( the)? [\ue000]")] == [
    ...     ['backed by \ue000', 'backed by the \ue000', 'signed by \ue000', 'signed by the \ue000']]
    True
    """
    try:
        found, exact = _Reader(expression).alternation()
    except (IndexError, ValueError):  # a construct not known here: always worth trying
        return []
    if exact is not None:
        _end(exact, found := [])
    ranked = sorted(set(found), key=lambda clause: (_weakness(clause), min(clause)))
    return list(map(_shortest, ranked[:_MAX_CLAUSES]))


def _weakness(clause: Clause) -> float:
    """Return how likely a sentence has one of the literals, roughly: the longer, the rarer; an item tells a little more than a letter."""
    return sum(math.pow(0.35, len(literal) + (0.5 if _ITEM.search(literal) else 0)) for literal in clause)


class _Reader:
    """A reader of regular expressions that keeps only what must occur; IndexError where one breaks off.

    Of each part it tells clauses of literals, and, where it matches a few strings and nothing else, these (``exact``).
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.first = True  # nothing of what is matched stands before here

    def alternation(self) -> tuple[Needs, Exact]:
        first, still = self.first, True
        branches = []
        while True:
            self.first = first
            branches.append(self.sequence())
            still = still and self.first
            if self.at >= len(self.text) or self.text[self.at] != "|":
                break
            self.at += 1
        self.first = still
        if len(branches) == 1:
            return branches[0]
        exact: Exact = set()
        for _, strings in branches:
            exact = None if exact is None or strings is None or len(exact) > _MAX_STRINGS else exact | strings
        found = [_of_branch(branch) for branch in branches]
        if not all(found):
            return [], exact
        return [frozenset().union(*(min(clauses, key=_weakness) for clauses in found))], exact

    def sequence(self) -> tuple[Needs, Exact]:
        found: Needs = []
        run: set[str] = {""}  # what may stand at the end of what was read so far
        whole = True  # the run is all there was
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            if plain := self.plain():
                run = {left + plain for left in run}
                self.first = False
                continue
            first, looks = self.first, self.text.startswith(("(?=", "(?<="), self.at)
            behind = first and self.text[self.at + 2 : self.at + 3] == "<"
            needed, exact = self.atom()
            optional, repeated = self.quantifier()
            if looks and not behind:  # it stands there, beside what is read already or is read next
                self.first = first
                if not optional and (clauses := _of_branch((needed, exact))):
                    found += clauses
                    whole = False
                continue
            if exact != {""}:
                self.first = False
            if exact is not None and not repeated:
                strings = exact | {""} if optional else exact
                if len(run) * len(strings) <= _MAX_STRINGS:
                    run = {left + right for left in run for right in strings}
                    continue
            _end(run, found)
            whole = False
            if exact is None or repeated:
                run = {""}
                if not optional:
                    if exact is not None:
                        _end(exact, found)
                    else:
                        found += needed
            else:
                run = set(exact) | ({""} if optional else set())
        if whole:
            return [], run
        _end(run, found)
        return found, None

    def plain(self) -> str:
        """Return the letters that stand here for themselves, up to one that is repeated or may be missing."""
        found = _PLAIN.match(self.text, self.at)
        if found is None:
            return ""
        end = found.end() - (self.text[found.end() : found.end() + 1] in ("?", "*", "+", "{"))
        plain = self.text[self.at : end]
        self.at = end
        return plain

    def atom(self) -> tuple[Needs, Exact]:
        char = self.text[self.at]
        self.at += 1
        if char == "(":
            return self.group()
        if char == "[":
            return self.char_class()
        if char == "\\":
            escaped = self.text[self.at]
            self.at += 1
            if escaped in "pP" and self.text[self.at] == "{":
                self.at = self.text.index("}", self.at) + 1
                return [], None
            if escaped == "L":
                self.at = self.text.index(">", self.at) + 1
                return [], None
            if escaped in _PLACES:
                return [], {""}
            if escaped in _CLASSES:
                return [], None
            if escaped.isalnum():
                raise ValueError(f"unknown escape \\{escaped}")
            return [], {escaped}
        if char in "^$":
            return [], {""}
        if char == ".":
            return [], None
        return [], {char}

    def group(self) -> tuple[Needs, Exact]:
        ignored = False
        if self.text[self.at] == "?":
            self.at += 1
            rest = self.text[self.at :]
            if rest.startswith((":", ">", "|")):
                if rest[0] == "|":
                    raise ValueError("a branch reset")
                self.at += 1
            elif rest.startswith(("P<", "<")) and rest[:2] not in ("<=", "<!"):
                self.at = self.text.index(">", self.at) + 1
            elif rest.startswith(("=", "!", "<=", "<!")):
                ignored = rest.startswith(("!", "<!"))
                self.at += 2 if rest[0] == "<" else 1
            else:
                raise ValueError("flags, references or conditions")
        first = self.first
        found = self.alternation()
        if self.text[self.at] != ")":
            raise ValueError("an open group")
        self.at += 1
        if not ignored:
            return found
        self.first = first
        return [], {""}

    def char_class(self) -> tuple[Needs, Exact]:
        members: set[str] = set()
        telling = self.text[self.at] != "^"
        first = True
        while first or self.text[self.at] != "]":
            char = self.text[self.at]
            if char == "\\":
                self.at += 1
                char = self.text[self.at]
                telling = telling and not char.isalnum()
            elif char == "[" and self.text[self.at + 1] in ":[":
                raise ValueError("a nested set")
            elif not first and char == "-" and self.text[self.at + 1] != "]":
                telling = False
            members.add(char)
            self.at += 1
            first = False
        self.at += 1
        # With its neighbours it makes longer literals: "backed by" and an item.
        return [], members if telling and len(members) <= _MAX_MEMBERS else None

    def quantifier(self) -> tuple[bool, bool]:
        """Return whether what stood before may be missing, and whether it may stand there several times."""
        if self.at >= len(self.text):
            return False, False
        char = self.text[self.at]
        optional = repeated = False
        if char in "?*+":
            optional, repeated = char != "+", char != "?"
            self.at += 1
        elif char == "{" and (self.text[self.at + 1].isdigit() or self.text[self.at + 1] == ","):
            end = self.text.index("}", self.at)
            low = self.text[self.at + 1 : end].split(",", 1)[0]
            optional, repeated = not low or int(low) == 0, True
            self.at = end + 1
        else:
            return False, False
        if self.at < len(self.text) and self.text[self.at] in "?+":
            self.at += 1
        return optional, repeated


def _of_branch(branch: tuple[Needs, Exact]) -> Needs:
    found, exact = branch
    if exact is not None:
        _end(exact, found := [])
    return found


def _end(run: set[str], found: Needs) -> None:
    if run and all(len(string.strip()) >= _MIN_LITERAL or string.strip() in TYPE_OF for string in run):
        found.append(frozenset(run))


def _shortest(strings: Clause) -> Clause:
    """Return *strings* without those that begin or end with another of them: what has the longer one has the shorter."""
    return frozenset(
        string
        for string in strings
        if not any(string[:cut] in strings or string[cut:] in strings for cut in range(1, len(string)))
    )


class Prefilter:
    """The clauses of all expressions of a language as bits of one integer."""

    def __init__(self) -> None:
        self._bits: dict[tuple[bool, Clause], int] = {}
        self._built: tuple[Any, Any] | None = None
        self._seen: dict[str, int] = {}

    def require(self, expression: str) -> int:
        """Return the bits a text must have for *expression* to match; before the first :meth:`present`."""
        return self._require(expression, inside=False)

    def require_word(self, expression: str) -> int:
        """Return the bits that the words inside the items must have for *expression* to match in one of them."""
        return self._require(expression, inside=True)

    def present(self, text: str) -> int:
        """Return the bits *text* has, an annotated sentence; remembered a while, since a text is read twice."""
        if (found := self._seen.get(text)) is None:
            if len(self._seen) >= _REMEMBERED:
                self._seen.clear()
            found = self._seen[text] = _look(self._automata()[0], text)
        return found

    def words(self, folded: str) -> int:
        """Return the bits that a sentence has as it was before its items took the place of their words."""
        return _look(self._automata()[1], folded)

    def index(self, required: Sequence[int]) -> Index:
        """Return which of *required*, bits of several expressions, a sentence has, as something to look up."""
        rarest = {bit: _weakness(clause) for (_, clause), bit in self._bits.items()}
        return Index(required, rarest)

    def _require(self, expression: str, *, inside: bool) -> int:
        bits = 0
        for clause in needs(expression):
            bits |= self._bits.setdefault((inside, clause), 1 << len(self._bits))
        self._built = None
        self._seen.clear()
        return bits

    def _automata(self) -> tuple[Any, Any]:
        if self._built is None:
            self._built = (self._build(inside=False), self._build(inside=True))
        return self._built

    def _build(self, *, inside: bool) -> Any:
        masks: dict[str, int] = {"\0": 0}  # an automaton without a word has no iterator
        for (place, clause), bit in self._bits.items():
            for literal in clause if place == inside else ():
                masks[literal] = masks.get(literal, 0) | bit
        automaton = ahocorasick.Automaton()
        for literal, mask in masks.items():
            automaton.add_word(literal, mask)
        automaton.make_automaton()
        return automaton


class Index:
    """Expressions by the rarest bit they require, so that a sentence is compared only with those that have a chance."""

    def __init__(self, required: Sequence[int], weakness: Mapping[int, float]) -> None:
        self._always: list[int] = []
        self._by_bit: dict[int, list[tuple[int, int]]] = {}
        self._keys = 0
        for number, bits in enumerate(required):
            if not bits:
                self._always.append(number)
                continue
            key = min(_single(bits), key=lambda bit: (weakness[bit], bit))
            self._by_bit.setdefault(key, []).append((number, bits))
            self._keys |= key

    def find(self, present: int) -> list[int]:
        """Return the numbers of the expressions whose bits are all in *present*, in order."""
        found = self._always.copy()
        left = present & self._keys
        while left:
            key = left & -left
            left ^= key
            found += [number for number, bits in self._by_bit[key] if bits & present == bits]
        found.sort()
        return found


def _single(bits: int) -> Iterator[int]:
    while bits:
        yield bits & -bits
        bits &= bits - 1


def _look(automaton: Any, text: str) -> int:
    found = 0
    for _, bits in automaton.iter(text):
        found |= bits
    return found

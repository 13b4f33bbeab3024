"""The annotated sentence: words as they are (folded), each item one character; and the name patterns that rewrite it."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import regex

from . import mishaps
from .items import CODE, Item
from .prefilter import Prefilter
from .rules import Language, Pattern

_SPACED = frozenset(";:!?")
_GAPS = regex.compile(r"\s*\n\s*(?P<bullet>(?:[-*•·‣▪]|\d{1,2}[.)]) +)|[ \n]+")


@dataclass(slots=True)
class Match:
    """A pattern found in a sentence."""

    pattern: Pattern
    sentence: Annotated
    start: int  # cells
    end: int
    slots: dict[str, tuple[int, int]]

    def items(self, slot: str) -> list[Item]:
        """Return the items of a slot in order; none for free words or a slot that took no part."""
        if slot not in self.slots:
            return []
        start, end = self.slots[slot]
        return [item for item in self.sentence.items[start:end] if item is not None]

    def span(self, slot: str = "") -> tuple[int, int]:
        """Return the folded offsets of a slot, or of the whole match, titles and appositions included."""
        start, end = self.slots[slot] if slot else (self.start, self.end)
        while start < end - 1 and self.sentence.chars[start] == " ":
            start += 1
        while end > start + 1 and self.sentence.chars[end - 1] == " ":
            end -= 1
        return self.sentence.starts[start], self.sentence.ends[end - 1]


@dataclass
class Annotated:
    """One sentence; ``chars[i]`` came from folded offsets ``starts[i]`` to ``ends[i]``."""

    number: int
    paragraph: int
    heading: bool
    chars: list[str] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    items: list[Item | None] = field(default_factory=list)
    text: str = ""
    words: int = 0  # what the prefilter of the language finds in the words it was made of
    full: str = ""  # the sentence that this is the core of
    prefilter: Prefilter | None = None
    _looked_at: str | None = None  # the text that _present was found in
    _present: int = 0

    def refresh(self) -> None:
        """Make ``text`` again after the cells changed."""
        self.text = "".join(self.chars)

    @property
    def present(self) -> int:
        """Return which words and items the sentence has now, as bits of the prefilter; looked up when it is asked for."""
        if self._looked_at is not self.text and self.prefilter is not None:
            self._present = self.prefilter.present(self.text) | self.words
            self._looked_at = self.text
        return self._present

    def replace(self, start: int, end: int, item: Item) -> None:
        """Put *item* in place of cells [start, end)."""
        item.outer_start = min(item.outer_start, self.starts[start])
        item.outer_end = max(item.outer_end, self.ends[end - 1])
        self.chars[start:end] = [CODE[item.type]]
        self.starts[start:end] = [item.outer_start]
        self.ends[start:end] = [item.outer_end]
        self.items[start:end] = [item]
        self.refresh()

    def drop(self, start: int, end: int) -> None:
        """Take cells [start, end) out of the sentence."""
        for cells in (self.chars, self.starts, self.ends, self.items):
            del cells[start:end]
        self.refresh()


def annotate(folded: str, start: int, end: int, items: Sequence[Item], sentence: Annotated) -> Annotated:
    """Fill *sentence* from folded text [start, end) and its items, in order, none overlapping."""
    position = start
    for item in items:
        if item.value is None and item.entity:
            item.value = folded[item.start : item.end]  # what conditions on a slot look at
        _words(folded, position, item.start, sentence)
        sentence.chars.append(CODE[item.type])
        sentence.starts.append(item.start)
        sentence.ends.append(item.end)
        sentence.items.append(item)
        position = item.end
    _words(folded, position, end, sentence)
    _tighten(sentence)
    sentence.refresh()
    return sentence


def _tighten(sentence: Annotated) -> None:
    """Take out the space that French puts before a mark: patterns see the marks of every language in one place."""
    chars = sentence.chars
    for cell in range(len(chars) - 1, 0, -1):
        if chars[cell] in _SPACED and chars[cell - 1] == " ":
            for cells in (chars, sentence.starts, sentence.ends, sentence.items):
                del cells[cell - 1]


def _words(folded: str, start: int, end: int, sentence: Annotated) -> None:
    """Append the characters of folded [start, end), white space once."""
    words = folded[start:end]
    if "\n" in words or "  " in words:
        position = start
        for gap in _GAPS.finditer(folded, start, end):
            _append(folded, position, gap.start(), sentence)
            if gap["bullet"]:  # the items of a list are a list
                shown = " " if sentence.chars[-1:] == [":"] else ": " if ":" not in sentence.chars else ", "
                for number, char in enumerate(shown):
                    _append(char, gap.start() + number, gap.start() + number + 1, sentence, shown=True)
            elif sentence.chars and sentence.chars[-1] != " ":
                _append(" ", gap.start(), gap.start() + 1, sentence, shown=True)
            position = gap.end()
        start = position
    elif words.startswith(" ") and (not sentence.chars or sentence.chars[-1] == " "):
        start += 1
    _append(folded, start, end, sentence)


def _append(folded: str, start: int, end: int, sentence: Annotated, *, shown: bool = False) -> None:
    sentence.chars.extend(folded if shown else folded[start:end])
    sentence.starts.extend(range(start, end))
    sentence.ends.extend(range(start + 1, end + 1))
    sentence.items.extend([None] * (end - start))


def matches(pattern: Pattern, sentence: Annotated, position: int = 0) -> Match | None:
    """Return the next place *pattern* matches from cell *position* on, its ``where`` conditions met, or None."""
    return _met(pattern, sentence, pattern.regex.search(sentence.text, position))


def _met(pattern: Pattern, sentence: Annotated, found: Any) -> Match | None:
    """Return *found* as a match, or the next one whose conditions are met."""
    while found is not None:
        match = Match(pattern, sentence, found.start(), found.end(), _slots(found, pattern))
        if _names(match) and conditions(match) and not is_excluded(pattern, sentence):
            return match
        found = pattern.regex.search(sentence.text, found.start() + 1)
    return None


def _slots(found: Any, pattern: Pattern) -> dict[str, tuple[int, int]]:
    slots = {}
    for name in pattern.slots:
        start, end = span = found.span(name)
        if 0 <= start < end:
            slots[name] = span
    return slots


def _names(match: Match) -> bool:
    """Cut the slots for unknown names to what can be one; tell whether something is left of each."""
    if match.pattern.guard is None:
        return True
    for slot, kind in match.pattern.slots.items():
        if kind not in ("Name", "Called") or slot not in match.slots:
            continue
        start, end = match.slots[slot]
        left, right = start == match.start, end == match.end
        due = kind == "Called"
        if left:
            start = match.pattern.guard.whole(match.sentence.text, start)
        cut = match.pattern.guard.cut(match.sentence.text, start, end, left=left, right=right, due=due)
        if cut is None:
            return False
        match.slots[slot] = cut
        match.start, match.end = (cut[0] if left else match.start), (cut[1] if right else match.end)
    return True


def is_excluded(pattern: Pattern, sentence: Annotated) -> bool:
    """Tell whether a sentence, asides and all, has what *pattern* must not stand beside."""
    return pattern.unless is not None and pattern.unless.search(sentence.full or sentence.text) is not None


def conditions(match: Match) -> bool:
    """Tell whether the words of every slot meet the pattern's ``where``."""
    for slot, expression in match.pattern.where.items():
        if slot not in match.slots:
            return False
        items = match.items(slot)
        start, end = match.slots[slot]
        one_item = end - start == 1 and items and isinstance(items[0].value, str)
        words = str(items[0].value) if one_item else match.sentence.text[start:end]
        if expression.search(words) is None:
            return False
    return True


def rewrite(
    language: Language, sentence: Annotated, act: Callable[[Match], Item | None], vain: dict[str, set[int]]
) -> None:
    """Apply the name patterns in file order; where *act* returns an item it takes the place of the match.

    *vain* holds, and gets, the numbers of the patterns that are nowhere in a text, by that text: the second reading of a sentence
    mostly begins with the words of the first.
    """
    waiting, at, nowhere = language.name_index.find(sentence.present), 0, vain.setdefault(sentence.text, set())
    while at < len(waiting):
        number = waiting[at]
        at += 1
        if number in nowhere:
            continue
        pattern, text = language.names[number], sentence.text
        try:
            if not _rewrite(pattern, sentence, act):
                nowhere.add(number)
        except Exception as error:  # noqa: BLE001 - one rule must not take the article with it
            mishaps.note(pattern, error)
        if sentence.text is not text:
            nowhere = vain.setdefault(sentence.text, set())
            waiting = language.name_index.find(sentence.present)
            at = bisect.bisect_right(waiting, number)


def _rewrite(pattern: Pattern, sentence: Annotated, act: Callable[[Match], Item | None]) -> bool:
    """Apply one name pattern; tell whether its words stand in the sentence at all."""
    first = pattern.regex.search(sentence.text)
    if first is None:
        return False
    position, match = 0, _met(pattern, sentence, first)
    while match is not None:
        item = act(match)
        if item is None:
            position = max(match.end, position + 1)
        else:
            sentence.replace(match.start, match.end, item)
            position = match.start + 1
        match = matches(pattern, sentence, position)
    return True

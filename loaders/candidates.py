"""What could be a fact of a sentence: the items, or pairs of items, that fit a relation of ``relations.yaml``, and their features.

The features say what words and items stand near the items, between them and in the clause, what the text has told of the first
item before, and where in the text the sentence stands. :mod:`.learned` weighs them; ``tests/gold/learn.py`` learns the weights.
"""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import regex
import yaml

from .annotate import Annotated, Match
from .entities import Draft, EntityTable
from .items import GROUPS, TYPE_OF, Item
from .normalise import fold
from .rules import Language, Pattern
from .summits import bare
from .values import DateRange

FOLDER = Path(__file__).parent
TOKEN = regex.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|[\uE000-\uF8FF]|\d+|[^\w\s]")
_BOUNDS = ".;:!?؛؟"
_SAID_BOUNDS = ".;!?؛؟"
STEM = 5  # letters that tell a word from others whatever its ending
_JOINED = "وف"  # conjunctions written as one with the word behind
_SAID = 3  # words without which nothing is said


@dataclass(frozen=True, eq=False)
class Relation:
    """What a relation takes, and what it states."""

    name: str
    gold: str  # the relation of gold it is
    first: frozenset[str]
    second: frozenset[str]
    alone: bool
    words: bool  # the words of the clause belong to it: what is said
    one_of: str
    each: str
    least: float  # the lowest probability it may be stated from
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Candidate:
    """One item, or two, of a sentence, by cell; *second* is -1 where there is none."""

    relation: Relation
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What the text is about, and all it speaks of."""

    table: EntityTable
    main: Draft | None
    language: Language

    def is_main(self, item: Item) -> bool:
        """Tell whether an item means the summit the text is about."""
        return self.main is not None and bool(item.entity) and self.table[item.entity].id == self.main.id


@functools.lru_cache(maxsize=8)
def word_classes(language: Language) -> Mapping[str, tuple[str, ...]]:
    """Return the classes of the lexicon by word, under one name in every language."""
    found: dict[str, dict[str, None]] = {}
    for name, words in language.lexicon.items():
        for word in words:
            if " " not in word:
                found.setdefault(fold(word), {})[f"@{name.removesuffix('_verb')}"] = None
    return {word: tuple(names) for word, names in found.items()}


@functools.cache
def relations() -> tuple[Relation, ...]:
    """Return the relations of ``relations.yaml``."""
    found = []
    for name, said in yaml.safe_load((FOLDER / "relations.yaml").read_text("utf-8")).items():
        emit = tuple((kind, roles) for entry in said["emit"] for kind, roles in entry.items())
        slots = {"first": said["first"], "second": said.get("second", ""), "rest": "Rest"}
        pattern = Pattern(
            f"learned.{name}", "relations.yaml", None, slots, 0, emit, asserted=said.get("asserted", False)
        )
        found.append(
            Relation(
                name,
                said.get("gold", name),
                _types(said["first"]),
                _types(said.get("second", "")),
                said.get("alone", False),
                said.get("words", False),
                said.get("one_of", name),
                said.get("each", "first"),
                said.get("least", 0.4),
                pattern,
            )
        )
    return tuple(found)


def _types(names: str) -> frozenset[str]:
    return frozenset(member for name in names.split("|") if name for member in GROUPS.get(name, (name,)))


def candidates(sentence: Annotated, wanted: Sequence[Relation], scene: Scene) -> Iterator[Candidate]:
    """Yield every item, or pair of items, that could stand in one of the *wanted* relations.

    A summit among them is another than the text is about: that one is what relations without a second item are about.
    """
    cells = [(cell, item.type) for cell, item in enumerate(sentence.items) if item is not None and _is_fit(item, scene)]
    for relation in wanted:
        firsts = [cell for cell, kind in cells if kind in relation.first]
        seconds = [cell for cell, kind in cells if kind in relation.second]
        for first in firsts:
            others = [cell for cell in seconds if cell != first]
            if relation.first == relation.second:
                others = [cell for cell in others if cell > first]
            for second in others or ([-1] if relation.alone else []):
                if not relation.words or said(sentence, first) is not None:
                    yield Candidate(relation, first, second)


def _is_fit(item: Item, scene: Scene) -> bool:
    if isinstance(item.value, DateRange):
        return item.value.has_year
    return item.type != "Summit" or (bool(item.entity) and not scene.is_main(item))


def said(sentence: Annotated, first: int) -> tuple[int, int] | None:
    """Return the cells of what the item at *first* could have said: the rest of its clause or, where that is short, what stands before."""
    text = sentence.text
    start = max(text.rfind(mark, 0, first) for mark in _SAID_BOUNDS) + 1
    end = min((p for mark in _SAID_BOUNDS if (p := text.find(mark, first)) >= 0), default=len(text))
    for low, high in ((first + 1, end), (start, first)):
        words = TOKEN.findall(text, low, high)
        if len(words) >= _SAID or any(TYPE_OF.get(word) == "Quote" for word in words):
            return low, high
    return None


def match(sentence: Annotated, candidate: Candidate, pattern: Pattern) -> Match:
    """Return a candidate as a match of *pattern*."""
    first, second = candidate.first, candidate.second
    slots = {"first": (first, first + 1)}
    start, end = first, first + 1
    if second >= 0:
        slots["second"] = (second, second + 1)
        start, end = min(start, second), max(end, second + 1)
    elif candidate.relation.words:
        slots["rest"] = rest = said(sentence, first) or (first, first + 1)
        start, end = min(start, rest[0]), max(end, rest[1])
    else:  # the clause is the evidence
        text = sentence.text
        start = max(text.rfind(mark, 0, start) for mark in _BOUNDS) + 1
        end = min((p for mark in _BOUNDS if (p := text.find(mark, end)) >= 0), default=len(text))
    return Match(pattern, sentence, start, end, slots)


class Features:
    """The features of the candidates of one sentence; what several of them share is made once."""

    def __init__(self, sentence: Annotated, scene: Scene) -> None:
        self.sentence, self.scene = sentence, scene
        self.text = text = sentence.text
        tokens = [(found.start(), found.group()) for found in TOKEN.finditer(text)]
        self._starts = [start for start, _ in tokens]
        self._words = words = [self._stem(word, start) for start, word in tokens]
        self._at = {start: number for number, start in enumerate(self._starts)}
        classes = word_classes(scene.language)
        self._classes = [classes_of(word, classes) for _, word in tokens]
        place = min(sentence.number, 6)
        self.shared = [f"s={word}" for word in dict.fromkeys(words)] + [f"sn={place if place < 3 else 3 + place // 6}"]
        self._single: dict[int, list[str]] = {}

    def _stem(self, word: str, cell: int) -> str:
        if (kind := TYPE_OF.get(word)) is None:
            return stem_of(word)
        item = self.sentence.items[cell]
        return "<Main>" if kind == "Summit" and item is not None and self.scene.is_main(item) else f"<{kind}>"

    def _named(self, places: range) -> Iterator[str]:
        """Return the classes of the tokens at *places*."""
        return itertools.chain.from_iterable(self._classes[max(places.start, 0) : max(places.stop, 0)])

    def of_first(self, cell: int) -> list[str]:
        """Return what stands around the first item."""
        if cell not in self._single:
            self._single[cell] = self._around(cell)
        return self._single[cell]

    def _around(self, cell: int) -> list[str]:
        place, words = self._at[cell], self._words
        left, right = words[max(0, place - 4) : place], words[place + 1 : place + 6]
        found = [f"ta={words[place]}", *self._known(cell)]
        for number, word in enumerate(reversed(left)):
            found += [f"l{number}={word}", f"L={word}"]
        for number, word in enumerate(right):
            found += [f"r{number}={word}", f"R={word}"]
        found += [f"l01={'_'.join(left[-2:])}", f"r01={'_'.join(right[:2])}"]
        low = max(self.text.rfind(mark, 0, cell) for mark in _BOUNDS)
        high = min((p for mark in _BOUNDS if (p := self.text.find(mark, cell)) >= 0), default=len(self.text))
        first, last = bisect.bisect_right(self._starts, low), bisect.bisect_left(self._starts, high)
        found += [f"cb={word}" for word in dict.fromkeys(words[first:place])]
        found += [f"ca={word}" for word in dict.fromkeys(words[place + 1 : last])]
        found += [f"cb={name}" for name in dict.fromkeys(self._named(range(first, place)))]
        found += [f"ca={name}" for name in dict.fromkeys(self._named(range(place + 1, last)))]
        found += [f"L={name}" for name in dict.fromkeys(self._named(range(max(first, place - 4), place)))]
        found += [f"R={name}" for name in dict.fromkeys(self._named(range(place + 1, min(last, place + 6))))]
        found += [f"r0={name}" for name in self._named(range(place + 1, place + 2))]
        found += [f"l0={name}" for name in self._named(range(place - 1, place))]
        return found

    def _known(self, cell: int) -> list[str]:
        """Return what the text has told of an item: whether it was named before, and how often in all."""
        item = self.sentence.items[cell]
        if item is None or not item.entity:
            return []
        draft = self.scene.table[item.entity]
        before = sum(start < item.start for start, _ in draft.mentions)
        found = [f"kb={min(before, 3)}", "known" if draft.key else "unknown"]
        return [*found, "anaphor"] if item.anaphor else found

    def of_pair(self, first: int, second: int, like: int) -> list[str]:
        """Return what stands between the two; *like*: items of the sentence that could be first."""
        found = [f"n={min(like, 4)}"]
        if second < 0:
            return [*found, "b=none"]
        a, b = self._at[first], self._at[second]
        words = self._words
        order = "ab" if a < b else "ba"
        middle = words[min(a, b) + 1 : max(a, b)]
        distance = len(middle)
        found += [
            f"tb={words[b]}",
            order,
            f"d={distance if distance < 4 else 4 if distance < 8 else 5 if distance < 14 else 6}",
        ]
        named = self._named(range(min(a, b) + 1, max(a, b)))
        for word in dict.fromkeys((*middle, *named)):
            found += [f"m{order}={word}", f"m={word}"]
        found += [f"mm{order}={one}_{two}" for one, two in itertools.pairwise(middle)]
        left, right = words[max(0, b - 3) : b], words[b + 1 : b + 4]
        found += [f"Lb={word}" for word in left] + [f"Rb={word}" for word in right]
        found += [f"lb0={left[-1] if left else '^'}", f"rb0={right[0] if right else '$'}"]
        between = self.text[min(first, second) : max(first, second)]
        found.append("other" if any(mark in between for mark in ".;:") else "same")
        return found


@functools.lru_cache(maxsize=16384)
def stem_of(word: str) -> str:
    return "#" if word.isdigit() else bare(word)[:STEM]


def classes_of(word: str, classes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the classes of the lexicon that a word is in, as features write them."""
    return classes.get(word) or (classes.get(word[1:], ()) if word[:1] in _JOINED else ())

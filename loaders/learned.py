"""Relations found by learned weights: what the patterns have no form for, but what the words around two items give away.

For each relation of ``relations.yaml`` every fitting item, or pair of items, of a sentence is a candidate. Its features are words
and items near them, between them and in the clause; the weights of a logistic regression in ``relations.json`` say how likely
the relation is. Trained by ``python -m tests.gold.learn`` on gold of our own alone. Patterns go first: a candidate whose
items they have used for the same relation is left to them. After Mintz et al. (2009), with gold in the place of distant labels.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import regex
import yaml

from .annotate import Annotated, Match
from .items import GROUPS, TYPE_OF
from .rules import Pattern

FOLDER = Path(__file__).parent
MODEL = FOLDER / "relations.json"
_TOKEN = regex.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*|[\uE000-\uF8FF]|\d+|[^\w\s]")
_BOUNDS = ".;:!?؛؟"
_STEM = 5  # letters that tell a word from others whatever its ending


@dataclass(frozen=True, eq=False)
class Relation:
    """What a relation takes, and what it states."""

    name: str
    first: frozenset[str]
    second: frozenset[str]
    alone: bool
    one_of: str
    each: str
    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Candidate:
    """One item, or two, of a sentence, by cell; *second* is -1 where there is none."""

    relation: Relation
    first: int
    second: int


@dataclass(frozen=True)
class Model:
    """Weights by feature: of each relation that has any, by its number; ``least`` is the probability from which a fact is stated."""

    names: tuple[str, ...]
    bias: tuple[float, ...]
    least: tuple[float, ...]
    weights: Mapping[str, Sequence[tuple[int, float]]]


@functools.cache
def relations() -> tuple[Relation, ...]:
    """Return the relations of ``relations.yaml``."""
    found = []
    for name, said in yaml.safe_load((FOLDER / "relations.yaml").read_text("utf-8")).items():
        emit = tuple((kind, roles) for entry in said["emit"] for kind, roles in entry.items())
        slots = {"first": said["first"], "second": said.get("second", "")}
        pattern = Pattern(
            f"learned.{name}", "relations.yaml", None, slots, 0, emit, asserted=said.get("asserted", False)
        )
        found.append(
            Relation(
                name,
                _types(said["first"]),
                _types(said.get("second", "")),
                said.get("alone", False),
                said.get("one_of", name),
                said.get("each", "first"),
                pattern,
            )
        )
    return tuple(found)


def _types(names: str) -> frozenset[str]:
    return frozenset(member for name in names.split("|") if name for member in GROUPS.get(name, (name,)))


@functools.cache
def model() -> Model:
    """Return the learned weights."""
    stored = json.loads(MODEL.read_text("utf-8"))
    names = tuple(stored["relations"])
    weights: dict[str, list[tuple[int, float]]] = {}
    for number, name in enumerate(names):
        for feature, weight in stored["relations"][name]["weights"].items():
            weights.setdefault(feature, []).append((number, weight))
    bias = tuple(stored["relations"][name]["bias"] for name in names)
    least = tuple(stored["relations"][name]["least"] for name in names)
    return Model(names, bias, least, weights)


def candidates(sentence: Annotated, wanted: Sequence[Relation]) -> Iterator[Candidate]:
    """Yield every item, or pair of items, that could stand in one of the *wanted* relations."""
    cells = [(cell, TYPE_OF[char]) for cell, char in enumerate(sentence.text) if char in TYPE_OF]
    for relation in wanted:
        firsts = [cell for cell, kind in cells if kind in relation.first]
        seconds = [cell for cell, kind in cells if kind in relation.second]
        for first in firsts:
            others = [cell for cell in seconds if cell != first]
            if relation.first == relation.second:
                others = [cell for cell in others if cell > first]
            for second in others or ([-1] if relation.alone else []):
                yield Candidate(relation, first, second)


class Features:
    """The features of the candidates of one sentence; what several of them share is made once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = [(found.start(), _stem(found.group())) for found in _TOKEN.finditer(text)]
        self._at = {start: number for number, (start, _) in enumerate(self._tokens)}
        words = [word for _, word in self._tokens]
        self.shared = [f"s={word}" for word in dict.fromkeys(words)]
        self._single: dict[int, list[str]] = {}

    def of_first(self, cell: int) -> list[str]:
        """Return what stands around the first item."""
        if cell not in self._single:
            self._single[cell] = self._around(cell)
        return self._single[cell]

    def _around(self, cell: int) -> list[str]:
        place, words = self._at[cell], [word for _, word in self._tokens]
        left, right = words[max(0, place - 4) : place], words[place + 1 : place + 6]
        found = [f"ta={words[place]}"]
        for number, word in enumerate(reversed(left)):
            found += [f"l{number}={word}", f"L={word}"]
        for number, word in enumerate(right):
            found += [f"r{number}={word}", f"R={word}"]
        found += [f"l01={'_'.join(left[-2:])}", f"r01={'_'.join(right[:2])}"]
        low = max(self.text.rfind(mark, 0, cell) for mark in _BOUNDS)
        high = min((p for mark in _BOUNDS if (p := self.text.find(mark, cell)) >= 0), default=len(self.text))
        found += [f"cb={w}" for w in dict.fromkeys(w for start, w in self._tokens[:place] if start > low)]
        found += [f"ca={w}" for w in dict.fromkeys(w for start, w in self._tokens[place + 1 :] if start < high)]
        return found

    def of_pair(self, first: int, second: int, like: int) -> list[str]:
        """Return what stands between the two; *like*: items of the sentence that could be first."""
        found = [f"n={min(like, 4)}"]
        if second < 0:
            return [*found, "b=none"]
        a, b = self._at[first], self._at[second]
        words = [word for _, word in self._tokens]
        order = "ab" if a < b else "ba"
        middle = words[min(a, b) + 1 : max(a, b)]
        distance = len(middle)
        found += [
            f"tb={words[b]}",
            order,
            f"d={distance if distance < 4 else 4 if distance < 8 else 5 if distance < 14 else 6}",
        ]
        for word in dict.fromkeys(middle):
            found += [f"m{order}={word}", f"m={word}"]
        found += [f"mm{order}={one}_{two}" for one, two in itertools.pairwise(middle)]
        left, right = words[max(0, b - 3) : b], words[b + 1 : b + 4]
        found += [f"Lb={word}" for word in left] + [f"Rb={word}" for word in right]
        found += [f"lb0={left[-1] if left else '^'}", f"rb0={right[0] if right else '$'}"]
        between = self.text[min(first, second) : max(first, second)]
        found.append("other" if any(mark in between for mark in ".;:") else "same")
        return found


def _stem(word: str) -> str:
    if word in TYPE_OF:
        return f"<{TYPE_OF[word]}>"
    return "#" if word.isdigit() else word[:_STEM]


def find(sentence: Annotated, used: Mapping[str, set[int]]) -> list[Match]:
    """Return the relations of a sentence that are likely enough and that no pattern has stated, each as a match.

    Args:
        used: For each kind of fact the items (by ``id``) that patterns have stated one of.
    """
    known = model()
    numbers = {name: number for number, name in enumerate(known.names)}
    listed = list(candidates(sentence, _known_relations()))
    like = {
        name: len({c.first for c in listed if c.relation.name == name}) for name in {c.relation.name for c in listed}
    }
    listed = [c for c in listed if not is_used(sentence, c, used)]
    if not listed:
        return []
    features = Features(sentence.text)
    shared = _sums(known, features.shared)
    single: dict[int, list[float]] = {}
    scored: list[tuple[float, Candidate]] = []
    for candidate in listed:
        number = numbers[candidate.relation.name]
        if candidate.first not in single:
            single[candidate.first] = _sums(known, features.of_first(candidate.first))
        total = known.bias[number] + shared[number] + single[candidate.first][number]
        for feature in features.of_pair(candidate.first, candidate.second, like[candidate.relation.name]):
            for place, weight in known.weights.get(feature, ()):
                if place == number:
                    total += weight
        probability = 1 / (1 + math.exp(-total)) if total > -30 else 0.0
        if probability >= known.least[number]:
            scored.append((probability, candidate))
    return [_match(sentence, p, c) for p, c in _best(scored)]


@functools.cache
def _known_relations() -> tuple[Relation, ...]:
    names = set(model().names)
    return tuple(relation for relation in relations() if relation.name in names)


@functools.cache
def _excluding(relation: Relation) -> frozenset[str]:
    """Return the kinds of fact of which an item of *relation* has but one."""
    others = relations() if relation.one_of in ("document", "presence") else ()
    alike = [relation, *(other for other in others if other.one_of == relation.one_of)]
    return frozenset(kind for one in alike for kind, _ in one.pattern.emit)


def _sums(known: Model, features: Sequence[str]) -> list[float]:
    totals = [0.0] * len(known.names)
    for feature in features:
        for number, weight in known.weights.get(feature, ()):
            totals[number] += weight
    return totals


def _best(scored: Sequence[tuple[float, Candidate]]) -> list[tuple[float, Candidate]]:
    """Keep the likeliest of those that exclude each other."""
    taken: set[tuple[str, int]] = set()
    kept = []
    for probability, candidate in sorted(scored, key=lambda one: (-one[0], one[1].first, one[1].second)):
        cell = candidate.second if candidate.relation.each == "second" else candidate.first
        key = (candidate.relation.one_of, cell)
        if key not in taken:
            taken.add(key)
            kept.append((probability, candidate))
    return sorted(kept, key=lambda one: one[1].first)


def is_used(sentence: Annotated, candidate: Candidate, used: Mapping[str, set[int]]) -> bool:
    """Tell whether patterns have stated such a fact, or one that excludes it, of the items of *candidate*."""
    cell = candidate.second if candidate.relation.each == "second" else candidate.first
    item = id(sentence.items[cell])
    return any(item in used.get(kind, ()) for kind in _excluding(candidate.relation))


def _match(sentence: Annotated, probability: float, candidate: Candidate) -> Match:
    slots = {"first": (candidate.first, candidate.first + 1)}
    start, end = candidate.first, candidate.first + 1
    if candidate.second >= 0:
        slots["second"] = (candidate.second, candidate.second + 1)
        start, end = min(start, candidate.second), max(end, candidate.second + 1)
    else:  # the clause is the evidence
        text = sentence.text
        start = max(text.rfind(mark, 0, start) for mark in _BOUNDS) + 1
        end = min((p for mark in _BOUNDS if (p := text.find(mark, end)) >= 0), default=len(text))
    pattern = candidate.relation.pattern
    return Match(_with(pattern, round(probability, 2)), sentence, start, end, slots)


def _with(pattern: Pattern, confidence: float) -> Pattern:
    return replace(pattern, confidence=confidence)

"""Relations found by learned weights: what the patterns have no form for, but what the words around two items give away.

Every candidate of a sentence (:mod:`.candidates`) is judged by a logistic regression whose weights are in ``relations.json``.
Trained by ``python -m tests.gold.learn`` on gold of our own alone. Patterns go first: a candidate whose items they have used for
the same relation is left to them. After Mintz et al. (2009), with gold in the place of distant labels.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .annotate import Annotated, Match
from .candidates import FOLDER, Candidate, Features, Relation, Scene, candidates, match, relations

MODEL = FOLDER / "relations.json"


@dataclass(frozen=True)
class Model:
    """Weights by feature: of each relation that has any, by its number; ``least`` is the probability from which a fact is stated."""

    names: tuple[str, ...]
    bias: tuple[float, ...]
    least: tuple[float, ...]
    weights: Mapping[str, Sequence[tuple[int, float]]]


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


def find(sentence: Annotated, used: Mapping[str, set[int]], scene: Scene) -> list[Match]:
    """Return the relations of a sentence that are likely enough and that no pattern has stated, each as a match.

    Args:
        used: For each kind of fact the items (by ``id``) that patterns have stated one of.
        scene: What the text is about.
    """
    known = model()
    numbers = {name: number for number, name in enumerate(known.names)}
    listed = list(candidates(sentence, _known_relations(), scene))
    like = {
        name: len({c.first for c in listed if c.relation.name == name}) for name in {c.relation.name for c in listed}
    }
    listed = [c for c in listed if not is_used(sentence, c, used)]
    if not listed:
        return []
    features = Features(sentence, scene)
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
    return [match(sentence, c, replace(c.relation.pattern, confidence=round(p, 2))) for p, c in _best(scored)]


@functools.cache
def _known_relations() -> tuple[Relation, ...]:
    names = set(model().names)
    return tuple(relation for relation in relations() if relation.name in names)


@functools.cache
def _excluding(relation: Relation) -> frozenset[str]:
    """Return the kinds of fact of which an item of *relation* has but one."""
    others = relations() if relation.one_of in ("document", "presence", "edition") else ()
    alike = [relation, *(other for other in others if other.one_of == relation.one_of)]
    kinds = {kind for one in alike for kind, _ in one.pattern.emit}
    return frozenset(kinds | {"dates"} if kinds & {"startDate", "endDate"} else kinds)


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

"""Relations found by learned weights: what the patterns have no form for, but what the words around two items give away.

Every candidate of a sentence (:mod:`.candidates`) is judged by a logistic regression whose weights are in ``relations.json``.
Trained by ``python -m tests.gold.learn`` on gold of our own alone. Patterns go first: a candidate whose items they have used for
the same relation is left to them. After Mintz et al. (2009), with gold in the place of distant labels.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from .annotate import Annotated, Match
from .candidates import FOLDER, Candidate, Features, Relation, Scene, candidates, match, relations

MODEL = FOLDER / "relations.json"
_NOTHING = itertools.repeat(0.0)  # what a feature without a weight adds


@dataclass(frozen=True)
class Model:
    """Of each relation its weights by feature; ``least`` is the probability from which a fact is stated."""

    bias: Mapping[str, float]
    least: Mapping[str, float]
    weights: Mapping[str, Mapping[str, float]]


@functools.cache
def model() -> Model:
    """Return the learned weights."""
    stored = json.loads(MODEL.read_text("utf-8"))
    relations = stored["relations"]
    return Model(
        {name: said["bias"] for name, said in relations.items()},
        {name: said["least"] for name, said in relations.items()},
        {name: said["weights"] for name, said in relations.items()},
    )


def find(sentence: Annotated, used: Mapping[str, set[int]], scene: Scene) -> list[Match]:
    """Return the relations of a sentence that are likely enough and that no pattern has stated, each as a match.

    Args:
        used: For each kind of fact the items (by ``id``) that patterns have stated one of.
        scene: What the text is about.
    """
    known = model()
    listed = list(candidates(sentence, _known_relations(), scene))
    firsts: dict[str, set[int]] = {}
    for c in listed:
        firsts.setdefault(c.relation.name, set()).add(c.first)
    listed = [c for c in listed if not is_used(sentence, c, used)]
    if not listed:
        return []
    features = Features(sentence, scene)
    shared: dict[str, float] = {}
    single: dict[tuple[str, int], float] = {}
    scored: list[tuple[float, Candidate]] = []
    for candidate in listed:
        name, first = candidate.relation.name, candidate.first
        weights = known.weights[name]
        if name not in shared:
            shared[name] = _sum(weights, features.shared)
        if (name, first) not in single:
            single[name, first] = _sum(weights, features.of_first(first))
        pair = features.of_pair(first, candidate.second, len(firsts[name]))
        total = _sum(weights, pair, known.bias[name] + shared[name] + single[name, first])
        probability = 1 / (1 + math.exp(-total)) if total > -30 else 0.0
        if probability >= known.least[name]:
            scored.append((probability, candidate))
    return [match(sentence, c, replace(c.relation.pattern, confidence=round(p, 2))) for p, c in _best(scored)]


@functools.cache
def _known_relations() -> tuple[Relation, ...]:
    return tuple(relation for relation in relations() if relation.name in model().weights)


@functools.cache
def _excluding(relation: Relation) -> frozenset[str]:
    """Return the kinds of fact of which an item of *relation* has but one."""
    others = relations() if relation.one_of in ("document", "presence", "edition") else ()
    alike = [relation, *(other for other in others if other.one_of == relation.one_of)]
    kinds = {kind for one in alike for kind, _ in one.pattern.emit}
    return frozenset(kinds | {"dates"} if kinds & {"startDate", "endDate"} else kinds)


def _sum(weights: Mapping[str, float], features: Iterable[str], start: float = 0.0) -> float:
    """Return *start* and the weights of *features*; without a loop of Python's own, as there are a hundred to a candidate."""
    return sum(map(weights.get, features, _NOTHING), start)


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

"""Themes, principles and purposes found by learned weights: what is no item of a sentence, but words of it.

A sentence is cut at its commas, colons and conjunctions into *pieces*. For each piece, in order, a logistic regression says how
likely it holds a theme (a principle, a purpose), from its words, those before and behind, the items around and whether the piece
before held one: members of a list follow each other (a maximum entropy Markov model, McCallum, Freitag and Pereira 2000, of which
only forward probabilities are needed). Three further regressions say with which word what is said begins and ends, and which pieces
are one. Weights are in ``spans.json``, made by ``python -m tests.gold.learn_spans`` from gold of our own alone.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import yaml

from .annotate import Annotated, Match
from .candidates import FOLDER
from .items import GROUPS
from .pieces import Piece, Stated, Words, begins, features, finishes, following, is_mark, joins
from .roles import expressions
from .rules import Language, Pattern

MODEL = FOLDER / "spans.json"
Weights = tuple[float, Mapping[str, float]]
_LONGEST = 30  # words of a piece that can be a member of a list
TOPICS = frozenset((*GROUPS["Tech"], "Topic", "Quote"))  # items that can be what is said


@dataclass(frozen=True)
class Model:
    """The weights: of the relations by feature, one for each; of where they begin, finish and go on, each with its bias."""

    names: tuple[str, ...]
    bias: tuple[float, ...]
    least: tuple[float, ...]  # probability from which a fact is stated
    weights: Mapping[str, tuple[float, ...]]
    begin: Weights
    finish: Weights
    join: Weights


def make(stored: Mapping[str, Any]) -> Model:
    """Return the model of what ``spans.json`` holds."""
    names = tuple(stored["relations"])
    columns = [stored["relations"][name] for name in names]
    weights = {
        feature: tuple(column["weights"].get(feature, 0.0) for column in columns)
        for feature in dict.fromkeys(feature for column in columns for feature in column["weights"])
    }
    begin, finish, join = (
        (float(stored[part]["bias"]), stored[part]["weights"]) for part in ("begin", "finish", "join")
    )
    bias, least = (tuple(float(column[part]) for column in columns) for part in ("bias", "least"))
    return Model(names, bias, least, weights, begin, finish, join)


@functools.cache
def model() -> Model:
    """Return the learned weights."""
    return make(json.loads(MODEL.read_text("utf-8")))


@functools.cache
def patterns() -> Mapping[str, Pattern]:
    """Return what each relation states, as a pattern with the slot ``t``."""
    found = {}
    for name, said in yaml.safe_load((FOLDER / "spans.yaml").read_text("utf-8")).items():
        emit = tuple((kind, roles) for entry in said["emit"] for kind, roles in entry.items())
        found[name] = Pattern(f"learned.{name}", "spans.yaml", None, {"t": "Words"}, 0, emit)
    return found


@functools.cache
def _near() -> Mapping[str, frozenset[str]]:
    """Return the types of item of which the sentence of each relation, or the one before, has to name one."""
    said = yaml.safe_load((FOLDER / "spans.yaml").read_text("utf-8"))
    return {
        name: frozenset(member for kind in one["near"].split("|") for member in GROUPS.get(kind, (kind,)))
        for name, one in said.items()
    }


def possible(sentence: Annotated, before: Annotated | None) -> frozenset[str]:
    """Return the relations that a sentence can state, by the items near."""
    items = itertools.chain(sentence.items, before.items if before is not None else ())
    kinds = {item.type for item in items if item is not None}
    return frozenset(name for name, near in _near().items() if not near.isdisjoint(kinds))


@dataclass(frozen=True, slots=True)
class Said:
    """Words that are likely a theme, a principle or a purpose: tokens [first, stop)."""

    name: str
    first: int
    stop: int
    probability: float


def find(sentence: Annotated, stated: Sequence[Stated], before: Annotated | None, language: Language) -> list[Match]:
    """Return what a sentence says of a summit, a document or an initiative in words, each as a match.

    Args:
        stated: What patterns have stated of it; a piece they have used is left to them.
        before: The sentence before it.
    """
    known = model()
    names = possible(sentence, before).intersection(known.names)
    if not names:
        return []
    words = Words(sentence, language)
    pieces = words.pieces(language)
    made = [features(words, pieces, n, stated, before) for n in range(len(pieces))]
    found = []
    for one in choose(words, pieces, made, taken(words, pieces, stated), names, known):
        start, end = words.starts[one.first], words.ends[one.stop - 1]
        pattern = replace(patterns()[one.name], confidence=round(one.probability, 2))
        found.append(Match(pattern, sentence, start, end, {"t": (start, end)}))
    return found


def taken(words: Words, pieces: Sequence[Piece], stated: Sequence[Stated]) -> list[str]:
    """Return for each piece what patterns have stated of its words: the relation, or nothing."""
    names = {kind: name for name, pattern in patterns().items() for kind, _ in pattern.emit}
    held = [one for one in stated if one.kind in names]
    found = []
    for piece in pieces:
        start, end = words.starts[piece.first], words.ends[piece.stop - 1]
        found.append(next((names[one.kind] for one in held if one.start < end and one.end > start), ""))
    return found


def choose(
    words: Words,
    pieces: Sequence[Piece],
    made: Sequence[Sequence[str]],
    used: Sequence[str],
    names: Collection[str],
    known: Model,
) -> list[Said]:
    """Return what the weights of *known* find likely, in order, none overlapping.

    Args:
        made: The features of each piece.
        used: For each piece the relation that patterns have found in it, or nothing.
        names: The relations that the sentence can state.
    """
    held = [0.0] * len(known.names)  # that the piece before was one
    found: list[Said] = []
    place = -2  # of the last piece that is one
    for number, piece in enumerate(pieces):
        if piece.opens:
            held = [0.0] * len(known.names)
        if used[number]:
            held = [float(name == used[number]) for name in known.names]
            continue
        alone = _sums(known, made[number])
        listed = alone
        if max(held) > 0.02:
            listed = [a + b for a, b in zip(alone, _sums(known, following(words, piece)), strict=True)]
        held = [
            q * _logistic(bias + b) + (1 - q) * _logistic(bias + a)
            for q, bias, a, b in zip(held, known.bias, alone, listed, strict=True)
        ]
        likely = [(p, n) for n, p in enumerate(held) if p >= known.least[n] and known.names[n] in names]
        if not likely or piece.stop - piece.first > _LONGEST:
            continue
        p, n = max(likely)
        name = known.names[n]
        goes_on = place == number - 1 and not piece.opens and found[-1].name == name
        if goes_on and _score(known.join, joins(words, pieces[number - 1], piece, name)) > 0:
            stop = _finish(words, piece, piece.first, known)
            found[-1] = Said(name, found[-1].first, stop, found[-1].probability)
            place = number
            continue
        first = _begin(words, piece, name, place == number - 1, known)
        stop = _finish(words, piece, first, known)
        if not can_be(words, first, stop, words.language):
            continue
        found.append(Said(name, first, stop, p))
        place = number
    return found


def _begin(words: Words, piece: Piece, name: str, listed: bool, known: Model) -> int:
    """Return the token that what *piece* holds begins with."""
    if piece.stop - piece.first == 1:
        return piece.first
    scores = [
        (_score(known.begin, begins(words, piece, at, name, listed)), -at)
        for at in range(piece.first, piece.stop)
        if not is_mark(words.stems[at])
    ]
    return -max(scores)[1] if scores else piece.first


def _finish(words: Words, piece: Piece, first: int, known: Model) -> int:
    """Return the token behind the one that what begins with *first* finishes with."""
    scores = [
        (_score(known.finish, finishes(words, piece, first, at)), at)
        for at in range(first, piece.stop)
        if not is_mark(words.stems[at])
    ]
    return max(scores)[1] + 1 if scores else piece.stop


def can_be(words: Words, first: int, stop: int, language: Language) -> bool:
    """Tell whether tokens can be a theme, a principle or a purpose: words of some content, or what is a topic by its name."""
    if not any(
        (stem[1:-1] in TOPICS) if stem[0] == "<" else (len(stem) > 2 and stem.isalpha())
        for stem in words.stems[first:stop]
    ):
        return False
    text = words.sentence.text[words.starts[first] : words.ends[stop - 1]]
    told = expressions(language)
    return not told["hollow"].fullmatch(text) and not told["no_phrase"].match(text)


def _sums(known: Model, listed: Sequence[str]) -> list[float]:
    totals = [0.0] * len(known.names)
    for feature in listed:
        if feature in known.weights:
            for number, weight in enumerate(known.weights[feature]):
                totals[number] += weight
    return totals


def _score(weights: Weights, listed: Sequence[str]) -> float:
    bias, by_feature = weights
    return bias + sum(by_feature.get(feature, 0.0) for feature in dict.fromkeys(listed))


def _logistic(total: float) -> float:
    return 1 / (1 + math.exp(-total)) if total > -30 else 0.0

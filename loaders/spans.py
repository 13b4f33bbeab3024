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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import regex
import yaml

from .annotate import Annotated, Match
from .candidates import FOLDER, TOKEN, classes_of, stem_of, word_classes
from .items import GROUPS, TYPE_OF
from .roles import expressions
from .rules import Language, Pattern

MODEL = FOLDER / "spans.json"
_ENDS = ".;!?؛؟"  # no list goes on behind one of these
_CUT = r" ?[;:!?؟؛()،]+ ?|[.]+(?: |$)|, | [-–—] | (?:or|ou|او|أو) "
_LONGEST = 30  # words of a piece that can be a member of a list
TOPICS = frozenset((*GROUPS["Tech"], "Topic", "Quote"))  # items that can be what is said
_KINDS = {
    **dict.fromkeys(GROUPS["Event"], "Event"),
    **dict.fromkeys(GROUPS["Doc"], "Doc"),
    **dict.fromkeys(("Initiative", "Coalition", "Foundation"), "Init"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a sentence between two cuts: tokens [first, stop)."""

    first: int
    stop: int
    before: str  # the mark or conjunction in front
    opens: bool  # no piece of the same clause stands before it


@dataclass(frozen=True, slots=True)
class Stated:
    """What patterns have stated in a sentence: the kind of the fact and the cells of its words."""

    kind: str
    start: int
    end: int


class Words:
    """The tokens of a sentence: cells, stems, endings and classes of the lexicon."""

    def __init__(self, sentence: Annotated, language: Language) -> None:
        found = list(TOKEN.finditer(sentence.text))
        self.sentence, self.language = sentence, language
        self.starts = [one.start() for one in found]
        self.ends = [one.end() for one in found]
        forms = [_forms(one.group(), language) for one in found]
        self.stems = [form[0] for form in forms]
        self.endings = [form[1] for form in forms]
        self.classes = [form[2] for form in forms]

    def pieces(self, language: Language) -> list[Piece]:
        """Return the pieces of the sentence in order; a token that a piece begins with is without the conjunction."""
        found: list[Piece] = []
        position, before, opens, at = 0, "^", True, 0
        text = self.sentence.text
        for cut in itertools.chain(_cut(language).finditer(text), [None]):
            end = cut.start() if cut else len(text)
            first = at
            while at < len(self.starts) and self.starts[at] < end:
                at += 1
            stop = at
            while first < stop and self.ends[first] <= position:  # belongs to the cut
                first += 1
            if first < stop and self.starts[first] < position:  # a conjunction written as one with its word
                self.starts[first] = position
            if any(not is_mark(self.stems[n]) for n in range(first, stop)):
                found.append(Piece(first, stop, before, opens))
                opens = False
                before = ""
            if cut:
                mark = cut.group().strip()
                before = f"{before} {mark}".strip() if before != "^" else before
                opens = opens or any(char in _ENDS for char in mark)
                position = cut.end()
        return found


@functools.lru_cache(maxsize=20000)
def _forms(word: str, language: Language) -> tuple[str, str, tuple[str, ...]]:
    """Return stem, ending and classes of a folded word."""
    if word in TYPE_OF:
        return f"<{TYPE_OF[word]}>", "", ()
    return stem_of(word), word[-3:], classes_of(word, word_classes(language))


@functools.lru_cache(maxsize=8)
def _cut(language: Language) -> Any:
    """Return what stands between the pieces of a sentence."""
    return regex.compile(rf"{language.expand(str(language.settings.get('split_separator', '(?!)')))}|{_CUT}")


def features(
    words: Words, pieces: Sequence[Piece], number: int, stated: Sequence[Stated], before: Annotated | None
) -> list[str]:
    """Return the features of piece *number*, but for those of the piece before it having been one (:func:`following`)."""
    piece, stems, classes = pieces[number], words.stems, words.classes
    own = range(piece.first, piece.stop)
    found = [f"sep={piece.before}", f"len={min(len(own), 12) // 2}", f"sn={min(words.sentence.number, 4)}"]
    found += [f"w={stems[n]}" for n in own]
    found += [f"w={name}" for n in own for name in classes[n]]
    found += [f"wb={stems[n]}_{stems[n + 1]}" for n in own[:-1]]
    found += [f"f{n - piece.first}={stems[n]}" for n in own[:3]]
    found += [f"x{n - piece.first}={words.endings[n]}" for n in own[:2]]
    found += [f"e={stems[piece.stop - 1]}"]
    opening = number
    while not pieces[opening].opens:
        opening -= 1
    if number > opening:
        last = pieces[number - 1]
        found += [f"p={stems[n]}" for n in range(last.first, last.stop)]
        found += [f"p={name}" for n in range(last.first, last.stop) for name in classes[n]]
        found.append(f"pe={stems[last.stop - 1]}")
        found.append(f"pe={'_'.join(stems[max(0, last.stop - 2) : last.stop])}")
    if number - 1 > opening:
        earlier = range(pieces[opening].first, pieces[number - 1].first)
        found += [f"cb={stems[n]}" for n in earlier]
        found += [f"cb={name}" for n in earlier for name in classes[n]]
    if number + 1 < len(pieces) and not pieces[number + 1].opens:
        behind = pieces[number + 1]
        found += [f"n={stems[n]}" for n in range(behind.first, min(behind.stop, behind.first + 5))]
        found.append(f"sepn={behind.before}")
        low, high = words.starts[behind.first], words.ends[behind.stop - 1]
        found += [f"kn={one.kind}" for one in stated if one.start < high and one.end > low]
    else:
        found.append("last")
    found.append(f"at={min(number - opening, 4)}")
    found += _around(words, piece, pieces[opening].first, before)
    start, end = words.starts[piece.first], words.ends[piece.stop - 1]
    found += [f"k={one.kind}" for one in stated if one.start < end and one.end > start]
    found += [f"K={one.kind}" for one in stated]
    return list(dict.fromkeys(found))


def _around(words: Words, piece: Piece, opening: int, before: Annotated | None) -> Iterator[str]:
    """Yield where summits, documents and initiatives stand, seen from a piece."""
    for n, stem in enumerate(words.stems):
        kind = _KINDS.get(stem[1:-1]) if stem[:1] == "<" else None
        if kind is None:
            continue
        if n >= piece.stop:
            yield f"{kind}>"
        elif n >= piece.first:
            yield f"{kind}="
        else:
            yield f"{kind}<" if n < opening else f"{kind}-"
            yield f"{kind}-{min((piece.first - n) // 3, 4)}"
    if before is not None:
        for item in before.items:
            if item is not None and item.type in _KINDS:
                yield f"{_KINDS[item.type]}^"


def following(words: Words, piece: Piece) -> list[str]:
    """Return the features that a piece has besides if the piece before it was one."""
    stem = words.stems[piece.first]
    return ["prev", f"prev&{piece.before}", f"prev&{stem}", f"prev&x={words.endings[piece.first]}"]


def begins(words: Words, piece: Piece, at: int, name: str, listed: bool) -> list[str]:
    """Return the features of the words of *piece* beginning with token *at*; *listed*: the piece before was one too."""
    stems = words.stems
    left = stems[at - 1] if at > piece.first else "^"
    left2 = stems[at - 2] if at > piece.first + 1 else "^"
    right = stems[at + 1] if at + 1 < piece.stop else "$"
    place = min(at - piece.first, 5)
    return [
        f"at={place}",
        f"at={place}&{int(listed)}",
        f"at={place}&{name}",
        f"w={stems[at]}",
        f"x={words.endings[at]}",
        f"l={left}",
        f"l={left2}_{left}",
        f"lx={words.endings[at - 1] if at > piece.first else '^'}",
        f"ll={left2}",
        f"r={right}",
        f"lw={left}_{stems[at]}",
        f"l={left}&{name}",
        f"to={min(piece.stop - at, 5)}",
        f"to1={piece.stop - at == 1}",
        *(f"l={c}" for c in (words.classes[at - 1] if at > piece.first else ())),
        *(f"ll={c}" for c in (words.classes[at - 2] if at > piece.first + 1 else ())),
        *(f"w={c}" for c in words.classes[at]),
        *(f"L={stem}" for stem in stems[piece.first : at]),
        *(f"R={stem}" for stem in stems[at + 1 : piece.stop]),
    ]


def finishes(words: Words, piece: Piece, first: int, at: int) -> list[str]:
    """Return the features of the words of *piece* from token *first* on finishing with token *at*."""
    stems = words.stems
    rest = piece.stop - 1 - at
    right = stems[at + 1] if rest else "$"
    right2 = stems[at + 2] if rest > 1 else "$"
    return [
        f"rest={min(rest, 4)}",
        f"w={stems[at]}",
        f"x={words.endings[at]}",
        f"r={right}",
        f"r={right}_{right2}",
        f"rr={right2}",
        f"rx={words.endings[at + 1] if rest else '$'}",
        f"wr={stems[at]}_{right}",
        f"n={min(at - first, 6)}",
        *(f"r={c}" for c in (words.classes[at + 1] if rest else ())),
        *(f"R={stem}" for stem in stems[at + 1 : piece.stop]),
    ]


def joins(words: Words, one: Piece, other: Piece, name: str) -> list[str]:
    """Return the features of two pieces that follow each other being one theme, principle or purpose."""
    stems = words.stems
    return [
        f"sep={other.before}",
        name,
        f"l={stems[one.stop - 1]}",
        f"lx={words.endings[one.stop - 1]}",
        f"r={stems[other.first]}",
        f"rx={words.endings[other.first]}",
        f"e={stems[other.stop - 1]}",
        f"a={min(one.stop - one.first, 6)}",
        f"b={min(other.stop - other.first, 6)}",
        *(f"L={stem}" for stem in stems[one.first : one.stop]),
    ]


Weights = tuple[float, Mapping[str, float]]


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


def is_mark(stem: str) -> bool:
    """Tell whether a token is a mark, with which no phrase begins or finishes."""
    return not stem[0].isalnum() and stem[0] not in "<#"


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

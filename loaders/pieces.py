"""The pieces of a sentence and the features by which :mod:`.spans` judges them: what stands in, before and behind each."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from .annotate import Annotated
from .candidates import TOKEN, classes_of, stem_of, word_classes
from .items import GROUPS, TYPE_OF
from .rules import Language

_ENDS = ".;!?؛؟"  # no list goes on behind one of these
_CUT = r" ?[;:!?؟؛()،]+ ?|[.]+(?: |$)|, | [-–—] | (?:or|ou|او|أو) "
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


def is_mark(stem: str) -> bool:
    """Tell whether a token is a mark, with which no phrase begins or finishes."""
    return not stem[0].isalnum() and stem[0] not in "<#"

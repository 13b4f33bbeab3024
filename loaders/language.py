"""Tell the language of a text from its script and its commonest words; no model, no download."""

from __future__ import annotations

import functools
from collections import Counter

import regex

from . import patterns
from .normalise import fold

_WORD = regex.compile(r"[^\W\d_]+")
_ARABIC = regex.compile(r"\p{Arabic}")
_LATIN = regex.compile(r"\p{Latin}")


@functools.cache
def _markers() -> dict[str, frozenset[str]]:
    return {
        code: frozenset(fold(word) for word in patterns.load(code).settings.get("detect", []))
        for code in patterns.languages()
    }


def detect(text: str, sample: int = 20_000) -> str:
    """Return the BCP 47 code of the language most of *text* is in, among those with pattern files, or ``und``.

    Only the first *sample* characters are looked at.
    """
    shares = language_shares(text[:sample])
    return max(shares, key=lambda code: shares[code]) if shares else "und"


def language_shares(text: str) -> dict[str, float]:
    """Return the share of each language among the words of *text*, of those that have any; empty for no words."""
    arabic = len(_ARABIC.findall(text))
    latin = len(_LATIN.findall(text))
    if arabic + latin < 3:
        return {}
    shares: dict[str, float] = {}
    scripts = {code: patterns.load(code).settings["script"] for code in patterns.languages()}
    if arabic:
        for code, script in scripts.items():
            if script == "Arabic":
                shares[code] = arabic / (arabic + latin)
    if latin:
        words = Counter(_WORD.findall(fold(text)))
        scores = {
            code: sum(words[word] for word in marks) for code, marks in _markers().items() if scripts[code] == "Latin"
        }
        total = sum(scores.values())
        for code, score in scores.items():
            if score:
                shares[code] = score / total * latin / (arabic + latin)
    return shares


_ENOUGH = 40  # letters a paragraph needs to have a language of its own
_SAMPLE = 600  # characters of a paragraph that are looked at
_HITS = 3  # common words of a language written in Latin letters


def paragraph_language(text: str) -> str:
    """Return the language of one paragraph, ``""`` where it is too short or two languages are about as likely."""
    if len(text) < _ENOUGH:
        return ""
    sample = text[:_SAMPLE]
    arabic = len(_ARABIC.findall(sample)) if not sample.isascii() else 0
    if 2 * arabic > len(sample) * 0.8:
        return next(code for code in patterns.languages() if patterns.script(code) == "Arabic")
    table = _table()
    scores = Counter(code for word in fold(sample).split() for code in table.get(word, ()))
    if not scores:
        return ""
    (code, most), (_, second) = (*scores.most_common(2), ("", 0))[:2]
    return code if most >= _HITS and most >= 2 * second else ""


@functools.cache
def _table() -> dict[str, tuple[str, ...]]:
    """Return the common words of languages in Latin letters, with the languages they are common in."""
    latin = {code: words for code, words in _markers().items() if patterns.script(code) == "Latin"}
    return {word: tuple(c for c, words in latin.items() if word in words) for words in latin.values() for word in words}

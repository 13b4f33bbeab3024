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

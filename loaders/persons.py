"""Tell a person's name from other capitalised words where a text says no more: by a given name, or a family name before it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import regex

from .normalise import fold
from .yamlfiles import read, strip

FILE = Path(__file__).parent / "patterns" / "latin" / "persons.yaml"

_MOST_WORDS = 6  # Luiz Inácio Lula da Silva has five
_PARTICLES = frozenset(
    (
        "al",
        "el",
        "bin",
        "bint",
        "ibn",
        "ben",
        "abu",
        "ould",
        "van",
        "von",
        "der",
        "den",
        "ter",
        "de",
        "da",
        "di",
        "do",
        "dos",
    )
) | frozenset(("das", "du", "del", "la", "le", "y", "e", "zu", "af", "of", "st"))
_WORD = regex.compile(r"[a-z][a-z'-]*\.?")
# One or two syllables of a Chinese, Korean or Vietnamese given name, or two joined by a hyphen.
_SYLLABLE = r"(?:zh|ch|sh|ng|ph|th|kh|gi|qu|tr|[bcdfghjklmnpqrstwxyz])?[aeiouy]{1,4}(?:ng|nh|[nmkprlt])?"
_EAST_ASIAN = regex.compile(rf"{_SYLLABLE}(?:-?{_SYLLABLE})?(?: {_SYLLABLE}){{0,2}}")


@functools.cache
def _names() -> tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]]:
    """Return given names, family names that stand first, words that no person's name has, and firms named after persons; folded."""
    entries: Any = strip(read(FILE))
    given = frozenset(fold(" ".join(entries["given"].values())).split())
    family, strange = (frozenset(fold(entries[key]).split()) for key in ("family_first", "no_person"))
    return given, family, strange, frozenset(fold(name) for name in entries["firms"])


def is_personal(words: str) -> bool:
    """Tell whether *words*, folded and capitalised in the text, are a person's whole name, as far as names can tell.

    A given name alone is not enough, nor one beside a word that only bodies, places or things have: "Martin Luther King Park".
    """
    parts = words.split(" ")
    if not 2 <= len(parts) <= _MOST_WORDS or any(_WORD.fullmatch(part) is None for part in parts):
        return False
    given, family, strange, firms = _names()
    if words in firms or not strange.isdisjoint(piece for part in parts for piece in (part, *part.split("-"))):
        return False
    if parts[-1] in _PARTICLES or len(parts[-1]) < 2:
        return False
    first = parts[0]
    if first in given or (first.split("-")[0] in given and "-" in first):
        return True
    if len(first.rstrip(".")) <= 2 and len(parts) > 2 and parts[1] in given:  # "J. Robert Oppenheimer"
        return True
    return first in family and len(parts) <= 3 and _EAST_ASIAN.fullmatch(" ".join(parts[1:])) is not None


def is_no_person(words: str) -> bool:
    """Tell whether folded *words* hold one that no person's name has: "Development Cooperation", "Award"."""
    return not _names()[2].isdisjoint(words.split(" "))

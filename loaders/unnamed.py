"""A summit that its text gives no name: "the summit" of an article that speaks of leaders, or the club that meets."""

from __future__ import annotations

import functools
from typing import Any

import regex

from .entities import EntityTable
from .rules import Language
from .source import Source
from .templates import fold_template
from .windows import Literals, within

_LONGEST = 60  # characters of a word or phrase that tells what a text is about
_OPENING = 400  # characters; what a text is about is said by then


@functools.lru_cache(maxsize=8)
def _unnamed(language: Language) -> tuple[Any, Any, Any, Any]:
    """Return what an unnamed summit is called, what such a text speaks of too, what it does not, and clubs that hold summits."""
    names = ("unnamed_summit", "summit_company", "summit_stranger", "summit_club")
    forms = [fold_template(str(language.settings.get(name, r"(?!)"))) for name in names]
    start = str(language.settings.get("anaphor_start", r"(?<!\w)"))
    company, stranger, club = (regex.compile(rf"(?<!\w)[وف]?(?:{form})(?!\w)") for form in forms[1:])
    return regex.compile(rf"{start}(?:{forms[0]})(?!\w)"), company, stranger, club


def speaks_of_peaks(source: Source) -> bool:
    """Tell whether a text is about mountains or matches rather than about meetings: it has more words of the one than of the other."""
    _, company, stranger, _ = _unnamed(source.language)
    strangers = _count(stranger, source)
    return strangers > 1 and strangers > _count(company, source)


def _count(expression: Any, source: Source) -> int:
    """Return how often a text has one of the words, looked for only where their letters stand."""
    text = source.folded.text
    return sum(1 for _ in within(_literals(expression).find(text), expression, text))


@functools.lru_cache(maxsize=32)
def _literals(expression: Any) -> Literals:
    return Literals((expression.pattern,), _LONGEST)


def unnamed_summit(source: Source, table: EntityTable, before: int | None = None) -> bool:
    """Make a summit of "the summit" where a text that speaks of leaders gives it no name; tell whether it does.

    It has to be spoken of *before* (folded offset) another that the text names.
    Where there is not even that word, the club that meets ("the G7") stands for its meeting if the text opens with it.
    """
    phrase, company, stranger, club = _unnamed(source.language)
    text = source.folded.text
    meetings = _count(company, source)
    if not meetings or _count(stranger, source) >= meetings:
        return False
    found = list(phrase.finditer(text))
    if len(found) < 2 and (not found or found[0].start() > _OPENING):
        many = meetings > 2
        found = list(club.finditer(text, 0, _OPENING)) or (found if many else [])
    if not found or (before is not None and found[0].start() > before):
        return False
    start, end = found[0].span()
    words, _ = source.without_article(start, end)
    draft = table.described(words, "Summit")
    draft.mentions.append((start, end))
    draft.told += len(found)
    return True

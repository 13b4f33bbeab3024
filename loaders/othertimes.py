"""When a clause tells of another edition without naming it: "Brazil hosted the summit last year" in an article on this year's."""

from __future__ import annotations

import functools
from typing import Any

import regex

from .annotate import Match
from .items import CODE
from .rules import Language
from .values import DateRange

HELD = frozenset(("startDate", "endDate", "heldAt", "hostedBy", "organizedBy", "chairedBy"))
_BOUND = regex.compile(r"[.;:!?؟؛]|[,،] ")


def tells_of_another(match: Match, summit: str, year: str, language: Language) -> bool:
    """Tell whether the clause of *match* is about another time than that of *summit* (entity id), held in *year* (or "").

    A match that names the summit itself is about it whatever else is said.
    """
    sentence = match.sentence
    named = (item for slot in match.slots for item in match.items(slot) if item.type == "Summit" and not item.anaphor)
    if any(item.entity == summit for item in named):
        return False
    start = max((found.end() for found in _BOUND.finditer(sentence.text, 0, match.start)), default=0)
    bound = _BOUND.search(sentence.text, match.end)
    end = bound.start() if bound else len(sentence.text)
    if _words(language).search(sentence.text, start, end) is not None:
        return True
    dates = [i.value for i in sentence.items[start:end] if i is not None and isinstance(i.value, DateRange)]
    years = {date.start[:4] for date in dates if date.has_year}
    return bool(year and years) and year not in years


@functools.lru_cache(maxsize=8)
def _words(language: Language) -> Any:
    """Return the words that speak of another time: "last year", "two years earlier"."""
    text = language.expand(str(language.settings.get("other_time", "(?!)")))
    text = text.replace("{_:Period}", CODE["Period"])
    return regex.compile(rf"(?<!\w)[وف]?(?:{text})(?!\w)")

"""The years of dates told without one: of the date before, of the one behind, or of the summit the text is about."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import regex

from .items import Item
from .rules import Language
from .templates import fold_template
from .values import DateRange

_YEAR_REACH = 1500  # characters to a later date whose year one without a year can have
_OPENING = 300  # characters; a year told there is that of what the text is about
_CLAUSES = 60  # characters between two dates of one story


def fill_years(
    items: list[Item],
    default_year: str,
    plain: str = "",
    goal: Any = None,
    weekday: Callable[[str], int | None] | None = None,
) -> None:
    """Give dates without a year the year of the nearest one before them, else of the nearest date after, else *default_year*.

    A bare year dates only what comes after it in its paragraph, and not where it is a goal: behind words of *plain* that match
    *goal* ("by 2030").
    *weekday* tells which day of the week words end with: "Friday 8 October" is in the year, of these and their neighbours, in
    which that day is a Friday. Source: the usual reading of news text.
    """
    years = [
        (item.start, item.value.start[:4], item.type == "Date")
        for item in items
        if isinstance(item.value, DateRange)
        and item.value.has_year
        and not (goal and item.type != "Date" and goal.search(plain[max(0, item.start - 30) : item.start]))
    ]
    for item in items:
        if isinstance(item.value, DateRange) and not item.value.has_year:
            before = [
                year
                for start, year, full in years
                if start < item.start
                and (
                    full or start < _OPENING or "\n" not in plain[start : item.start]
                )  # "In 2018, ..." ends with its paragraph
            ]
            after = [year for start, year, full in years if item.start < start < item.start + _YEAR_REACH and full]
            year = before[-1] if before else (after[0] if after else default_year)
            if year and year != default_year and _goes_back(items, item, year):
                year = default_year  # "ordered in November 2023 and released on 29 January"
            if year:
                told = weekday(plain[max(0, item.start - 12) : item.start]) if weekday else None
                item.value = item.value.with_year(_year_of_weekday(item.value.start, year, told))


def _year_of_weekday(day: str, year: str, weekday: int | None) -> str:
    """Return *year*, or the one before or behind it if only in that one *day* (``--MM-DD``) falls on *weekday* (0: Monday)."""
    if weekday is None or len(day) != len("--MM-DD"):
        return year
    for other in (int(year), int(year) - 1, int(year) + 1):
        try:
            if date(other, int(day[2:4]), int(day[5:7])).weekday() == weekday:
                return f"{other:04}"
        except ValueError:  # 29 February
            continue
    return year


def _goes_back(items: Sequence[Item], item: Item, year: str) -> bool:
    """Tell whether *item* in *year* would lie before the date told just before it, in the same clause or the one before."""
    return any(
        isinstance(other.value, DateRange)
        and isinstance(item.value, DateRange)
        and other.type == "Date"
        and 0 < item.start - other.end < _CLAUSES
        and other.value.start[:4] == year
        and item.value.with_year(year).start[:7] < other.value.start[:7]
        for other in items
    )


@functools.lru_cache(maxsize=8)
def goal_year(language: Language) -> Any:
    """Return what stands before a year that is a goal ("by 2030")."""
    return regex.compile(rf"(?<!\w)(?:{fold_template(str(language.settings.get('goal_year', '(?!)')))}) ?$")

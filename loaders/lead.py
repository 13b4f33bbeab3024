"""What the opening of an article says of its summit when no pattern said it: news tells when and where first.

Applied only where the patterns found no date (or no place) for the summit the text is about, and only to sentences of the opening that
speak of it; confidence is lower than a pattern's.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import regex

from summitgraph.graph.records import DateValue, EntityRef, Fact, Span

from .annotate import Annotated
from .entities import Draft, EntityTable
from .facts import Builder
from .items import Item
from .rules import Language
from .templates import fold_template
from .values import DateRange

SENTENCES = 5  # of running text
CONFIDENCE = 0.6
_PLACES = ("City", "Venue")
_DATELINE = regex.compile(r"[^.;]{1,60}? [-–—] ")  # of the news, not of what it tells
_YEAR = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def state(
    sentences: Sequence[Annotated], main: Draft, table: EntityTable, builder: Builder, language: Language
) -> None:
    """Add ``startDate``, ``endDate`` and ``heldAt`` of *main* from the opening, where the patterns left them open."""
    subject = EntityRef(main.id)
    stated = {fact.kind for fact in builder.facts if fact.roles.get("subject") == (subject,)}
    opening = [sentence for sentence in sentences if not sentence.heading][:SENTENCES]
    if not stated & {"startDate", "endDate"}:
        for sentence in opening:
            if (item := _date(sentence, main, table, language)) is not None and isinstance(item.value, DateRange):
                for kind, text in (("startDate", item.value.start), ("endDate", item.value.end)):
                    _add(builder, kind, subject, DateValue(text), item, "lead.when")
                break
    if "heldAt" not in stated:
        for sentence in opening:
            places = _where(sentence, main, table, language)
            for item in places:
                _add(builder, "heldAt", subject, EntityRef(table[item.entity].id), item, "lead.where")
            if places:
                break


def years(table: EntityTable, builder: Builder) -> None:
    """Add the year in a summit's name ("the G20 summit of 2025") as its ``startDate`` where nothing says it better."""
    dated = {fact.roles["subject"] for fact in builder.facts if fact.kind == "startDate"}
    for draft in table.all():
        subject = EntityRef(draft.id)
        if draft.kind != "Summit" or (subject,) in dated:
            continue
        for words, start, end in draft.names:
            if (year := _YEAR.search(words)) is not None:
                _add(builder, "startDate", subject, DateValue(year.group()), Item("Year", start, end), "lead.year")
                break


def only_supposed(fact: Fact) -> bool:
    """Tell whether *fact* rests on where a text usually says it, or on a name, and not on words that state it."""
    return fact.rule.startswith("lead.")


def _speaks_of(sentence: Annotated, main: Draft, table: EntityTable) -> bool:
    summits = [item for item in sentence.items if item is not None and item.type == "Summit"]
    own = [table[item.entity] is main for item in summits if not table[item.entity].series]
    return bool(own) and all(own)


def _date(sentence: Annotated, main: Draft, table: EntityTable, language: Language) -> Item | None:
    if not _speaks_of(sentence, main, table):
        return None
    dateline = _DATELINE.match(sentence.text)
    over = dateline is not None and _over(language).search(sentence.text) is not None
    items = sentence.items[dateline.end() if dateline and over else 0 :]
    dates = [item for item in items if item is not None and isinstance(item.value, DateRange)]
    full = [
        item
        for item in dates
        if isinstance(item.value, DateRange) and len(item.value.start) == 10 and item.value.has_year
    ]
    agreeing = [item for item in full if isinstance(item.value, DateRange) and main.year in ("", item.value.start[:4])]
    ranges = [item for item in agreeing if isinstance(item.value, DateRange) and item.value.start != item.value.end]
    agreeing = ranges if len(agreeing) > 1 else agreeing  # "on Monday ... from 15 to 17 June"
    return agreeing[0] if len(agreeing) == 1 and not agreeing[0].anaphor else None


@functools.lru_cache(maxsize=8)
def _over(language: Language) -> Any:
    """Return the words that tell of what took place before the day of the news."""
    return regex.compile(rf"(?<!\w)(?:{fold_template(str(language.settings.get('lead_over', '(?!)')))})(?!\w)")


def _where(sentence: Annotated, main: Draft, table: EntityTable, language: Language) -> list[Item]:
    if not _speaks_of(sentence, main, table):
        return []
    cells: Iterable[int] = range(len(sentence.items))
    if language.grammar is not None and language.settings.get(
        "place_behind_preposition"
    ):  # "in Geneva", not "of Geneva"
        cells = [found.start("item") for found in language.grammar.place.finditer(sentence.text)]
    places = [item for cell in cells if (item := sentence.items[cell]) is not None and item.type in _PLACES]
    cities = {table[item.entity].id for item in places if item.type == "City"}
    return places if len(cities) <= 1 else []


def _add(builder: Builder, kind: str, subject: EntityRef, value: DateValue | EntityRef, item: Item, rule: str) -> None:
    span = Span(*builder.source.span(item.start, item.end))
    roles = {"subject": (subject,), "object": (value,)}
    builder.facts.append(Fact(f"f{len(builder.facts) + 1}", kind, roles, (span,), rule, CONFIDENCE))

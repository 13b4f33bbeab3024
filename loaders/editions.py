"""Editions that a text calls by their place or year: "after New Delhi in September 2023", "the baton passes to Antalya".

A name pattern says where a place or year means an edition (``new: {type: Summit, edition: slot}``); here it becomes a summit of its own
beside the one the text is about, called by the words of the text, or the one the text has named before. What is said of it is never
said of the text's own summit. Nothing is linked on a guess: see :func:`.summits.name_known_editions`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import regex

from summitgraph.graph.records import DateValue, EntityRef, Fact

from . import summits
from .annotate import Match
from .discourse import Discourse
from .entities import Draft, EntityTable
from .facts import Builder
from .items import ENTITY_TYPES, Item
from .rules import Language
from .source import Source
from .templates import fold_template
from .values import DateRange

_SETTLED = 4  # sentences after which another place is another edition whatever was told of the text's own
_PLACES = ("City", "Venue", "Place", "State")


class Editions:
    """Makes and finds the editions of a document that are called by place or year."""

    def __init__(self, source: Source, table: EntityTable, builder: Builder, discourse: Discourse) -> None:
        self.source = source
        self.table = table
        self.builder = builder
        self.discourse = discourse

    def called(self, match: Match, slot: str, order: str, *, known: bool, apart: bool) -> Item | None:
        """Return the edition that *slot* means, or None where it can be none.

        Args:
            slot: A place, a year or a date.
            order: ``before`` or ``after`` the summit the text is about, or nothing.
            apart: The year has to be told, and to be another.
            known: The edition has to be one that the text has named, or the one that the reference table has in that place.
        """
        main = self.discourse.main
        slot = next((name for name in slot.split("|") if name in match.slots), "")
        if main is None or not slot:
            return None  # in the first reading nobody knows yet what the text is about
        item = match.items(slot)[0]
        if item.type == "Unknown":  # "in Evian, in June 2026": a town that no table knows
            item.type, item.entity = "City", self.table.named(self.source.words(item.start, item.end), "City").id
        place = self.table[item.entity] if item.entity else None
        own = self._year_of(main)
        self._complete(match, order, own)
        year = _year(match)
        if year and own and ((order == "before" and year > own) or (order == "after" and year < own)):
            return None
        if (place is None and year == own) or (apart and (not year or year == own)):
            return None
        if place is not None and self._is_own(main, place) and (not year or not own or year == own):
            return None
        draft = self._named(main, place, year)
        if draft is None and known and place is not None:
            draft = self._in_table(main, place, year)
        elif draft is None and not known:
            draft = self._beside(main, place, year, order)
        if draft is None:
            early = match.sentence.number < _SETTLED and not self._is_settled(main)
            if known or (order == "after" and early):
                return None
            draft = self._new(item, place, year, main)
        item_of = Item("Summit", item.start, item.end, draft.id, self.source.folded.text[item.start : item.end])
        if draft.year and own and ((order == "before" and draft.year > own) or (order == "after" and draft.year < own)):
            return None
        item_of.parts = [part for part in (*match.items(slot), *match.items("p2")) if part.type in _PLACES]
        for part in _items(match):  # "Tunisia had hosted it in ...": they stand there all the same
            if part.entity and part not in item_of.parts and part.type in ENTITY_TYPES:
                self.table[part.entity].mentions.append((part.start, part.end))
        if place is None:
            start, end = match.span()
            draft.names.append((self.source.words(start, end), start, end))
        return item_of

    def _complete(self, match: Match, order: str, own: str) -> None:
        """Give dates told without a year the one before or behind that of the text's summit where the words say so, else none."""
        beside = _beside(self.source.language)
        told = beside[order].search(match.sentence.text, match.start, match.end) if order else None
        for item in _items(match):
            date = item.value
            if not isinstance(date, DateRange) or date.start[:4] in self.source.folded.text[item.start : item.end]:
                continue
            base = own or (date.start[:4] if date.has_year else "")
            if told and base:
                year = str(int(base) + (1 if order == "after" else -1))
                item.value = DateRange(year + date.start[4:], year + date.end[4:])
            elif date.has_year:
                item.value = DateRange("-" + date.start[4:], "-" + date.end[4:])

    def _new(self, item: Item, place: Draft | None, year: str, main: Draft) -> Draft:
        draft = self.table.named(self.source.words(item.start, item.end), "Summit")
        draft.series, draft.year = main.id, year
        if place is not None:
            draft.places.add(place.id)
            draft.own_cities.add(place.id)
        self.discourse.topics.others = {*self.discourse.topics.others, draft.id}
        return draft

    def _year_of(self, main: Draft) -> str:
        """Return the year of the text's summit, as its name or what was stated so far tells it."""
        if main.year:
            return main.year
        held = {fact.roles["object"][0] for fact in self._facts(main, "startDate", "endDate")}
        years = {value.value[:4] for value in held if isinstance(value, DateValue)}
        return next(iter(years)) if len(years) == 1 else ""

    def _is_own(self, main: Draft, place: Draft) -> bool:
        """Tell whether the text's own summit is where *place* is, or may be."""
        facts = self._facts(main, "heldAt")
        held = {value.id for fact in facts for value in fact.roles["object"] if isinstance(value, EntityRef)}
        ids = {self.table[i].id for i in (*main.own_cities, *main.places, *held)}
        return place.id in ids

    def _is_settled(self, main: Draft) -> bool:
        """Tell whether it is told when or where the text's own summit is, so that another place means another edition."""
        return bool(main.own_cities or main.key or self._facts(main, "heldAt", "startDate", "endDate"))

    def _facts(self, main: Draft, *kinds: str) -> list[Fact]:
        return [f for f in self.builder.facts if f.kind in kinds and f.roles["subject"] == (EntityRef(main.id),)]

    def _named(self, main: Draft, place: Draft | None, year: str) -> Draft | None:
        """Return the one other summit that the text has named in that place or year."""
        found = {}
        for draft in self.table.all():
            if draft.kind != "Summit" or draft is main or not draft.names:
                continue
            if year and draft.year and draft.year != year:
                continue
            there = place is not None and place.id in {self.table[i].id for i in draft.own_cities}
            if there or (place is None and year and draft.year == year and draft.series):
                found[draft.id] = draft
        return next(iter(found.values())) if len(found) == 1 else None

    def _beside(self, main: Draft, place: Draft | None, year: str, order: str) -> Draft | None:
        """Return the edition just before or after that the text has named, or whose number says so, and that no place is known of."""
        kind = {"before": "previousEdition", "after": "nextEdition"}.get(order, "")
        stated = {v.id for f in self._facts(main, kind) for v in f.roles["object"] if isinstance(v, EntityRef)}
        number = summits.number(main)
        for draft in self.table.all():
            if draft.kind != "Summit" or draft is main or (year and draft.year and draft.year != year):
                continue
            held = {v for f in self._facts(draft, "heldAt") for v in f.roles["object"]}
            if draft.own_cities or any(v != EntityRef(place.id if place else "") for v in held):
                continue
            beside = number and summits.number(draft) == number + (1 if order == "after" else -1)
            if draft.id in {self.table[i].id for i in stated} or beside:
                return draft
        return None

    def _in_table(self, main: Draft, place: Draft, year: str) -> Draft | None:
        """Return the one edition of the same series that the reference table has in *place*."""
        row = summits.known_edition(main, {place.id}, year, self.table, self.source.language)
        if row is None:
            return None
        label = row.labels["en"]
        draft = self.table.known(row.qid or label, "Summit", label)
        draft.series, draft.year = main.id, draft.year or year or summits.year_in(label)
        draft.places.add(place.id)
        draft.own_cities.add(place.id)
        self.discourse.topics.others = {*self.discourse.topics.others, draft.id}
        return None if draft is main else draft


@functools.lru_cache(maxsize=8)
def _beside(language: Language) -> Mapping[str, Any]:
    """Return the words for the year before and behind."""
    words = {order: str(language.settings.get(f"year_{order}", "(?!)")) for order in ("before", "after")}
    return {order: regex.compile(rf"(?<!\w)(?:{fold_template(text)})(?!\w)") for order, text in words.items()}


def _items(match: Match) -> list[Item]:
    return [item for item in match.sentence.items[match.start : match.end] if item is not None]


def _year(match: Match) -> str:
    """Return the one year of the dates in *match*."""
    years = {i.value.start[:4] for i in _items(match) if isinstance(i.value, DateRange) and i.value.has_year}
    return next(iter(years)) if len(years) == 1 else ""

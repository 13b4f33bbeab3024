"""Whoever holds an office: "the US vice president" is the person the text has said is that."""

from __future__ import annotations

from summitgraph.graph import records, reference

from .annotate import Match
from .discourse import Discourse
from .entities import Draft, EntityTable
from .facts import Builder
from .items import Item
from .normalise import fold
from .source import Source


class Offices:
    """Looks for holders of offices among the facts stated so far."""

    def __init__(self, source: Source, table: EntityTable, builder: Builder, discourse: Discourse) -> None:
        self.source = source
        self.table = table
        self.builder = builder
        self.discourse = discourse

    def holder(self, match: Match, office: str, place: str) -> Item:
        """Return the person the document has said holds an office ("the US vice president"), or only an office.

        Without a place the office must have one holder in the document, or be that of a person of the sentence before.
        """
        titles = self._same_office({fold(str(item.value)) for item in match.items(office)})
        places = {self.table[item.entity].id for item in match.items(place) if item.entity}
        start, end = match.span()
        holders: list[str] = []
        for fact in reversed(self.builder.facts):
            if fact.kind != "Position":
                continue
            held = self._same_office(
                {fold(value.value) for value in fact.roles["title"] if isinstance(value, records.Text)}
            )
            where = {value.id for value in fact.roles.get("positionIn", ()) if isinstance(value, records.EntityRef)}
            holder = fact.roles["heldBy"][0]
            fits = where & places if place else True
            if isinstance(holder, records.EntityRef) and fits and any(t in h or h in t for t in titles for h in held):
                holders.append(self.table[holder.id].id)
        if not place and len(set(holders)) > 1:
            last = {self.table[item.entity].id for item in self.discourse.persons if item.entity} | {
                self.discourse.last_speaker
            }
            holders = [holder for holder in holders if holder in last]
        if holders and (place or len(set(holders)) == 1):
            return Item("Person", start, end, holders[0], anaphor=True)
        if places and (only := self._only_national(places)) is not None:
            return Item("Person", start, end, only.id, anaphor=True)
        if match.pattern.new.get("unnamed"):  # somebody who can say something, though nobody says who it is
            words, _ = self.source.without_article(start, end)
            draft = self.table.described(words, "Person")
            return Item("Pronoun", start, end, draft.id, anaphor=True)
        return Item(
            "Title", start, end, value=self.source.folded.text[start:end]
        )  # nobody we know, but not the state either

    def _only_national(self, places: set[str]) -> Draft | None:
        """Return the one person of a country that the text has named so far, as the reference table knows them."""
        known = reference.load().by_qid()
        countries = {self.table[place].key for place in places}
        named = {entity for entity, _ in self.discourse.recent if self.table[entity].kind == "Person"}
        found = {
            self.table[entity].id
            for entity in named
            if (row := known.get(self.table[entity].key)) is not None and row.parent in countries
        }
        return self.table[found.pop()] if len(found) == 1 else None

    def _same_office(self, titles: set[str]) -> set[str]:
        """Return *titles* with the other words for the same office (``same_office`` of the language)."""
        groups = [{fold(str(word)) for word in group} for group in self.source.language.settings.get("same_office", [])]
        return titles | {word for group in groups if any(t in group for t in titles) for word in group}

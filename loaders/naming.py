"""Name patterns at work: what a match makes, keeps or calls by another name."""

from __future__ import annotations

import regex

from summitgraph.graph import reference

from .annotate import Match
from .discourse import Discourse
from .editions import Editions
from .entities import EntityTable, family
from .facts import Builder
from .items import CODE, ENTITY_TYPES, VALUE_TYPES, Item
from .normalise import fold
from .offices import Offices
from .persons import is_no_person, is_personal
from .source import Source

_BRACKET = regex.compile(r"(?<=\w) ?\([^()]*\)$")


class Namer:
    """Turns matches of name patterns into entities of a table."""

    def __init__(self, source: Source, table: EntityTable, builder: Builder, discourse: Discourse) -> None:
        self.source = source
        self.table = table
        self.builder = builder
        self.offices = Offices(source, table, builder, discourse)
        self.editions = Editions(source, table, builder, discourse)
        self.conferences: set[str] = set()  # events that count only where no summit is named
        self.other_editions: set[str] = set()  # "the next summit": of which none can be what the text is about
        self.has_summit = False

    def learn(self, match: Match) -> Item | None:
        """Apply a name pattern without stating facts (first reading)."""
        pattern = match.pattern
        item: Item | None = None
        if pattern.keep:
            kept = match.items(pattern.keep)
            if not kept:
                return None
            item = kept[0]
            if pattern.new.get("type") and item.type in CODE:
                item.type = pattern.new["type"]
                self.table[item.entity].kind = item.type
        elif pattern.new:
            item = self._new(match)
        if item is not None and "edition" not in pattern.new:
            item.parts += [part for part in self._parts(match) if part is not item]
        for slot, target in pattern.alias.items():
            self._alias(match, slot, target, item)
        return item

    def state(self, match: Match) -> Item | None:
        """Apply a name pattern and state its facts (second reading)."""
        item = self.learn(match)
        if item is None and match.pattern.new.get("type") == "Person":
            return None  # nobody: nothing is said of them
        if item is not None and "office" in match.pattern.new and item.type != "Person":
            return item  # an office, and nobody the text has named holds it
        if match.pattern.emit:
            if item is not None and match.pattern.new and not match.pattern.keep:
                match.slots["new"] = (match.start, match.end)
                with_new = _WithNew(match, item)
                self.builder.emit(with_new)
            else:
                self.builder.emit(match)
        return item

    def _parts(self, match: Match) -> list[Item]:
        found: list[Item] = []
        for item in match.sentence.items[match.start : match.end]:
            if item is not None and (item.type != "Quote" or not item.parts):
                found += [item, *item.parts]
            elif item is not None:
                found.append(item)
        return [item for item in found if item.type != "Quote"]

    def _new(self, match: Match) -> Item | None:
        new = match.pattern.new
        if "office" in new:
            return self.offices.holder(match, new["office"], new.get("place", ""))
        if "alone" in new and self.has_summit:
            return None  # a conference, in a text about a summit
        if "short" in new:
            return self._first_name(match, new["short"])
        if "edition" in new:
            order, known, apart = new.get("order", ""), "known" in new, "apart" in new
            return self.editions.called(match, new["edition"], order, known=known, apart=apart)
        if "capital" in new:
            return self._government(match, new["capital"])
        slot = next((name for name in new.get("name", "").split("|") if name in match.slots), new.get("name", ""))
        if ".." in slot:  # from one slot to another that may take no part
            first, last = slot.split("..")
            match.slots["name"] = (match.slots[first][0], match.slots.get(last, match.slots[first])[1])
            slot = "name"
        described = new.get("describe", "")
        source = slot or described
        if source == "match":
            start, end = match.span()
        elif source in match.slots:
            items = match.items(source)
            alone = match.slots[source][1] - match.slots[source][0] == 1  # and not a city inside a longer name
            if alone and items and items[0].entity and items[0].type in ENTITY_TYPES and not described:
                return items[0]  # it is known already
            if alone and items and items[0].type == "Quote" and items[0].parts:
                start, end = items[0].parts[0].start, items[0].parts[0].end
            else:
                start, end = match.span(source)
        else:
            return None
        words = self.source.words(start, end)
        if source == "match" and (bracket := _BRACKET.search(words)) is not None:  # "of the African Union (AU)"
            end = self.source.from_word(start, end, bracket.start())
        words, start = self.source.without_article(start, end)
        if new.get("capitalised") and not words[:1].isupper():
            return None  # quoted words, and no name
        if new["type"] == "Person" and not described and is_no_person(fold(words)):
            return None  # "Minister for Development Cooperation", "the Best Minister Award"
        if new.get("personal") and not is_personal(fold(words)):
            return None
        kind = new["type"]
        if kind in VALUE_TYPES:  # a longer title: words, no entity
            return Item(kind, start, end, value=self.source.folded.text[start:end])
        draft = self.table.described(words, kind) if described else self.table.named(words, kind)
        if kind in ENTITY_TYPES and draft.kind != kind and family(kind) == family(draft.kind) and not draft.key:
            kind = draft.kind
        if "alone" in new:
            self.conferences.add(draft.id)
        if described and kind == "Summit":
            self.other_editions.add(draft.id)
        shown = draft.kind if draft.kind in CODE else kind
        item = Item(shown, start, end, draft.id, self.source.folded.text[start:end], anaphor=bool(described))
        if not described and (start, end) not in draft.mentions:
            draft.names.append((words, start, end))
        if country := new.get("country"):
            for part in match.items(country):
                draft.country = part.entity
        return item

    def _first_name(self, match: Match, slot: str) -> Item | None:
        """Return the one person of the text whose first name stands in *slot* ("said Anwar"), or None."""
        start, end = match.span(slot)
        word = self.source.folded.text[start:end]
        persons = {
            draft.id: draft
            for draft in self.table.all()
            if draft.kind == "Person"
            and any(fold(name).split()[0] == word and " " in name for name, _, _ in draft.names)
        }
        if len(persons) != 1:
            return None
        return Item("Person", start, end, next(iter(persons)), word)

    def _government(self, match: Match, capital: str) -> Item | None:
        """Return the state that a text means by its capital ("London has promised"); None for a city of no known state."""
        known = reference.load().by_qid()
        for item in match.items(capital):
            city = known.get(self.table[item.entity].key) if item.entity else None
            state = known.get(city.parent) if city else None
            if state is not None and state.kind == "State":
                draft = self.table.known(state.qid, "State", state.labels["en"])
                return Item("State", item.start, item.end, draft.id, anaphor=True)
        return None

    def _alias(self, match: Match, slot: str, target: str, item: Item | None) -> None:
        owners = [item] if target == "new" and item is not None else match.items(target)
        if not owners or (slot not in match.slots and slot != "match"):
            return
        draft = self.table[owners[0].entity] if owners[0].entity else None
        if draft is None:
            return
        items = [] if slot == "match" else match.items(slot)
        if items and match.slots[slot][1] - match.slots[slot][0] > 1:
            items = []  # words with names among them are no other name
        other = next((i for i in items if i.entity and i.type in ENTITY_TYPES), None)
        if other is not None and self.table[other.entity] is not draft:
            if draft.key or family(self.table[other.entity].kind) != family(draft.kind):
                return
            self.table.merge(self.table[other.entity], draft)  # a known name in brackets decides
            return
        start, end = match.span("" if slot == "match" else slot)
        if items and items[0].type == "Quote" and len(items) == 1:
            start, end = items[0].parts[0].start, items[0].parts[0].end
        words = self.source.words(start, end).strip()
        if words:
            self.table.add_alias(draft, words)
            if (words, start, end) not in draft.names:
                draft.names.append((words, start, end))

    def drop_conferences(self) -> None:
        """Forget conferences and forums where the text names a summit: they are what it is called, or beside the point."""
        drafts = [draft for draft in self.table.all() if draft.kind == "Summit"]
        self.has_summit = any(draft.id not in self.conferences | self.other_editions for draft in drafts)
        if self.has_summit:
            for draft in drafts:
                if draft.id in self.conferences and not draft.key:
                    draft.kind = "Topic"


class _WithNew(Match):
    """A match whose ``new`` slot is the entity the pattern just made."""

    def __init__(self, match: Match, item: Item) -> None:
        super().__init__(match.pattern, match.sentence, match.start, match.end, match.slots)
        self._item = item

    def items(self, slot: str) -> list[Item]:
        return [self._item] if slot == "new" else super().items(slot)

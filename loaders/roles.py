"""What the roles of a pattern's ``emit`` mean: entities, values and words of a match, with the words they were read from.

A role is written as alternatives separated by ``|``, the first that gives something is taken:

``slot``              the entity, date, amount or words of a slot; a list slot gives one fact for each member
``slot as Kind``      free words (or an item) as a described entity of that kind
``split(slot) as K``  free words cut at the list separators, each part an entity of kind K (or plain text for ``Text``)
``start(slot)``, ``end(slot)``, ``unit(slot)``, ``count(slot)``, ``cmp(slot)``, ``years(slot)``   parts of a date range, count or period
``state(slot)``       the state whose office a person holds: "his country will give"
``most(slot)``        an amount as an upper limit: "will not exceed 45 million"
``=Concept``          a concept of the ontology
``a & b``             both, for a role that takes several
``@place_in(slot)``   the places inside the name of a slot
``@employer(slot)``   the company or institute of a person: what its head announces, it does
``@summit_in(slot)``  the summit held in the place of a slot: "commissioned at Bletchley"
``@summit``, ``@nearest`` (the summit named last before), ``@speaker``, ``@initiative``, ``@document``   what the text is speaking of
``@signed``, ``@backed``, ``@attended``   the thing whose signatories, supporters or guests the sentence before counted: "they include"
``text(slot)``        the words themselves; ``a..b`` the words from one slot to another
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import regex

from summitgraph.graph.records import Concept, DateValue, EntityRef, FactRef, Integer, Money, Text, Value

from .annotate import Match
from .discourse import Discourse
from .emits import AS, CALL, REACH, alternatives
from .entities import EntityTable
from .items import ENTITY_TYPES, Item
from .normalise import fold
from .rules import Language
from .source import Source
from .templates import fold_template
from .values import Amount, Count, DateRange, Period

_ALONE = 6  # cells of an item with no more than an article and a space around it


class Filled(NamedTuple):
    """A value and the folded span of the words it came from (None for a constant or something from context)."""

    value: Value
    span: tuple[int, int] | None


class Roles:
    """Fills the roles of facts from matches."""

    def __init__(self, source: Source, table: EntityTable, discourse: Discourse) -> None:
        self.source = source
        self.table = table
        self.discourse = discourse
        language = source.language
        words = expressions(language)
        self._separator, self._adjective, self._no_phrase = words["separator"], words["adjective"], words["no_phrase"]
        self._topic, self._hollow = words["topic"], words["hollow"]
        singular = language.settings.get("plural_titles", {})
        self._singular = {fold(str(many)): str(one) for many, one in singular.items()}
        self._owned = [(regex.compile(str(a)), str(b)) for a, b in language.settings.get("owned_titles", ())]
        self._no_office = frozenset(fold(str(word)) for word in language.settings.get("no_office", ()))
        self._adjective_last = bool(language.settings.get("adjective_last", False))

    def fill(self, match: Match, specification: str, made: Mapping[str, str]) -> list[Filled]:
        for alternative in alternatives(specification):
            if len(alternative) == 1:
                if values := self._alternative(match, alternative[0], made):
                    return values
                continue
            parts = [self._alternative(match, part, made) for part in alternative]
            if all(parts):
                return [value for part in parts for value in part]
        return []

    def _alternative(self, match: Match, text: str, made: Mapping[str, str]) -> list[Filled]:
        if text in match.slots:
            items = match.items(text)
            if (
                match.pattern.slots.get(text, "").startswith(("Words", "Clause", "Rest", "List", "Name", "Called"))
                or not items
            ):
                return [self._text(*match.span(text))]
            return [self._item(item) for item in items if _is_whole(item)]
        if text in match.pattern.slots:
            return []
        if text.startswith("="):
            return [Filled(Concept(text[1:]), None)]
        if text.startswith("#"):  # the record another line of this emit made
            return [Filled(FactRef(made[text[1:]]), None)] if text[1:] in made else []
        if text.startswith("@place_in("):
            return self._places(match, text[len("@place_in(") : -1])
        if text.startswith("@employer("):
            slot = text[len("@employer(") : -1]
            persons = [item for item in match.items(slot) if item.entity] if slot in match.slots else []
            employers = [(p, self.discourse.employer.get(self.table[p.entity].id, "")) for p in persons]
            return [Filled(EntityRef(self.table[body].id), (p.start, p.end)) for p, body in employers if body]
        if text.startswith("@summit_in("):
            items = match.items(text[len("@summit_in(") : -1]) if text[len("@summit_in(") : -1] in match.slots else []
            held = [(item, self.discourse.held_in(item.entity)) for item in items if item.entity]
            return [Filled(EntityRef(summit), (item.start, item.end)) for item, summit in held if summit]
        if text.startswith("@"):
            entity = self.discourse.context(text[1:], match)
            return [Filled(EntityRef(self.table[entity].id), None)] if entity else []
        if call := CALL.match(text):
            return self._call(match, call["function"], call["slot"], call["kind"])
        if as_kind := AS.match(text):
            return self._described(match, as_kind["slot"], as_kind["kind"])
        if reach := REACH.match(text):
            if reach["first"] not in match.slots or reach["last"] not in match.slots:
                return []
            return [self._text(match.span(reach["first"])[0], match.span(reach["last"])[1])]
        return []

    def is_office(self, value: Filled) -> bool:
        """Tell whether a title is of an office, rather than what a person is called ("the billionaire")."""
        words = value.value.value if isinstance(value.value, Text) else ""
        return fold(words) not in self._no_office

    def one_title(self, value: Filled) -> Filled:
        """Return a title said of several persons at once ("the presidents"), or with whose it is, as each of them holds it."""
        words = value.value.value if isinstance(value.value, Text) else ""
        one = self._singular.get(fold(words), words)
        for owned, plain in self._owned:
            one = owned.sub(plain, one)
        return Filled(Text(one, self.source.language.code), value.span) if one != words else value

    def _item(self, item: Item) -> Filled:
        span = (item.start, item.end)
        if isinstance(item.value, DateRange) and item.value.has_year:
            return Filled(DateValue(item.value.start), span)
        if isinstance(item.value, Amount):
            amount = item.value
            return Filled(Money(amount.minimum, amount.maximum, amount.currency, amount.comparator), span)
        if isinstance(item.value, Count):
            return Filled(Integer(item.value.number), span)
        if item.entity and (item.type in ENTITY_TYPES or item.type in ("Demonym", "Pronoun")):
            draft = self.table[item.entity]
            return Filled(EntityRef(draft.id), span)
        if item.type == "Quote":
            inner = item.parts[0]
            return self._text(inner.start, inner.end)
        return self._text(*span)

    def _places(self, match: Match, slot: str) -> list[Filled]:
        """Return the places that the name in *slot* holds ("the Seoul summit")."""
        filled = []
        for item in match.items(slot):
            places = [part for part in item.parts if part.type in ("City", "Venue", "State")]
            places = [part for part in places if not self._is_topic(part)]
            filled += [Filled(EntityRef(self.table[part.entity].id), (part.start, part.end)) for part in places]
            if not item.parts and item.entity and not item.anaphor:  # a name met again is one piece
                span = (item.start, item.end)
                filled += [Filled(EntityRef(city), span) for city in sorted(self.table[item.entity].own_cities)]
        return filled

    def _is_topic(self, part: Item) -> bool:
        """Tell whether a place in a summit's name says what it is about ("on Gaza"), not where it is."""
        before = fold(self.source.before(part.start, part.end, 40))
        return self._topic.search(before) is not None

    def _call(self, match: Match, function: str, slot: str, kind: str | None) -> list[Filled]:
        if slot not in match.slots:
            return []
        if function == "text":
            return [self._text(*match.span(slot))]
        if function == "state":
            return [
                Filled(EntityRef(self.table[state].id), None)
                for item in match.items(slot)
                if item.entity and (state := self.table[item.entity].country)
            ]
        if function == "split":
            return self._split(match, slot, kind or "Text")
        filled: list[Filled] = []
        for item in match.items(slot):
            span = (item.start, item.end)
            if not _is_whole(item):
                break
            if isinstance(item.value, DateRange) and function in ("start", "end"):
                filled.append(Filled(DateValue(item.value.start if function == "start" else item.value.end), span))
            elif isinstance(item.value, Count) and function in ("unit", "count"):
                filled.append(
                    Filled(Concept(item.value.unit) if function == "unit" else Integer(item.value.number), span)
                )
            elif isinstance(item.value, Count) and function == "cmp":
                filled.append(Filled(Concept(item.value.comparator), None))
            elif isinstance(item.value, Amount) and function == "most":
                filled.append(Filled(Money(None, item.value.maximum, item.value.currency, "AtMost"), span))
            elif isinstance(item.value, Period) and function == "years":
                filled.append(Filled(Integer(item.value.years), span))
            break
        return filled

    def _described(self, match: Match, slot: str, kind: str) -> list[Filled]:
        if slot not in match.slots:
            return []
        start, end = match.span(slot)
        items = match.items(slot)
        alone = match.slots[slot][1] - match.slots[slot][0] <= _ALONE
        if items and items[0].entity and items[0].type in ENTITY_TYPES and len(items) == 1 and alone:
            return [self._item(items[0])]
        if items and items[0].type == "Quote" and len(items) == 1:
            start, end = items[0].parts[0].start, items[0].parts[0].end
        return [self._entity(start, end, kind)]

    def _entity(self, start: int, end: int, kind: str) -> Filled:
        words = self.source.words(start, end)
        if kind in ("Topic", "Principle"):
            draft = self.table.named(words, kind)
            draft.names.append((words, start, end))
        else:
            draft = self.table.described(words, kind)
        draft.mentions.append((start, end))
        return Filled(EntityRef(draft.id), (start, end))

    def _split(self, match: Match, slot: str, kind: str) -> list[Filled]:
        first, last = match.slots[slot]
        sentence = match.sentence
        bounds, position = [], first
        for found in self._separator.finditer(sentence.text, first, last):
            bounds.append((position, found.start()))
            position = found.end()
        bounds.append((position, last))
        bounds = self._with_adjectives(bounds, sentence.text)
        spared = kind == "Text"  # the first words behind "in order to" are the purpose, whatever they are
        ends = (n for n, (a, b) in enumerate(bounds) if self._no_phrase.match(sentence.text[a:b].lstrip()))
        bounds = bounds[: max(next(ends, len(bounds)), spared)]
        if kind != "Text":
            bounds = [(a, b) for a, b in bounds if not self._hollow.fullmatch(sentence.text[a:b].strip(" :,،"))]
        filled = []
        for start, end in bounds:
            while start < end and not (sentence.chars[start].isalnum() or sentence.items[start]):
                start += 1
            while end > start and not (sentence.chars[end - 1].isalnum() or sentence.items[end - 1]):
                end -= 1
            if end - start < 3 and not any(sentence.items[start:end]):
                continue
            span = (sentence.starts[start], sentence.ends[end - 1])
            filled.append(self._text(*span) if kind == "Text" else self._entity(*span, kind))
        return filled

    def _with_adjectives(self, bounds: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
        """Put adjectives and their noun together again: "safe, innovative and inclusive AI" is one thing."""
        kept: list[tuple[int, int]] = []
        for number, (start, end) in enumerate(bounds):
            words = text[start:end].strip()
            before = text[slice(*bounds[number - 1])].strip() if number else ""
            if kept and self._adjective.fullmatch(words if self._adjective_last else before):
                kept[-1] = (kept[-1][0], end)
            else:
                kept.append((start, end))
        return kept

    def words(self, match: Match, slot: str) -> tuple[list[Filled], list[Filled]]:
        """Return the quotations of a slot or, where it has none, its words as a gist."""
        if slot not in match.slots:
            return [], []
        quotes = [item for item in match.items(slot) if item.type == "Quote"]
        if quotes:
            return [self._item(item) for item in quotes], []
        start, end = match.span(slot)
        return [], [self._text(start, end)]

    def _text(self, start: int, end: int) -> Filled:
        return Filled(Text(self.source.words(start, end).strip(), self.source.language.code), (start, end))


@functools.lru_cache(maxsize=8)
def expressions(language: Language) -> Mapping[str, Any]:
    """Return the expressions that a builder of facts in *language* uses, compiled once."""

    def setting(name: str, default: str = "(?!)") -> str:
        text = str(language.settings.get(name, default))
        for found in regex.findall(r"@(\w+)", text):
            text = text.replace(f"@{found}", language.alternatives(found))
        return fold_template(text)

    return {
        "separator": regex.compile(setting("split_separator")),
        "adjective": regex.compile(rf"(?:{setting('adjective')})"),
        "no_phrase": regex.compile(rf"(?:{setting('not_a_phrase')})(?!\w)"),
        "topic": regex.compile(rf"(?<!\w)(?:{setting('topic_before')}) (?:\w{{1,3}}['’ ]|\w+ و){{0,2}}$"),
        "hollow": regex.compile(setting("hollow_phrase")),
    }


def _is_whole(item: Item) -> bool:
    """Tell whether an item can be stated: a day of a year nobody named cannot."""
    return not isinstance(item.value, DateRange) or item.value.has_year

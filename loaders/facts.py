"""Turn a matched pattern into facts: what each role of its ``emit`` means, with the words as evidence.

A role is written as alternatives separated by ``|``, the first that gives something is taken:

``slot``              the entity, date, amount or words of a slot; a list slot gives one fact for each member
``slot as Kind``      free words (or an item) as a described entity of that kind
``split(slot) as K``  free words cut at the list separators, each part an entity of kind K (or plain text for ``Text``)
``start(slot)``, ``end(slot)``, ``unit(slot)``, ``count(slot)``, ``cmp(slot)``, ``years(slot)``   parts of a date range, count or period
``=Concept``          a concept of the ontology
``a & b``             both, for a role that takes several
``@place_in(slot)``   the places inside the name of a slot
``@summit``, ``@nearest`` (the summit named last before), ``@speaker``, ``@initiative``, ``@document``   what the text is speaking of
``text(slot)``        the words themselves; ``a..b`` the words from one slot to another
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import regex

from summitgraph.errors import PatternError
from summitgraph.graph.records import (
    Concept,
    DateValue,
    EntityRef,
    Fact,
    FactRef,
    Finding,
    Integer,
    Money,
    Span,
    Text,
    Value,
)

from . import calibration, consistency, summits
from .annotate import Match
from .entities import EntityTable
from .findings import MESSAGES
from .items import ENTITY_TYPES, Item
from .normalise import fold
from .patterns import Language, fold_template
from .values import Amount, Count, DateRange, Period

_CALL = regex.compile(
    r"(?P<function>start|end|unit|count|cmp|years|text|split|says)\((?P<slot>\w+)\)(?: as (?P<kind>\w+))?$"
)
_REACH = regex.compile(r"(?P<first>\w+)\.\.(?P<last>\w+)$")
_AS = regex.compile(r"(?P<slot>\w+) as (?P<kind>\w+)$")
# Roles that take all values of a list at once; everywhere else a list gives one fact for each member.
_TOGETHER = {"partner", "quote"}
# Roles a record can do without; a fact that lacks any other role its pattern names is not stated.
_OPTIONAL = {
    "beneficiary",
    "purpose",
    "announcedBy",
    "announcedAt",
    "announcedOn",
    "periodYears",
    "partOf",
    "reason",
    "madeAt",
    "madeOn",
    "about",
    "addressedTo",
    "positionIn",
    "office",
    "unit",
}
_ITEM_EVIDENCE = {"hasTheme", "hasPrinciple", "purpose"}


@dataclass(frozen=True, slots=True)
class Filled:
    """A value and the folded span of the words it came from (None for a constant or something from context)."""

    value: Value
    span: tuple[int, int] | None


class Builder:
    """Collects the facts of one document."""

    def __init__(
        self,
        language: Language,
        table: EntityTable,
        original: Callable[[int, int], tuple[int, int]],
        text: str,
        context: Callable[[str, Match], str],
    ) -> None:
        self.language = language
        self.table = table
        self.original = original
        self.text = text
        self.context = context  # name of a context ("summit"), match -> entity id or ""
        self.facts: list[Fact] = []
        self.findings: list[Finding] = []
        self.given_up: tuple[str, ...] = ()  # what the rest of the text contradicts, in words
        self.last_speaker = ""
        self.last_person = ""  # the last speaker that is one
        self._seen: dict[object, int] = {}
        words = _expressions(language)
        self._separator, self._adjective, self._no_phrase = words["separator"], words["adjective"], words["no_phrase"]
        self._topic, self._personal, self._hollow = words["topic"], words["personal"], words["hollow"]
        singular = language.settings.get("plural_titles", {})
        self._singular = {fold(str(many)): str(one) for many, one in singular.items()}
        self._adjective_last = bool(language.settings.get("adjective_last", False))
        self._former = regex.compile(fold_template(str(language.settings.get("former", r"(?!)"))))

    def emit(self, match: Match) -> None:
        """Add the facts of *match*; a required role that cannot be filled gives none."""
        made: dict[str, str] = {}
        for kind, roles in match.pattern.emit:
            if kind == "Finding":
                if roles.get("kind") not in MESSAGES:
                    place = f"{match.pattern.where_from}: {match.pattern.id}"
                    raise PatternError(
                        f"{place}: a Finding has a kind of {', '.join(MESSAGES)}, not {roles.get('kind')!r}"
                    )
                span = match.span(roles["of"]) if roles.get("of") in match.slots else match.span()
                self.findings.append(Finding(roles["kind"], MESSAGES[roles["kind"]], (Span(*self.original(*span)),)))
            elif kind == "dates":
                self._dates(match, roles)
            else:
                self._fact(match, kind, roles, made)

    def _dates(self, match: Match, roles: Mapping[str, str]) -> None:
        for name, function in (("startDate", "start"), ("endDate", "end")):
            self._fact(match, name, {"subject": roles["event"], "object": f"{function}({roles['date']})"}, {})

    def _fact(self, match: Match, kind: str, roles: Mapping[str, str], made: dict[str, str]) -> None:
        filled: dict[str, list[Filled]] = {}
        label = kind
        for role, specification in roles.items():
            if role == "evidence":
                continue
            if role == "says":
                quote, gist = self._words(match, specification)
                if quote:
                    filled["quote"] = quote
                elif gist:
                    filled["gist"] = gist
                else:
                    return
                continue
            values = self._role(match, role, specification, made)
            if role == "title" and self._singular:
                values = [self._one_title(value) for value in values]
            if values:
                filled[role] = values
            elif role not in _OPTIONAL:
                return
        if kind == "Position" and "status" not in filled and (span := filled["title"][0].span):
            before = self.original(*span)[0]
            if self._former.search(fold(self.text[max(0, before - 30) : before])):
                filled["status"] = [Filled(Concept("Former"), None)]
        spread = [role for role, values in filled.items() if len(values) > 1 and role not in _TOGETHER]
        if not spread:
            self._add(match, kind, label, filled, roles, made)
            return
        combinations: list[dict[str, list[Filled]]] = [{}]
        for role, values in filled.items():
            choices = [[value] for value in values] if role in spread else [values]
            combinations = [{**done, role: choice} for done in combinations for choice in choices]
        for combination in combinations[:400]:
            self._add(match, kind, label, combination, roles, made)

    def _add(
        self,
        match: Match,
        kind: str,
        label: str,
        filled: Mapping[str, list[Filled]],
        roles: Mapping[str, str],
        made: dict[str, str],
    ) -> None:
        subjects = {value.value for value in filled.get("subject", [])}
        if subjects & {value.value for value in filled.get("object", [])}:
            return
        if kind == "Partnership" and len({value.value for value in filled.get("partner", [])}) < 2:
            return
        start, end = match.span()
        if "evidence" in roles and roles["evidence"] in match.slots:
            start, end = match.span(roles["evidence"])
        elif kind in _ITEM_EVIDENCE and (span := filled["object"][0].span):
            start, end = span
        elif len(match.slots) and (
            (spans := [value.span for values in filled.values() for value in values if value.span])
            and any(match.pattern.slots.get(slot, "").endswith("+") for slot in match.slots)
        ):
            end = max(start + 1, *(span[1] for span in spans))
            start = min(start, *(span[0] for span in spans))
        values = {role: tuple(entry.value for entry in entries) for role, entries in filled.items()}
        key = (kind, tuple((role, values[role]) for role in sorted(values) if role != "purpose"))
        evidence = Span(*self.original(start, end))
        if key in self._seen:
            index = self._seen[key]
            old = self.facts[index]
            made.setdefault(label, old.id)
            if evidence not in old.evidence and len(old.evidence) < 5:
                self.facts[index] = Fact(old.id, kind, old.roles, (*old.evidence, evidence), old.rule, old.confidence)
            return
        fact = Fact(f"f{len(self.facts) + 1}", kind, values, (evidence,), match.pattern.id, self._confidence(match))
        self._seen[key] = len(self.facts)
        self.facts.append(fact)
        made[label] = fact.id
        if kind == "Statement" and isinstance(speaker := values["speaker"][0], EntityRef):
            self.last_speaker = speaker.id
            if self.table[speaker.id].kind == "Person":
                self.last_person = speaker.id

    def _confidence(self, match: Match) -> float:
        confidence = match.pattern.confidence
        items = [item for slot in match.slots for item in match.items(slot)]
        if any(item.anaphor for item in items):
            confidence -= 0.1
        if any(item.entity and not self.table[item.entity].key for item in items):
            confidence -= 0.03
        return round(max(0.05, confidence), 2)

    def _role(self, match: Match, role: str, specification: str, made: Mapping[str, str]) -> list[Filled]:
        for alternative in _alternatives(specification):
            parts = [self._alternative(match, role, part, made) for part in alternative]
            values = [value for part in parts for value in part]
            if values and all(parts):
                return values
        return []

    def _alternative(self, match: Match, role: str, text: str, made: Mapping[str, str]) -> list[Filled]:
        if text in match.slots:
            items = match.items(text)
            if match.pattern.slots.get(text, "").startswith(("Words", "Clause", "Rest", "List", "Name")) or not items:
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
        if text.startswith("@"):
            entity = self.context(text[1:], match)
            return [Filled(EntityRef(self.table[entity].id), None)] if entity else []
        if call := _CALL.match(text):
            return self._call(match, call["function"], call["slot"], call["kind"])
        if as_kind := _AS.match(text):
            return self._described(match, as_kind["slot"], as_kind["kind"])
        if reach := _REACH.match(text):
            if reach["first"] not in match.slots or reach["last"] not in match.slots:
                return []
            return [self._text(match.span(reach["first"])[0], match.span(reach["last"])[1])]
        if text != "new":
            raise PatternError(f"{match.pattern.where_from}: {match.pattern.id}: {role} names no slot: {text!r}")
        return []

    def _one_title(self, value: Filled) -> Filled:
        """Return a title said of several persons at once ("the presidents") as each of them holds it."""
        words = value.value.value if isinstance(value.value, Text) else ""
        one = self._singular.get(fold(words))
        return Filled(Text(one, self.language.code), value.span) if one else value

    def speaker(self, match: Match) -> str:
        """Return who spoke last; the last person where the verb cannot be said of an organisation."""
        start, end = match.start, match.end
        if self._personal.match(match.sentence.text[start:end]) and self.last_person:
            return self.last_person
        return self.last_speaker

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
        before = fold(
            self.text[max(0, self.original(part.start, part.end)[0] - 40) : self.original(part.start, part.end)[0]]
        )
        return self._topic.search(before) is not None

    def _call(self, match: Match, function: str, slot: str, kind: str | None) -> list[Filled]:
        if slot not in match.slots:
            return []
        if function == "text":
            return [self._text(*match.span(slot))]
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
            elif isinstance(item.value, Period) and function == "years":
                filled.append(Filled(Integer(item.value.years), span))
            break
        return filled

    def _described(self, match: Match, slot: str, kind: str) -> list[Filled]:
        if slot not in match.slots:
            return []
        start, end = match.span(slot)
        items = match.items(slot)
        if items and items[0].entity and items[0].type in ENTITY_TYPES and len(items) == 1:
            return [self._item(items[0])]
        if items and items[0].type == "Quote" and len(items) == 1:
            start, end = items[0].parts[0].start, items[0].parts[0].end
        return [self._entity(start, end, kind)]

    def _entity(self, start: int, end: int, kind: str) -> Filled:
        left, right = self.original(start, end)
        words = self.text[left:right]
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
        if kind != "Text":
            ends = (n for n, (a, b) in enumerate(bounds) if self._no_phrase.match(sentence.text[a:b].lstrip()))
            bounds = bounds[: next(ends, len(bounds))]
            bounds = [(a, b) for a, b in bounds if not self._hollow.fullmatch(sentence.text[a:b].strip(" :"))]
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

    def _words(self, match: Match, slot: str) -> tuple[list[Filled], list[Filled]]:
        """Return the quotations of a slot or, where it has none, its words as a gist."""
        if slot not in match.slots:
            return [], []
        quotes = [item for item in match.items(slot) if item.type == "Quote"]
        if quotes:
            return [self._item(item) for item in quotes], []
        start, end = match.span(slot)
        return [], [self._text(start, end)]

    def _canonical(self, fact: Fact) -> Fact:
        """Return *fact* about the entities that its own turned out to be."""
        roles = {
            role: tuple(EntityRef(self.table[v.id].id) if isinstance(v, EntityRef) else v for v in values)
            for role, values in fact.roles.items()
        }
        return fact if roles == dict(fact.roles) else replace(fact, roles=roles)

    def follow_merges(self) -> None:
        """Let the facts speak of what their entities turned out to be."""
        self.facts = [self._canonical(fact) for fact in self.facts]

    def settle(self) -> None:
        """Drop statements that repeat another (one speech act gives one), and what the rest of the text contradicts.

        A signature that the same text says was refused goes; of dates and editions see :mod:`.consistency`.
        """
        self.follow_merges()
        kept: list[Fact] = []
        refused = {(fact.roles["committedBy"], fact.roles["document"]) for fact in self.facts if fact.kind == "Refusal"}
        for fact in self.facts:
            if fact.kind == "Statement" and any(_repeats(fact, other) for other in kept):
                continue
            if fact.kind == "FinancialCommitment" and any(_same_money(fact, other) for other in kept):
                continue
            if fact.kind == "Endorsement" and (fact.roles["committedBy"], fact.roles["document"]) in refused:
                continue
            kept.append(fact)
        kept = [replace(fact, confidence=calibration.confidence(fact.rule, fact.confidence)) for fact in kept]
        self.facts, given_up = consistency.consistent(kept, summits.years(self.table))
        self.given_up = tuple(
            f"“{self._words_of(fact)}”: {fact.kind} contradicts the rest of the text" for fact in given_up
        )

    def _words_of(self, fact: Fact) -> str:
        return self.text[fact.evidence[0].start : fact.evidence[-1].end]

    def _text(self, start: int, end: int) -> Filled:
        left, right = self.original(start, end)
        return Filled(Text(self.text[left:right].strip(), self.language.code), (start, end))


@functools.lru_cache(maxsize=8)
def _expressions(language: Language) -> Mapping[str, Any]:
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
        "topic": regex.compile(rf"(?<!\w)(?:{setting('topic_before')}) (?:\w{{1,3}}['’ ]){{0,2}}$"),
        "personal": regex.compile(setting("personal_verb")),
        "hollow": regex.compile(setting("hollow_phrase")),
    }


@functools.lru_cache(maxsize=4096)
def _alternatives(specification: str) -> tuple[tuple[str, ...], ...]:
    """Return what a role is filled from: alternatives, each of parts that all have to be there."""
    return tuple(tuple(part.strip() for part in text.split("&")) for text in specification.split("|"))


def _is_whole(item: Item) -> bool:
    """Tell whether an item can be stated: a day of a year nobody named cannot."""
    return not isinstance(item.value, DateRange) or item.value.has_year


def _same_money(fact: Fact, other: Fact) -> bool:
    """Tell whether two patterns found one promise: same actor, same amount, the same words."""
    return (
        other.kind == "FinancialCommitment"
        and fact.roles["committedBy"] == other.roles["committedBy"]
        and fact.roles["amount"] == other.roles["amount"]
        and any(span.overlaps(place) for span in fact.evidence for place in other.evidence)
    )


def _repeats(fact: Fact, other: Fact) -> bool:
    if other.kind != "Statement" or fact.roles["speaker"] != other.roles["speaker"]:
        return False
    words = {value.value for role in ("quote", "gist") for value in fact.roles.get(role, ()) if isinstance(value, Text)}
    known = {
        value.value for role in ("quote", "gist") for value in other.roles.get(role, ()) if isinstance(value, Text)
    }
    if words & known:
        return True
    return any(word in longer or longer in word for word in words for longer in known) and any(
        span.overlaps(place) for span in fact.evidence for place in other.evidence
    )

"""Which mentions of summits mean the same edition: by year, place and the words of the name."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import regex

from summitgraph.graph import reference
from summitgraph.graph.records import DateValue, EntityRef, Fact

from .annotate import Annotated
from .entities import Draft, EntityTable
from .items import Item
from .normalise import fold
from .rules import Language
from .templates import fold_template
from .values import DateRange

_YEAR = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PREFIX = regex.compile(r"^(?:[وف]?(?:[بك]?ال|لل)|[وف]?[بك](?=\p{Arabic}{4})|ل(?=\p{Arabic}{4}))")
_OPENING = 300  # characters
_NUMBER = regex.compile(r"\d+")
_GROUP = regex.compile(r"(?<!\w)[a-z]-?(?:7|8|20|77)(?!\d)")  # G7: no number of an edition
_WORDS = regex.compile(r"\w+")
_NO_NUMBERS = regex.compile(r"[^\W\d]\w*")
_ORDINAL = regex.compile(r"\d+(?:st|nd|rd|th|e|er|eme|re)?|[xvi]+e(?:me)?")
_STOP = regex.compile(r"[.;]")


def note_features(sentence: Annotated, table: EntityTable, goal: Any) -> None:
    """Give each summit of a sentence the place and year that stand behind it, up to the next summit.

    A year behind words that match *goal* ("by 2030") is not the summit's.
    """
    position = 0
    current: Draft | None = None
    left = 0
    for index, item in enumerate(sentence.items):
        if item is None:
            continue
        if item.type == "Summit" and item.entity:
            current, position = table[item.entity], index
            for part in item.parts:
                _note(current, part)
                if part.type in ("City", "Venue"):
                    current.own_cities.add(table[part.entity].id)
            left = item.end
            continue
        if current is None or index - position > 70 or item.start < left:
            continue
        between = sentence.text[position + 1 : index]
        if len(between) <= 70 and not _STOP.search(between) and not goal.search(between):
            _note_weak(current, item, len(between))


def _note(draft: Draft, item: Item) -> None:
    if item.type in ("City", "Venue", "State", "Place") or item.type == "Demonym":
        draft.places.add(item.entity)
    elif isinstance(item.value, DateRange) and item.value.has_year:
        draft.year = draft.year or item.value.start[:4]


def _note_weak(draft: Draft, item: Item, distance: int) -> None:
    if item.type in ("City", "Venue"):
        draft.places.add(item.entity)
    elif isinstance(item.value, DateRange) and item.value.has_year and not draft.year and distance <= 40:
        draft.year = item.value.start[:4]


def merge_editions(table: EntityTable, language: Language) -> None:
    """Merge the summit drafts that are one edition; the earliest mention is kept."""
    kept: list[Draft] = []
    generic = set(language.lexicon.get("summit_generic", ()))
    numbers = {fold(str(word)): number for word, number in language.values.get("ordinals", {}).items()}
    groups = {fold(str(word)) for word in language.values.get("numbered_groups", ())}
    cities = {fold(name): d.id for d in table.all() if d.kind == "City" for name, _, _ in d.names}
    topic = regex.compile(rf"(?<!\w)(?:{fold_template(str(language.settings.get('topic_before', '(?!)')))}) $")
    for draft in [d for d in table.all() if d.kind == "Summit"]:
        for name, _, _ in draft.names:  # a known name is one piece: look for cities inside it
            padded = f" {fold(name)} "
            inside = {
                city
                for words, city in cities.items()
                if (place := padded.find(f" {words} ")) >= 0 and not topic.search(padded[: place + 1])
            }
            draft.own_cities |= inside
            draft.places |= inside
        if not draft.year:
            years = {match.group() for name, _, _ in draft.names for match in _YEAR.finditer(name)} or set(
                _YEAR.findall(draft.key)
            )
            draft.year = next(iter(years), "") if len(years) == 1 else draft.year
        same = next((other for other in kept if _same(other, draft, table, generic, numbers, groups)), None)
        if same is None:
            kept.append(draft)
        else:
            table.merge(same, draft)
    _merge_place_names(table, language)


def _merge_place_names(table: EntityTable, language: Language) -> None:
    """Merge "the Manama summit" and "the 33rd Arab League summit" where both are named first, at the opening of a text."""
    generic = set(language.lexicon.get("summit_generic", ()))
    opening = [
        draft
        for draft in table.all()
        if draft.kind == "Summit" and draft.names and min(start for start, _ in draft.mentions) < _OPENING * 1.5
    ]
    if len(opening) != 2:
        return
    first, second = opening
    ordinals = {bare(fold(str(word))) for word in language.values.get("ordinals", {})}
    words = [_words(draft, table, generic) for draft in opening]
    if first.told and second.told:  # "the BRICS summit" and "the seventeenth summit"
        words = [_unnumbered(own - ordinals) for own in words]
    bare_words = [not own for own in words]
    cities = [_cities(draft, table) for draft in opening]
    years_agree = not (first.year and second.year) or first.year == second.year
    if bare_words[0] != bare_words[1] and years_agree and (not cities[0] or not cities[1]):
        table.merge(first, second)


def _unnumbered(words: set[str]) -> set[str]:
    """Return the words that are no number: "17th", "xix"."""
    return {word for word in words if not _ORDINAL.fullmatch(word)}


@functools.lru_cache(maxsize=2)
def _countries(known: reference.Reference) -> Mapping[str, str]:
    """Return the country of each city and venue, by their identifiers."""
    return {row.qid: row.parent for row in known.of_kind("City", "Venue") if row.qid}


def name_known_editions(table: EntityTable, language: Language) -> None:
    """Give summits the name of the known edition they are: same year, same country, and a telling word in common.

    So that one summit is one node whatever the language or wording of the text ("the Paris gathering", "قمة باريس").
    """
    known = reference.load()
    countries = _countries(known)
    generic = set(language.lexicon.get("summit_generic", ()))
    for draft in [d for d in table.all() if d.kind == "Summit" and not d.key and d.series]:
        row = known_edition(table[draft.series], draft.own_cities, draft.year, table, language)
        if row is not None:
            table.merge(table.known(row.qid or row.labels["en"], "Summit", row.labels["en"]), draft)
    for draft in [d for d in table.all() if d.kind == "Summit" and not d.key and d.year and not d.series]:
        keys = {table[place].key for place in draft.places}
        places = keys | {countries.get(key, "") for key in keys}
        words = {word for name, _, _ in draft.names for word in map(bare, _WORDS.findall(name))} - generic
        for row in known.of_kind("Summit"):
            if not row.parent or draft.year not in row.labels["en"]:
                continue
            if places and row.parent not in places:
                continue
            names = {fold(name) for code, name in row.names() if code in (language.code, "en")}
            shared = words & {word for name in names for word in map(bare, _NO_NUMBERS.findall(name))} - generic
            if len(shared) > (0 if places else 1):  # the place tells, or else two words and the year
                label = row.labels["en"]
                table.merge(table.known(row.qid or label, "Summit", label), draft)
                break


def year_in(name: str) -> str:
    """Return the year in the name of a summit, or nothing."""
    found = _YEAR.search(name)
    return str(found.group()) if found else ""


def number(draft: Draft) -> int:
    """Return the number in the names of a summit ("COP30", "the 17th summit"), years apart; 0 where there is none or several."""
    found = {int(n) for name, _, _ in draft.names for n in _NUMBER.findall(_YEAR.sub(" ", _GROUP.sub(" ", fold(name))))}
    return found.pop() if len(found) == 1 else 0


def known_edition(
    main: Draft, places: Iterable[str], year: str, table: EntityTable, language: Language
) -> reference.Row | None:
    """Return the edition of the series of *main* that the reference table has in *places* (and *year*, if told); None of several.

    Of its series is what shares a telling word with the names of *main*; it is there if its names have the place, or its
    country and year are those told.
    """
    known = reference.load()
    by_qid = known.by_qid()
    generic = set(language.lexicon.get("summit_generic", ()))
    drafts = [table[place] for place in places]
    keys = {draft.key for draft in drafts}
    countries = {by_qid[key].parent for key in keys if key in by_qid} | keys
    called = {word for draft in drafts for name, _, _ in draft.names for word in map(bare, _WORDS.findall(fold(name)))}
    words = _words(main, table, generic) | {bare(word) for word in _NO_NUMBERS.findall(fold(main.label))} - generic
    found = []
    for row in known.of_kind("Summit"):
        names = {fold(name) for code, name in row.names() if code in (language.code, "en")}
        own = {word for name in names for word in map(bare, _NO_NUMBERS.findall(name))}
        in_year = bool(year) and year in row.labels["en"]
        if year and not in_year:
            continue
        there = called & own or (in_year and row.parent and row.parent in countries)
        if there and words & (own - generic - called):
            found.append(row)
    return found[0] if len(found) == 1 else None


def date_by_facts(table: EntityTable, facts: Iterable[Fact]) -> None:
    """Give a summit whose names have no year the one year that *facts* say it began and ended in."""
    held: dict[str, set[str]] = {}
    for fact in facts:
        if fact.kind not in ("startDate", "endDate"):
            continue
        for subject, value in itertools.product(fact.roles["subject"], fact.roles["object"]):
            if isinstance(subject, EntityRef) and isinstance(value, DateValue) and value.value[:4].isdigit():
                held.setdefault(table[subject.id].id, set()).add(value.value[:4])
    for draft in table.all():
        if draft.kind == "Summit" and not draft.year and len(found := held.get(draft.id, set())) == 1:
            draft.year = next(iter(found))


def _edition(draft: Draft, numbers: Mapping[str, int], groups: set[str]) -> set[int]:
    """Return the numbers that the names of a summit give in words: 33 for "the thirty-third".

    Behind one of *groups* a number is part of a name ("the Group of Twenty").
    """
    found = set()
    for name, _, _ in draft.names:
        total, before = 0, ""
        for full in regex.findall(r"\w+", fold(name)):
            word = full if full in numbers else "ال" + bare(full)
            group, before = before in groups, full if full in groups else bare(full)
            if word in numbers and not group and (not total or numbers[word] >= 10):
                total += numbers[word]
            elif total:
                break
        if total:
            found.add(total)
    return found


def _same(
    first: Draft,
    second: Draft,
    table: EntityTable,
    generic: set[str],
    ordinals: Mapping[str, int],
    groups: set[str],
) -> bool:
    if first.year and second.year and first.year != second.year:
        return False
    if not (first.names and second.names):  # only described: "last year's edition"
        return False
    if first.key and second.key and first.key != second.key:
        return False
    words_1, words_2 = (_words(draft, table, generic) for draft in (first, second))
    if ordinals:
        edition_1, edition_2 = (_edition(draft, ordinals, groups) for draft in (first, second))
        if edition_1 and edition_2 and edition_1.isdisjoint(edition_2):
            return False
        stems = {bare(word) for word in ordinals} | set(ordinals)
        words_1, words_2 = ({word for word in words if word not in stems} for words in (words_1, words_2))
        if edition_1 & edition_2 and (not words_1 or not words_2 or words_1 & words_2):
            return True
    if _numbers(words_1) and _numbers(words_2) and _numbers(words_1).isdisjoint(_numbers(words_2)):
        return False
    cities_1, cities_2 = (_cities(draft, table) for draft in (first, second))
    if cities_1 and cities_2 and cities_1.isdisjoint(cities_2):
        return False
    if not words_1 or not words_2:  # named by year or place alone
        return bool(first.year and first.year == second.year) or not first.places.isdisjoint(second.places)
    smaller, larger = sorted((words_1, words_2), key=len)
    if smaller <= larger:
        one, other = (first, second) if smaller is words_1 else (second, first)
        # "The Seoul AI summit" is not the AI safety summit of a place not known to be Seoul.
        return smaller == larger or not one.own_cities or not one.own_cities.isdisjoint(_cities(other, table))
    return bool(cities_1 & cities_2) and (bool(first.year and second.year) or not words_1.isdisjoint(words_2))


def apart(one: Draft, other: Draft, table: EntityTable, language: Language) -> bool:
    """Tell whether two summits cannot be one: other years, other cities or other numbers."""
    if one.year and other.year and one.year != other.year:
        return True
    cities = (_cities(one, table), _cities(other, table))
    if cities[0] and cities[1] and cities[0].isdisjoint(cities[1]):
        return True
    numbers = {fold(str(word)): number for word, number in language.values.get("ordinals", {}).items()}
    groups = {fold(str(word)) for word in language.values.get("numbered_groups", ())}
    editions = (_edition(one, numbers, groups), _edition(other, numbers, groups))
    return bool(editions[0] and editions[1] and editions[0].isdisjoint(editions[1]))


def _cities(draft: Draft, table: EntityTable) -> set[str]:
    return {table[place].id for place in draft.places if table[place].kind in ("City", "Venue")}


def _words(draft: Draft, table: EntityTable, generic: set[str]) -> set[str]:
    """Return the telling words of a summit's names: no years, no places, no words every summit has."""
    place_words = {
        word for place in draft.places for name, _, _ in table[place].names for word in _WORDS.findall(name.lower())
    }
    words: set[str] = set()
    for name, _, _ in draft.names:
        for word in _WORDS.findall(_YEAR.sub(" ", name.lower())):
            stem = bare(word)
            if stem not in generic and word not in generic and word not in place_words and stem not in place_words:
                words.add(stem)
    return words


def bare(word: str) -> str:
    """Return a folded Arabic word without conjunction, preposition and article; other words unchanged."""
    stem = _PREFIX.sub("", word)
    return stem if len(stem) > 2 else word


def _numbers(words: set[str]) -> set[str]:
    return {number for word in words for number in _NUMBER.findall(word)}


def earliest(table: EntityTable) -> Draft | None:
    """Return the summit of the earliest known year ("the first summit")."""
    dated: Sequence[Draft] = [draft for draft in table.all() if draft.kind == "Summit" and draft.year]
    return min(dated, key=lambda draft: draft.year, default=None)


def years(table: EntityTable) -> Mapping[str, str]:
    """Return the edition year of each summit by entity id."""
    return {draft.id: draft.year for draft in table.all() if draft.kind == "Summit" and draft.year}

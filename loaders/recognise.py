"""First step of the cascade: known names, values, quotations, titles and capitalised words, over the whole text at once."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import regex

from . import gazetteer
from .entities import EntityTable
from .gazetteer import Gazetteer
from .items import Item
from .normalise import Folded
from .rules import Language
from .values import DateRange, grammar
from .windows import Literals, Openings
from .years import fill_years, goal_year

# A straight mark between a word and a space only ever closes: one without its opening takes nothing with it.
_QUOTES = regex.compile(
    r"“([^“”\n]{1,1500})”|«([^«»\n]{1,1500})»|„([^„“”\n]{1,1500})[“”]|(?:(?<!\w)\"|\"(?=\S))([^\"\n]{1,1500})\"|(?<!\w)‘([^‘\n]{1,600}?)’(?!\w)"
)
# A capitalised word of a Latin-script language; initials, hyphens, inner capitals and apostrophes (O'Brien) included.
_CAPITAL = (
    r"(?:(?:(?:a[dlnrstz]|e[clrs]|as[hs]|ech|ibn|ould)-)?\p{Lu}[\p{L}\p{M}\d]*(?:[-'’.&]\p{L}[\p{L}\p{M}\d]*|-\d[\p{L}\d.]*\b)*\.?(?<![\p{Ll}\d]\.)(?<!\p{Lu}\p{Lu}\.)|"
    r"\p{Ll}{1,2}\p{Lu}\p{Ll}+)"
)
_PARTICLE = r"(?:bin|bint|ibn|al|el|ould|abu|de|da|di|do|dos|du|van|von|der|den|ter|la|le|y|ben)"
_GLUED = rf"(?:(?:al|el|ad|as|an|ar|ash|at|az|ul|ud|bin|abu)-{_CAPITAL})"
_RUN = regex.compile(
    rf"(?<![\w@./]){_CAPITAL}(?: (?:{_CAPITAL}|& {_CAPITAL}|{_GLUED}|\d{{1,3}}(?=\s|$)|{_PARTICLE} (?=\p{{Lu}}|{_PARTICLE} |{_GLUED})(?:{_PARTICLE} )?(?:{_CAPITAL}|{_GLUED})))*"  # noqa: E501
)
_LATIN_RUN = regex.compile(
    r"(?<![A-Za-z\d])\p{Latin}[\p{Latin}\p{M}\d]*(?:[-'’.&+]?[\p{Latin}\d]+)*(?: (?:[-–&] )?[\p{Latin}\d][\p{Latin}\p{M}\d'’.&+-]*)*"
)
_TITLE_REACH = 120  # characters from a word of a title to its ends
_INSIDE_A_SUMMIT = {"City", "Venue", "State", "Demonym", "Date", "Year"}
_PRIORITY = {"Quote": 0, "Money": 1, "Date": 2, "Count": 3, "Period": 3, "Title": 5, "Demonym": 6, "Unknown": 8}


@dataclass(frozen=True, slots=True)
class Found:
    """What the first step found: items that may overlap, and runs of capitalised words."""

    items: list[Item]
    runs: list[Item]


def quotations(text: str, folded: Folded) -> list[Item]:
    """Return every quotation, marks included, in folded offsets; value: the words inside, start and end of them."""
    found = []
    for match in _QUOTES.finditer(text):
        inner = next(number for number in range(1, 6) if match.group(number) is not None)
        start, end = to_folded(folded, match.start()), to_folded(folded, match.end() - 1) + 1
        words = match.group(inner)
        left, right = len(words) - len(words.lstrip()), len(words) - len(words.rstrip())
        inner_start = to_folded(folded, match.start(inner) + left)
        inner_end = to_folded(folded, match.end(inner) - right)
        if inner_start < inner_end:
            item = Item("Quote", start, end, value=folded.text[inner_start:inner_end])
            item.parts = [Item("Quote", inner_start, inner_end)]
            found.append(item)
    return found


def without_asides(quotes: list[Item], text: str, folded: Folded, language: Language) -> list[Item]:
    """Cut quotations in which the speaker is named in the middle ("Yes, says Ms X. But ...") into what is quoted of each."""
    aside = _quote_aside(language)
    kept: list[Item] = []
    for quote in quotes:
        inner = quote.parts[0]
        start, outer = inner.start, quote.start
        for found in aside.finditer(folded.text, inner.start, inner.end):
            words = text[folded.offsets[found.start()] : folded.offsets[found.end() - 1] + 1]
            if not any(word[:1].isupper() for word in words.split()[2:]) and not found["pronoun"]:
                continue  # nobody is named: it belongs to what is said
            if found.start() > start:
                kept.append(_quotation(folded, outer, found.start(), start, found.start()))
            start = outer = found.end()
        if start < inner.end:
            kept.append(quote if start == inner.start else _quotation(folded, outer, quote.end, start, inner.end))
    return kept


def _quotation(folded: Folded, start: int, end: int, inner_start: int, inner_end: int) -> Item:
    while inner_start < inner_end and folded.text[inner_start] in " ,.":
        inner_start += 1
    item = Item("Quote", max(start, min(start, inner_start)), end, value=folded.text[inner_start:inner_end])
    if folded.text[item.start] in " ,.":
        item.start = item.outer_start = inner_start
    item.parts = [Item("Quote", inner_start, inner_end)]
    return item


@functools.lru_cache(maxsize=8)
def _quote_aside(language: Language) -> Any:
    """Return how a text names the speaker inside a quotation; group ``pronoun`` where it says "he" or "she"."""
    text = language.expand(str(language.settings.get("quote_aside", r"(?!)(?P<pronoun>)")))
    return regex.compile(text)


def to_folded(folded: Folded, offset: int) -> int:
    """Return the folded offset of an original *offset* (the next one that stayed, if its character was dropped)."""
    if isinstance(folded.offsets, range):
        return offset
    return bisect.bisect_left(folded.offsets, offset)


def recognise(
    text: str, folded: Folded, language: Language, table: EntityTable, default_year: str, published: date | None = None
) -> Found:
    """Return all first-step items of a text, overlapping ones still among them; the same for both readings."""
    items: list[Item] = []
    plain = folded.text
    for hit in gazetteer.for_language(language.code).find(plain, text, folded.offsets):
        draft = table.known(hit.entries[0].key, hit.entries[0].kind, hit.entries[0].label)
        items.append(Item(draft.kind, hit.start, hit.end, draft.id))
    for hit in gazetteer.demonyms(language.code).find(plain, text, folded.offsets):
        state = table.known(hit.entries[0].key, "State", hit.entries[0].label)
        items.append(Item("Demonym", hit.start, hit.end, state.id, hit.entries[0].key))
    values = sorted(grammar(language).find(plain), key=lambda item: item.start)
    fill_years(values, default_year, plain, goal_year(language), grammar(language).last_weekday)
    items += values
    items += relative_days(values, plain, language, published)
    items += _titles(plain, language)
    runs = _runs(text, folded, language)
    starts = [run.start for run in runs]
    return Found([item for item in items if not _inside_a_longer_name(item, runs, starts, plain, table)], runs)


def relative_days(values: Sequence[Item], plain: str, language: Language, published: date | None = None) -> list[Item]:
    """Return the days that a text tells from its own ("on Tuesday", "yesterday"), beside its *values*; none where that is not told."""
    told = _told_on(values, plain, published)
    if told is None:
        return []
    taken = [(item.start, item.end) for item in values]
    days = grammar(language).relative(plain, told)
    return [day for day in days if not any(start <= day.start < end for start, end in taken)]


def _told_on(values: Sequence[Item], plain: str, published: date | None) -> date | None:
    """Return the day a text was told on: as its metadata say, else as its dateline does (CITY, May 22, 2024 - ...)."""
    if published is not None:
        return published
    for item in values:
        if item.end > 400:
            break
        after = plain[item.end : item.end + 12].lstrip(" )")
        if isinstance(item.value, DateRange) and len(item.value.start) == 10 and after[:1] in ("-", "\n", "(", "/"):
            try:
                return date.fromisoformat(item.value.start)
            except ValueError:
                return None
    return None


def choose(
    found: Found,
    text: str,
    folded: Folded,
    language: Language,
    table: EntityTable,
    quotes: Sequence[Item],
    aliases: Gazetteer,
) -> list[Item]:
    """Return the items of a reading in order, none overlapping another, longest first where they compete.

    *aliases* are the names the document itself has taught; their keys are entity ids behind a ``#``.
    """
    items = [item.copy() for item in found.items]
    for hit in aliases.find(folded.text, text, folded.offsets):
        draft = table[hit.entries[0].key[1:]]
        items.append(Item(draft.kind, hit.start, hit.end, draft.id))
    items.sort(key=lambda item: (item.start, -(item.end - item.start), _PRIORITY.get(item.type, 4)))
    chosen = _resolve(items, [quote.copy() for quote in quotes])
    rest = _rest_of_runs(found.runs, chosen, language, folded.text)
    return sorted((*chosen, *rest), key=lambda item: item.outer_start)


def _inside_a_longer_name(
    item: Item, runs: Sequence[Item], starts: Sequence[int], plain: str, table: EntityTable
) -> bool:
    """Tell whether a one-word name is part of a longer unknown one: "Kevin Hall" is not the Hall we know.

    Said of persons behind an unknown first name, and of cities known only from GeoNames beside any other capitalised word.
    """
    if item.type not in ("Person", "City", "State") or " " in plain[item.start : item.end]:
        return False
    if item.type == "State":  # a first name that is a state's too: behind no article, before another name
        return _is_first_name(item, runs, plain)
    if item.type == "City" and not table[item.entity].key.startswith("geonames:"):
        return False
    index = bisect.bisect_right(starts, item.start) - 1
    if index < 0 or item.end > runs[index].end:
        return False
    before = plain[runs[index].start : item.start].split()
    after = plain[item.end : runs[index].end].split() if item.type == "City" else []
    return bool(before and before[0] not in _HONORIFICS) or bool(after)


def _is_first_name(item: Item, runs: Sequence[Item], plain: str) -> bool:
    """Tell whether what looks like a state is somebody's first name: no article before it, another name just behind."""
    before = plain[max(0, item.start - 60) : item.start].rsplit(None, 1)[-1:]
    if plain[item.start - 1 : item.start] == "'" or (before and before[0] in _BEFORE_STATES):
        return False
    following = plain[item.end : item.end + 40].split(" ")
    if len(following) < 2 or following[0] or following[1] in _PARTICLES:
        return False
    index = bisect.bisect_left(runs, item.start, key=lambda run: run.start)
    return index < len(runs) and runs[index].start == item.start and runs[index].end > item.end + 2


# What stands before a state that is named: articles and prepositions, folded.
_BEFORE_STATES = frozenset(
    (
        "la",
        "le",
        "les",
        "l'",
        "el",
        "los",
        "du",
        "del",
        "des",
        "de",
        "en",
        "au",
        "aux",
        "a",
        "et",
        "y",
        "the",
        "of",
        "in",
        "and",
        "to",
        "from",
        "for",
        "with",
        "by",
        "por",
    )
)
_HONORIFICS = frozenset(
    ("president", "minister", "mr", "mrs", "ms", "dr", "sir", "chancellor", "king", "premier", "m.", "mme")
)


_NAME_GOES_ON = regex.compile(r" (?:on|for|of|sur|pour) (?:the |an? )?\p{Lu}")
_NAME_AND = regex.compile(r"\p{Lu}[\w'-]+ (?:and|&) $")
# Words a name may have inside, but not at its end: what stood behind them is another item.
_PARTICLES = frozenset(("de", "du", "da", "di", "do", "dos", "del", "la", "le", "y", "von", "van", "der"))


def _rest_of_runs(runs: Sequence[Item], chosen: Sequence[Item], language: Language, plain: str) -> list[Item]:
    """Return the capitalised words that belong to no other item."""
    common = set(language.lexicon.get("common_word", ())) if language.settings["script"] == "Latin" else set()
    common -= set(language.lexicon.get("name_opener", ()))
    courtesy = _courtesy(language)
    spans = [(item.outer_start, item.outer_end) for item in chosen]
    starts = [span[0] for span in spans]
    rest = []
    for run in runs:
        position = run.start
        index = max(0, bisect.bisect_right(starts, position) - 1)
        last = bisect.bisect_left(starts, run.end)
        cuts = [span for span in spans[index:last] if span[1] > run.start]
        for start, end in (*cuts, (run.end, run.end)):
            words = plain[position : max(position, start)]
            stripped = words.strip(" .'-&")
            if stripped:
                left = position + words.index(stripped)
                if (courteous := courtesy.match(stripped)) is not None:  # "S. E. M." is nobody's name
                    left += courteous.end()
                    stripped = stripped[courteous.end() :]
                pieces = stripped.split(" ")
                while pieces and pieces[0] in common:
                    left += len(pieces.pop(0)) + 1
                while pieces and pieces[-1] in _PARTICLES:
                    pieces.pop()
                stripped = " ".join(pieces)
                if len(stripped) > 1:
                    rest.append(Item("Unknown", left, left + len(stripped), value=stripped))
            position = max(position, end)
    return rest


@functools.lru_cache(maxsize=8)
def _courtesy(language: Language) -> Any:
    """Return the courtesies with capitals that stand before a name ("S. E. M.")."""
    return regex.compile(str(language.settings.get("courtesy", r"(?!)")))


def _titles(plain: str, language: Language) -> list[Item]:
    expression, literals = _title_expression(language)
    return [
        Item("Title", m.start(), m.end(), value=m.group())
        for m in expression.within(literals.find(plain), plain)
        if m.end() > m.start()
    ]


@functools.lru_cache(maxsize=8)
def _title_expression(language: Language) -> tuple[Openings, Literals]:
    """Return one expression for all titles, longest alternatives first, and where to look; entries may be regular expressions."""
    forms = [language.expand(str(form)) for form in language.settings.get("titles", [])]
    forms.sort(key=len, reverse=True)
    start = language.settings.get("title_start", r"(?<!\w)")
    expression = rf"{start}(?:{'|'.join(forms)})(?!\w)" if forms else r"(?!)"
    return Openings(regex.compile(expression, regex.POSIX)), Literals(forms, _TITLE_REACH)


def _runs(text: str, folded: Folded, language: Language) -> list[Item]:
    """Return runs of capitalised words (Latin-script languages) or of Latin words (others) as Unknown items."""
    expression = _LATIN_RUN if language.settings["script"] != "Latin" else _RUN
    common = set(language.lexicon.get("common_word", ()))
    openers = set(language.lexicon.get("name_opener", ()))
    nouns = set(language.lexicon.get("name_noun", ()))
    items = []
    for match in expression.finditer(text):
        start, end = to_folded(folded, match.start()), to_folded(folded, match.end())
        words = folded.text[start:end]
        if language.settings["script"] == "Latin":
            # A common word opens a sentence with a capital: it is no name, nor part of one, but for "the New Development Bank".
            opening = _OPENING.search(folded.text[max(0, start - 4) : start]) is not None
            if (elided := _elision(language).match(words)) is not None:  # "L'ONU": the article is no part of the name
                start += elided.end()
                words = words[elided.end() :]
                if start < end and not text[folded.offsets[start]].isupper():  # "L'avenir": no name at all
                    start += len(words.split(" ", 1)[0]) + 1
                    words = folded.text[start:end] if start < end else ""
            while words:
                first = words.split(" ", 1)[0]
                if first.rstrip(".'") not in common or (first in openers and words.count(" ") > (1 if opening else 0)):
                    break
                if first in nouns and words == first and not opening and _is_composed(text, match):
                    break  # "the Statement on Safe AI", "Institute of Science and Technology"
                start += len(first) + 1
                words = folded.text[start:end] if start < end else ""
                opening = False  # only the first word owes its capital to the sentence
        for part_start, part in _owner_and_owned(start, words.rstrip(" ."), language):
            if len(part) > 1:
                items.append(Item("Unknown", part_start, part_start + len(part), value=part))
    return items if language.settings["script"] != "Latin" else _not_just_first_words(items, text, folded, language)


def _is_composed(text: str, word: Any) -> bool:
    """Tell whether a capitalised common word goes on with another name or comes after one."""
    return _NAME_GOES_ON.match(text, word.end()) is not None or _NAME_AND.search(text, 0, word.start()) is not None


@functools.lru_cache(maxsize=8)
def _elision(language: Language) -> Any:
    """Return what is glued to the front of a word and no part of it."""
    return regex.compile(str(language.settings.get("elision", r"(?!)")))


def _owner_and_owned(start: int, words: str, language: Language) -> Iterator[tuple[int, str]]:
    """Yield the names in a run of capitalised words: two in "Suez's HydroNext", one in "Women's Forum"."""
    mark = str(language.settings.get("possessive", ""))
    left, found, right = words.rpartition(f"{mark} ") if mark else ("", "", "")
    if found and left.rsplit(" ", 1)[-1] not in language.lexicon.get("possessive_noun", ()):
        yield start, left
        yield start + len(left) + len(found), right
    else:
        yield start, words


_OPENING = regex.compile(r"(?:^|[.!?\n\"]|: |[-*•] )\s*\Z")


@functools.lru_cache(maxsize=8)
def _subject_follows(language: Language) -> Any:
    """Return what only a name is followed by: a verb, where the language gives every common noun an article."""
    return regex.compile(rf"(?:{language.expand(str(language.settings.get('name_followed_by', '(?!)')))})(?!\w)")


def _not_just_first_words(items: list[Item], text: str, folded: Folded, language: Language) -> list[Item]:
    """Drop single words that are capitalised only because they open a sentence: nothing says that they are names."""
    plain, follows = folded.text, _subject_follows(language)
    opening = [_OPENING.search(plain[max(0, item.start - 6) : item.start]) is not None for item in items]
    inside = {word for item, first in zip(items, opening, strict=True) if not first for word in str(item.value).split()}
    kept = []
    for item, first in zip(items, opening, strict=True):
        word = str(item.value)
        shown = text[folded.offsets[item.start] : folded.offsets[item.end - 1] + 1]
        telling = " " in word or word in inside or not shown[1:].islower() or not shown.isalpha()
        telling = telling or follows.match(plain, item.end) is not None
        if not first or telling:
            kept.append(item)
    return kept


def _resolve(found: Sequence[Item], quotes: Sequence[Item]) -> list[Item]:
    """Choose among overlapping items: a quotation hides what is inside unless it is exactly one name; else leftmost longest."""
    chosen: list[Item] = []
    position = 0
    hidden = sorted(quotes, key=lambda item: item.start)
    exact = {(item.start, item.end): item for item in reversed(found) if item.entity and item.type != "Demonym"}
    merged: list[Item] = []
    for quote in hidden:
        inner = quote.parts[0]
        same = exact.get((inner.start, inner.end))
        if same is not None:
            merged.append(Item(same.type, inner.start, inner.end, same.entity, same.value, quote.start, quote.end))
            merged[-1].parts = [quote]
        else:
            merged.append(quote)
    spans = [(item.outer_start, item.outer_end) for item in merged]
    starts = [span[0] for span in spans]

    def inside(item: Item) -> bool:
        index = bisect.bisect_right(starts, item.start) - 1
        return (index >= 0 and item.start < spans[index][1]) or any(
            item.start < s < item.end for s in starts[max(0, index) : index + 3]
        )

    free = [item for item in found if not inside(item)]
    everything = sorted(
        (*free, *merged),
        key=lambda item: (item.outer_start, -(item.outer_end - item.outer_start), _PRIORITY.get(item.type, 4)),
    )
    for item in everything:
        if item.outer_start >= position:
            chosen.append(item)
            position = item.outer_end
        elif item.end <= position and chosen[-1].type == "Summit" and item.type in _INSIDE_A_SUMMIT:
            chosen[-1].parts.append(item)  # its place and year are in its name
    return chosen

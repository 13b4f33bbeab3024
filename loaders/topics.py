"""Which summit a text is telling of, sentence by sentence, and why.

A text has a main summit; others are *mentioned* beside it (what it followed, what comes next) or become the *topic* of a stretch
of text because its sentences open with them. "The summit", "it" and sentences without a summit word go with the topic, never with a
mere mention: attention moves with what sentences are about, not with the last name (centering, Grosz, Joshi and Weinstein 1995).
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import regex

from . import summits
from .annotate import Annotated
from .entities import Draft, EntityTable
from .items import CODE, Item, codes
from .normalise import fold
from .rules import Language

_OPENING = 400  # characters; what a text is about is said by then
_AT_LENGTH = 200  # characters from which a paragraph about another summit is more than an aside
_LEAD = 45  # cells a sentence may have before the summit it opens with
_LEAD_WORDS = 6
_NAMED_BY = ("Person", "Declaration", "Document")  # what has a summit in its title
_ACTORS = regex.compile(f"[{codes('Person|Pronoun|Quote|Summit')}]")
_CLAUSE = regex.compile(r"[;:]|, (?=and |but |while )")


@dataclass(frozen=True, slots=True)
class Topic:
    """The summit that sentences without another are about."""

    summit: Draft
    reason: str
    strong: bool = False  # it opens sentences, rather than being named in them
    heading: bool = False  # it stands over what follows


class Topics:
    """Follows the topic through the sentences of one reading."""

    def __init__(self, language: Language, table: EntityTable) -> None:
        self.table = table
        self.main: Draft | None = None
        self.others: Collection[str] = ()  # ids of editions known only as what comes before or after
        self.background: dict[str, int] = {}  # where summits stand that a text brings up beside another, by id
        self.opened: Counter[str] = Counter()  # paragraphs that open with a summit, by its id, from the first reading
        self.current: Topic | None = None
        self._language = language
        self._paragraph = -1
        self._sentences = self._length = 0  # of the paragraph

    def note(self, sentence: Annotated, *, first: bool) -> None:
        """Weigh the summits of a sentence (first reading): what headings and openings name is what a text is about."""
        for cell, item in enumerate(sentence.items):
            if item is not None and item.type in _NAMED_BY and item.start < _OPENING:
                for part in item.parts:  # "the president of COP29", "the final statement of the Paris summit"
                    if part.type == "Summit" and part.entity:
                        self.table[part.entity].told += 2
            if item is None or item.type != "Summit" or not item.entity:
                continue
            draft = self.table[item.entity]
            opens = self.opens_with(sentence, cell)
            if is_mentioned(sentence, cell, self._language):
                if not draft.told:
                    self.background.setdefault(draft.id, item.start)
                continue
            draft.told += 1 + opens + 2 * (item.start < _OPENING) + 2 * (first and sentence.heading)
            if opens and not sentence.heading and sentence.paragraph != self._paragraph:
                self.opened[draft.id] += 1
        if not sentence.heading:
            self._paragraph = sentence.paragraph

    @functools.cached_property
    def overview(self) -> bool:
        """Tell whether the text goes from one summit to the next, paragraph by paragraph."""
        opened = {draft.id: draft for draft in map(self.table.__getitem__, self.opened) if not self.is_other(draft)}
        main = self.main
        return (
            main is not None
            and sum(summits.apart(draft, main, self.table, self._language) for draft in opened.values()) > 1
        )

    def neighbours(self) -> set[str]:
        """Return the ids of the summits that are only called by their place beside another."""
        neighbour = _neighbour(self._language)
        drafts = [draft for draft in self.table.all() if draft.kind == "Summit"]
        return {d.id for d in drafts if d.names and all(neighbour.search(fold(words)) for words, _, _ in d.names)}

    def start(self) -> None:
        """Begin the second reading."""
        self._paragraph, self._sentences = -1, 0
        self.current = Topic(self.main, "the text is about it") if self.main else None

    def enter(self, sentence: Annotated) -> None:
        """Settle the topic before a sentence is read: a new paragraph comes back to the main summit, but in an overview."""
        if sentence.paragraph != self._paragraph:
            stays = self._stays()
            self._paragraph, self._sentences, self._length = sentence.paragraph, 0, 0
            if self.main and not stays:
                self.current = Topic(self.main, "a new paragraph, and the text is about it")
        self._sentences += 1
        self._length += sentence.ends[-1] - sentence.starts[0] if sentence.chars else 0
        for cell, item in enumerate(sentence.items):
            if item is not None and self.is_told(item, sentence, cell) and self.opens_with(sentence, cell):
                strong = sentence.heading or self._sentences == 1 or self.overview
                reason = "a heading names it" if sentence.heading else "the sentence opens with it"
                under = self.current is not None and self.current.heading and self.current.summit.id == item.entity
                heading = sentence.heading and sentence.number > 0
                self.current = Topic(self.table[item.entity], reason, strong, heading or under)
                return

    def _stays(self) -> bool:
        """Tell whether the next paragraph goes on with the topic of the one before: another summit, told of at length."""
        if self.current is None or not self.current.strong:
            return False
        if not (self.overview or self.current.heading or self._length > _AT_LENGTH):
            return False
        return self.main is not None and summits.apart(self.current.summit, self.main, self.table, self._language)

    def leave(self, sentence: Annotated) -> None:
        """Settle the topic behind a sentence: the main summit it names, else the only other one it tells of."""
        told = {
            draft.id: draft
            for cell, item in enumerate(sentence.items)
            if item is not None and not item.anaphor and self.is_told(item, sentence, cell)
            for draft in (self.table[item.entity],)
        }
        if sentence.heading or not told or (self.current and self.current.summit.id in told):
            return
        if self.main and self.main.id in told:
            self.current = Topic(self.main, "named last, and the text is about it")
        elif len(told) == 1:
            (summit,) = told.values()
            self.current = Topic(summit, "named last")

    def is_told(self, item: Item, sentence: Annotated, cell: int) -> bool:
        """Tell whether an item is a summit that its sentence tells of, rather than one it only mentions."""
        if item.type != "Summit" or not item.entity:
            return False
        draft = self.table[item.entity]
        if draft is self.main:
            return True
        return not self.is_other(draft) and not is_mentioned(sentence, cell, self._language)

    def is_other(self, draft: Draft) -> bool:
        """Tell whether a summit is known only as what comes before or after another."""
        return draft is not self.main and any(self.table[i] is draft for i in self.others)

    def in_sentence(self, sentence: Annotated, stop: int) -> Draft | None:
        """Return the summit that a sentence has told of before cell *stop*, the main one rather than another."""
        told = [
            self.table[item.entity]
            for cell, item in enumerate(sentence.items[:stop])
            if item is not None and self.is_told(item, sentence, cell)
        ]
        return self.main if self.main in told else told[-1] if told else None

    def opens_with(self, sentence: Annotated, cell: int) -> bool:
        """Tell whether a sentence opens with what stands in *cell*: nothing but a few words, dates and places before it."""
        before = sentence.text[:cell]
        return cell <= _LEAD and len(before.split()) <= _LEAD_WORDS and not _ACTORS.search(before)


def is_mentioned(sentence: Annotated, cell: int, language: Language) -> bool:
    """Tell whether what stands in *cell* is only what something else came after, before or is compared with."""
    if _mention(language).search(sentence.text, max(0, cell - 60), cell) is not None:
        return True
    before, behind = _background(language)
    return behind.match(sentence.text, cell + 1) is not None and before.search(sentence.text, 0, cell) is not None


@functools.lru_cache(maxsize=8)
def _mention(language: Language) -> Any:
    """Return what stands before a summit that is mentioned and not told of; up to three words between."""
    words = language.expand(str(language.settings.get("mention_before", r"(?!)")))
    return regex.compile(rf"(?<!\w)(?:{words})(?: [^\s,;.:،؛{CODE['Summit']}]+){{0,3}}? ?$")


@functools.lru_cache(maxsize=8)
def _background(language: Language) -> tuple[Any, Any]:
    """Return what stands before and behind a summit that is told of as past when the one of the text took place: "had been held"."""
    before, behind = (
        language.expand(str(language.settings.get(name, r"(?!)")))
        for name in ("background_before", "background_behind")
    )
    return regex.compile(rf"(?<!\w)(?:{before}) $"), regex.compile(behind)


@functools.lru_cache(maxsize=8)
def _neighbour(language: Language) -> Any:
    """Return the words that make a name of what it is a neighbour of: "the previous session"."""
    words = language.expand(str(language.settings.get("neighbour_edition", r"(?!)")))
    return regex.compile(rf"(?<!\w)(?:{words})(?!\w)")


def is_passed_over(topics: Topics, sentence: Annotated, start: int, end: int) -> bool:
    """Tell whether cells [start, end) begin with a summit that is only mentioned and go on to one that is told of."""
    cells = [c for c in range(start, end) if (item := sentence.items[c]) is not None and item.type == "Summit"]
    told = [topics.is_told(item, sentence, c) for c in cells if (item := sentence.items[c]) is not None]
    return len(told) > 1 and cells[0] == start and not told[0] and any(told[1:])


def same_clause(sentence: Annotated, start: int, end: int) -> bool:
    """Tell whether no clause ends between two cells."""
    return _CLAUSE.search(sentence.text, start, end) is None


def main_summit(table: EntityTable, others: Iterable[str]) -> Draft | None:
    """Return the summit a text is about: not one of *others*, with a name, and told of most and first."""
    neighbours = {table[i].id for i in others}
    drafts: Sequence[Draft] = [draft for draft in table.all() if draft.kind == "Summit"]

    def weight(draft: Draft) -> tuple[bool, bool, bool, float, int]:
        first = min((start for start, _ in draft.mentions), default=0)
        return (draft.id not in neighbours, draft.told > 0, not draft.description, draft.told, -first)

    return max(drafts, key=weight, default=None)

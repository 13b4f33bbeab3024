"""What a text is speaking of: whom "he" means, which summit "the summit" is, what a sentence without a subject is about."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Sequence
from typing import Any

import regex

from . import summits
from .annotate import Annotated, Match
from .entities import Draft, EntityTable
from .items import CODE, ENTITY_TYPES, GROUPS, ORGANIZATIONS, Item
from .normalise import fold
from .rules import Language, Pattern
from .topics import Topics, same_clause

# Kinds of things that a text calls by the noun of their names: "the network", "this charter".
_SHORTENED = frozenset((*GROUPS["Init"], *GROUPS["Doc"], *GROUPS["Tech"]))
_OPENING = 400  # characters; what a text is about is said by then
# What ``@signed`` and its like look for: whose number or names the text has just given.
_COUNTED = {"signed": "Signatories", "backed": "Supporters", "attended": "Attendees"}


class Discourse:
    """Remembers what the sentences read so far spoke of."""

    def __init__(self, language: Language, table: EntityTable) -> None:
        self.language = language
        self.table = table
        self.topics = Topics(language, table)
        self.recent: list[tuple[str, int]] = []  # entity id, paragraph
        self.sentence_before: Annotated | None = None
        self.persons: Sequence[Item] = []  # of the last sentence that speaks of any
        self.topic: tuple[str, int] | None = None  # what the last sentence spoke of first, and its paragraph
        self.last_speaker = ""
        self.last_giver = ""  # who promised the sum spoken of
        self.last_person = ""  # the last speaker that is one
        self.employer: dict[str, str] = {}  # of a person, the company or institute last said to be theirs
        self.counted: tuple[str, str, int] = ("", "", -9)  # who was counted last, of what, in which sentence
        self._personal = _personal_verb(language)
        self._definite = _definite(language)
        self._definite_before = _definite_before(language)

    @property
    def main(self) -> Draft | None:
        """The summit the text is about."""
        return self.topics.main

    @main.setter
    def main(self, draft: Draft | None) -> None:
        self.topics.main = draft

    def follows(self, pattern: Pattern, sentence: Annotated) -> bool:
        """Tell whether the sentence before is what *pattern* has to stand behind, if it says so."""
        if pattern.after is None and pattern.unless_after is None:
            return True
        before = self.sentence_before
        text = before.text if before is not None and before.paragraph >= sentence.paragraph - 1 else ""
        if pattern.after is not None and pattern.after.search(text) is None:
            return False
        return pattern.unless_after is None or pattern.unless_after.search(text) is None

    def enter(self, sentence: Annotated) -> None:
        """Begin with the next sentence, when its names are known."""
        self.topics.enter(sentence)

    def resolve(self, sentence: Annotated) -> None:
        """Put what they mean in the place of anaphors."""
        self._short_forms(sentence)
        for anaphor in self.language.anaphors:
            if anaphor.requires & sentence.present != anaphor.requires:
                continue
            position = 0
            while (found := anaphor.regex.search(sentence.text, position)) is not None:
                draft = self._antecedent(anaphor.types, anaphor.which, sentence, found.start())
                position = found.end()
                if draft is None and anaphor.new and self._told_of_money():
                    draft = self.table.described(found.group(), anaphor.new)
                if draft is None:
                    continue
                start, end = sentence.starts[found.start()], sentence.ends[found.end() - 1]
                kind = draft.kind if draft.kind in CODE else anaphor.types[0]
                if kind == "Person" and draft.description and not draft.names:
                    kind = "Pronoun"  # nobody says who it is
                sentence.replace(found.start(), found.end(), Item(kind, start, end, draft.id, anaphor=True))
                position = found.start() + 1

    def _told_of_money(self) -> bool:
        """Tell whether the sentence before gave a sum: "12 million in grants. The programme ..." is about those."""
        earlier = self.sentence_before.items if self.sentence_before else []
        return any(item is not None and item.type == "Money" for item in earlier)

    def _short_forms(self, sentence: Annotated) -> None:
        """Let "the network" mean the last thing the text has called a network, whatever is spoken of beside it."""
        position = 0
        while (found := self._definite.search(sentence.text, position)) is not None:
            position = found.end()
            draft = self._called(found["noun"], sentence, found.start())
            if draft is not None and draft.kind in CODE:
                start, end = sentence.starts[found.start()], sentence.ends[found.end() - 1]
                item = Item(draft.kind, start, end, draft.id, anaphor=True)
                sentence.replace(found.start(), found.end(), item)
                position = found.start() + 1
        for cell, unknown in enumerate(sentence.items):
            if unknown is None or unknown.type != "Unknown" or not self._definite_before.search(sentence.text, 0, cell):
                continue  # "the Commons" of "the Open Weather Commons", a noun no list has
            words = fold(str(unknown.value))
            draft = self._called(words, sentence, cell, last=True) if " " not in words else None
            if draft is not None and draft.kind in CODE:
                item = Item(draft.kind, unknown.start, unknown.end, draft.id, anaphor=True)
                sentence.replace(cell, cell + 1, item)

    def _called(self, noun: str, sentence: Annotated, cell: int, *, last: bool = False) -> Draft | None:
        """Return the initiative, document or technology named last before *cell* whose name has *noun* in it (*last*: at its end).

        None where the sentence before has brought up another of the sort: "a coalition of firms ... . The coalition ...".
        """
        if not last and self.sentence_before is not None and noun in self.sentence_before.text.split():
            return None
        before = [(item.entity, 0) for item in sentence.items[:cell] if item is not None and item.entity]
        for entity, _ in reversed([*self._lately(sentence.paragraph - 2), *before]):
            draft = self.table[entity]
            if draft.kind not in _SHORTENED:
                continue
            if any(fold(w).endswith(f" {noun}") if last else noun in _words_of(w) for w, _, _ in draft.names):
                return draft
        return None

    def _antecedent(self, types: Sequence[str], which: str, sentence: Annotated, cell: int) -> Draft | None:
        if which == "first":
            first = summits.earliest(self.table)
            return first if first is not self.main else None
        if which == "opening":  # "a summit" with which a text begins is what it is about
            here = any(item is not None and item.type == "Summit" for item in sentence.items)
            return self.main if not here and sentence.starts[cell] < _OPENING else None
        if which in ("last", "previous"):  # named last, here or in the sentence before; or in that one only
            known = [item for item in sentence.items[:cell] if item is not None] if which == "last" else []
            earlier = self.sentence_before.items if self.sentence_before else []
            fitting = [item for item in (*earlier, *known) if item is not None and item.entity and item.type in types]
            return self.table[fitting[-1].entity] if fitting else None
        if which == "topic":
            return self._topic(types, sentence)
        if "Summit" in types:
            return self.topics.in_sentence(sentence, cell) or self._told()
        before = [item for item in sentence.items[:cell] if item is not None and item.entity and item.type in types]
        if before and which != "subject":
            return self.table[before[-1].entity]
        if which == "subject":
            return self._subject(sentence, cell)
        if "Company" in types and (subject := self._acting(self.sentence_before, types)) is not None:
            return subject
        for entity, _ in reversed(self._lately(sentence.paragraph - 6)):
            if self.table[entity].kind in types:
                return self.table[entity]
        if any(kind in ("Declaration", "Report") for kind in types):
            return next((draft for draft in self.table.all() if draft.kind in types), None)
        return None

    def _told(self) -> Draft | None:
        """Return the summit that the text is telling of."""
        return self.topics.current.summit if self.topics.current else self.main

    def _topic(self, types: Sequence[str], sentence: Annotated) -> Draft | None:
        """Return what the sentence before, in the same paragraph, spoke of first, if it can be an "it"."""
        if self.topic is None or self.topic[1] != sentence.paragraph:
            return None
        draft = self.table[self.topic[0]]
        return draft if draft.kind in types else None

    def _subject(self, sentence: Annotated, cell: int) -> Draft | None:
        """Return whom "he" means: the subject of the sentence before, else who spoke last, unless it went on to a thing."""
        subject = self._grammatical_subject(sentence, cell) or self._grammatical_subject(self.sentence_before)
        if subject is not None:
            return subject
        between = (
            {item.type for item in self.sentence_before.items if item is not None} if self.sentence_before else set()
        )
        if not between & {"Person", "Quote"} and between & {"Declaration", "Report", *GROUPS["Init"], *ORGANIZATIONS}:
            return None
        named = [self.table[item.entity] for item in self.persons if item.entity]
        speaker = self.last_speaker
        spoken = any(i == speaker for i, _ in self._lately(sentence.paragraph - 1))
        if speaker and spoken and self.table[speaker].kind == "Person":
            if len(named) == 1 and named[0].id != self.table[speaker].id:
                return named[0]
            return self.table[speaker]
        return None

    def _grammatical_subject(self, sentence: Annotated | None, stop: int | None = None) -> Draft | None:
        """Return the first person of a sentence (before cell *stop*) that stands behind no preposition; languages with a grammar."""
        grammar = self.language.grammar
        if sentence is None or grammar is None or (grammar.verb_first and stop is None):
            return None
        for cell, item in enumerate(sentence.items[:stop]):
            if item is None or item.type not in ("Person", "Pronoun") or not item.entity:
                continue
            if grammar.preposition.search(grammar.determiner.sub("", sentence.text[:cell])) is None:
                return self.table[item.entity]
        return None

    def _acting(self, sentence: Annotated | None, types: Sequence[str]) -> Draft | None:
        """Return the first of *types* in a sentence that stands behind no preposition: who "the firm" was doing it."""
        grammar = self.language.grammar
        if sentence is None or grammar is None or grammar.verb_first:
            return None
        for cell, item in enumerate(sentence.items):
            if item is None or item.type not in types or not item.entity:
                continue
            if grammar.preposition.search(grammar.determiner.sub("", sentence.text[:cell])) is None:
                return self.table[item.entity]
        return None

    def _lately(self, paragraph: int) -> list[tuple[str, int]]:
        """Return what was spoken of from *paragraph* on, in order, with the paragraphs."""
        first = bisect.bisect_left(self.recent, paragraph, key=lambda entry: entry[1])
        return self.recent[first:]

    def remember(self, sentence: Annotated) -> None:
        persons = []
        named = [item for item in sentence.items if item is not None and item.type in ENTITY_TYPES and item.entity]
        first = next((item for item in named if item.type != "Person"), None)
        if first is not None and not sentence.heading:
            self.topic = (first.entity, sentence.paragraph)
        for item in sentence.items:
            if item is not None and item.entity and item.type in ENTITY_TYPES:
                self.recent.append((item.entity, sentence.paragraph))
                if item.type == "Person":
                    persons.append(item)
        self.persons = persons or self.persons

    def leave(self, sentence: Annotated) -> None:
        """Go on to the next sentence."""
        self.topics.leave(sentence)
        if not sentence.heading:
            self.sentence_before = sentence

    def spoke(self, speaker: str) -> None:
        """Note who has just said something."""
        self.last_speaker = speaker
        if self.table[speaker].kind == "Person":
            self.last_person = speaker

    def speaker(self, match: Match) -> str:
        """Return who spoke last; the last person where the verb cannot be said of an organisation."""
        if self._personal.match(match.sentence.text[match.start : match.end]) and self.last_person:
            return self.last_person
        return self.last_speaker

    def _summit_of(self, match: Match, *, nearest: bool) -> Draft | None:
        """Return the summit of its own sentence that a match speaks of; None where the sentence tells of none.

        A summit that is only mentioned has what its own clause says behind it, no more.
        """
        sentence = match.sentence
        told: list[Draft] = []
        before: list[tuple[int, Draft]] = []
        behind: list[Draft] = []
        for cell, item in enumerate(sentence.items):
            if item is None or item.type != "Summit" or not item.entity:
                continue
            draft = self.table[item.entity]
            if match.start <= cell < match.end:
                return draft
            if self.topics.is_told(item, sentence, cell):
                told.append(draft) if cell < match.start else behind.append(draft)
            elif cell < match.start:
                before.append((cell, draft))
        if before and same_clause(sentence, before[-1][0], match.start):
            between = sentence.text[before[-1][0] + 1 : match.start].strip(" ,،")
            if nearest or not told or not between or self._relative(between):
                return before[-1][1]  # "the summit of X, which was held in Y"
        if not nearest and self.main in told:
            return self.main
        return told[-1] if told else behind[0] if behind else None

    def held_in(self, place: str) -> str:
        """Return the id of the summit that a text calls by its place ("commissioned at Bletchley"); nothing if none was there."""
        where = self.table[place].id
        summits_there = [
            draft
            for draft in self.table.all()
            if draft.kind == "Summit" and where in {self.table[p].id for p in (*draft.own_cities, *draft.places)}
        ]
        return summits_there[0].id if summits_there else ""

    def _relative(self, words: str) -> bool:
        """Tell whether *words* begin a relative clause."""
        grammar = self.language.grammar
        return grammar is not None and grammar.relative_subject.match(words) is not None

    def context(self, name: str, match: Match) -> str:
        """Return the id of what *name* (``summit``, ``speaker`` …) means where *match* stands, or nothing."""
        if name in ("summit", "nearest"):
            if draft := self._summit_of(match, nearest=name == "nearest"):
                return draft.id
            told = self._told()
            return told.id if told else ""
        if name == "main":
            told = self._told() if self.topics.overview else self.main
            return told.id if told else ""
        if name == "giver":
            return self.last_giver
        if name in _COUNTED:  # "31 states signed it. They include A and B"
            of, entity, number = self.counted
            return entity if of == _COUNTED[name] and 0 <= match.sentence.number - number <= 1 else ""
        if name == "earlier":  # of the sentence before: "Organised by X, it followed the summit of Y"
            earlier = self.sentence_before.items if self.sentence_before is not None else []
            found = [item for item in earlier if item is not None and item.type == "Summit" and item.entity]
            return self.table[found[-1].entity].id if found else self.main.id if self.main else ""
        if name == "speaker":
            subject = self._grammatical_subject(match.sentence, match.start) or self._grammatical_subject(
                self.sentence_before
            )
            if subject is not None:
                return subject.id
            if self.last_speaker:
                return self.speaker(match)
        wanted = {
            "speaker": ("Person",),
            "body": ("State", *ORGANIZATIONS),
            "document": ("Declaration", "Document"),
            "organization": ("Company", "Organization", "Foundation"),
            "initiative": ("Initiative", "Coalition", "Foundation"),
            "report": ("Report",),
        }.get(name, ())
        here = [
            item
            for item in match.sentence.items[: match.start]
            if item is not None
            and item.type in wanted
            and item.entity
            and (item.type != "Foundation" or name != "initiative")
        ]
        if name == "body":  # "its chair": of the one body the sentence has spoken of
            bodies = {self.table[item.entity].id for item in here}
            return next(iter(bodies)) if len(bodies) == 1 else ""
        if here:
            return self.table[here[-1].entity].id
        behind = {
            self.table[item.entity].id
            for item in match.sentence.items[match.end :]
            if item is not None
            and item.type in wanted
            and item.entity
            and name in ("document", "initiative")
            and (item.type != "Foundation" or name != "initiative")
        }
        if len(behind) == 1:  # "India, Kenya and Chile among them, they backed the charter"
            return behind.pop()
        earlier = self.sentence_before.items if self.sentence_before is not None else []
        before = [item for item in earlier if item is not None and item.type in wanted and item.entity]
        if name == "initiative":  # a foundation is more often who gives than what is given to
            before = [item for item in before if item.type != "Foundation"] or before
        if before:
            return self.table[before[0 if name == "initiative" else -1].entity].id
        for entity, _ in reversed(self._lately(match.sentence.paragraph - 1)):
            if self.table[entity].kind in wanted:
                return self.table[entity].id
        return ""


@functools.lru_cache(maxsize=8)
def _personal_verb(language: Language) -> Any:
    """Return the verbs that only a person can be the subject of."""
    return regex.compile(language.expand(str(language.settings.get("personal_verb", "(?!)"))))


@functools.lru_cache(maxsize=8)
def _definite(language: Language) -> Any:
    """Return how a thing is called by the ``noun`` of its name: ``definite`` of the language and a word of ``short_noun``."""
    nouns = language.groups.get("short_noun", r"(?!)")
    before = language.expand(str(language.settings.get("definite", r"(?!)")))
    start = language.settings.get("anaphor_start", r"(?<!\w)")
    return regex.compile(
        rf"{start}(?:{before})(?P<noun>{nouns})(?!\w)(?! (?:of|de|du|des|for|pour|on|sur|against|contre)(?!\w))"
    )


@functools.lru_cache(maxsize=8)
def _definite_before(language: Language) -> Any:
    """Return what makes definite the word behind it."""
    before = language.expand(str(language.settings.get("definite", r"(?!)")))
    return regex.compile(rf"(?<!\w)(?:{before})$")


def _words_of(name: str) -> frozenset[str]:
    """Return the folded words of a name, Arabic ones without article and prepositions too."""
    words = fold(name).replace("'", " ").split()
    return frozenset((*words, *map(summits.bare, words)))

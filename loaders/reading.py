"""One document in one language is read twice: the first reading learns names, the second states facts."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import regex

from summitgraph.graph.records import Document, Extraction, Finding

from . import clauses, findings, lead, learned, members, merging, mishaps, spans, summits
from .about import is_about_summits
from .annotate import Annotated, Match, matches, rewrite
from .candidates import Scene
from .core import core
from .discourse import Discourse
from .entities import EntityTable
from .facts import Builder
from .factuality import as_planned, supposed
from .gazetteer import Gazetteer, NameEntry
from .items import Item
from .naming import Namer
from .pieces import Stated
from .recognise import Found, recognise, relative_days
from .results import entities
from .rules import Language, Pattern
from .sentences import Sentences
from .source import Source
from .templates import fold_template
from .titled import titled_summit
from .topics import is_passed_over, main_summit
from .unnamed import speaks_of_peaks, unnamed_summit
from .years import fill_years, goal_year

_ASIDES = [regex.compile(expression) for expression in (r" ?\([^()]*\)", r" ?\[\d+\]?", r" \[")]


class Reader:
    """Reads one document in one language."""

    def __init__(self, document: Document, language: Language) -> None:
        self.language = language
        self.source = Source(document, language)
        self.table = EntityTable()
        self.sentences = Sentences(self.source, self.table)
        self.discourse = Discourse(language, self.table)
        self.builder = Builder(self.source, self.table, self.discourse)
        self.vain: dict[str, set[int]] = {}  # by sentence, the name patterns that are nowhere in it
        self.namer = Namer(self.source, self.table, self.builder, self.discourse)
        self._scene = Scene(self.table, None, language)
        self._counted: list[tuple[Item, str, str, int]] = []  # in this sentence: the number, what it counts, of what
        self._facts_before = 0  # how many there were before the sentence
        self._used: dict[str, set[int]] = {}  # of a sentence: the items that patterns have stated each kind of fact of

    def read(self) -> Extraction:
        """Read twice and return what was found; nothing at all when no summit turns up."""
        document, folded = self.source.document, self.source.folded
        year = str(document.published.year) if document.published else ""
        found = recognise(document.text, folded, self.language, self.table, year, document.published)
        if not self._learn(found):
            return Extraction(document)
        main = self.discourse.main
        self._scene = Scene(self.table, main, self.language)
        if main and main.year and not year:
            dates = [item for item in found.items if item.type == "Date"]
            fill_years(dates, main.year)
            if not any(item.anaphor for item in dates):  # a dateline without a year
                found.items.extend(relative_days(dates, folded.text, self.language))
        sentences = self.sentences.annotated(found, merging.aliases(self.table, self.language))
        self.sentences.forget()
        self.discourse.topics.start()
        for sentence in sentences:
            self._state(sentence)
        if main:
            lead.state(sentences, main, self.table, self.builder, self.language)
        lead.years(self.table, self.builder)
        reported = findings.counts(sentences, self.language, folded.original)
        reported += findings.cut_sentences(document.text, sentences, folded.original)
        self.builder.settle()
        summits.date_by_facts(self.table, self.builder.facts)
        summits.name_known_editions(self.table, self.language)
        self.builder.follow_merges()
        facts = tuple(self.builder.facts)
        if not is_about_summits(self.sentences, self.table, facts):
            return Extraction(document)
        reported += self.builder.findings
        found_entities = entities(self.source, self.table, facts)
        return Extraction(document, found_entities, facts, _in_order(reported), self.builder.given_up)

    def _learn(self, found: Found) -> bool:
        """Read for names, and settle which of them are one; tell whether the text speaks of a summit."""
        if speaks_of_peaks(self.source):
            return False
        goal = goal_year(self.language)
        titled = titled_summit(self.source, self.table, self.sentences.boundaries)
        over = [(titled[0], NameEntry("#" + titled[1].id, "Summit", lower=True))] if titled else []
        for sentence in self.sentences.annotated(found, Gazetteer(over)):
            rewrite(self.language, sentence, self.namer.learn, self.vain)
            self.sentences.note(sentence)
            summits.note_features(sentence, self.table, goal)
            self.discourse.topics.note(sentence, first=sentence.number == 0)
        named = {draft.id for draft in self.table.all() if draft.kind == "Summit"}
        others = self.namer.other_editions | self.discourse.topics.neighbours()
        background = self.discourse.topics.background
        told = any(self.table[i].told for i in named - others - set(background))
        first = min((place for i, place in background.items() if self.table[i].told), default=None)
        unnamed = not told and unnamed_summit(self.source, self.table, first)
        if not told and not unnamed and not named:
            return False
        if unnamed:  # what was brought up beside it is not what the text is about
            self.namer.other_editions |= set(background)
        self.namer.drop_conferences()
        summits.merge_editions(self.table, self.language)
        summits.name_known_editions(self.table, self.language)
        merging.merge_documents(self.table, self.language)
        merging.merge_initiatives(self.table)
        merging.merge_family_names(self.table)
        self.discourse.topics.others = self.namer.other_editions | self.discourse.topics.neighbours()
        self.discourse.main = main_summit(self.table, self.discourse.topics.others)
        return True

    def _state(self, sentence: Annotated) -> None:
        """Read a sentence for facts."""
        rewrite(self.language, sentence, self.namer.state, self.vain)
        self.discourse.enter(sentence)
        self.discourse.resolve(sentence)
        _drop_brackets(sentence)
        self.sentences.note(sentence)
        self.discourse.remember(sentence)
        self._facts_before = len(self.builder.facts)
        bare = core(sentence, self.language)
        for reading in (sentence, bare) if bare else (sentence,):
            for number in self.language.frame_index.find(reading.present):
                pattern = self.language.frames[number]
                try:
                    self._frame(pattern, reading)
                except Exception as error:  # noqa: BLE001 - one rule must not take the article with it
                    mishaps.note(pattern, error)
        self.learn_from(sentence)
        self._name_members(sentence, bare)
        self._used, self._counted = {}, []
        self.discourse.leave(sentence)

    def learn_from(self, sentence: Annotated) -> None:
        """State what no pattern has stated and the learned weights find likely."""
        stated = self.stated(sentence)
        for match in learned.find(sentence, self._used, self._scene):
            if not is_passed_over(self.discourse.topics, sentence, match.start, match.end):
                self._emit(self._in_line(match))
        for match in spans.find(sentence, stated, self.discourse.sentence_before, self.language):
            self._emit(match)

    def stated(self, sentence: Annotated) -> list[Stated]:
        """Return what the patterns have stated of a sentence, with the cells of its evidence."""
        found = []
        for fact in self.builder.facts[self._facts_before :]:
            span = fact.evidence[-1]
            start = bisect.bisect_left(sentence.ends, self.source.to_folded(span.start) + 1)
            end = bisect.bisect_left(sentence.starts, self.source.to_folded(span.end))
            found.append(Stated(fact.kind, start, end))
        return found

    def _name_members(self, sentence: Annotated, bare: Annotated | None) -> None:
        """State of those named behind a number what was stated of the number."""
        for item, of, about, number in self._counted[:]:
            self.discourse.counted = (of, about, number)
            for reading in (sentence, bare) if bare else (sentence,):
                for match in members.named(reading, item, of, self.language):
                    self._emit(match)
        if (signed := self._used.get("Endorsement")) and self.discourse.counted[2] == sentence.number:
            counted = {id(item) for item, *_ in self._counted}
            for match in members.signing(sentence, signed, self.language):
                if id(sentence.items[match.slots["c"][0]]) not in counted:
                    self._emit(match)

    def _in_line(self, match: Match) -> Match:
        """Return *match* without what stands on other lines than its items: other entries of a list."""
        sentence, text = match.sentence, self.source.folded.text
        cells = sorted(cell for slot in match.slots.values() for cell in slot)
        before = text.rfind("\n", sentence.starts[match.start], sentence.starts[cells[0]])
        behind = text.find("\n", sentence.ends[cells[-1] - 1], sentence.ends[match.end - 1])
        start = next(cell for cell in range(match.start, cells[0] + 1) if sentence.starts[cell] > before)
        end = next((cell for cell in range(cells[-1], match.end) if sentence.starts[cell] >= behind >= 0), match.end)
        return replace(match, start=start, end=end)

    def _frame(self, pattern: Pattern, sentence: Annotated) -> None:
        if not self.discourse.follows(pattern, sentence):
            return
        if pattern.needs is not None and pattern.needs.search(sentence.text) is None:
            return
        if pattern.clause is not None:
            if self.language.grammar is not None:
                for clause in clauses.find(pattern, sentence, self.language.grammar):
                    self._emit(clause)
            return
        position = 0
        while (match := matches(pattern, sentence, position)) is not None:
            if is_passed_over(self.discourse.topics, sentence, match.start, match.end):
                position = match.start + 1  # "unlike the summit of X, the meeting was hosted by Y"
                continue
            self._emit(match)
            position = max(match.end, position + 1)

    def _emit(self, match: Match) -> None:
        if (match.pattern.asserted or not self._denied(match)) and not supposed(match, self.language):
            self.builder.emit(as_planned(match, self.language))
            items = {id(item) for slot in match.slots for item in match.items(slot)}
            if (
                any(kind == "Tally" for kind, _ in match.pattern.emit)
                and self.discourse.counted[2] == match.sentence.number
            ):
                self._counted += [
                    (item, *self.discourse.counted)
                    for slot in match.slots
                    for item in match.items(slot)
                    if item.type == "Count"
                ]
            for kind, _ in match.pattern.emit:
                self._used.setdefault(kind, set()).update(items)

    def _denied(self, match: Match) -> bool:
        """Tell whether the clause is denied or hypothetical: a marker before the match or in its own words."""
        veto = _veto(self.language)
        if veto is None:
            return False
        stop = match.end
        for slot, kind in match.pattern.slots.items():
            if kind.startswith(("Rest", "Clause", "Words")) and slot in match.slots:
                stop = min(stop, match.slots[slot][0])
        return veto.search(match.sentence.text[max(0, match.start - 14) : max(stop, match.start)]) is not None


def _drop_brackets(sentence: Annotated) -> None:
    """Take out what stands in round brackets, and footnote marks: asides that no frame should trip over."""
    if "(" not in sentence.text and "[" not in sentence.text:
        return
    for expression in _ASIDES:
        while (found := expression.search(sentence.text)) is not None:
            sentence.drop(found.start(), found.end())


def _in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings as they stand in the text, each once."""
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: (finding.spans, finding.code)))


@functools.lru_cache(maxsize=8)
def _veto(language: Language) -> Any:
    text = language.settings.get("veto")
    return regex.compile(rf"(?<!\w)(?:{fold_template(str(text))})(?!\w)") if text else None

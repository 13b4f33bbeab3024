"""The extractor: a document in, its entities and facts out. Two readings: the first learns names, the second states facts."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import regex

from summitgraph.graph import records, reference
from summitgraph.graph.records import Document, Entity, Extraction, Finding, Name, Span

from . import clauses, findings, lead, mixed, patterns, summits
from . import language as languages
from .annotate import Annotated, Match, annotate, matches, rewrite
from .core import core
from .entities import Draft, EntityTable, family
from .facts import Builder
from .gazetteer import Gazetteer, NameEntry, is_arabic
from .items import CODE, ENTITY_TYPES, GROUPS, ORGANIZATIONS, VALUE_TYPES, Item
from .normalise import fold, fold_with_offsets
from .patterns import Language, Pattern, fold_template
from .recognise import Found, choose, quotations, recognise, to_folded, without_asides
from .segment import segment
from .values import fill_years


def extract(document: Document) -> Extraction:
    """Return every entity and fact *document* states about summits; a text about no summit gives none.

    The language is the document's, or detected where it is ``und``.
    """
    code = document.language.split("-")[0].lower()
    if code not in patterns.languages():
        code = languages.detect(document.text)
    if code not in patterns.languages():
        return Extraction(document)
    folded = fold(document.text)
    if not any(_summit_words(patterns.load(c)).search(folded) for c in mixed.candidates(document.text, code)):
        return Extraction(document)
    found = []
    for part, text in mixed.parts(document.text, code).items():
        language = patterns.load(part)
        if speaks_of_summits(text, language):
            own = document if text is document.text else replace(document, text=text, language=part)
            found.append(Reader(own, language).read())
    if not found:
        return Extraction(document)
    return found[0] if found[0].document is document else mixed.joined(document, found)


def warm() -> None:
    """Load all that any text needs, once in the life of a process."""
    for code in patterns.languages():
        context = str(patterns.load(code).settings.get("example_context", ""))
        extract(Document(f"{context}.", code))


def speaks_of_summits(text: str, language: Language) -> bool:
    """Tell whether *text* has a word that only texts about summits have; a quick look before the real reading."""
    return _summit_words(language).search(fold(text)) is not None


@functools.lru_cache(maxsize=8)
def _summit_words(language: Language) -> Any:
    return regex.compile(fold_template(str(language.settings["summit_words"])))


_WORDS = regex.compile(r"\w+")
_ASIDES = [regex.compile(expression) for expression in (r" ?\([^()]*\)", r" ?\[\d+\]?", r" \[")]
_BRACKET = regex.compile(r"(?<=\w) ?\([^()]*\)$")
_OPENING = 400  # characters; what a text is about is said by then


@functools.lru_cache(maxsize=8)
def _unnamed(language: Language) -> tuple[Any, Any, Any, Any]:
    """Return what an unnamed summit is called, what such a text speaks of too, what it does not, and clubs that hold summits."""
    names = ("unnamed_summit", "summit_company", "summit_stranger", "summit_club")
    forms = [fold_template(str(language.settings.get(name, r"(?!)"))) for name in names]
    start = str(language.settings.get("anaphor_start", r"(?<!\w)"))
    company, stranger, club = (regex.compile(rf"(?<!\w)[وف]?(?:{form})(?!\w)") for form in forms[1:])
    return regex.compile(rf"{start}(?:{forms[0]})(?!\w)"), company, stranger, club


class Reader:
    """Reads one document in one language."""

    def __init__(self, document: Document, language: Language) -> None:
        self.document = document
        self.language = language
        self.folded = fold_with_offsets(document.text)
        self.table = EntityTable()
        self.quotes = without_asides(quotations(document.text, self.folded), document.text, self.folded, language)
        self.boundaries = segment(document.text)
        self.sentence_spans = [
            (to_folded(self.folded, s.start), to_folded(self.folded, s.end - 1) + 1) for s in self.boundaries
        ]
        self.recent: list[tuple[str, int]] = []  # entity id, paragraph
        self.noted: set[tuple[str, tuple[int, int]]] = set()  # entity id, place
        self.sentence_before: Annotated | None = None
        self.conferences: set[str] = set()  # events that count only where no summit is named
        self.has_summit = False
        self.other_editions: set[str] = set()  # "the next summit": of which none can be what the text is about
        self.persons: Sequence[Item] = []  # of the last sentence that speaks of any
        self.topic: tuple[str, int] | None = None  # what the last sentence spoke of first, and its paragraph
        self.findings: list[Finding] = []
        self.builder = Builder(language, self.table, self.folded.original, document.text, self._context)

    def read(self) -> Extraction:
        """Read twice and return what was found; nothing at all when no summit turns up."""
        year = str(self.document.published.year) if self.document.published else ""
        found = recognise(self.document.text, self.folded, self.language, self.table, year, self.document.published)
        goal = regex.compile(rf"(?<!\w)(?:{fold_template(str(self.language.settings.get('goal_year', '(?!)')))}) ?$")
        for sentence in self._sentences(found, Gazetteer(())):
            rewrite(self.language, sentence, self._learn)
            self._note(sentence)
            summits.note_features(sentence, self.table, goal)
        summit_ids = {draft.id for draft in self.table.all() if draft.kind == "Summit"}
        if not summit_ids - self.other_editions and not self._unnamed_summit() and not summit_ids:
            return Extraction(self.document)
        self._drop_conferences()
        summits.merge_editions(self.table, self.language)
        summits.name_known_editions(self.table, self.language)
        self._merge_documents()
        self._merge_initiatives()
        self._merge_family_names()
        aliases = self._aliases()
        self.main = summits.main_summit(self.table, self.other_editions)
        self.table.clear_mentions()
        self.noted.clear()
        if self.main and self.main.year and not year:
            fill_years([item for item in found.items if item.type == "Date"], self.main.year)
        sentences = self._sentences(found, aliases)
        for sentence in sentences:
            rewrite(self.language, sentence, self._state)
            self._anaphors(sentence)
            self._drop_brackets(sentence)
            self._note(sentence)
            self._remember(sentence)
            sentence.look(self.language.prefilter)
            bare = core(sentence, self.language)
            for reading in (sentence, bare) if bare else (sentence,):
                present = reading.present
                for requires, pattern in self.language.frame_index:
                    if requires & present == requires:
                        self._frame(pattern, reading)
            if not sentence.heading:
                self.sentence_before = sentence
        if self.main:
            lead.state(sentences, self.main, self.table, self.builder, self.language)
        lead.years(self.table, self.builder)
        self.findings += findings.counts(sentences, self.language, self.folded.original)
        self.findings += findings.cut_sentences(self.document.text, sentences, self.folded.original)
        self.builder.settle()
        summits.date_by_facts(self.table, self.builder.facts)
        summits.name_known_editions(self.table, self.language)
        self.builder.follow_merges()
        self.findings += self.builder.findings
        return Extraction(
            self.document,
            self._entities(),
            tuple(self.builder.facts),
            _in_order(self.findings),
            self.builder.given_up,
        )

    def _drop_conferences(self) -> None:
        """Forget conferences and forums where the text names a summit: they are what it is called, or beside the point."""
        drafts = [draft for draft in self.table.all() if draft.kind == "Summit"]
        self.has_summit = any(draft.id not in self.conferences for draft in drafts)
        if self.has_summit:
            for draft in drafts:
                if draft.id in self.conferences and not draft.key:
                    draft.kind = "Topic"

    def _unnamed_summit(self) -> bool:
        """Make a summit of "the summit" where a text that speaks of leaders gives it no name; tell whether it does.

        Where there is not even that word, the club that meets ("the G7") stands for its meeting if the text opens with it.
        """
        phrase, company, stranger, club = _unnamed(self.language)
        text = self.folded.text
        if not company.search(text) or stranger.search(text):
            return False
        found = list(phrase.finditer(text))
        if len(found) < 2 and (not found or found[0].start() > _OPENING):
            many = len(company.findall(text)) > 2
            found = list(club.finditer(text, 0, _OPENING)) or (found if many else [])
        if not found:
            return False
        start, end = found[0].span()
        words = self._original(start, end)
        if (article := _article(self.language).match(words)) is not None and article.end() < len(words):
            words = words[article.end() :]
        draft = self.table.described(words, "Summit")
        draft.mentions.append((start, end))
        return True

    # First step: items and annotated sentences.

    def _sentences(self, found_items: Found, aliases: Gazetteer) -> Sequence[Annotated]:
        items = choose(found_items, self.document.text, self.folded, self.language, self.table, self.quotes, aliases)
        starts = [item.outer_start for item in items]
        found = []
        for number, (boundary, (start, end)) in enumerate(zip(self.boundaries, self.sentence_spans, strict=True)):
            if end - start > 4000:
                continue
            first = bisect.bisect_left(starts, start)
            last = bisect.bisect_left(starts, end)
            inside = [item for item in items[first:last] if item.outer_end <= end]
            sentence = Annotated(number, boundary.paragraph, boundary.heading)
            for item in inside:
                if item.outer_start < item.start:  # a quoted name: the marks belong to it
                    item.start, item.end = item.outer_start, item.outer_end
            annotate(self.folded.text, start, end, inside, sentence)
            for item in inside:
                if item.parts and item.parts[0].type == "Quote" and item.type != "Quote":
                    inner = item.parts[0].parts[0]
                    item.start, item.end = inner.start, inner.end
            sentence.words = self.language.prefilter.words(self.folded.text[start:end])
            sentence.look(self.language.prefilter)
            found.append(sentence)
        return found

    def _note(self, sentence: Annotated) -> None:
        """Record where each entity of the sentence stands."""
        for item in sentence.items:
            if item is None:
                continue
            for member in (item, *item.parts):
                if member.entity and (member.type in ENTITY_TYPES or member.type == "Demonym"):
                    draft = self.table[member.entity]
                    place = (member.start, member.end)
                    if (draft.id, place) not in self.noted:
                        self.noted.add((draft.id, place))
                        draft.mentions.append(place)
                        if not member.anaphor and member.type != "Demonym" and not draft.description:
                            draft.names.append((self.folded.text[member.start : member.end], *place))

    # Second step: name patterns.

    def _learn(self, match: Match) -> Item | None:
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
        if item is not None:
            item.parts += [part for part in self._parts(match) if part is not item]
        for slot, target in pattern.alias.items():
            self._alias(match, slot, target, item)
        return item

    def _state(self, match: Match) -> Item | None:
        """Apply a name pattern and state its facts (second reading)."""
        item = self._learn(match)
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
            return self._holder(match, new["office"], new.get("place", ""))
        if "alone" in new and self.has_summit:
            return None  # a conference, in a text about a summit
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
            if len(items) == 1 and items[0].entity and items[0].type in ENTITY_TYPES and not described:
                return items[0]  # it is known already
            if (
                len(items) == 1
                and items[0].type == "Quote"
                and items[0].parts
                and match.slots[source][1] - match.slots[source][0] == 1
            ):
                start, end = items[0].parts[0].start, items[0].parts[0].end
            else:
                start, end = match.span(source)
        else:
            return None
        words = self._original(start, end)
        if source == "match" and (bracket := _BRACKET.search(words)) is not None:  # "of the African Union (AU)"
            end = to_folded(self.folded, self.folded.original(start, end)[0] + bracket.start())
            words = words[: bracket.start()]
        if (article := _article(self.language).match(words)) is not None and article.end() < len(words):
            start = to_folded(self.folded, self.folded.original(start, end)[0] + article.end())
            words = words[article.end() :]
        kind = new["type"]
        if kind in VALUE_TYPES:  # a longer title: words, no entity
            return Item(kind, start, end, value=self.folded.text[start:end])
        draft = self.table.described(words, kind) if described else self.table.named(words, kind)
        if kind in ENTITY_TYPES and draft.kind != kind and family(kind) == family(draft.kind) and not draft.key:
            kind = draft.kind
        if "alone" in new:
            self.conferences.add(draft.id)
        if described and kind == "Summit":
            self.other_editions.add(draft.id)
        shown = draft.kind if draft.kind in CODE else kind
        item = Item(shown, start, end, draft.id, self.folded.text[start:end], anaphor=bool(described))
        if not described and (start, end) not in draft.mentions:
            draft.names.append((words, start, end))
        if country := new.get("country"):
            for part in match.items(country):
                draft.country = part.entity
        return item

    def _holder(self, match: Match, office: str, place: str) -> Item:
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
            last = {self.table[item.entity].id for item in self.persons if item.entity} | {self.builder.last_speaker}
            holders = [holder for holder in holders if holder in last]
        if holders and (place or len(set(holders)) == 1):
            return Item("Person", start, end, holders[0], anaphor=True)
        if places and (only := self._only_national(places)) is not None:
            return Item("Person", start, end, only.id, anaphor=True)
        if match.pattern.new.get("unnamed"):  # somebody who can say something, though nobody says who it is
            words = self._original(start, end)
            article = _article(self.language).match(words)
            draft = self.table.described(words[article.end() :] if article else words, "Person")
            return Item("Pronoun", start, end, draft.id, anaphor=True)
        return Item("Title", start, end, value=self.folded.text[start:end])  # nobody we know, but not the state either

    def _only_national(self, places: set[str]) -> Draft | None:
        """Return the one person of a country that the text has named so far, as the reference table knows them."""
        known = reference.load().by_qid()
        countries = {self.table[place].key for place in places}
        named = {entity for entity, _ in self.recent if self.table[entity].kind == "Person"}
        found = {
            self.table[entity].id
            for entity in named
            if (row := known.get(self.table[entity].key)) is not None and row.parent in countries
        }
        return self.table[found.pop()] if len(found) == 1 else None

    def _same_office(self, titles: set[str]) -> set[str]:
        """Return *titles* with the other words for the same office (``same_office`` of the language)."""
        groups = [{fold(str(word)) for word in group} for group in self.language.settings.get("same_office", [])]
        return titles | {word for group in groups if any(t in group for t in titles) for word in group}

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
        words = self._original(start, end).strip()
        if words:
            self.table.add_alias(draft, words)
            if (words, start, end) not in draft.names:
                draft.names.append((words, start, end))

    # Between the readings.

    def _aliases(self) -> Gazetteer:
        """Return the names learnt in the first reading, and the short forms of persons, as things to look for."""
        stop = set(self.language.lexicon.get("not_a_name", ())) | set(self.language.lexicon.get("common_word", ()))
        names: dict[str, NameEntry] = {}
        short: dict[str, set[str]] = {}
        for draft in self.table.all():
            for words, _, _ in draft.names:
                text = fold(words).strip()
                if draft.kind in ("Topic", "Principle"):
                    continue
                if not draft.key and len(text) > 2 and text not in stop:
                    names.setdefault(text, NameEntry("#" + draft.id, draft.kind))
                if draft.kind == "Person":
                    for form in _short_forms(text):
                        if form not in stop and len(form) > 2:
                            short.setdefault(form, set()).add(draft.id)
        for form, owners in short.items():
            if len(owners) == 1:
                names.setdefault(form, NameEntry("#" + next(iter(owners)), "Person"))
        return Gazetteer(names.items())

    def _merge_family_names(self) -> None:
        """Merge a person met by family name alone ("Mr Parmelin") into the only one the text names in full."""
        persons = [draft for draft in self.table.all() if draft.kind == "Person"]
        full: dict[str, list[Draft]] = {}
        for draft in persons:
            for form in {form for name, _, _ in draft.names for form in _short_forms(fold(name))}:
                full.setdefault(form, []).append(draft)
        first: dict[str, list[Draft]] = {}  # family names that come first: "Yoon Suk Yeol"
        for draft in persons:
            for form in {fold(name).split()[0] for name, _, _ in draft.names if name.count(" ") > 1}:
                first.setdefault(form, []).append(draft)
        for draft in persons:
            words = {fold(name) for name, _, _ in draft.names}
            owners = {owner.id: owner for word in words for owner in full.get(word, first.get(word, []))}
            if not draft.key and len(owners) == 1 and all(" " not in word for word in words):
                owner = next(iter(owners.values()))
                if owner is not draft:
                    self.table.merge(owner, draft)

    def _merge_documents(self) -> None:
        """Merge declarations that share their telling words: a title and its description are one document."""
        generic = set(self.language.lexicon.get("document_generic", ()))
        kept: list[tuple[Draft, set[str]]] = []
        plain: list[Draft] = []  # "the final declaration"
        for draft in [d for d in self.table.all() if d.kind in ("Declaration", "Report", "Document")]:
            words = {
                w
                for name, _, _ in draft.names
                for full in _WORDS.findall(fold(name))
                if full not in generic and len(w := summits.bare(full)) > 2 and w not in generic
            }
            if not words and not draft.key:
                plain.append(draft)
                continue
            for other, other_words in kept:
                smaller, larger = sorted((words, other_words), key=len)
                if (
                    other.kind == draft.kind
                    and smaller
                    and len(smaller & larger) >= 0.8 * len(smaller)
                    and (len(smaller) > 1 or smaller == larger)
                ):
                    self.table.merge(other, draft)
                    other_words |= words
                    break
            else:
                kept.append((draft, words))
        for draft in plain:
            named = [other for other, _ in kept if other.kind == draft.kind]
            if len(named) == 1 or (not named and draft is not plain[0]):
                self.table.merge(named[0] if named else plain[0], draft)

    def _merge_initiatives(self) -> None:
        """Merge initiatives of which one's name is the other's cut short: "an alliance against hunger"."""
        kept: list[tuple[Draft, set[str]]] = []
        for draft in [d for d in self.table.all() if d.kind in ("Initiative", "Coalition")]:
            words = {word for name, _, _ in draft.names for word in regex.findall(r"\w{3,}", fold(name))}
            for other, other_words in kept:
                smaller, larger = sorted((words, other_words), key=len)
                if len(smaller) > 2 and smaller < larger and not (draft.key and other.key):
                    self.table.merge(other, draft)
                    other_words |= words
                    break
            else:
                kept.append((draft, words))

    # Third step: anaphors, then frames.

    def _anaphors(self, sentence: Annotated) -> None:
        for anaphor in self.language.anaphors:
            if anaphor.requires & sentence.present != anaphor.requires:
                continue
            position = 0
            while (found := anaphor.regex.search(sentence.text, position)) is not None:
                draft = self._antecedent(anaphor.types, anaphor.which, sentence, found.start())
                position = found.end()
                if draft is None:
                    continue
                start, end = sentence.starts[found.start()], sentence.ends[found.end() - 1]
                kind = draft.kind if draft.kind in CODE else anaphor.types[0]
                if kind == "Person" and draft.description and not draft.names:
                    kind = "Pronoun"  # nobody says who it is
                sentence.replace(
                    found.start(), found.end(), Item(kind, start, end, draft.id, anaphor=True), self.language.prefilter
                )
                position = found.start() + 1

    def _antecedent(self, types: Sequence[str], which: str, sentence: Annotated, cell: int) -> Draft | None:
        if which == "first":
            return summits.earliest(self.table)
        if which in ("last", "previous"):  # named last, here or in the sentence before; or in that one only
            known = [item for item in sentence.items[:cell] if item is not None] if which == "last" else []
            earlier = self.sentence_before.items if self.sentence_before else []
            fitting = [item for item in (*earlier, *known) if item is not None and item.entity and item.type in types]
            return self.table[fitting[-1].entity] if fitting else None
        if which == "topic":
            return self._topic(types, sentence)
        before = [item for item in sentence.items[:cell] if item is not None and item.entity and item.type in types]
        if before and which != "subject":
            return self.table[before[-1].entity]
        if "Summit" in types:
            here = [i for i, _ in self._lately(sentence.paragraph) if self.table[i].kind == "Summit"]
            return self.table[here[-1]] if here else self._just_before(sentence.paragraph) or self.main
        if which == "subject":
            return self._subject(sentence, cell)
        for entity, _ in reversed(self._lately(sentence.paragraph - 6)):
            if self.table[entity].kind in types:
                return self.table[entity]
        if any(kind in ("Declaration", "Report") for kind in types):
            return next((draft for draft in self.table.all() if draft.kind in types), None)
        return None

    def _just_before(self, paragraph: int) -> Draft | None:
        """Return the only summit the paragraph before speaks of, if it is another than the main one."""
        lately = self._lately(paragraph - 1)
        told = {self.table[i].id for i, number in lately if number == paragraph - 1 and self.table[i].kind == "Summit"}
        return self.table[next(iter(told))] if len(told) == 1 else None

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
        speaker = self.builder.last_speaker
        spoken = any(i == speaker for i, _ in self._lately(sentence.paragraph - 1))
        if speaker and spoken and self.table[speaker].kind == "Person":
            if len(named) == 1 and named[0].id != self.table[speaker].id:
                return named[0]
            return self.table[speaker]
        return None

    def _grammatical_subject(self, sentence: Annotated | None, stop: int | None = None) -> Draft | None:
        """Return the first person of a sentence (before cell *stop*) that stands behind no preposition; languages with a grammar."""
        grammar = self.language.grammar
        if sentence is None or grammar is None or grammar.verb_first:
            return None
        for cell, item in enumerate(sentence.items[:stop]):
            if item is None or item.type not in ("Person", "Pronoun") or not item.entity:
                continue
            if grammar.preposition.search(grammar.determiner.sub("", sentence.text[:cell])) is None:
                return self.table[item.entity]
        return None

    def _lately(self, paragraph: int) -> list[tuple[str, int]]:
        """Return what was spoken of from *paragraph* on, in order, with the paragraphs."""
        first = bisect.bisect_left(self.recent, paragraph, key=lambda entry: entry[1])
        return self.recent[first:]

    def _remember(self, sentence: Annotated) -> None:
        persons = []
        first = next((item for item in sentence.items if item is not None and item.type in ENTITY_TYPES), None)
        if first is not None and first.entity and not sentence.heading:
            self.topic = (first.entity, sentence.paragraph)
        for item in sentence.items:
            if item is not None and item.entity and item.type in ENTITY_TYPES:
                self.recent.append((item.entity, sentence.paragraph))
                if item.type == "Person":
                    persons.append(item)
        self.persons = persons or self.persons

    def _drop_brackets(self, sentence: Annotated) -> None:
        """Take out what stands in round brackets, and footnote marks: asides that no frame should trip over."""
        if "(" not in sentence.text and "[" not in sentence.text:
            return
        for expression in _ASIDES:
            while (found := expression.search(sentence.text)) is not None:
                sentence.drop(found.start(), found.end())

    def _frame(self, pattern: Pattern, sentence: Annotated) -> None:
        if pattern.clause is not None:
            if self.language.grammar is not None:
                for clause in clauses.find(pattern, sentence, self.language.grammar):
                    if pattern.asserted or not self._denied(clause):
                        self.builder.emit(clause)
            return
        position = 0
        while (match := matches(pattern, sentence, position)) is not None:
            if pattern.asserted or not self._denied(match):
                self.builder.emit(match)
            position = max(match.end, position + 1)

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

    def _context(self, name: str, match: Match) -> str:
        if name in ("summit", "nearest"):
            here = [item for item in match.sentence.items if item is not None and item.type == "Summit" and item.entity]
            if here:
                start, end = match.span()
                inside = [item for item in here if start <= item.start < end]
                before = [item for item in here if item.start < start]
                # Rather than one it is compared with; but a relative clause speaks of the one named last.
                told = [item for item in before if self.table[item.entity] is self.main and name != "nearest"]
                return self.table[(inside[:1] or told[-1:] or before[-1:] or here[:1])[0].entity].id
            if self.main and self.language.settings.get("unsaid_summit") == "main":
                return self.main.id
            recent = [i for i, _ in self._lately(match.sentence.paragraph) if self.table[i].kind == "Summit"]
            if recent and self.main and self.main.id not in {self.table[i].id for i in recent}:
                return self.table[recent[-1]].id
            told_before = None if recent else self._just_before(match.sentence.paragraph)
            return told_before.id if told_before else self.main.id if self.main else ""
        if name == "main":
            return self.main.id if self.main else ""
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
            if self.builder.last_speaker:
                return self.builder.speaker(match)
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
        earlier = self.sentence_before.items if self.sentence_before is not None else []
        if before := [item for item in earlier if item is not None and item.type in wanted and item.entity]:
            return self.table[before[0 if name == "initiative" else -1].entity].id
        for entity, _ in reversed(self._lately(match.sentence.paragraph - 1)):
            if self.table[entity].kind in wanted:
                return self.table[entity].id
        return ""

    # At the end.

    def _original(self, start: int, end: int) -> str:
        left, right = self.folded.original(start, end)
        return self.document.text[left:right]

    def _entities(self) -> tuple[Entity, ...]:
        used = {
            value.id
            for fact in self.builder.facts
            for values in fact.roles.values()
            for value in values
            if isinstance(value, records.EntityRef)
        }
        entities = []
        for draft in self.table.all():
            if not draft.mentions and not draft.names and draft.id not in used:
                continue
            names = []
            seen = set()
            for _, start, end in sorted(draft.names, key=lambda name: (-(name[2] - name[1]), name[1])):
                left, right = self.folded.original(start, end)
                words = self.document.text[left:right]
                if words not in seen:
                    seen.add(words)
                    names.append(Name(words, _script_language(words, self.language.code), Span(left, right)))
            mentions = tuple(sorted({Span(*self.folded.original(start, end)) for start, end in draft.mentions}))
            description = draft.description or ("" if names else draft.label)
            country = self.table[draft.country].id if draft.country else ""
            qid = draft.key if draft.key.startswith("Q") and draft.key[1:].isdigit() else ""
            entities.append(
                Entity(draft.id, draft.kind, tuple(names), mentions, description, draft.year, country, qid, draft.label)
            )
        return tuple(entities)


def _in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings as they stand in the text, each once."""
    return tuple(sorted(dict.fromkeys(found), key=lambda finding: (finding.spans, finding.code)))


class _WithNew(Match):
    """A match whose ``new`` slot is the entity the pattern just made."""

    def __init__(self, match: Match, item: Item) -> None:
        super().__init__(match.pattern, match.sentence, match.start, match.end, match.slots)
        self._item = item

    def items(self, slot: str) -> list[Item]:
        return [self._item] if slot == "new" else super().items(slot)


def _short_forms(name: str) -> list[str]:
    """Return the family name of a full name, with its particle (بن سلمان, von der leyen) where it has one."""
    words = name.split()
    if len(words) < 2:
        return []
    particles = {
        "بن",
        "ال",
        "ابو",
        "ابن",
        "عبد",
        "von",
        "van",
        "der",
        "den",
        "de",
        "da",
        "di",
        "bin",
        "al",
        "el",
        "la",
        "le",
        "du",
        "ter",
        "دي",
        "فون",
        "دير",
        "دا",
        "فان",
    }
    first = len(words) - 1
    while first > 1 and words[first - 1] in particles:
        first -= 1
    forms = [" ".join(words[first:])]
    if len(words) - first > 1:
        forms.append(words[-1])
    elif len(words) > 2:
        forms.append(" ".join(words[-2:]))
    return forms


def _script_language(words: str, code: str) -> str:
    """Return the language of a name: the document's, or ``und`` for Latin letters inside an Arabic text."""
    return "und" if code == "ar" and not is_arabic(words) else code


@functools.lru_cache(maxsize=8)
def _article(language: Language) -> Any:
    """Return what a name does not begin with ("the "); nothing where the article is part of the word."""
    return regex.compile(str(language.settings.get("article", r"(?!)")))


@functools.lru_cache(maxsize=8)
def _veto(language: Language) -> Any:
    text = language.settings.get("veto")
    return regex.compile(rf"(?<!\w)(?:{fold_template(str(text))})(?!\w)") if text else None

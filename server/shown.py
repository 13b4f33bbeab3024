"""Facts and records in the words of one language, ready for a template."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from summitgraph.ontology.terms import NAMESPACE

from . import terms
from .facts import RDF_TYPE, Evidence, Fact, Record
from .local import In
from .pages import Pages
from .site import Names

DATES = ("startDate", "endDate", "publishedOn", "madeOn", "announcedOn")
# Words that name a record rather than qualify it.
_MAIN = ("quote", "gist")
SIGNATURES = ("refusedBy", "signedBy")


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it is read: its text with language, where it leads, and its Wikidata item."""

    text: str
    language: str = ""
    href: str = ""
    kind: str = ""  # local name of its class, for its colour
    wikidata: str = ""
    iri: str = ""


@dataclass(slots=True)
class Passage:
    """A sentence of a text, cut into pieces: those marked are the words that state something."""

    evidence: Evidence
    spans: set[tuple[int, int]]

    @property
    def pieces(self) -> list[tuple[str, bool]]:
        """Return the pieces of the sentence and whether each is marked."""
        text, place, found = sentence(self.evidence), 0, []
        for start, end in sorted(self.spans):
            if end > place:
                found += [(text[place : max(start, place)], False), (text[max(start, place) : end], True)]
                place = end
        return [(piece, marked) for piece, marked in [*found, (text[place:], False)] if piece]


@dataclass(slots=True)
class Block:
    """Values of one property that the same sentence states."""

    values: list[Shown]
    passages: list[Passage]
    count: int  # claims behind them


@dataclass(slots=True)
class Property:
    """A property with its values, in blocks; ``inverse`` if the thing of the page is the object."""

    iri: str
    label: str
    inverse: bool
    blocks: list[Block] = field(default_factory=list)
    more: list[Shown] = field(default_factory=list)  # further values, whose evidence is not shown
    of: Shown | None = None  # the thing it is said of, if that is not the thing of the page


@dataclass(slots=True)
class ShownRecord:
    """A record: what kind it is, its main words, and what else it says."""

    iri: str
    href: str
    kind: str
    label: str
    quotes: list[Shown]
    rows: list[tuple[str, str, list[Shown]]]  # property, label, values
    passages: list[Passage]


def sentence(item: Evidence) -> str:
    """Return the sentence evidence stands in."""
    return item.before + item.words + item.after


def merged(passages: Iterable[Passage], found: Iterable[Evidence]) -> list[Passage]:
    """Return *passages* and *found* with each sentence of a document once, all its words marked."""
    by_sentence = {(item.evidence.document, sentence(item.evidence)): item for item in passages}
    for item in found:
        known = by_sentence.setdefault((item.document, sentence(item)), Passage(item, set()))
        known.spans.add((len(item.before), len(item.before) + len(item.words)))
    return list(by_sentence.values())


@lru_cache(maxsize=1)
def _layout() -> Mapping[str, Any]:
    return tomllib.loads((resources.files("summitgraph.server") / "groups.toml").read_text("utf-8"))


class Shower:
    """Turns facts into what is shown; names have to be learnt before (``wanted`` says which)."""

    def __init__(self, pages: Pages, names: Names, wikidata: Mapping[str, str], messages: Mapping[str, str]) -> None:
        self.pages, self.names, self.wikidata, self.messages = pages, names, wikidata, messages
        self.form = In(names.language, names.locale)

    def cell(self, cell: Mapping[str, str], property_: str = "") -> Shown:
        """Return a value of a property (local name)."""
        text, kind = cell["value"], cell["type"]
        if kind == "money":
            return Shown(self.money(cell), self.names.language)
        if kind == "uri":
            return self.thing(text)
        if property_ in DATES or cell.get("datatype", "").rpartition("#")[2] in ("date", "gYearMonth", "gYear"):
            return Shown(self.form.date(text), self.names.language)
        if cell.get("datatype", "").rpartition("#")[2] in ("integer", "decimal"):
            return Shown(self.form.number(text), self.names.language)
        return Shown(text, cell.get("xml:lang", ""))

    def thing(self, iri: str) -> Shown:
        """Return a thing by its name."""
        if iri == RDF_TYPE:
            return Shown(self.messages["kind"], self.names.language, iri=iri)
        href = f"/ontology#{iri.removeprefix(NAMESPACE)}" if iri.startswith(NAMESPACE) else self.pages.href(iri)
        path = iri.removeprefix(self.pages.base_iri + "id/")
        kind = path.partition("/")[0] if path != iri else ""
        return Shown(self.names(iri), self.names.language_of(iri), href, kind, self.wikidata.get(iri, ""), iri)

    def money(self, cell: Mapping[str, str], *, short: bool = False) -> str:
        """Return a sum: one value, or its bounds, with the comparator in words."""
        low, high, currency = cell["min"], cell["max"], cell["currency"]
        if low and high and low != high:
            text = " – ".join(self.form.money(bound, currency, short=short) for bound in (low, high))
        elif low or high:
            text = self.form.money(high or low, currency, short=short)
        else:
            return self.names(cell["value"])
        comparator = terms.local_name(cell.get("comparator", ""))
        return (
            text if comparator in ("", "Exactly") else f"{terms.label(cell['comparator'], self.form.language)} {text}"
        )

    def groups(self, facts: Iterable[Fact], inverse: Iterable[Fact]) -> list[tuple[str, list[Property]]]:
        """Return headings with their properties: facts of the thing and facts about it."""
        shown: dict[tuple[str, bool], list[Fact]] = {}
        for backwards, listed in ((False, facts), (True, inverse)):
            for fact in listed:
                shown.setdefault((terms.local_name(fact.predicate), backwards), []).append(fact)
        result = []
        left = dict.fromkeys(shown)
        for group in [*_layout()["group"], {"heading": "other_facts", "properties": None}]:
            order = group["properties"] or [name for name, _ in left]
            keys = [(name, way) for name in dict.fromkeys(order) for way in (False, True) if (name, way) in left]
            for key in keys:
                del left[key]
            if keys:
                result.append((group["heading"], [self._property(shown[key], *key) for key in keys]))
        return result

    def _property(self, facts: Sequence[Fact], name: str, inverse: bool) -> Property:
        item = Property(NAMESPACE + name, terms.label(NAMESPACE + name, self.names.language) or name, inverse)
        dated = name in DATES  # the fullest date first, otherwise what is stated most often
        blocks: dict[tuple[str, str], Block] = {}
        dates: dict[str, Block] = {}
        for fact in sorted(facts, key=lambda fact: (-len(fact.object["value"]) if dated else 0, -fact.count)):
            text = fact.object["value"]
            shown = self.thing(fact.subject) if inverse else self.cell(fact.object, name)
            if not fact.told:
                item.more.append(shown)
                continue
            fuller = [block for date, block in dates.items() if date.startswith(text)]
            if len(fuller) == 1:  # a month or year that says the same as a day
                block = fuller[0]
            else:
                first = fact.evidence[0] if fact.evidence else None
                block = blocks.setdefault((first.document, sentence(first)) if first else ("", ""), Block([], [], 0))
                block.values.append(shown)
                if dated:
                    dates[text] = block
            block.count += fact.count
            block.passages = merged(block.passages, fact.evidence)
        item.blocks = list(blocks.values())
        return item

    def signatures(self, document: str, facts: Sequence[Fact]) -> list[Property]:
        """Return who refused and who signed a document, for the page of another thing."""
        found = []
        for name in SIGNATURES:
            if listed := [fact for fact in facts if terms.local_name(fact.predicate) == name]:
                found.append(self._property(listed, name, inverse=False))
                found[-1].of = self.thing(document)
        return found

    def records(self, records: Iterable[Record], about: str) -> list[ShownRecord]:
        """Return records, those that say the same once with all their evidence."""
        found: dict[tuple[object, ...], ShownRecord] = {}
        for item in records:
            shown = self.record(item, about)
            key = (shown.kind, tuple(shown.quotes), tuple((name, tuple(values)) for name, _, values in shown.rows))
            if key in found:
                found[key].passages = merged(found[key].passages, item.evidence)
            else:
                found[key] = shown
        return list(found.values())

    def record(self, item: Record, about: str) -> ShownRecord:
        """Return one record on the page of the thing *about*, which is not named again."""
        kind = terms.most_specific(item.kinds)
        quotes = [self.cell(cell) for name in _MAIN for cell in item.values.get(name, ())]
        rows = []
        for name in _layout()["records"]["order"]:
            cells = [cell for cell in item.values.get(name, ()) if cell["value"] != about]
            if cells and name not in _MAIN and not (name == "comparator" and item.first(name).endswith("Exactly")):
                values = list(dict.fromkeys(self.cell(cell, name) for cell in cells))
                rows.append((name, terms.label(NAMESPACE + name, self.names.language), values))
        return ShownRecord(
            item.iri, self.pages.href(item.iri), kind, terms.label(NAMESPACE + kind, self.names.language) or kind,
            quotes, rows, merged([], item.evidence),
        )  # fmt: skip


def wanted(facts: Iterable[Fact], records: Iterable[Record]) -> list[str]:
    """Return the IRIs whose names are needed to show these."""
    found = []
    for fact in facts:
        found += [fact.subject, *([fact.object["value"]] if fact.object["type"] == "uri" else [])]
        found += [item.document for item in fact.evidence]
    for record in records:
        found += [cell["value"] for cells in record.values.values() for cell in cells if cell["type"] == "uri"]
        found += [item.document for item in record.evidence]
    return list(dict.fromkeys(found))

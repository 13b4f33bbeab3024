"""The page of a source document: its text, with every mention and fact marked where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from . import schema_org, terms
from .facts import RDF_TYPE, Record, filled, read_records
from .pages import direction, messages
from .protocol import base_of
from .reply import Environ
from .shown import Shower, Shown, ShownRecord, wanted
from .site import Row, Site, value


@dataclass(slots=True)
class Item:
    """Something the text states: a mention of a thing, a fact, or a record."""

    iri: str
    kind: str  # mention, fact or record
    colour: str  # kind of the thing mentioned, in lower case with dashes, as in its IRI
    parts: list[Shown]
    record: ShownRecord | None
    confidence: str
    rule: str
    spans: set[tuple[int, int]] = field(default_factory=set)
    number: int = 0

    @property
    def start(self) -> int:
        """Return where it first stands."""
        return min(start for start, _ in self.spans)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of text that the same items cover; ``first`` are those that begin here."""

    start: int
    text: str
    items: tuple[int, ...]
    first: tuple[int, ...]
    colour: str
    stated: bool  # a fact or record, not only a mention


def source_values(site: Site, environ: Environ, iri: str, rows: Sequence[Row]) -> Mapping[str, Any]:
    """Return what the page of the source document *iri* shows; *rows* are its triples."""
    engine, names = site.engine, site.names(environ)
    spans = engine.select(filled("spans-of", thing=[iri]))
    records = {item.iri: item for item in read_records(engine.select(filled("records-in", thing=[iri])))}
    things = [value(row, name) for row in spans for name in ("s", "o") if name in row and row[name]["type"] == "uri"]
    names.learn([iri, *things, *wanted([], records.values())])
    shower = Shower(site.pages, names, {}, messages()[names.language])
    items = _items(spans, records, shower)
    about = {value(row, "p").replace("#", "/").rpartition("/")[2]: row["o"] for row in rows}
    text = about.get("text", {}).get("value", "")
    return {
        "label": names(iri),
        "label_language": names.language_of(iri) or value_of(about, "language"),
        "text_language": value_of(about, "language"),
        "text_direction": direction(value_of(about, "language")),
        "about": {name: value_of(about, name) for name in ("source", "issued", "characterCount", "generatedAtTime")},
        "segments": segments(text, items),
        "items": items,
        "counts": {kind: sum(item.kind == kind for item in items) for kind in ("mention", "fact", "record")},
        "json_ld": schema_org.script(
            {
                "@type": "Article", "@id": iri, "url": f"{base_of(environ)}{environ.get('PATH_INFO', '')}",
                "headline": names(iri)[:110], "inLanguage": value_of(about, "language"),
                "mentions": [{"@id": item.parts[0].iri, "name": item.parts[0].text} for item in items if item.kind == "mention"][:50],
            }
        ),
    }  # fmt: skip


def value_of(cells: Mapping[str, Mapping[str, str]], name: str) -> str:
    """Return the value of a cell, empty where there is none."""
    return cells[name]["value"] if name in cells else ""


def _items(rows: Iterable[Row], records: Mapping[str, Record], shower: Shower) -> list[Item]:
    found: dict[str, Item] = {}
    mentions: dict[str, Item] = {}
    for row in rows:
        node, start, end = value(row, "node"), int(value(row, "start")), int(value(row, "end"))
        item = found.get(node)
        if item is None:
            if "s" in row and value(row, "p") == RDF_TYPE:  # one item for each thing, however often it is named
                item = mentions.setdefault(value(row, "s"), _item(row, records, shower))
            else:
                item = _item(row, records, shower)
            found[node] = item
        item.spans.add((start, end))
    items = sorted(
        {id(item): item for item in found.values()}.values(), key=lambda item: (item.start, item.kind, item.iri)
    )
    for number, item in enumerate(items, 1):
        item.number = number
    return items


def _item(row: Row, records: Mapping[str, Record], shower: Shower) -> Item:
    node, confidence, rule = value(row, "node"), value(row, "confidence"), value(row, "rule")
    if "s" not in row:
        shown = shower.record(records.get(node, Record(node, [terms.local_name(value(row, "kind"))], {})), "")
        return Item(node, "record", "", [], shown, confidence, rule)
    subject = shower.thing(value(row, "s"))
    if value(row, "p") == RDF_TYPE:
        return Item(node, "mention", subject.kind, [subject, shower.thing(value(row, "o"))], None, confidence, rule)
    predicate = value(row, "p")
    parts = [subject, shower.thing(predicate), shower.cell(row["o"], terms.local_name(predicate))]
    return Item(node, "fact", "", parts, None, confidence, rule)


def segments(text: str, items: Sequence[Item]) -> list[Segment]:
    """Return *text* cut wherever a span begins or ends; put together they are the text."""
    opening: dict[int, list[Item]] = {}
    closing: dict[int, list[Item]] = {}
    for item in items:
        for start, end in item.spans:
            if 0 <= start < end <= len(text):
                opening.setdefault(start, []).append(item)
                closing.setdefault(end, []).append(item)
    places = sorted({0, len(text), *opening, *closing})
    active: dict[int, int] = {}  # number to how many of its spans are open
    seen: set[int] = set()
    by_number = {item.number: item for item in items}
    result = []
    for start, end in pairwise(places):
        for item in closing.get(start, ()):
            active[item.number] -= 1
            if not active[item.number]:
                del active[item.number]
        for item in opening.get(start, ()):
            active[item.number] = active.get(item.number, 0) + 1
        numbers = tuple(sorted(active))
        covering = [by_number[number] for number in numbers]
        first = tuple(number for number in numbers if number not in seen)
        seen.update(first)
        colour = next((item.colour for item in covering if item.kind == "mention"), "")
        result.append(
            Segment(start, text[start:end], numbers, first, colour, any(item.kind != "mention" for item in covering))
        )
    return result

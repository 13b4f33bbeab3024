"""The timeline: summits in their order, with what was adopted and said at each, and the texts that tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from summitgraph.ontology.terms import NAMESPACE

from . import schema_org, terms
from .commitments import main_summits
from .facts import query
from .graph_data import check
from .pages import messages
from .protocol import base_of, read_parameters
from .reply import Environ, Reply
from .respond import respond
from .shown import Shower, Shown
from .site import Names, Row, Site, value

LAYERS = ("summits", "documents", "statements", "texts")
_STATEMENTS, _ALL_STATEMENTS = 6, 500  # of one summit among others, and alone
_ENTRIES = 400


@dataclass(slots=True)
class Said:
    """A statement: who, how, and the words with their language."""

    iri: str
    speaker: str
    kind: str
    words: str
    language: str
    date: str


@dataclass(slots=True)
class Entry:
    """Something at its date, with what belongs to it."""

    iri: str
    kind: str  # local name of its class
    date: str = ""
    places: dict[str, None] = field(default_factory=dict)
    documents: dict[str, None] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    @property
    def year(self) -> str:
        """Return its year, empty where there is no date."""
        return self.date[:4]


def entries(site: Site) -> list[Entry]:
    """Return what the timeline holds, the oldest first and the undated last."""
    engine = site.engine
    found: dict[str, Entry] = {}
    for row in engine.select(query("dated")):
        kind = terms.local_name(value(row, "kind"))
        if not kind:
            continue
        item = found.setdefault(value(row, "thing"), Entry(value(row, "thing"), kind))
        item.kind = terms.most_specific([item.kind, kind])
        # The fullest date; of several full ones the earliest, so that the order is the same each time.
        item.date = min(item.date or value(row, "date"), value(row, "date"), key=lambda text: (-len(text), text))
        if "place" in row:
            item.places[value(row, "place")] = None
    about = main_summits(engine)
    for document, summit in about.items():
        found.setdefault(summit, Entry(summit, "Summit")).texts[document] = None
    for row in engine.select(query("adopted")):
        found.setdefault(value(row, "summit"), Entry(value(row, "summit"), "Summit")).documents[
            value(row, "document")
        ] = None
    _add_statements(found, engine.select(query("said")), about)
    return sorted(found.values(), key=lambda item: (item.date == "", item.date, item.iri))


def _add_statements(found: dict[str, Entry], rows: Iterable[Row], about: Mapping[str, str]) -> None:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        summit = value(row, "event") or about.get(value(row, "document"), "")
        cell = row.get("quote") or row.get("gist")
        if not cell or summit not in found or (value(row, "speaker"), cell["value"]) in seen:
            continue
        seen.add((value(row, "speaker"), cell["value"]))
        item = Said(
            value(row, "statement"), value(row, "speaker"), value(row, "kind"), cell["value"], cell.get("xml:lang", ""),
            value(row, "date"),
        )  # fmt: skip
        found[summit].said.append(item)


def layer_of(item: Entry) -> str:
    """Return the layer an entry belongs to."""
    if item.kind == "SourceDocument":
        return "texts"
    return "documents" if terms.is_a([item.kind], "Document") else "summits"


def _holds(item: Entry, layers: Sequence[str]) -> bool:
    """Tell whether something of the *layers* asked for is shown at an entry."""
    held = {"documents": item.documents, "statements": item.said, "texts": item.texts}
    return any(held.get(name) for name in layers)


def page(site: Site, environ: Environ) -> Reply:
    """Return the page: all, or what belongs to one ``summit``, of which every statement is shown."""
    given = read_parameters(environ.get("QUERY_STRING", ""))
    layers = [name for name in LAYERS if name in given.get("show", [])] or list(LAYERS)
    one = check(given["summit"][:1])[0] if given.get("summit", [""])[0] else ""
    most = _ALL_STATEMENTS if one else _STATEMENTS

    def values() -> Mapping[str, Any]:
        names = site.names(environ)
        items = [item for item in entries(site) if layer_of(item) in layers or _holds(item, layers)]
        items = [item for item in items if not one or item.iri == one]
        total, items = len(items), items[-_ENTRIES:]
        names.learn(iri for item in items for iri in _mentioned(item, most))
        shower = Shower(site.pages, names, {}, messages()[names.language])
        years: dict[str, list[Entry]] = {}
        for item in items:
            years.setdefault(item.year, []).append(item)
        return {
            "layers": LAYERS,
            "left_out": total - len(items),
            "shown_layers": layers,
            "years": list(years.items()),
            "shower": shower,
            "said": lambda item: [_shown(said, shower) for said in item.said[:most]],
            "most": most,
            "one": names(one) if one else "",
            "kind_label": lambda item: terms.label(NAMESPACE + item.kind, names.language),
            "json_ld": schema_org.script(
                {
                    "@type": "ItemList", "name": messages()[names.language]["timeline"], "url": base_of(environ) + "/timeline",
                    "itemListElement": [
                        {"@type": "ListItem", "position": place, "name": names(item.iri), "url": item.iri}
                        for place, item in enumerate((item for item in items if item.kind == "Summit"), 1)
                    ][:50],
                }
            ),
        }  # fmt: skip

    return site.reply(environ, "timeline.html", values)


def _mentioned(item: Entry, most: int) -> Sequence[str]:
    return [item.iri, *item.places, *item.documents, *item.texts, *(said.speaker for said in item.said[:most])]


def _shown(said: Said, shower: Shower) -> tuple[Shown, str, Said, str]:
    names: Names = shower.names
    return shower.thing(said.speaker), terms.label(said.kind, names.language), said, shower.pages.href(said.iri)


def register(app: Flask, site: Site) -> None:
    """Add the route."""

    @app.get("/timeline")
    def show_timeline() -> Response:
        return respond(page(site, request.environ))

"""Two summits side by side: who came, signed and refused, which themes, which sums; what both share is marked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, request

from summitgraph.graph.iris import is_local

from . import schema_org, terms
from .commitments import counted, main_summits, read
from .facts import direct, filled, query
from .graph_data import check
from .pages import messages
from .protocol import read_parameters
from .reply import Environ, Reply
from .respond import respond
from .shown import Shower, Shown
from .site import Site, value

# Row to the properties it shows; a heading is a key of messages.toml.
ROWS = {
    "place": ("heldAt",), "chairs": ("chairedBy",), "people_hosts": ("hostedBy", "organizedBy"), "people": ("hasParticipant",),
    "absent": ("absent",), "themes": ("hasTheme",), "tl_documents": ("adopted",),
}  # fmt: skip
_SUMMITS = 300


@dataclass(slots=True)
class Side:
    """What one summit has in each row: values by what identifies them."""

    iri: str
    dates: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, Shown]] = field(default_factory=dict)


def _read(site: Site, iri: str, shower: Shower) -> Side:
    engine = site.engine
    facts: dict[str, dict[str, None]] = {}
    for row in direct(engine, iri):
        facts.setdefault(terms.local_name(value(row, "p")), {})[value(row, "o")] = None
    side = Side(iri)
    for name in ("startDate", "endDate"):
        if facts.get(name):
            side.dates.append(max(sorted(facts[name]), key=len))
    listed = {row: [thing for name in names for thing in facts.get(name, ())] for row, names in ROWS.items()}
    signatures = engine.select(filled("signatures", thing=[iri]))
    listed["cmp_signed"] = [value(row, "actor") for row in signatures if value(row, "how").endswith("signedBy")]
    listed["cmp_refused"] = [value(row, "actor") for row in signatures if value(row, "how").endswith("refusedBy")]
    about = [document for document, summit in main_summits(engine).items() if summit == iri]
    listed["cmp_speakers"] = [
        value(row, "speaker")
        for row in engine.select(query("said"))
        if value(row, "event") == iri or (not value(row, "event") and value(row, "document") in about)
    ]
    listed["cmp_sources"] = about
    shower.names.learn([iri, *(thing for things in listed.values() for thing in things)])
    side.rows = {row: {thing: shower.thing(thing) for thing in dict.fromkeys(things)} for row, things in listed.items()}
    sums: dict[str, Any] = {}
    for item in counted(read(engine)):
        if item.summit == iri:
            sums[item.currency] = sums.get(item.currency, 0) + item.amount
    side.rows["cmp_sums"] = {
        code: Shown(shower.form.money(total, code, short=True), href=f"/commitments?currency={code}")
        for code, total in sums.items()
    }
    return side


def page(site: Site, environ: Environ) -> Reply:
    """Return the page: the comparison, or only the choice."""
    given = read_parameters(environ.get("QUERY_STRING", ""))
    asked = [given.get(name, [""])[0] for name in ("a", "b")]
    chosen = check([iri for iri in asked if iri])

    def values() -> Mapping[str, Any]:
        names = site.names(environ)
        listed = list(dict.fromkeys(value(row, "summit") for row in site.engine.select(query("summits"))))[:_SUMMITS]
        names.learn([*listed, *chosen])
        shower = Shower(site.pages, names, {}, messages()[names.language])
        # Nobody has chosen yet: the two of which most is known, so that the page shows what it is for.
        pair = chosen or [iri for iri in listed if not is_local(iri)][:2]
        names.learn(pair)
        sides = [_read(site, iri, shower) for iri in pair] if len(pair) == 2 else []
        order = ("place", "chairs", "people_hosts", "people", "absent", "cmp_speakers", "themes", "tl_documents", "cmp_signed",
                 "cmp_refused", "cmp_sums", "cmp_sources")  # fmt: skip
        rows = []
        for row in order if sides else ():
            both = sides[0].rows[row].keys() & sides[1].rows[row].keys() if row != "cmp_sums" else set()
            cells = [
                sorted(
                    ((key in both, shown) for key, shown in side.rows[row].items()),
                    key=lambda pair: (not pair[0], pair[1].text),
                )
                for side in sides
            ]
            if any(cells):
                rows.append((row, cells))
        return {
            "summits": sorted(((iri, names(iri)) for iri in listed), key=lambda pair: pair[1].casefold()),
            "asked": asked if chosen else [*pair, "", ""],
            "sides": [(shower.thing(side.iri), side.dates) for side in sides],
            "rows": rows,
            "json_ld": schema_org.script({"@type": "WebPage", "name": " – ".join(names(iri) for iri in chosen) or "SummitGraph"}),
        }  # fmt: skip

    return site.reply(environ, "compare.html", values)


def register(app: Flask, site: Site) -> None:
    """Add the route."""

    @app.get("/compare")
    def show_comparison() -> Response:
        return respond(page(site, request.environ))

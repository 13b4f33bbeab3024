"""The page where people write SPARQL: an editor that knows the ontology, or a form where there is no script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask, Response, request
from markupsafe import Markup

from summitgraph.ontology.terms import CLASSES, NAMESPACE

from . import catalogue, schema_org, terms
from .engine import known_prefixes
from .pages import language_of, messages
from .protocol import read_parameters
from .reply import Environ, Reply
from .respond import respond
from .site import Site

_WORDS = (
    "q_graph",
    "q_chart",
    "q_copied",
    "q_x",
    "q_y",
    "q_bars",
    "q_lines",
    "query",
    "run",
    "q_table",
    "q_raw",
    "q_simple",
    "q_ellipse",
    "q_page_size",
    "q_all",
    "q_filter",
    "q_found",
    "q_shown",
    "q_of",
    "q_none",
    "q_close_tab",
    "q_new_tab",
    "q_save",
    "q_first",
    "q_previous",
    "q_next",
    "q_last",
    "q_sort",
    "q_editor",
)
# Terms of other vocabularies that the graph uses, beside our own.
_MORE = {
    "properties": {
        "rdf": ("type", "subject", "predicate", "object"), "rdfs": ("label",), "skos": ("altLabel", "prefLabel", "notation"),
        "owl": ("sameAs",), "dct": ("title", "language", "source", "issued"), "prov": ("wasGeneratedBy", "generatedAtTime"),
        "oa": ("hasSource", "hasSelector", "exact", "prefix", "suffix", "start", "end"), "search": ("matches",),
    },
    "classes": {"skos": ("Concept",), "oa": ("TextQuoteSelector", "TextPositionSelector")},
}  # fmt: skip


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, list[str]]:
    """Return the IRIs the editor completes: classes, properties and concepts."""
    found: dict[str, list[str]] = {"classes": [], "properties": [], "concepts": []}
    for iri in terms.labels():
        name = terms.local_name(iri)
        if name and name in CLASSES:
            found["classes"].append(iri)
        elif name:
            found["properties" if name[0].islower() else "concepts"].append(iri)
    for kind, listed in _MORE.items():
        found[kind] += [known_prefixes()[prefix] + name for prefix, names in listed.items() for name in names]
    return {kind: sorted(listed) for kind, listed in found.items()}


def _data(site: Site, language: str) -> Markup:
    """Return what the editor knows, as a block of JSON that nothing in it can end."""
    iris = vocabulary()
    data = {
        "base": site.base,
        "prefixes": known_prefixes(),
        "namespace": NAMESPACE,
        **iris,
        "labels": {iri: label for listed in iris.values() for iri in listed if (label := terms.label(iri, language))},
        "examples": [
            {"query": item.query_in(language), "name": item.comment(language)} for item in catalogue.examples()
        ],
        "words": {name: messages()[language][name] for name in _WORDS},
    }
    return Markup(json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"))


def query_page(site: Site, environ: Environ) -> Reply:
    """Return the page."""
    given = read_parameters(environ.get("QUERY_STRING", "")).get("query", [""])[0]

    def values() -> Mapping[str, Any]:
        return {
            "query": given or catalogue.examples()[0].query_in(language_of(environ)),
            "examples": catalogue.examples(),
            "data": _data(site, language_of(environ)),
            "json_ld": schema_org.script({"@type": "WebPage", "name": "SPARQL"}),
        }

    return site.reply(environ, "query.html", values)


def register(app: Flask, site: Site) -> None:
    """Add the route."""

    @app.get("/query")
    def show_query() -> Response:
        return respond(query_page(site, request.environ))

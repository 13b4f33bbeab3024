"""The page where people write SPARQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request

from . import catalogue, schema_org
from .engine import known_prefixes
from .reply import Environ, Reply
from .respond import respond
from .site import Site
from .sparql import read_parameters

_START = ("sg", "rdfs", "wd")


def query_page(site: Site, environ: Environ) -> Reply:
    """Return the page with the editor, or a form where there is no script."""
    given = read_parameters(environ.get("QUERY_STRING", "")).get("query", [""])[0]
    start = "".join(f"PREFIX {name}: <{known_prefixes()[name]}>\n" for name in _START)

    def values() -> Mapping[str, Any]:
        return {
            "query": given or f"{start}SELECT * {{ ?s ?p ?o }}\nLIMIT 20\n",
            "examples": catalogue.examples(),
            "json_ld": schema_org.script({"@type": "WebPage", "name": "SPARQL"}),
        }

    return site.reply(environ, "query.html", values)


def register(app: Flask, site: Site) -> None:
    """Add the route."""

    @app.get("/query")
    def show_query() -> Response:
        return respond(query_page(site, request.environ))

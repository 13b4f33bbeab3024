"""All things of one class that texts name, by their names in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request

from summitgraph.graph import iris
from summitgraph.ontology.terms import CLASSES, NAMESPACE

from . import schema_org, terms
from .facts import filled, wikidata
from .pages import messages
from .problems import Problem
from .protocol import base_of, read_parameters
from .reply import Environ, Reply
from .respond import respond
from .shown import Shower
from .site import Site, value

_ROWS = 200


def is_listed(name: str) -> bool:
    """Tell whether the things of a class (local name) have names, by which they can be listed."""
    return name in CLASSES - terms.PROVENANCE - terms.RECORDS - terms.CONCEPTS


def page(site: Site, environ: Environ, name: str) -> Reply:
    """Return the page of the class *name* (local name).

    Raises:
        Problem: 404 if there is no such class, or its things have no names; 400 if the page is not a number.
    """
    if not is_listed(name):
        raise Problem(404, "unknown", f"there is no list of {name!r}")
    number = read_parameters(environ.get("QUERY_STRING", "")).get("page", ["1"])[0]
    if not (number.isascii() and number.isdigit() and int(number[:9]) >= 1):
        raise Problem(400, "number", f"page={number!r} is not a number from 1", extra={"given": number})

    def values() -> Mapping[str, Any]:
        names, start = site.names(environ), (int(number[:9]) - 1) * _ROWS
        rows = site.engine.select(
            filled("listed", **{"class": [NAMESPACE + name], "reference": [iris.graph("reference").value]})
        )
        things = [value(row, "thing") for row in rows]
        names.learn(things)
        # What texts call alike stands together, whatever language a name is in.
        ordered = sorted(things, key=lambda iri: (names.language_of(iri) != names.language, names(iri).casefold(), iri))
        kept = ordered[start : start + _ROWS]
        shower = Shower(site.pages, names, wikidata(site.engine, kept), messages()[names.language])
        label = terms.label(NAMESPACE + name, names.language) or name
        return {
            "kind": name,
            "label": label,
            "total": len(things),
            "things": [shower.thing(iri) for iri in kept],
            "first": start + 1,
            "before": int(number) - 1,
            "after": int(number) + 1 if start + _ROWS < len(things) else 0,
            "json_ld": schema_org.script(
                {"@type": "CollectionPage", "name": label, "url": f"{base_of(environ)}/list/{name}", "inLanguage": names.language}
            ),
        }  # fmt: skip

    return site.reply(environ, "list.html", values)


def register(app: Flask, site: Site) -> None:
    """Add the route."""

    @app.get("/list/<name>")
    def show_list(name: str) -> Response:
        return respond(page(site, request.environ, name))

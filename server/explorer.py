"""The graph explorer: its page, and the parts of the graph it asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, request

from . import schema_org
from .graph_data import Part, check, described, overview, shortest_paths, surroundings
from .pages import locale_of
from .problems import Problem
from .protocol import read_parameters
from .reply import Environ, Reply, matches
from .respond import respond
from .site import Site

MAX_NODES = 5000
_NEIGHBOURS = 150
_MAX_NEIGHBOURS = 1000


def explorer_page(site: Site, environ: Environ) -> Reply:
    """Return the page; without script it is a table of what surrounds the thing it starts from."""
    start = read_parameters(environ.get("QUERY_STRING", "")).get("start", [""])[0]

    def values() -> Mapping[str, Any]:
        part = surroundings(site.engine, check([start])[0], _NEIGHBOURS) if start else Part()
        names = site.names(environ)
        drawn = described(part, site.engine, site.pages, names)
        label = {node["id"]: node for node in drawn["nodes"]}
        names.learn([start])
        return {
            "start": start,
            "start_label": names(start) if start else "",
            "rows": [(label[edge["source"]], edge["label"], label[edge["target"]]) for edge in drawn["edges"]],
            "json_ld": schema_org.script({"@type": "WebPage", "name": names(start) if start else "SummitGraph"}),
        }

    return site.reply(environ, "explore.html", values)


def _answer(site: Site, make: Callable[[Mapping[str, list[str]]], Part], allowed: tuple[str, ...]) -> Response:
    """Return a part of the graph as JSON, tagged by the data and the language."""
    environ = request.environ
    given = read_parameters(environ.get("QUERY_STRING", ""))
    if unknown := [name for name in given if name not in (*allowed, "lang")]:
        raise Problem(400, "graph", f"there is no parameter {unknown[0]!r}", f"Use {', '.join((*allowed, 'lang'))}.")
    etag = f'"{site.engine.version()}-{locale_of(environ)}"'  # the address tells the rest
    headers = [("ETag", etag), ("Cache-Control", "no-cache"), ("Vary", "Accept-Language, Accept-Encoding, Cookie")]
    if matches(environ.get("HTTP_IF_NONE_MATCH"), etag):
        return respond(Reply(304, headers=headers))
    data = described(make(given), site.engine, site.pages, site.names(environ))
    return respond(Reply(200, "application/json", json.dumps(data, ensure_ascii=False).encode(), headers))


def _one(given: Mapping[str, list[str]], name: str) -> str:
    if not given.get(name, [""])[0]:
        raise Problem(400, "graph", f"the parameter {name!r} is missing", "Give the IRI of a thing.")
    return check(given[name][:1])[0]


def _limit(given: Mapping[str, list[str]], default: int, largest: int) -> int:
    text = given.get("limit", [""])[0]
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= largest):
        raise Problem(400, "graph", f"limit={text!r} is not a number from 1 to {largest}")
    return int(text)


def register(app: Flask, site: Site) -> None:
    """Add the routes."""
    engine = site.engine

    @app.get("/explore")
    def show_explorer() -> Response:
        return respond(explorer_page(site, request.environ))

    @app.get("/api/graph")
    def expand() -> Response:
        def make(given: Mapping[str, list[str]]) -> Part:
            return surroundings(engine, _one(given, "thing"), _limit(given, _NEIGHBOURS, _MAX_NEIGHBOURS))

        return _answer(site, make, ("thing", "limit"))

    @app.get("/api/graph/path")
    def path() -> Response:
        return _answer(
            site, lambda given: shortest_paths(engine, _one(given, "from"), _one(given, "to")), ("from", "to")
        )

    @app.get("/api/graph/overview")
    def whole() -> Response:
        return _answer(site, lambda given: overview(engine, _limit(given, MAX_NODES, MAX_NODES)), ("limit",))

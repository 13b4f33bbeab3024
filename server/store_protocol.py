"""SPARQL 1.1 Graph Store HTTP Protocol at ``/store``: whole graphs, named by parameter or by path."""

from __future__ import annotations

import uuid

from flask import Flask, Request, Response, request

from .describe import choose_rdf
from .engine import Engine, Query, iris
from .formats import RDF_FORMATS, by_media_type
from .problems import Problem, method_not_allowed
from .protocol import base_of, options, read_body, read_parameters
from .reply import Reply, matches
from .respond import respond
from .updates import Part, Updates

METHODS = "GET, HEAD, PUT, POST, DELETE, OPTIONS"
_VERBS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"]


def graph_of(current: Request) -> str | None:
    """Return the IRI of the graph a request means, empty for the default graph, None for the store itself.

    Raises:
        Problem: 400 if it means several, or the IRI is none.
    """
    parameters = read_parameters(current.environ.get("QUERY_STRING", ""))
    named = parameters.get("graph", [])
    path = current.path.removeprefix("/store").strip("/")
    given = len(named) + ("default" in parameters) + bool(path)
    if given > 1:
        raise Problem(400, "graph", "the request names more than one graph", "Use one of graph=, default, or a path.")
    if named:
        base = f"{base_of(current.environ)}/store"
        iri = named[0] if ":" in named[0] else f"{base}/{named[0].lstrip('/')}"
        return iris([iri])[0]
    if path:
        return iris([base_of(current.environ) + current.path])[0]
    return "" if "default" in parameters else None


def read_parts(current: Request, limit: int) -> list[Part]:
    """Return the RDF a request carries: its body, or the files of a multipart form.

    Raises:
        Problem: 413 if it is too long, 415 if its Content-Type is no RDF format.
    """
    media = current.mimetype
    if media == "multipart/form-data":
        length = current.content_length
        if length is None or length > limit:
            raise Problem(413, "body", f"the form has no length or is longer than {limit} bytes", "", {"limit": limit})
        files = [item for items in current.files.listvalues() for item in items]
        return [_part(item.content_type or "", item.read()) for item in files]
    return [_part(current.headers.get("Content-Type", ""), read_body(current.environ, limit))]


def _part(content_type: str, body: bytes) -> Part:
    form = by_media_type(content_type or "text/turtle")
    if form is None:
        offered = ", ".join(item.media_type for item in RDF_FORMATS)
        raise Problem(415, "media-type", f"{content_type!r} is no RDF format", f"Accepted: {offered}.")
    return Part(form.name, body)


class GraphStore:
    """The protocol's operations on one store."""

    def __init__(self, engine: Engine, updates: Updates) -> None:
        self.engine, self.updates = engine, updates

    def exists(self, graph: str) -> bool:
        """Tell whether the graph is there; the default graph always is."""
        if not graph:
            return True
        text = f"SELECT ?g {{ GRAPH ?g {{}} FILTER(?g = <{graph}>) }}"
        return bool(self.engine.select(text))

    def read(self, graph: str, current: Request) -> Reply:
        """Return one graph in the format asked for (GET and HEAD)."""
        form = choose_rdf(current.headers.get("Accept"))
        if not self.exists(graph):
            raise Problem(404, "unknown", f"there is no graph <{graph}>")
        where = f"GRAPH <{graph}> {{ ?s ?p ?o }}" if graph else "?s ?p ?o"
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {where} }}"
        query = Query(text, form.name, plain=not graph)
        answer = self.engine.answer(query, self.engine.check(text), self.engine.settings.deadline_s)
        headers = [("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-cache")]
        if answer.etag:
            headers.append(("ETag", answer.etag))
            if matches(current.headers.get("If-None-Match"), answer.etag):
                return Reply(304, headers=headers)
        return Reply(200, form.content_type, answer.body, headers, answer.file, answer.size, answer.packed)

    def write(self, graph: str | None, current: Request) -> Reply:
        """Replace, add to or delete a graph."""
        self.updates.admit(current.environ, "store")
        site, method = base_of(current.environ), current.method
        if method == "DELETE":
            if graph is None:
                raise Problem(400, "graph", "the request names no graph", "Add ?graph=IRI or ?default.")
            self.updates.write_graph("delete", graph, site + "/store")
            return Reply(204)
        parts = read_parts(current, self.updates.settings.max_body_bytes)
        created = graph is None
        if graph is None:
            if method == "PUT":
                raise Problem(400, "graph", "the request names no graph", "Add ?graph=IRI or ?default.")
            graph = f"{site}/store/{uuid.uuid4()}"
        done = self.updates.write_graph(method.lower(), graph, graph or site + "/store", parts)
        if created:
            return Reply(201, headers=[("Location", graph)])
        return Reply(204 if done["existed"] or not graph else 201)


def register_store(app: Flask, engine: Engine, updates: Updates) -> None:
    """Add the routes of the protocol."""
    store = GraphStore(engine, updates)

    @app.route("/store", methods=_VERBS, strict_slashes=False)
    @app.route("/store/<path:path>", methods=_VERBS)
    def graph_store(path: str = "") -> Response:  # noqa: ARG001 - read from the request, where it is not normalised
        method = request.method
        if method == "OPTIONS":
            return respond(options(METHODS, ", ".join(item.media_type for item in RDF_FORMATS)))
        if method == "PATCH":
            raise method_not_allowed(method, METHODS)
        graph = graph_of(request)
        if method in ("GET", "HEAD"):
            if graph is None:
                raise Problem(400, "graph", "the request names no graph", "Add ?graph=IRI or ?default.")
            return respond(store.read(graph, request))
        return respond(store.write(graph, request))

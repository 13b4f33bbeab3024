"""The routes beside /sparql: pages, linked data, descriptions, health and metrics."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from . import (
    about_page,
    commitments_page,
    compare_page,
    describe,
    explorer,
    exports,
    home_page,
    list_page,
    query_page,
    site_files,
    timeline_page,
    vocabulary,
)
from .coding import COMPRESS_FROM, choose_coding, compress
from .dataset import dcat
from .formats import HTML
from .linked_data import LinkedData
from .observe import GAUGES, Metrics
from .openapi import openapi
from .problems import Problem
from .protocol import base_of, options
from .reply import SECURITY, cors_headers, wants_html
from .respond import respond
from .search_api import SearchApi
from .site import Site, last_modified

# Each has a function register(app, site).
PARTS = (
    home_page, list_page, timeline_page, commitments_page, compare_page, explorer, query_page, exports, site_files
)  # fmt: skip


def _pack_file(response: Response, coding: str, packed: dict[tuple[str | None, str], bytes]) -> None:
    """Compress a static file, each once: the libraries are large, and there are few files."""
    response.headers.add("Vary", "Accept-Encoding")
    if not (response.content_type or "").startswith(("text/", "application/", "image/svg")):
        return
    key = (response.get_etag()[0], coding)
    response.direct_passthrough = False
    if key not in packed:
        packed[key] = compress(response.get_data(), coding)
    response.set_data(packed[key])
    response.headers["Content-Encoding"] = coding


def register(app: Flask, site: Site, metrics: Metrics) -> None:
    """Add all routes to *app*."""
    engine, pages, data = site.engine, site.pages, LinkedData(site)
    cors = engine.settings.cors
    packed_files: dict[tuple[str | None, str], bytes] = {}
    for part in PARTS:
        part.register(app, site)

    def accept() -> str | None:
        return request.headers.get("Accept")

    def none_match() -> str | None:
        return request.headers.get("If-None-Match")

    @app.before_request
    def answer_options() -> Response | None:
        rule = request.url_rule
        if request.method != "OPTIONS" or rule is None or not getattr(rule, "provide_automatic_options", False):
            return None
        return respond(options(", ".join(sorted(rule.methods or ()))))

    @app.get("/id/<path:path>")
    def thing(path: str) -> Response:
        return respond(data.see_other(path, accept()))

    @app.get("/page/<path:path>")
    def page(path: str) -> Response:
        return respond(data.page(request.environ, path))

    @app.get("/data/<path:path>")
    def rdf(path: str) -> Response:
        return respond(data.data(request.environ, path))

    @app.get("/graph/<path:path>")
    def graph(path: str) -> Response:
        return respond(data.graph(request.environ, path))

    @app.get("/ontology")
    def show_ontology() -> Response:
        return respond(vocabulary.document(site, request.environ, accept(), none_match()))

    @app.get("/ontology.<name>")
    @app.get("/ontology/<path:name>")
    def ontology_file(name: str) -> Response:
        return respond(vocabulary.file(name, none_match()))

    def described(triples: describe.Triples) -> Response:
        html = wants_html(accept())
        reply = describe.rdf_reply(triples, "text/turtle" if html else accept())
        if html:  # shown by the browser, where Turtle would be downloaded
            reply.content_type = "text/plain; charset=utf-8"
        reply.headers.append(last_modified(engine.version()))
        response = respond(reply)
        response.add_etag()
        response.make_conditional(request)
        return response

    @app.get("/.well-known/void")
    def void() -> Response:
        return described(describe.void(engine, base_of(request.environ)))

    @app.get("/dataset")
    def show_dataset() -> Response:
        if wants_html(accept()):
            return respond(about_page.about(site, request.environ))
        return described(dcat(engine, base_of(request.environ)))

    @app.get("/dataset.ttl")
    def dataset_as_turtle() -> Response:
        return respond(describe.rdf_reply(dcat(engine, base_of(request.environ)), "text/turtle"))

    @app.get("/openapi.json")
    def show_openapi() -> Response:
        return respond(openapi(engine, base_of(request.environ)))

    @app.get("/.well-known/sparql-examples")
    def sparql_examples() -> Response:
        triples = describe.examples(base_of(request.environ) + "/sparql")
        return respond(describe.rdf_reply(triples, accept()))

    search = SearchApi(engine, pages)

    @app.get("/api/search")
    def find() -> Response:
        return respond(search(request.environ))

    @app.get("/metrics")
    def show_metrics() -> Response:
        pool = engine.pool
        if pool.lending is not None:
            pool.lending.collect()
        for name, value in zip(GAUGES, (pool.alive, pool.busy, pool.waiting, engine.cache.size), strict=True):
            metrics.put(name, value)
        return Response(metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")

    @app.errorhandler(Problem)
    def refuse(problem: Problem) -> Response:
        metrics.count_problem(problem.status, problem.code)
        # What asks an API reads JSON, whatever it says it accepts.
        asked = "application/problem+json" if request.path.startswith("/api/") else accept()
        content_type, body = problem.render(asked, request.headers.get("Accept-Language"))
        if (
            content_type.startswith(HTML.media_type) and problem.status < 500
        ):  # a mistake of ours may be in the page itself
            body = home_page.missing(site, request.environ, problem)
        return Response(
            body, problem.status, [("Vary", "Accept, Accept-Language"), *problem.headers], content_type=content_type
        )

    @app.errorhandler(HTTPException)
    def refuse_http(error: HTTPException) -> Response:
        allowed = getattr(error, "valid_methods", None)
        headers = (("Allow", ", ".join(allowed)),) if allowed else ()
        hint = "The start page lists what is there." if error.code == 404 else ""
        return refuse(Problem(error.code or 500, "http", f"{request.method} {request.path}", hint, headers=headers))

    @app.after_request
    def finish(response: Response) -> Response:
        for name, value in (*SECURITY, *cors_headers(cors, request.headers.get("Origin"))):
            if name not in response.headers or name == "Vary":
                response.headers.add(name, value)
        body = response.get_data() if not response.is_streamed and not response.direct_passthrough else b""
        coding = choose_coding(request.headers.get("Accept-Encoding"))
        if coding and request.path.startswith("/static/") and response.status_code == 200:
            _pack_file(response, coding, packed_files)
        elif coding and len(body) >= COMPRESS_FROM:
            response.set_data(compress(body, coding))
            response.headers["Content-Encoding"] = coding
        return response

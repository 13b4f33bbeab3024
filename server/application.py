"""Compose one front: engine, endpoint, pages, linked data and the gateway before them, in a Flask application."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from . import describe, home_page, reconcile_api, review_page
from .auth import Gatekeeper, read_tokens
from .engine import Engine, check_store
from .gateway import Gateway, WsgiApp
from .observe import Metrics, QueryLog
from .pages import Pages
from .protocol import base_of
from .reply import Environ, Reply, wants_html
from .settings import Settings
from .site import Site
from .sparql import Endpoint
from .store_protocol import register_store
from .updates import Updates
from .view import build as build_view
from .views import register


def by_path(base_iri: str, application: WsgiApp) -> WsgiApp:
    """Return *application* answering the IRIs under *base_iri* by their path too, whoever is asked for them.

    So https://w3id.org/summitgraph/id/… is answered where w3id.org leads here: by a redirect, a proxy or a hosts file.
    """
    prefix = urlsplit(base_iri).path.rstrip("/")

    def answer(environ: Environ, start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        rest = path[len(prefix) :] if prefix and path.startswith(prefix) else "-"
        if rest in ("", "/") or rest.startswith(("/id/", "/graph/", "/ontology")):
            environ["PATH_INFO"] = rest or "/"
        return application(environ, start_response)

    return answer


def build(settings: Settings) -> Flask:
    """Return the application for any WSGI server; its query processes are started.

    Raises:
        StoreError: If there is no store.
    """
    check_store(settings)
    build_view(settings.store)
    app, gateway = compose(settings, Metrics(1))
    gateway.endpoint.engine.pool.start()
    return app


def compose(settings: Settings, metrics: Metrics) -> tuple[Flask, Gateway]:
    """Return the application and the gateway in it; its query processes are still to be started."""
    metrics.take()
    app = Flask("summitgraph.server")
    app.url_map.merge_slashes = False  # a path of /store is part of a graph's name
    engine, pages = Engine(settings), Pages(settings.base_iri)
    engine.federation.policy = replace(engine.federation.policy, count=metrics.add)
    gatekeeper = Gatekeeper(read_tokens(settings))
    updates = Updates(engine, gatekeeper, metrics)

    def describe_service(environ: Environ) -> Reply:
        accept = environ.get("HTTP_ACCEPT")
        if wants_html(accept):
            return Reply(303, headers=[("Location", "/query"), ("Vary", "Accept")])
        triples = describe.service(base_of(environ) + "/sparql", gatekeeper.open, engine.federation.open)
        return describe.rdf_reply(triples, accept)

    log = QueryLog(settings.query_log)
    endpoint = Endpoint(engine, metrics, log, page=pages.results, update=updates.update, describe=describe_service)
    site = Site(engine, pages)
    register(app, site, metrics)
    register_store(app, engine, updates)
    review_page.register(app, site, updates)
    reconcile_api.register(app, site)
    gateway = Gateway(settings, endpoint, app.wsgi_app, metrics, partial(home_page.missing, site))
    app.wsgi_app = by_path(settings.base_iri, gateway)  # type: ignore[method-assign,assignment]
    app.extensions["summitgraph"] = engine
    return app, gateway

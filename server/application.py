"""Compose one front: engine, endpoint, pages, linked data and the gateway before them, in a Flask application."""

from __future__ import annotations

from flask import Flask

from . import describe
from .auth import Gatekeeper, read_tokens
from .engine import Engine, check_store
from .gateway import Gateway
from .observe import Metrics, QueryLog
from .pages import Pages
from .reply import Environ, Reply, wants_html
from .settings import Settings
from .sparql import Endpoint, base_of
from .store_protocol import register_store
from .updates import Updates
from .view import build as build_view
from .views import register


def build(settings: Settings, *, metrics: Metrics | None = None) -> Flask:
    """Return the application; its query processes are started.

    Raises:
        StoreError: If there is no store.
    """
    check_store(settings)
    build_view(settings.store)
    metrics = metrics or Metrics(1)
    metrics.take()
    app = Flask("summitgraph.server")
    app.url_map.merge_slashes = False  # a path of /store is part of a graph's name
    engine, pages = Engine(settings), Pages(settings.base_iri)
    engine.pool.start()

    gatekeeper = Gatekeeper(read_tokens(settings))
    updates = Updates(settings, gatekeeper, metrics)

    def describe_service(environ: Environ) -> Reply:
        accept = environ.get("HTTP_ACCEPT")
        if wants_html(accept):
            return Reply(303, headers=[("Location", "/query"), ("Vary", "Accept")])
        return describe.rdf_reply(describe.service(base_of(environ) + "/sparql", writable=gatekeeper.open), accept)

    log = QueryLog(settings.query_log)
    endpoint = Endpoint(engine, metrics, log, page=pages.results, update=updates.update, describe=describe_service)
    register(app, engine, pages, metrics)
    register_store(app, engine, updates)
    app.wsgi_app = Gateway(settings, endpoint, app.wsgi_app, metrics)  # type: ignore[method-assign]
    app.extensions["summitgraph"] = engine
    return app

"""Compose one front: engine, endpoint, pages, linked data and the gateway before them, in a Flask application."""

from __future__ import annotations

from flask import Flask

from . import describe
from .engine import Engine, check_store
from .gateway import Gateway
from .observe import Metrics, QueryLog
from .pages import Pages
from .problems import Problem
from .reply import Environ, Reply, wants_html
from .settings import Settings
from .sparql import Endpoint, Operation, base_of
from .views import register


def build(settings: Settings, *, metrics: Metrics | None = None) -> Flask:
    """Return the application; its query processes are started.

    Raises:
        StoreError: If there is no store.
    """
    check_store(settings)
    metrics = metrics or Metrics(1)
    metrics.take()
    app = Flask("summitgraph.server")
    engine, pages = Engine(settings), Pages(settings.base_iri)
    engine.pool.start()

    def update(_environ: Environ, _operation: Operation) -> Reply:
        raise Problem(501, "update", "updates are not possible yet")

    def describe_service(environ: Environ) -> Reply:
        accept = environ.get("HTTP_ACCEPT")
        if wants_html(accept):
            return Reply(303, headers=[("Location", "/query"), ("Vary", "Accept")])
        return describe.rdf_reply(describe.service(base_of(environ) + "/sparql", writable=False), accept)

    log = QueryLog(settings.query_log)
    endpoint = Endpoint(engine, metrics, log, page=pages.results, update=update, describe=describe_service)
    register(app, engine, pages, metrics)
    app.wsgi_app = Gateway(settings, endpoint, app.wsgi_app, metrics)  # type: ignore[method-assign]
    app.extensions["summitgraph"] = engine
    return app

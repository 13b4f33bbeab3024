"""Compose one front: engine, endpoint, pages, linked data and the gateway before them, in a Flask application."""

from __future__ import annotations

import logging

from flask import Flask, Response, request

from .engine import Engine, check_store
from .gateway import Gateway
from .observe import Metrics, QueryLog
from .problems import Problem
from .reply import Environ, Reply
from .settings import Settings
from .sparql import Endpoint, Operation

log = logging.getLogger(__name__)


def build(settings: Settings, *, metrics: Metrics | None = None) -> Flask:
    """Return the application; its query processes are started.

    Raises:
        StoreError: If there is no store.
    """
    check_store(settings)
    metrics = metrics or Metrics(1)
    metrics.take()
    app = Flask("summitgraph.server")
    engine = Engine(settings)
    engine.pool.start()

    def page(_environ: Environ, _text: str, _form: str, data: bytes) -> bytes:
        return data

    def update(_environ: Environ, _operation: Operation) -> Reply:
        raise Problem(501, "update", "updates are not possible yet")

    def describe(_environ: Environ) -> Reply:
        raise Problem(400, "query", "the parameter 'query' is missing")

    endpoint = Endpoint(engine, metrics, QueryLog(settings.query_log), page=page, update=update, describe=describe)
    app.wsgi_app = Gateway(settings, endpoint, app.wsgi_app, metrics)  # type: ignore[method-assign]
    app.extensions["summitgraph"] = engine

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @app.get("/readyz")
    def readyz() -> Response:
        engine.version()
        return Response("ready\n", mimetype="text/plain")

    @app.errorhandler(Problem)
    def refuse(problem: Problem) -> Response:
        content_type, body = problem.render(request.headers.get("Accept"))
        return Response(body, problem.status, list(problem.headers), content_type=content_type)

    return app

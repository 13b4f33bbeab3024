"""The outermost WSGI application: lets clients in by the limits, answers /sparql itself, hands the rest to Flask.

Flask's routing costs more than a small query does; nothing that every query passes is done there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from .formats import HTML
from .limits import Limiter, client_of
from .observe import Metrics
from .problems import Problem, method_not_allowed
from .protocol import options
from .reply import Environ, Reply, StartResponse, send
from .settings import Settings
from .sparql import Endpoint

log = logging.getLogger(__name__)
WsgiApp = Callable[[Environ, Any], Iterable[bytes]]
ALWAYS = frozenset(["/healthz", "/readyz"])
_READ = "GET, HEAD, OPTIONS"
# What a reader can mend, told on a page like the others; a busy or failing server says so with less.
_EXPLAINED = frozenset([400, 403, 405, 406, 413])
ENDPOINT_PATHS = frozenset(["/sparql", "/sparql/"])


class Gateway:
    """Everything a request passes before it is routed."""

    def __init__(
        self,
        settings: Settings,
        endpoint: Endpoint,
        rest: WsgiApp,
        metrics: Metrics,
        page: Callable[[Environ, Problem], bytes],
    ) -> None:
        self.endpoint, self.rest, self.metrics, self.page = endpoint, rest, metrics, page
        self.cors, self.trust_proxy = settings.cors, settings.trust_proxy
        fronts = max(1, settings.fronts)
        self.limiter = Limiter(settings.rate / fronts, settings.burst, settings.concurrent)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a Problem becomes its document, an error of ours a 500 without details."""
        if "summitgraph.counted" not in environ:
            self.metrics.add("requests_total")
        path = environ["PATH_INFO"]
        try:
            if path in ALWAYS:
                return send(environ, start_response, self.health(environ), self.cors)
            with self.limiter.admit(client_of(environ, self.trust_proxy)):
                if path not in ENDPOINT_PATHS:
                    return self.rest(environ, start_response)
                return send(environ, start_response, self.endpoint(environ), self.cors)
        except Problem as problem:
            return send(environ, start_response, self.refuse(environ, problem), self.cors)
        except Exception:  # the last place that can answer
            log.exception("a request could not be answered")
            unknown = Problem(500, "internal", "the server made a mistake; it has been logged")
            return send(environ, start_response, self.refuse(environ, unknown), self.cors)

    def health(self, environ: Environ) -> Reply:
        """Return whether the process answers (/healthz), or whether it can answer queries (/readyz)."""
        text, method = "ok\n", environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return options(_READ)
        try:
            if method not in ("GET", "HEAD"):
                raise method_not_allowed(method, _READ)
            if environ["PATH_INFO"] == "/readyz":
                number = self.endpoint.engine.version().partition("-")[0]
                if not self.endpoint.engine.pool.alive:
                    wait = (("Retry-After", "1"),)
                    raise Problem(503, "not-ready", "no query process is running yet", headers=wait)
                text = f"ready: snapshot {number}\n"
        except Problem as problem:
            return self.refuse(environ, problem)
        headers = [("Cache-Control", "no-store")]
        return Reply(200, "text/plain; charset=utf-8", text.encode(), headers, size=len(text))

    def refuse(self, environ: Environ, problem: Problem) -> Reply:
        """Return the reply for *problem*."""
        self.metrics.count_problem(problem.status, problem.code)
        content_type, body = problem.render(environ.get("HTTP_ACCEPT"), environ.get("HTTP_ACCEPT_LANGUAGE"))
        if content_type == HTML.content_type and problem.status in _EXPLAINED:
            body = self.page(environ, problem)
        headers = [("Vary", "Accept, Accept-Language"), ("Cache-Control", "no-store"), *problem.headers]
        return Reply(problem.status, content_type, body, headers, size=len(body))

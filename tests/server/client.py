"""A plain HTTP client: what it sends is exactly what the test says."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode


@dataclass(frozen=True)
class Reply:
    """Status, headers in lower case, and body of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.body)


class Client:
    """Requests to one server on the loopback address."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(
        self, method: str, path: str, body: bytes | str | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request on a connection of its own; header names are written with underscores or dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
            connection.request(method, path, body.encode() if isinstance(body, str) else body, sent)
            reply = connection.getresponse()
            names = {name.lower(): value for name, value in reply.getheaders()}
            return Reply(reply.status, names, reply.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        """GET a path."""
        return self.request("GET", path, headers=headers)

    def query(self, text: str, accept: str | None = "application/sparql-results+json", **parameters: str) -> Reply:
        """Send a query with GET."""
        path = "/sparql?" + urlencode({"query": text, **parameters}, quote_via=quote)
        return self.request("GET", path, headers={"Accept": accept} if accept else {})

    def rows(self, text: str, **parameters: str) -> list[dict[str, str]]:
        """Return the values of a SELECT query's rows."""
        reply = self.query(text, **parameters)
        assert reply.status == 200, reply.text
        return [{name: cell["value"] for name, cell in row.items()} for row in reply.json()["results"]["bindings"]]

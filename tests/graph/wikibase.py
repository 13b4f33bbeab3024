"""A real HTTP server on loopback that speaks the two actions of the Wikidata API we use, and fails as that one does."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .test_reference_import import item

__all__ = ["Wikibase", "item", "serving"]


@dataclass
class Wikibase:
    """What the server knows, how it is to fail next, and what it was asked."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)  # one a request: 429, 503, maxlag, cut, html, refused
    asked: list[dict[str, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    times: list[float] = field(default_factory=list)
    url: str = ""

    def add(self, *items: dict[str, Any]) -> None:
        """Know these items."""
        self.items |= {one["id"]: one for one in items}

    def answer(self, asked: dict[str, str]) -> dict[str, Any]:
        """Return the answer to a request."""
        if asked["action"] == "wbsearchentities":
            wanted = asked["search"].casefold()
            hits = []
            for qid, one in self.items.items():
                names = [label["value"] for label in one["labels"].values()]
                names += [alias["value"] for found in one["aliases"].values() for alias in found]
                if match := next((name for name in names if name.casefold().startswith(wanted)), ""):
                    hits.append({"id": qid, "label": names[0], "match": {"type": "label", "text": match}})
            return {"search": hits[: int(asked["limit"])], "success": 1}
        assert asked["action"] == "wbgetentities"
        entities: dict[str, Any] = {}
        for qid in asked["ids"].split("|"):
            to = self.merged.get(qid, qid)
            if to in self.items:
                extra = {"redirects": {"from": qid, "to": to}} if to != qid else {}
                entities[qid] = self.items[to] | extra
            else:
                entities[qid] = {"id": qid, "missing": ""}
        return {"entities": entities, "success": 1}


@contextmanager
def serving() -> Iterator[Wikibase]:
    """Run the server while the block runs."""
    known = Wikibase()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            known.asked.append(asked)
            known.times.append(time.monotonic())
            known.agents.add(self.headers.get("User-Agent", ""))
            fault = known.faults.pop(0) if known.faults else ""
            if fault == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"entities": ')
                self.close_connection = True
                return
            if fault in ("429", "503", "500", "403"):
                self._send(int(fault), b"<html>no</html>", {"Retry-After": "7"} if fault == "429" else {})
            elif fault == "maxlag":
                info = {"code": "maxlag", "info": "Waiting for db1: 6 seconds lagged", "lag": 6.0}
                self._send(200, json.dumps({"error": info}).encode(), {"Retry-After": "5"})
            elif fault == "html":
                self._send(200, b"<html>maintenance</html>", {})
            elif fault == "error":
                self._send(200, b'{"error": {"code": "no-such-entity", "info": "Could not find an entity"}}', {})
            else:
                body = gzip.compress(json.dumps(known.answer(asked), ensure_ascii=False).encode())
                self._send(200, body, {"Content-Encoding": "gzip"})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        known.url = f"http://127.0.0.1:{server.server_address[1]}/w/api.php"
        try:
            yield known
        finally:
            server.shutdown()

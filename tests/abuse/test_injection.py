"""Texts and parameters that try to become code, tokens that are guessed, and memory after it all."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from summitgraph.server.launch import launched
from tests.server.client import Client

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
EVIL = SCRIPT.replace("\\", "\\\\").replace('"', '\\"')
THING = "https://w3id.org/summitgraph/id/person/evil"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
DATA = f'<http://g/1> {{ <{THING}> <{LABEL}> "{EVIL}"@en ; <http://e/see> <javascript:alert(1)> }}'


@pytest.mark.parametrize(
    "path",
    [
        "/page/person/evil",
        f"/sparql?query={quote('SELECT * { ?s ?p ?o }')}",
        f"/sparql?query={quote(f'SELECT * {{ ?s ?p ?o }} # {SCRIPT}')}",
        f"/query?query={quote(SCRIPT)}",
        f"/?lang={quote(SCRIPT)}",
        f"/sparql?query={quote('ASK { ' + SCRIPT)}",
    ],
)
def test_texts_stay_texts_on_pages(make_store: Callable[[Path, str], Path], tmp_path: Path, path: str) -> None:
    with launched(make_store(tmp_path / "store", DATA), {"SUMMITGRAPH_FRONTS": "1"}) as port:
        reply = Client(port).get(path, Accept="text/html")

    assert "<script>alert" not in reply.text
    assert "<img src=x" not in reply.text
    assert 'href="javascript:' not in reply.text
    assert "script-src 'self'" in reply.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["person/x>%20%7D%20%3Bdrop", "person/%22%3E", "person/a%0Ab", "person/%7B%7D", "person/%3E?p?o"]
)
def test_path_cannot_end_the_term_it_stands_in(
    make_store: Callable[[Path, str], Path], tmp_path: Path, path: str
) -> None:
    with launched(make_store(tmp_path / "store", DATA), {"SUMMITGRAPH_FRONTS": "1"}) as port:
        statuses = {Client(port).get(f"/{kind}/{path}", Accept="text/turtle").status for kind in ("id", "data", "page")}

    assert statuses <= {400, 404}


def test_guessing_tokens_is_slowed_and_others_go_on(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    settings = {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_TOKEN": "the real token"}
    with launched(make_store(tmp_path / "store", DATA), settings) as port:
        client = Client(port)
        headers = {"Content-Type": "application/sparql-update"}
        statuses = [
            client.request("POST", "/sparql", "CLEAR ALL", {**headers, "Authorization": f"Bearer guess{number}"}).status
            for number in range(30)
        ]
        started = time.perf_counter()
        honest = client.query("ASK { ?s ?p ?o }")

    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert set(statuses) == {401, 429}
    assert honest.json()["boolean"]
    assert time.perf_counter() - started < 5.0


def test_memory_is_back_after_bombs(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    settings = {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_WORKERS": "1", "SUMMITGRAPH_DEADLINE_S": "8"}
    doubling = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(23))
    root = make_store(tmp_path / "store", DATA)
    with launched(root, settings) as port:
        client = Client(port)
        assert client.query("ASK {}").status == 200
        before = _memory_mb(root)
        for number in range(6):
            query = f"SELECT (STRLEN(?x23) AS ?n) {{ BIND('{'x' * 40}{number}' AS ?x0) {doubling} }}"
            assert client.query(query).status in (200, 504, 507)
        assert client.query("ASK { ?s ?p ?o }").status == 200
        after = _memory_mb(root)

    assert before > 10
    assert after < before + 150


def _memory_mb(store: Path) -> float:
    """Return the memory that belongs to the processes of a store's server alone; all have its path as an argument."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(store).encode() in (folder / "cmdline").read_bytes():
                numbers = re.search(rb"^RssAnon:\s+(\d+)", (folder / "status").read_bytes(), re.MULTILINE)
                found += int(numbers[1]) if numbers else 0
    return found / 1024

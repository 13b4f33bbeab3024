"""The view of a snapshot: the union of its graphs as a set, whole or not at all, following the store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox

from summitgraph.server import view
from summitgraph.server.launch import launched

from .client import Client
from .conftest import publish

TWICE = "<http://g/1> { <http://e/a> <http://e/p> 1 } <http://g/2> { <http://e/a> <http://e/p> 1 }"


def test_triple_of_two_documents_is_one(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    with launched(make_store(tmp_path / "store", TWICE), {"SUMMITGRAPH_FRONTS": "1"}) as port:
        client = Client(port)

        assert client.rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [{"n": "1"}]
        assert client.rows("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }") == [{"n": "2"}]
        assert client.get("/store?default", Accept="application/n-triples").body == b""


def test_snapshot_of_another_writer_is_followed(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", TWICE)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        client = Client(port)
        before = client.rows("SELECT ?o { <http://e/new> ?p ?o }")
        other = ox.Store(str(root / "db"))
        other.update("INSERT DATA { GRAPH <http://g/3> { <http://e/new> <http://e/p> 3 } }")
        publish(root, other, 2)
        deadline = time.monotonic() + 5
        while not (after := client.rows("SELECT ?o { <http://e/new> ?p ?o }")) and time.monotonic() < deadline:
            os.sched_yield()

    assert (before, after) == ([], [{"o": "3"}])


def test_half_built_view_is_not_used(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", TWICE)
    (root / "views" / "new-left-by-a-killed-process" / "db").mkdir(parents=True)
    built = view.build(root)

    assert built.name == view.current_name(root) == view.newest(root)
    assert len(ox.Store.read_only(str(built))) == 3
    assert view.build(root) == built


def test_older_view_is_removed_when_nobody_reads_it(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", TWICE)
    first = view.build(root)
    publish(root, ox.Store(str(root / "db")), 2)
    second = view.build(root)

    assert not first.exists()
    assert second.is_dir()

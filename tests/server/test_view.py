"""The view of a snapshot: the union of its graphs as a set, whole or not at all, following the store."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyoxigraph as ox

from summitgraph.graph import snapshots
from summitgraph.server import view
from summitgraph.server.guard import Limits, scan
from summitgraph.server.launch import launched
from summitgraph.server.updates import touched

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
        deadline = time.monotonic() + 30
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


def dump(path: Path) -> set[ox.Quad]:
    return set(ox.Store.read_only(str(path)).quads_for_pattern(None, None, None, None))


def index_rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(view.index_of(path))) as connection:
        names = dict(connection.execute("SELECT id, iri FROM types"))
        texts = connection.execute("SELECT iri, property, lang, text, type FROM texts ORDER BY id").fetchall()
        hits = connection.execute(
            "SELECT texts.iri, texts.text FROM inverted JOIN texts ON texts.id = inverted.rowid"
            " WHERE inverted MATCH 'words : (zebra OR lion OR summit)'"
        ).fetchall()
        lost = connection.execute(
            "SELECT COUNT(*) FROM inverted WHERE inverted MATCH 'words : (zebra OR lion)'"
            " AND rowid NOT IN (SELECT id FROM texts)"
        ).fetchall()
    return [*sorted((*row[:4], names.get(row[4], "")) for row in texts), *sorted(hits), *lost]


PREFIXES = "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> PREFIX e: <http://e/> PREFIX g: <http://g/> "
CHANGES = [
    'INSERT DATA { GRAPH g:3 { e:b rdfs:label "a zebra"@en , "lion" ; a e:C . e:a e:p 1 } }',
    "DELETE DATA { GRAPH g:1 { e:a e:p 1 } }",  # two other graphs hold it
    'INSERT DATA { GRAPH g:4 { e:b a e:D . e:c rdfs:label "zebra summit" } } ; CREATE GRAPH g:5',
    'DELETE { GRAPH g:3 { ?s rdfs:label "lion" } } INSERT { GRAPH g:3 { ?s rdfs:label "old lion" } }'
    ' WHERE { GRAPH g:3 { ?s rdfs:label "lion" } }',
    "DROP GRAPH g:3 ; CLEAR GRAPH g:2",
    'INSERT DATA { GRAPH g:6 { e:C rdfs:subClassOf e:D . e:b a e:C ; rdfs:label "lion" } }',
    "DELETE WHERE { GRAPH g:6 { ?s rdfs:label ?o } }",
    "INSERT DATA { e:x e:p 1 }",
    "DELETE WHERE { GRAPH ?g { e:b ?p ?o } }",
]


def test_view_made_of_the_last_one_is_the_same_as_one_made_of_all(
    make_store: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    root = make_store(tmp_path / "store", TWICE)
    view.build(root)
    for text in CHANGES:
        update = PREFIXES + text
        graphs = touched(update, scan(update, Limits()))
        database = ox.Store(str(root / "db"))
        database.update(update)
        snapshots.publish(root, database, graphs)
        del database
        if text.startswith("DROP"):
            continue  # two snapshots at once
        assert view.can_advance(root) == (graphs is not None)
        made = view.build(root)
        whole = tmp_path / f"whole-{made.name}"
        shutil.copytree(root / "snapshots", whole / "snapshots")
        shutil.copy2(root / "CURRENT", whole / "CURRENT")
        built = view.build(whole)

        assert dump(made) == dump(built), text
        assert set(ox.Store.read_only(str(made)).named_graphs()) == set(ox.Store.read_only(str(built)).named_graphs())
        assert index_rows(made) == index_rows(built), text


def test_change_that_nobody_told_of_is_seen(make_store: Callable[[Path, str], Path], tmp_path: Path) -> None:
    root = make_store(tmp_path / "store", TWICE)
    view.build(root)
    database = ox.Store(str(root / "db"))
    database.update("INSERT DATA { GRAPH <http://g/3> { <http://e/new> <http://e/p> 3 } }")
    publish(root, database, 2)

    assert not view.can_advance(root)
    assert len(dump(view.build(root))) == 5

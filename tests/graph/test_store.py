"""The store: whole documents, one writer, snapshots that never change under a reader, and nothing lost when killed."""

from __future__ import annotations

import io
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from summitgraph import pipeline
from summitgraph.errors import StoreError, StoreLockedError
from summitgraph.graph import archive, export, iris, validation
from summitgraph.graph.selection import Selection
from summitgraph.graph.store import Writer, current_version, document_ids, open_reader
from summitgraph.server import view
from tests.conftest import OTHER_TEXT, TEXT, document

ID = document().id


def dump(path: Path) -> bytes:
    snapshot, reader = open_reader(path)
    output = io.BytesIO()
    with snapshot:
        export.export(reader, output, "nquads", Selection(everything=True))
    return output.getvalue()


def test_a_document_is_read_back_as_it_was_stored(tmp_path: Path, quads: list[Quad]) -> None:
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)

    snapshot, reader = open_reader(tmp_path)
    with snapshot:
        assert set(reader.quads_for_pattern(None, None, None, iris.document_graph(ID))) == set(quads)
        assert document_ids(reader) == [ID]


def test_readers_see_nothing_before_publication(tmp_path: Path, quads: list[Quad]) -> None:
    with Writer(tmp_path) as writer:
        writer.publish()
        writer.add(ID, quads)
        snapshot, reader = open_reader(tmp_path)
        with snapshot:
            assert document_ids(reader) == []


def test_a_snapshot_in_use_outlives_later_publications(tmp_path: Path, quads: list[Quad]) -> None:
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)
    snapshot, reader = open_reader(tmp_path)
    with snapshot:
        with Writer(tmp_path) as writer:
            writer.remove(ID)
            writer.publish()
        assert document_ids(reader) == [ID]
        assert snapshot.path.is_dir()
    with Writer(tmp_path) as writer:
        writer.publish()
        assert not snapshot.path.exists()


def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    with Writer(tmp_path), pytest.raises(StoreLockedError, match="another process is writing"):
        Writer(tmp_path)


def test_storing_a_document_again_changes_no_byte(tmp_path: Path, quads: list[Quad]) -> None:
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)
    before = dump(tmp_path)
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)

    assert dump(tmp_path) == before


def test_a_changed_reading_replaces_the_old_one(tmp_path: Path, quads: list[Quad]) -> None:
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)
        writer.add(ID, quads[:50])

    snapshot, reader = open_reader(tmp_path)
    with snapshot:
        assert set(reader.quads_for_pattern(None, None, None, iris.document_graph(ID))) == set(quads[:50])


def test_removing_a_document_leaves_the_store_as_before(tmp_path: Path, quads: list[Quad]) -> None:
    other = document(OTHER_TEXT)
    with Writer(tmp_path) as writer:
        writer.add(other.id, pipeline.build(other)[1])
    before = dump(tmp_path)
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)
        assert writer.remove(ID)

    assert dump(tmp_path) == before


def test_a_view_holds_each_triple_once_however_many_documents_state_it(tmp_path: Path, quads: list[Quad]) -> None:
    twin = document(TEXT + "\n", "twin.txt")
    with Writer(tmp_path) as writer:
        writer.add(ID, quads)
        writer.add(twin.id, pipeline.build(twin)[1])

    reader = Store.read_only(str(view.build(tmp_path)))
    merged = [
        (str(q.subject), str(q.predicate), str(q.object))
        for q in reader.quads_for_pattern(None, None, None, DefaultGraph())
    ]
    named = {
        (str(q.subject), str(q.predicate), str(q.object))
        for q in reader.quads_for_pattern(None, None, None, None)
        if isinstance(q.graph_name, NamedNode)
    }
    assert len(merged) == len(set(merged))
    assert set(merged) == named


def test_a_backup_restores_to_the_same_bytes(tmp_path: Path, quads: list[Quad]) -> None:
    with Writer(tmp_path / "a") as writer:
        writer.add(ID, quads)

    archive.backup(tmp_path / "a", tmp_path / "copy")
    archive.restore(tmp_path / "copy", tmp_path / "b")

    assert dump(tmp_path / "b") == dump(tmp_path / "a")
    with pytest.raises(StoreError, match="holds a store already"):
        archive.restore(tmp_path / "copy", tmp_path / "b")


def test_without_a_store_readers_are_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="load a text first"):
        open_reader(tmp_path / "none")


# What the killed process does, told step by step; it stores documents from files, exactly those this process expects.
KILLED_LOAD = """
import sys
from pathlib import Path
import pyoxigraph
from summitgraph.graph.selection import Selection
from summitgraph.graph.store import Writer
built = [(Path(name).stem, list(pyoxigraph.parse(path=name))) for name in sys.argv[2:]]
print(flush=True)
with Writer(Path(sys.argv[1])) as writer:
    print(flush=True)
    for name, quads in built:
        writer.add(name, quads)
        print(flush=True)
        writer.publish()
        print(flush=True)
"""
STEPS = 6


def _kill_after(path: Path, files: list[Path], steps: int, wait_s: float) -> None:
    """Load *files* into *path* and kill the process *wait_s* seconds after it told *steps* steps."""
    process = subprocess.Popen([sys.executable, "-c", KILLED_LOAD, path, *files], stdout=subprocess.PIPE)
    assert process.stdout is not None
    for _ in range(steps):
        assert process.stdout.readline() == b"\n"
    time.sleep(wait_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_load_killed_at_any_point_leaves_a_store_that_takes_it_again_to_the_same_bytes(tmp_path: Path) -> None:
    documents = [document(TEXT), document(OTHER_TEXT)]
    built = [(d.id, pipeline.build(d)[1]) for d in documents]
    with Writer(tmp_path / "whole") as writer:
        for name, quads in built:
            writer.add(name, quads)
    expected = dump(tmp_path / "whole")
    files = [tmp_path / f"{name}.nq" for name, _ in built]
    for file, (_, quads) in zip(files, built, strict=True):
        pyoxigraph.serialize(quads, file, format=pyoxigraph.RdfFormat.N_QUADS)
    chance = random.Random(20250210)
    seen = set()
    for attempt in range(20):
        path = tmp_path / f"killed-{attempt}"
        # The first step opens the database and takes longest; within a step the moment is random.
        step = 1 + attempt % STEPS
        _kill_after(path, files, step, chance.uniform(0.0, 0.7 if step == 1 else 0.06))
        held: list[str] = []
        if current_version(path):
            snapshot, reader = open_reader(path)
            with snapshot:
                held = document_ids(reader)
                for name, quads in built:  # whole or not at all
                    graph = set(reader.quads_for_pattern(None, None, None, iris.document_graph(name)))
                    assert graph == (set(quads) if name in held else set())
            if held:
                assert validation.store(path).conforms
        seen.add(len(held) if current_version(path) else -1)
        with Writer(path) as writer:
            for name, quads in built:
                writer.add(name, quads)
        assert dump(path) == expected
    assert {-1, 1, 2} <= seen, f"the kills did not come at different points: {seen}"

"""A small store in the layout readers see, and a real server on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from summitgraph.server.launch import launched

from .client import Client

DATA = Path(__file__).with_name("summits.trig").read_text("utf-8")


def write_store(root: Path, trig: str) -> Path:
    """Write *trig* as the first snapshot of a store at *root*."""
    (root / "snapshots").mkdir(parents=True)
    store = ox.Store(str(root / "db"))
    store.load(trig.encode(), format=ox.RdfFormat.TRIG)
    store.flush()
    publish(root, store, 1)
    return root


def publish(root: Path, store: ox.Store, number: int) -> None:
    """Make the present state of *store* snapshot *number*, the current one."""
    store.backup(str(root / "snapshots" / str(number)))
    (root / "snapshots" / f"{number}.lock").touch()
    temporary = root / "CURRENT.new"
    temporary.write_text(str(number))
    temporary.replace(root / "CURRENT")


@pytest.fixture(scope="session")
def make_store() -> Callable[[Path, str], Path]:
    """Return the function that writes a store."""
    return write_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that no test changes."""
    return write_store(tmp_path_factory.mktemp("store") / "store", DATA)


@pytest.fixture(scope="session")
def client(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server whose limits are low, shared by the tests that change nothing."""
    log = tmp_path_factory.mktemp("log") / "queries.jsonl"
    environment = {
        "SUMMITGRAPH_DEADLINE_S": "8",  # what honest queries need on a busy machine; the others say timeout=
        "SUMMITGRAPH_FRONTS": "1",
        "SUMMITGRAPH_MEMORY_MB": "300",
        "SUMMITGRAPH_MAX_BODY_BYTES": "200000",
        "SUMMITGRAPH_QUERY_LOG": str(log),
    }
    with launched(store, environment) as port:
        yield Client(port)

"""Immutable snapshots of the store: who reads holds one, who writes publishes the next."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import pyoxigraph

from summitgraph.errors import StoreError

CURRENT = "CURRENT"
FOLDER = "snapshots"
CHANGES = "changes.json"  # in it: snapshot to the one before it and the graphs that may differ
REMEMBERED = 100


@dataclass
class Snapshot:
    """A published state of the store: a folder that never changes while this object holds its lock."""

    path: Path
    version: str
    _lock: IO[bytes] = field(repr=False)

    def open(self) -> pyoxigraph.Store:
        """Return the snapshot as a read-only store; results must be used in the thread that asked for them."""
        return pyoxigraph.Store.read_only(str(self.path))

    def close(self) -> None:
        """Let the writer remove this snapshot once a newer one is published."""
        self._lock.close()

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def current_version(store: Path) -> str:
    """Return the number of the published snapshot, or an empty string where nothing was published yet."""
    try:
        return (store / CURRENT).read_text("ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""


def current_snapshot(store: Path) -> Snapshot:
    """Return the published snapshot, locked against removal.

    Raises:
        StoreError: If there is no store, or nothing was published in it.
    """
    for _ in range(20):
        version = current_version(store)
        if not version:
            raise StoreError(
                f"{store}: no SummitGraph store here; load a text first: summitgraph load FILE --store {store}"
            )
        folder = store / FOLDER / version
        lock = None
        with contextlib.suppress(FileNotFoundError):
            lock = (store / FOLDER / f"{version}.lock").open("rb")
            fcntl.flock(lock, fcntl.LOCK_SH)
            if folder.is_dir():
                return Snapshot(folder, version, lock)
        if lock is not None:
            lock.close()  # replaced and removed between the two looks: look again
    raise StoreError(f"{store}: the published snapshot {version} is missing; restore a backup or load the texts again")


def publish(store: Path, database: pyoxigraph.Store, changed: Collection[str] | None = None) -> str:
    """Make the state of *database* the current snapshot and remove old ones nobody reads; return its number.

    The backup is made of hard links, so it costs milliseconds whatever the size; the switch is one atomic rename.
    *changed* names the graphs (IRIs) that may differ from the snapshot before; None: any may.
    """
    folder = store / FOLDER
    folder.mkdir(exist_ok=True)
    numbers = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
    version = str(max([*numbers, int(current_version(store) or 0)]) + 1)
    (folder / f"{version}.lock").touch()
    database.flush()
    database.backup(str(folder / version))
    _tell_changes(store, version, changed)
    replace_file(store / CURRENT, version + "\n")
    for number in numbers:
        _remove(folder, str(number))
    return version


def _tell_changes(store: Path, version: str, changed: Collection[str] | None) -> None:
    path = store / FOLDER / CHANGES
    known = _read_changes(store)
    known.pop(version, None)
    if changed is not None and current_version(store):
        known[version] = {"after": published_name(store), "graphs": sorted(changed)}
    replace_file(path, json.dumps(dict(list(known.items())[-REMEMBERED:])))


def _read_changes(store: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((store / FOLDER / CHANGES).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def published_name(store: Path) -> str:
    """Return a name of the published snapshot that no other has: its number, and its time, as a store made anew counts again."""
    path = store / CURRENT
    return f"{int(path.read_text('ascii'))}-{path.stat().st_mtime_ns:x}"


def changes_since(store: Path, version: str, names: Collection[str]) -> tuple[str, frozenset[str]] | None:
    """Return one of the snapshots *names* that came before *version*, and the graphs that may differ; None if unknown."""
    known = _read_changes(store)
    graphs: set[str] = set()
    while entry := known.pop(version, None):
        graphs.update(entry["graphs"])
        if entry["after"] in names:
            return entry["after"], frozenset(graphs)
        version = entry["after"].partition("-")[0]
    return None


def _remove(folder: Path, version: str) -> None:
    path = folder / f"{version}.lock"
    with contextlib.suppress(OSError), path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder / version, ignore_errors=True)
        path.unlink(missing_ok=True)


def replace_file(path: Path, text: str) -> None:
    """Write *text* to *path* whole or not at all, and durably."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)

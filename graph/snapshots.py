"""Immutable snapshots of the store: who reads holds one, who writes publishes the next."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

import pyoxigraph

from summitgraph.errors import StoreError

CURRENT = "CURRENT"
FOLDER = "snapshots"


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


def publish(store: Path, database: pyoxigraph.Store) -> str:
    """Make the state of *database* the current snapshot and remove old ones nobody reads; return its number.

    The backup is made of hard links, so it costs milliseconds whatever the size; the switch is one atomic rename.
    """
    folder = store / FOLDER
    folder.mkdir(exist_ok=True)
    numbers = [int(path.name) for path in folder.iterdir() if path.name.isdigit()]
    version = str(max([*numbers, int(current_version(store) or 0)]) + 1)
    (folder / f"{version}.lock").touch()
    database.flush()
    database.backup(str(folder / version))
    replace_file(store / CURRENT, version + "\n")
    for number in numbers:
        _remove(folder, str(number))
    return version


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

"""The only place where the server opens the store for writing."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from summitgraph.errors import StoreError, StoreLockedError

WAIT_S = 10.0


@dataclass
class Writing:
    """The database open for writing, and the way to show its state to readers."""

    path: Path
    store: ox.Store

    def publish(self) -> int:
        """Make the present state the current snapshot; return its number."""
        number = int((self.path / "CURRENT").read_text()) + 1
        self.store.flush()
        self.store.backup(str(self.path / "snapshots" / str(number)))
        (self.path / "snapshots" / f"{number}.lock").touch()
        temporary = self.path / "CURRENT.new"
        temporary.write_text(str(number))
        temporary.replace(self.path / "CURRENT")
        return number


@contextmanager
def open_writer(path: Path) -> Iterator[Writing]:
    """Open the database at *path*; wait up to WAIT_S for another writer to end.

    Raises:
        StoreLockedError: If it does not end.
        StoreError: If the database cannot be opened.
    """
    deadline = time.monotonic() + WAIT_S
    descriptor = os.open(path / "server-write.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # among our own writers; others hold the database's own lock
        while True:
            try:
                store = ox.Store(str(path / "db"))
                break
            except OSError as error:
                if "lock" not in str(error).lower():
                    raise StoreError(f"the store {path} cannot be opened: {error}") from error
                if time.monotonic() > deadline:
                    raise StoreLockedError(f"another process is writing to {path}; try again later") from error
                time.sleep(0.05)
        yield Writing(path, store)
    finally:
        os.close(descriptor)

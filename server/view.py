"""The view queries run on: a snapshot whose default graph is the union of all its graphs, as a set.

The engine can present all graphs as one, but then a triple that two documents state is there twice and joins multiply;
a default graph is a set (RDF 1.1 Concepts, 4). So each snapshot is copied once (hard links) and the union written into
the copy's default graph. Readers stay on the last view until the next one is whole.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = "views"


def current_name(store: Path | str) -> str:
    """Return the name of the published snapshot's view: its number, and its time, as a store made anew counts again.

    Raises:
        OSError, ValueError: If nothing is published.
    """
    descriptor = os.open(f"{store}/CURRENT", os.O_RDONLY)
    try:
        return f"{int(os.read(descriptor, 32))}-{os.fstat(descriptor).st_mtime_ns:x}"
    finally:
        os.close(descriptor)


def build(store: Path) -> Path:
    """Return the view of the current snapshot, building it if it is not there; remove older ones nobody reads.

    Raises:
        OSError: If the store has no snapshot or cannot be written.
    """
    folder = store / FOLDER
    folder.mkdir(exist_ok=True)
    with (folder / "build.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for _ in range(5):
            name = current_name(store)
            try:
                return _build(store, folder, name)
            except OSError:
                if current_name(store) == name:
                    raise
            # A newer snapshot took its place meanwhile.
        raise OSError(f"the snapshots of {store} change faster than they can be read")


def _build(store: Path, folder: Path, name: str) -> Path:
    import pyoxigraph as ox

    view, number = folder / name, name.partition("-")[0]
    if view.is_dir():
        return view
    work = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
    try:
        with (store / "snapshots" / f"{number}.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            ox.Store.read_only(str(store / "snapshots" / number)).backup(str(work / "db"))
        copy = ox.Store(str(work / "db"))
        started, graphs = time.monotonic(), list(copy.named_graphs())
        for graph in graphs:  # one transaction each: all at once takes twice the memory
            copy.update(f"ADD {graph} TO DEFAULT")
        copy.flush()
        log.info("built the view of snapshot %s, %d graphs, in %.1f s", number, len(graphs), time.monotonic() - started)
        del copy
        view.with_suffix(".lock").touch()
        (work / "db").rename(view)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _remove_others(folder, view)
    return view


def _remove_others(folder: Path, keep: Path) -> None:
    for path in folder.iterdir():
        if not path.is_dir() or path == keep:
            continue
        lock_path = path.with_suffix(".lock")
        with contextlib.suppress(OSError), lock_path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
            lock_path.unlink(missing_ok=True)


def newest(store: Path) -> str:
    """Return the name of the newest view that is there.

    Raises:
        FileNotFoundError: If there is none.
    """
    names = [path.name for path in (store / FOLDER).glob("[0-9]*") if path.is_dir()]
    if not names:
        raise FileNotFoundError(f"{store} has no view")
    return max(names, key=lambda name: int(name.partition("-")[2], 16))


def main(arguments: Sequence[str]) -> None:
    """Build the view of the store ``arguments[0]``, giving way to queries."""
    os.nice(5)
    build(Path(arguments[0]))


if __name__ == "__main__":
    main(sys.argv[1:])

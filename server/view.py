"""The view queries run on: a snapshot whose default graph is the union of all its graphs, as a set.

The engine can present all graphs as one, but then a triple that two documents state is there twice and joins multiply;
a default graph is a set (RDF 1.1 Concepts, 4). So each snapshot is copied once (hard links) and the union written into
the copy's default graph. Beside it stands its full-text index. Readers stay on the last view until the next one is
whole.
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
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from summitgraph.graph.snapshots import changes_since

log = logging.getLogger(__name__)

FOLDER = "views"
INDEX = ".text3"  # counted up when the layout of the full-text index or its counts change, so that an older one is built anew


def current_name(store: Path | str) -> str:
    """Return the name of the published snapshot's view: its number, and its time, as a store made anew counts again.

    Raises:
        OSError, ValueError: If nothing is published.
    """
    global _last
    path = f"{store}/CURRENT"
    found = os.stat(path)  # noqa: PTH116 - asked for with every query
    key = (path, found.st_mtime_ns, found.st_ino)
    if _last[0] != key:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            name = f"{int(os.read(descriptor, 32))}-{os.fstat(descriptor).st_mtime_ns:x}"
        finally:
            os.close(descriptor)
        if os.stat(path).st_mtime_ns != found.st_mtime_ns:  # noqa: PTH116 - replaced meanwhile
            return name
        _last = (key, name)
    return _last[1]


_last: tuple[tuple[str, int, int], str] = (("", 0, 0), "")


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


def index_of(view: Path) -> Path:
    """Return where the full-text index of *view* is."""
    return view.with_suffix(INDEX)


def _build(store: Path, folder: Path, name: str) -> Path:
    import pyoxigraph as ox

    view = folder / name
    if view.is_dir() and index_of(view).is_file():
        return view
    work = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
    try:
        last = None if view.is_dir() else _view_before(store, folder, name)
        if last is not None:
            merged = _advance(store, work, name, folder / last[0], last[1])
        else:
            merged = ox.Store.read_only(str(view)) if view.is_dir() else _merge(store, work / "db", _number(name))
            _index(merged, work / "text", name)
        del merged
        view.with_suffix(".lock").touch()
        (work / "text").rename(index_of(view))  # first: who sees the view finds its index
        if not view.is_dir():
            (work / "db").rename(view)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _remove_others(folder, view)
    return view


def _number(name: str) -> str:
    return name.partition("-")[0]


def _view_before(store: Path, folder: Path, name: str) -> tuple[str, frozenset[str]] | None:
    """Return a whole view that came before *name*, and the graphs that differ; None where that is not known."""
    views = [path.name for path in folder.glob("[0-9]*") if path.is_dir() and index_of(path).is_file()]
    return changes_since(store, _number(name), views)


def can_advance(store: Path) -> bool:
    """Tell whether the view of the current snapshot is there, or can be made of the last one."""
    folder, name = store / FOLDER, current_name(store)
    return (folder / name).is_dir() or _view_before(store, folder, name) is not None


def _advance(store: Path, work: Path, name: str, last: Path, graphs: Collection[str]) -> Any:
    """Write the view of snapshot *name* and its index to the folder *work*, made of the view *last*; return it open."""
    from . import advance, counts, fulltext

    started = time.monotonic()
    with (last.with_suffix(".lock")).open("rb") as lock, _held(store, _number(name)) as snapshot:
        fcntl.flock(lock, fcntl.LOCK_SH)
        merged, changes = advance.advance(last, snapshot, work / "db", graphs)
        subjects = changes.subjects({item.iri for item in fulltext.properties()})
        if subjects is None:
            fulltext.build(merged, work / "text")
        else:
            shutil.copyfile(index_of(last), work / "text")
            fulltext.change(work / "text", last, merged, subjects)
        counts.write(merged, work / "text")
    log.info("made view %s of the last one, %d graphs, in %.2f s", name, len(graphs), time.monotonic() - started)
    return merged


@contextlib.contextmanager
def _held(store: Path, number: str) -> Iterator[Path]:
    """Give the folder of a snapshot, which nobody removes meanwhile."""
    with (store / "snapshots" / f"{number}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield store / "snapshots" / number


def _merge(store: Path, target: Path, number: str) -> Any:
    """Write a copy of snapshot *number* whose default graph is the union to *target*; return it open."""
    import pyoxigraph as ox

    with _held(store, number) as snapshot:
        ox.Store.read_only(str(snapshot)).backup(str(target))
    copy = ox.Store(str(target))
    started, graphs = time.monotonic(), list(copy.named_graphs())
    for graph in graphs:  # one transaction each: all at once takes twice the memory
        copy.update(f"ADD {graph} TO DEFAULT")
    copy.flush()
    copy.optimize()  # what many small transactions wrote is read faster from one file
    log.info("built the view of snapshot %s, %d graphs, in %.1f s", number, len(graphs), time.monotonic() - started)
    return copy


def _index(merged: Any, target: Path, name: str) -> None:
    from . import counts, fulltext  # not needed by the query processes, which import this module too

    started = time.monotonic()
    count = fulltext.build(merged, target)
    counts.write(merged, target)
    log.info("built the full-text index of view %s, %d texts, in %.1f s", name, count, time.monotonic() - started)


def _remove_others(folder: Path, keep: Path) -> None:
    for path in folder.iterdir():
        if not path.is_dir() or path == keep:
            continue
        lock_path = path.with_suffix(".lock")
        with contextlib.suppress(OSError), lock_path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
            index_of(path).unlink(missing_ok=True)
            lock_path.unlink(missing_ok=True)
    for index in folder.glob(f"*{INDEX}"):
        if not index.with_suffix("").is_dir():  # left by a process that was killed
            index.unlink(missing_ok=True)


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

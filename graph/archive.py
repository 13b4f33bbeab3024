"""Backups of a store: the published snapshot copied to a folder, and back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from summitgraph.errors import StoreError

from . import snapshots
from .snapshots import current_snapshot

KEPT = ("reviews.csv", "namesakes.csv", "reference")  # what a store holds beside the database and cannot make again


def backup(store: Path, target: Path) -> None:
    """Copy the published snapshot of *store* to the new folder *target*, whole or not at all.

    Raises:
        StoreError: If there is no store, *target* exists, or it cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; name a new folder for the backup")
    with current_snapshot(store) as snapshot:
        _copy(snapshot.path, target, [store / name for name in KEPT])


def restore(source: Path, store: Path) -> None:
    """Make a new store at *store* from the backup *source*.

    Raises:
        StoreError: If there is a store already, or *source* is no backup.
    """
    if not (source / "CURRENT").is_file() or not any(source.glob("MANIFEST-*")):
        raise StoreError(f"{source} is not a backup of a store; name a folder that `summitgraph backup` made")
    if store.exists() and (not store.is_dir() or any(store.iterdir())):
        raise StoreError(f"{store} holds a store already; restore to a new folder and swap them yourself")
    store = store.absolute()
    work = store.with_name(f".{store.name}.{os.getpid()}")  # the whole store appears under its name, or nothing does
    folder = work / snapshots.FOLDER
    try:
        folder.mkdir(parents=True)
        (folder / "1.lock").touch()
        for name in ("db", "snapshots/1"):
            _copy(source, work / name)
        for name in KEPT:
            _move(work / "db" / name, work / name)
            _remove(folder / "1" / name)
        snapshots.replace_file(work / snapshots.CURRENT, "1\n")
        work.replace(store)
    except OSError as error:
        raise StoreError(f"{store}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copy(source: Path, target: Path, beside: Sequence[Path] = ()) -> None:
    """Copy a folder, and into it the files and folders of *beside* that are there."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, temporary)
        for path in beside:
            if path.is_dir():
                shutil.copytree(path, temporary / path.name)
            elif path.exists():
                shutil.copy2(path, temporary / path.name)
        temporary.rename(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error


def _move(source: Path, target: Path) -> None:
    if source.exists():
        source.replace(target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)

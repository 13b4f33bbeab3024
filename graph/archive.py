"""Backups of a store: the published snapshot copied to a folder, and back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from summitgraph.errors import StoreError

from . import snapshots
from .snapshots import current_snapshot


def backup(store: Path, target: Path) -> None:
    """Copy the published snapshot of *store* to the new folder *target*, whole or not at all.

    Raises:
        StoreError: If there is no store, *target* exists, or it cannot be written.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; name a new folder for the backup")
    with current_snapshot(store) as snapshot:
        _copy(snapshot.path, target)


def restore(source: Path, store: Path) -> None:
    """Make a new store at *store* from the backup *source*.

    Raises:
        StoreError: If there is a store already, or *source* is no backup.
    """
    if not (source / "CURRENT").is_file() or not any(source.glob("MANIFEST-*")):
        raise StoreError(f"{source} is not a backup of a store; name a folder that `summitgraph backup` made")
    if store.exists() and any(store.iterdir()):
        raise StoreError(f"{store} holds a store already; restore to a new folder and swap them yourself")
    store.mkdir(parents=True, exist_ok=True)
    _copy(source, store / "db")
    folder = store / snapshots.FOLDER
    folder.mkdir()
    (folder / "1.lock").touch()
    _copy(source, folder / "1")
    snapshots.replace_file(store / snapshots.CURRENT, "1\n")


def _copy(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, temporary)
        temporary.rename(target)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}") from error

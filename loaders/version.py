"""The version of the extractor: the release and a digest of everything that steers it."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from summitgraph import __version__

_FOLDER = Path(__file__).resolve().parent


@cache
def version() -> str:
    """Return release and digest of code, pattern files and reference table: another digest may read a text differently."""
    from summitgraph.graph import reference

    digest = hashlib.sha256()
    files = [
        *_FOLDER.glob("*.py"),
        *_FOLDER.glob("*.json"),
        *_FOLDER.glob("patterns/**/*.yaml"),
        *reference.FOLDER.glob("*.csv"),
    ]
    for path in sorted(files, key=lambda path: path.as_posix().rsplit("/", 3)[1:]):
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:8]}"

"""The HTTP server: SPARQL endpoint, linked data and pages.

Importing the package loads no framework; the query processes, which start often, import parts of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .settings import Settings, read_settings

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Settings", "create_app", "read_settings", "serve"]


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application for the store of *settings* (by default those of the environment).

    Raises:
        StoreError: If there is no store.
        InputError: If a setting cannot be used.
    """
    from .application import build

    return build(settings or read_settings())


def serve(
    store: Path | str,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    settings: Settings | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve *store* until the process is told to end; *ready* is called with the address (no slash at its end) first.

    Raises:
        StoreError: If there is no store.
        InputError: If the port is in use, the address is not ours, or a setting cannot be used.
    """
    from .run import run

    run(Path(store), host, port, settings=settings, ready=ready)

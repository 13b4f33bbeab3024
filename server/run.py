"""Run the application under granian: several HTTP processes on one port, ended gracefully."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from summitgraph.errors import InputError

from .application import build
from .engine import check_store
from .observe import Metrics
from .settings import Settings, read_settings
from .view import build as build_view

THREADS = 64  # per front; they wait for query processes and slow bodies, and cost little
END_S = 15
HEADERS_MS = 10_000


def check_port(host: str, port: int) -> int:
    """Return *port*, or a free one for 0.

    Raises:
        InputError: If it cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            # Two listeners may share a port where both ask for it, so binding alone proves nothing.
            probe.listen(1)
            return int(probe.getsockname()[1])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port {port} on {host} is in use; choose another with --port") from error
        raise InputError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    except OverflowError as error:
        raise InputError(f"port {port} is not between 0 and 65535") from error


def run(
    store: Path, host: str, port: int, *, settings: Settings | None = None, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until a signal ends the process."""
    settings = replace(settings or read_settings(), store=store.absolute())
    check_store(settings)
    port = check_port(host, port)
    build_view(settings.store)
    metrics = Metrics(settings.fronts)
    server = Granian(
        "summitgraph.server",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=settings.fronts,
        blocking_threads=THREADS,
        backpressure=THREADS * 4,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS),
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=END_S,
    )
    # Fronts are forked from here, so they share the memory of the counters; nothing is running yet.
    if ready is not None:
        server.on_startup(lambda: ready(f"http://{f'[{host}]' if ':' in host else host}:{port}"))
    server.serve(target_loader=lambda _target: build(settings, metrics=metrics))

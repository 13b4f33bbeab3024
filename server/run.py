"""The processes of the server: one that watches, and the fronts it forks, which share a listening socket."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from summitgraph.errors import InputError, StoreError

from .board import Board
from .engine import check_store, known_prefixes
from .observe import Metrics
from .process import start_nursery
from .settings import Settings, read_settings
from .view import FOLDER as VIEWS
from .view import current_name, index_of

log = logging.getLogger(__name__)

END_S = 15
BACKLOG = 1024
CONNECTIONS = 4096  # one front has open at most
SPARE_DESCRIPTORS = 200  # for query processes, results on their way, the log
SWITCH_S = 0.001  # a thread that makes a page lets the loop go on after so long
RAPID_S, RAPID = 5.0, 5  # fronts that end so soon after their start, so often, are not started again


def check_port(host: str, port: int) -> int:
    """Return *port*, or a free one for 0.

    Raises:
        InputError: If it cannot be listened on.
    """
    with listen(host, port) as probe:
        return int(probe.getsockname()[1])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on *port* of *host*; 0 takes a free port.

    Raises:
        InputError: If it cannot.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise InputError(f"port {port} on {host} is in use; choose another with --port") from error
        raise InputError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    except OverflowError as error:
        listener.close()
        raise InputError(f"port {port} is not between 0 and 65535") from error
    return listener


@dataclass(slots=True)
class _Front:
    """One front as the watching process knows it."""

    nursery: subprocess.Popen[bytes]
    control: socket.socket
    board: Board
    number: int = 0
    started: float = 0.0


def run(
    store: Path, host: str, port: int, *, settings: Settings | None = None, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until a signal ends the process."""
    settings = replace(settings or read_settings(), store=store.absolute())
    check_store(settings)
    listener = listen(host, port)
    with listener:
        fronts: list[_Front] = []
        memory_bytes = settings.memory_mb * 1_048_576
        try:
            while len(fronts) < max(1, settings.fronts):  # they load while we do
                board = Board()
                fronts.append(_Front(*start_nursery(settings.store, memory_bytes, board), board))
            _build_view(settings.store)
            port = listener.getsockname()[1]
            address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
            _watch(settings, listener, fronts, (host, port), lambda: ready(address) if ready else None)
        finally:
            for front in fronts:
                front.control.close()
            for front in fronts:
                front.nursery.kill()
                front.nursery.wait()


def _build_view(store: Path) -> None:
    """Have the view of the current snapshot built, if it is not there, by a process of its own: ours opens no database.

    Raises:
        StoreError: If it cannot be built.
    """
    view = store / VIEWS / current_name(store)
    if view.is_dir() and index_of(view).is_file():
        return
    command = [sys.executable, "-m", "summitgraph.server.view", str(store)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["it was ended"])[-1]
        raise StoreError(f"the store {store} cannot be read: {told}")


def _watch(
    settings: Settings,
    listener: socket.socket,
    fronts: list[_Front],
    server: tuple[str, int],
    ready: Callable[[], None],
) -> None:
    """Fork the fronts, start those again that end, and end them all when a signal says so."""
    # All that fronts need, loaded once, for all of them.
    import_module(f"{__package__}.application")
    import_module(f"{__package__}.front")
    known_prefixes()
    metrics = Metrics(len(fronts))
    gc.collect()
    gc.freeze()
    woken, wakes = os.pipe()
    for end in (woken, wakes):
        os.set_blocking(end, False)
    told: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: told.append(number)) for number in _SIGNALS}
    wakeup = signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    rapid = 0
    try:
        for front in fronts:
            _fork(front, fronts, settings, listener, metrics, server)
        ready()
        while not any(number != signal.SIGCHLD for number in told):
            select.select([woken], [], [])
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
            for front in fronts:
                if os.waitpid(front.number, os.WNOHANG)[0]:
                    rapid = rapid + 1 if time.monotonic() < front.started + RAPID_S else 0
                    if rapid > RAPID:
                        raise StoreError(
                            "the processes that answer requests end as soon as they start; see the messages above"
                        )
                    log.error("a process that answers requests has ended; another one takes its place")
                    _fork(front, fronts, settings, listener, metrics, server)
    finally:
        listener.close()
        _end(fronts)
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(woken)
        os.close(wakes)


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def _end(fronts: list[_Front]) -> None:
    left = [front for front in fronts if front.number]
    for front in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(front.number, signal.SIGTERM)
    deadline = time.monotonic() + END_S + 2
    while left:
        left = [front for front in left if not _has_ended(front.number)]
        if left and time.monotonic() > deadline:
            for front in left:
                os.kill(front.number, signal.SIGKILL)
                os.waitpid(front.number, 0)
            return
        time.sleep(0.01)


def _has_ended(number: int) -> bool:
    try:
        return os.waitpid(number, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True


def _fork(
    front: _Front,
    fronts: list[_Front],
    settings: Settings,
    listener: socket.socket,
    metrics: Metrics,
    server: tuple[str, int],
) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    front.started = time.monotonic()
    front.number = os.fork()
    if front.number:
        return
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
        for other in fronts:
            if other is not front:
                other.control.close()
        asyncio.run(_serve(settings, listener, front, metrics, server))
        status = 0
    except BaseException:  # noqa: BLE001 - nothing above may run twice
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


async def _serve(
    settings: Settings, listener: socket.socket, this: _Front, metrics: Metrics, server: tuple[str, int]
) -> None:
    """Be a front until a signal ends it."""
    from .application import compose
    from .front import Front
    from .http1 import Connection
    from .listener import Listener

    sys.setswitchinterval(SWITCH_S)
    loop = asyncio.get_running_loop()
    app, gateway = compose(settings, metrics)
    engine = gateway.endpoint.engine
    engine.pool.start(loop, this.control, this.board)
    front = Front(gateway, app, metrics)
    base = {"SERVER_NAME": server[0], "SERVER_PORT": str(server[1])}
    connections = Listener(front, base, settings.max_body_bytes, min(CONNECTIONS, _descriptors() - SPARE_DESCRIPTORS))
    connections.watch()
    tasks: set[asyncio.Task[object]] = set()

    def accept() -> None:
        # One at a time, so that the other fronts get theirs.
        try:
            connection, _ = listener.accept()
        except OSError as error:  # another front has it, or the client has gone
            if error.errno in (errno.EMFILE, errno.ENFILE):  # asked again at once, it would say so again
                loop.remove_reader(listener)
                loop.call_later(0.2, lambda: ended.is_set() or loop.add_reader(listener, accept))
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task: asyncio.Task[object] = loop.create_task(
            loop.connect_accepted_socket(lambda: Connection(connections), connection)
        )
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    ended = asyncio.Event()
    loop.add_reader(listener, accept)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    loop.remove_reader(listener)
    listener.close()
    await connections.end(END_S)
    engine.pool.close()


def _descriptors() -> int:
    """Return how many files one process may have open, after asking for as many as it may ask for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else 65_536
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, CONNECTIONS * 2), wanted), hard))
    return max(resource.getrlimit(resource.RLIMIT_NOFILE)[0], SPARE_DESCRIPTORS * 2)

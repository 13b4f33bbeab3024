"""The process query processes are forked from: it has loaded what they need, so one more costs milliseconds and little memory.

Started by ``forks.py`` or ``run.py`` as ``python -m summitgraph.server.nursery``. It runs no query, has no thread and no network. For each
socket it is sent over its own (the number is its first argument) it forks a process that serves on it; when one ends, it
tells its number and exit status.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from . import direct, isolation, worker
from .board import Board

ENDED = struct.Struct("=ii")  # process number; exit status, negative: the signal


def _serve(connection: socket.socket, store: Path, memory_bytes: int, board: Board, isolated: bool) -> None:
    """Be a query process; never return."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with contextlib.suppress(ConnectionError), connection:
            direct.serve(connection, store, memory_bytes, board, isolated=isolated)
        status = 0
    except BaseException:  # noqa: BLE001 - nothing above may run twice
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _reap(control: socket.socket) -> None:
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not number:
            return
        control.sendall(ENDED.pack(number, os.waitstatus_to_exitcode(status)))


def main(arguments: Sequence[str]) -> None:
    """Fork on demand until the other side of the socket ``arguments[0]`` has gone; store, memory in bytes and the board's number follow."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server that started us decides
    control = socket.socket(fileno=int(arguments[0]))
    store, memory_bytes, board = Path(arguments[1]), int(arguments[2]), Board(int(arguments[3]))
    isolated = isolation.leave_network()
    worker.load()
    gc.collect()
    gc.freeze()
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(woken, select.POLLIN)
    with contextlib.suppress(ConnectionError):
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == woken:
                    os.read(woken, 4096)
                    _reap(control)
                    continue
                data, descriptors, _, _ = socket.recv_fds(control, 1, 1)
                if not data:
                    return
                connection = socket.socket(fileno=descriptors[0])
                if os.fork() == 0:
                    control.close()
                    os.close(woken)
                    os.close(wakes)
                    _serve(connection, store, memory_bytes, board, isolated)
                connection.close()


if __name__ == "__main__":
    main(sys.argv[1:])

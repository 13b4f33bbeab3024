"""How a pool gets query processes: it asks a nursery (``nursery.py``) to fork them, and hears from it how each one ended.

All of it happens on the pool's loop. A nursery that ends is replaced.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from .board import Board
from .nursery import ENDED
from .process import start_nursery

log = logging.getLogger(__name__)

RETRY_S = 1.0  # before another nursery is started where one has ended
HEARD_S = 2.0  # how long the exit status of a process that has gone is waited for
_REMEMBERED = 1000  # exit statuses nobody has asked for yet


class Forks:
    """The nursery of one pool. *fill* is called as soon as there is one to fork from."""

    def __init__(self, store: Path, memory_bytes: int, board: Board, fill: Callable[[], None]) -> None:
        self.store, self.memory_bytes, self.board, self.fill = store, memory_bytes, board, fill
        self.loop: asyncio.AbstractEventLoop
        self._control: socket.socket | None = None
        self._nursery: subprocess.Popen[bytes] | None = None
        self._ended: dict[int, int] = {}  # process to its exit status
        self._awaited: dict[int, Callable[[int], None]] = {}
        self._closed = False

    def start(self, loop: asyncio.AbstractEventLoop, control: socket.socket | None) -> None:
        """Begin on *loop*, with the nursery at the other end of *control* or a new one."""
        self.loop, self._control = loop, control
        self._begin()

    def _begin(self) -> None:
        if self._closed:
            return
        if self._control is None:
            self._nursery, self._control = start_nursery(self.store, self.memory_bytes, self.board)
        self._control.setblocking(False)
        self.loop.add_reader(self._control, self._told)
        self.fill()

    def _told(self) -> None:
        """Hear which processes have ended."""
        control = self._control
        if control is None:
            return
        try:
            data = control.recv(ENDED.size * 64)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:  # it has gone; another one
            self.loop.remove_reader(control)
            control.close()
            self._control = None
            if not self._closed:
                log.error("the process that query processes are forked from has ended; starting another one")
                self.loop.call_later(RETRY_S, self._begin)
            return
        for number, status in ENDED.iter_unpack(data):
            if told := self._awaited.pop(number, None):
                told(status)
            else:
                self._ended[number] = status
                while len(self._ended) > _REMEMBERED:
                    del self._ended[next(iter(self._ended))]

    def fork(self) -> socket.socket | None:
        """Return the socket to a new process, None where none can be had now."""
        if self._control is None:
            return None
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            except OSError:  # full, or gone, which its reader sees
                mine.close()
                return None
        return mine

    def when_ended(self, number: int, told: Callable[[int], None]) -> None:
        """Have *told* called once with the exit status of a process that has gone, 0 where that does not get known."""
        if number in self._ended:
            told(self._ended.pop(number))
            return

        def give_up() -> None:
            if self._awaited.pop(number, None) is not None:
                told(0)

        self._awaited[number] = told
        self.loop.call_later(HEARD_S, give_up)

    def close(self) -> None:
        """End the nursery, if it is ours."""
        self._closed = True
        if self._control is not None:
            self.loop.remove_reader(self._control)
            self._control.close()
        if self._nursery is not None:
            try:
                self._nursery.wait(5.0)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()

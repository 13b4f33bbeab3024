"""A query process as the front knows it: the jobs it has, what is sent to it and what it sends back."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from .board import COUNTS, Board
from .messages import FRAME, REPLY, UNCOUNTED
from .problems import Problem

if TYPE_CHECKING:
    from .lending import Lent
    from .pool import Pool

START_S = 20.0  # a process may take to get ready
# The engine makes and frees thousands of small things for each query: glibc keeps those at hand in longer lists than it
# does by itself, and goes through no others (a fifth less time for a point query). An arena for each of the threads that open a
# store would reserve more address space than a query may use, so two have to do. Other C libraries take no notice.
_TUNABLES = "glibc.malloc.tcache_count=200:glibc.malloc.mxfast=0:glibc.malloc.arena_max=2"
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
_buffer = bytearray(262_144)  # replies are read into it, one after the other
_view = memoryview(_buffer)
_SPACE = socket.CMSG_SPACE(4)  # for one descriptor


@dataclass(slots=True)
class Result:
    """What a query process gave: ``body``, or a ``file`` open for reading, with ``size`` bytes."""

    header: dict[str, Any]
    body: bytes
    file: IO[bytes] | None
    queued_s: float = 0.0
    ran_s: float = 0.0

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return int(self.header.get("size", len(self.body)))


Done = Callable[[Result | Problem], None]


class Job:
    """One query on its way through the pool; ``done`` is called once, on the loop."""

    __slots__ = ("asked", "begun", "deadline_s", "done", "message", "process")

    def __init__(self, message: Mapping[str, object], deadline_s: float, done: Done) -> None:
        self.message, self.deadline_s, self.done = message, deadline_s, done
        self.asked, self.begun = time.monotonic(), math.inf
        self.process: Process | None = None


def start_nursery(store: Path, memory_bytes: int, board: Board) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the process that query processes are forked from; return it and the socket to it."""
    mine, theirs = socket.socketpair()
    with theirs:
        command = [
            sys.executable,
            "-m",
            "summitgraph.server.nursery",
            str(theirs.fileno()),
            str(store),
            str(memory_bytes),
            str(board.descriptor),
        ]
        passed = [theirs.fileno(), board.descriptor]
        environment = {**os.environ, "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", _TUNABLES)}
        return subprocess.Popen(command, pass_fds=passed, stdin=subprocess.DEVNULL, env=environment), mine


def ignore(_found: Result | Problem) -> None:
    """Take no notice of a result."""


class Process:
    """One query process and the socket to it; it runs its jobs one after the other."""

    __slots__ = (
        "connection",
        "counted",
        "deadline",
        "descriptors",
        "idle_since",
        "jobs",
        "loans",
        "number",
        "parts",
        "pool",
        "received",
        "slot",
        "slowed",
        "started",
        "unsent",
    )

    def __init__(self, pool: Pool, connection: socket.socket, slot: int) -> None:
        self.pool, self.connection, self.slot = pool, connection, slot
        self.loans: dict[int, Lent] = {}  # the connections it was lent (lending.py)
        self.counted: Sequence[float] = [0.0] * COUNTS
        connection.setblocking(False)
        self.number = 0  # of the process, once it has said it
        self.jobs: deque[Job] = deque()  # the first one runs
        self.started = self.idle_since = time.monotonic()
        self.deadline = self.started + START_S
        self.slowed = False
        self.descriptors: list[int] = []  # of a long result, until its reply is whole
        self.parts: list[bytes] = []
        self.received = 0
        self.unsent = b""
        pool.loop.add_reader(connection, self.readable)

    def send(self, message: Mapping[str, object], descriptor: int = -1) -> bool:
        """Send a message; what the socket does not take at once goes as soon as it can. With a *descriptor*: if at all."""
        text = _encode(message).encode("utf-8", "surrogatepass")
        data = FRAME.pack(len(text), 0) + text
        if self.unsent:
            if descriptor >= 0:
                return False
            self.unsent += data
            return True
        try:
            sent = (
                self.connection.send(data) if descriptor < 0 else socket.send_fds(self.connection, [data], [descriptor])
            )
        except BlockingIOError:
            if descriptor >= 0:
                return False
            sent = 0
        except OSError:
            return False  # it has gone, which the reader sees
        if sent < len(data):
            self.unsent = data[sent:]
            self.pool.loop.add_writer(self.connection, self._writable)
        return True

    def _writable(self) -> None:
        try:
            sent = self.connection.send(self.unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self.unsent)
        self.unsent = self.unsent[sent:]
        if not self.unsent:
            self.pool.loop.remove_writer(self.connection)

    def readable(self) -> bool:
        """Take what the process sends; tell whether there was something."""
        try:
            length, ancillary, _, _ = self.connection.recvmsg_into([_buffer], _SPACE)
        except BlockingIOError:
            return False
        except OSError:
            length, ancillary = 0, []
        if ancillary:
            for _level, _type, numbers in ancillary:
                self.descriptors += struct.unpack(f"{len(numbers) // 4}i", numbers[: len(numbers) // 4 * 4])
        if not length:
            self.pool.lost(self)
            return False
        data = bytes(_view[:length])
        if self.parts:
            self.parts.append(data)
            self.received += length
            if len(self.parts[0]) < REPLY.size:
                self.parts = [b"".join(self.parts)]
            if self.received < _expected(self.parts[0]):
                return True
            data = b"".join(self.parts)
            self.parts = []
        while data:
            expected = _expected(data)
            if len(data) < expected:
                self.parts, self.received = [data], len(data)
                return True
            self._take(data[:expected] if len(data) > expected else data)
            data = data[expected:]
        return True

    def _take(self, data: bytes) -> None:
        """Hand on one reply."""
        header_length, body_length, rows = REPLY.unpack_from(data)
        start = REPLY.size + header_length
        if not header_length:  # as most results are
            counted = None if rows == UNCOUNTED else rows
            version = self.jobs[0].message.get("version") if self.jobs else None
            header = {"ok": True, "version": version, "size": body_length, "rows": counted, "truncated": False}
            self.pool.replied(self, Result(header, data[start:], None))
            return
        header = json.loads(data[REPLY.size : start])
        if "loan" in header and self.pool.lending is not None:
            self.pool.lending.heard(self, header, data[start:])
            return
        if not header.get("file"):
            self.pool.replied(self, Result(header, data[start:], None))
            return
        file = os.fdopen(self.descriptors.pop(0), "rb")
        file.seek(0)  # the writer's position came with the descriptor
        self.pool.replied(self, Result(header, b"", file))

    def kill(self) -> None:
        """End the process."""
        self.pool.loop.remove_reader(self.connection)
        self.pool.loop.remove_writer(self.connection)
        if self.number:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.number, signal.SIGKILL)
        self.connection.close()  # one that has not said its number yet ends by this
        for descriptor in self.descriptors:
            os.close(descriptor)
        self.descriptors = []


def _expected(data: bytes) -> int:
    """Return how long the reply is that *data* begins with."""
    if len(data) < REPLY.size:
        return REPLY.size
    header_length, body_length, _ = REPLY.unpack_from(data)
    return int(REPLY.size + header_length + body_length)


def restore(process: Process) -> bool:
    try:
        os.setpriority(os.PRIO_PROCESS, process.number, 0)
    except OSError:
        return False
    process.slowed = False
    return True

"""The pool of query processes of one front: lends them out, kills those that pass a limit, replaces them.

All of it happens on one event loop, so nothing is locked and a query costs one message each way. A request waits in a
bounded queue for a process; it never waits for a slow client, because a process is free again as soon as its result is
complete.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import logging
import math
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .board import COUNTS, SLOTS, Board
from .lending import Borrower, Lending
from .nursery import ENDED
from .problems import Problem
from .worker import FRAME, REPLY, UNCOUNTED

log = logging.getLogger(__name__)

TICK_S = 0.025  # how often running queries are looked at
SPAWN_AFTER_S = 0.01  # a request that has waited this long for a ready process may start another one
SLOW_AFTER_S = 0.25  # a query that has run this long gives way to the others
SLOW_NICE = 10
START_S = 20.0
DEPTH = 4  # queries a process may have at once: one that runs, and those behind it
BEHIND_S = 0.001  # a query goes behind one that has run no longer than this, rather than to a process that sleeps
RESCUE_S = 0.004  # a query that has stood behind another for so long goes to another process after all
LEFT_S = 0.05  # what was rescued from a process is run there too, for so long, and its result thrown away
KEEP_S = 30.0  # how long a process beyond those kept ready may stay unused
RETRY_S = 1.0  # before another process is started where one did not start
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
        return subprocess.Popen(command, pass_fds=passed, stdin=subprocess.DEVNULL), mine


def _ignore(_found: Result | Problem) -> None:
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
        self.loans: dict[int, Borrower] = {}  # the connections it was lent (lending.py)
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


class Pool:
    """Query processes for one store; *ready* are kept, up to *maximum* run at once."""

    def __init__(
        self,
        store: Path,
        ready: int,
        maximum: int,
        queue: int,
        queue_wait_s: float,
        memory_mb: int,
        defaults: Mapping[str, object] | None = None,
    ) -> None:
        self._defaults = dict(defaults or {})  # what each message has unless it says otherwise
        self.store, self.memory_bytes = store, memory_mb * 1_048_576
        self.ready, self.maximum, self.queue, self.queue_wait_s = ready, max(ready, maximum), queue, queue_wait_s
        self._idle: deque[Process] = deque()
        self._processes: set[Process] = set()
        self._starting: set[Process] = set()
        self._waiting: deque[Job] = deque()
        self._ended: dict[int, int] = {}  # process to its exit status
        self._mourned: dict[int, Callable[[int], None]] = {}
        self._ticking = self._considering = self._rescuing = self._closed = False
        self._quick = (
            False  # whether a query was answered quickly since the last tick: there is somebody to give way to
        )
        self._last: Process | None = None  # the one that was given a query last
        self._retry_at = 0.0
        self.killed = self.crashed = 0
        self.lending: Lending | None = None
        self.adopting: tuple[Process, float] | None = None  # whose query the next job is, and since when it runs
        self.board: Board
        self._slots = deque(range(SLOTS))  # of the board, that no process has
        self.isolated: bool | None = None
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.loop: asyncio.AbstractEventLoop

    def start(
        self,
        loop: asyncio.AbstractEventLoop | None = None,
        control: socket.socket | None = None,
        board: Board | None = None,
    ) -> None:
        """Start the processes that are kept ready, in the background.

        *loop* is the running loop of the calling thread; without one the pool gets a thread of its own. *control* is the
        socket to a nursery that is there already, *board* what it was given.
        """
        self._control, self.board = control, board or Board()
        if loop is not None:
            self.loop = loop
            self._begin()
            return
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="pool")
        self._thread.start()
        self.loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._control is None:
            self._nursery, self._control = start_nursery(self.store, self.memory_bytes, self.board)
        self._control.setblocking(False)
        self.loop.add_reader(self._control, self._told)
        for _ in range(self.ready - len(self._processes)):
            self._spawn()

    def _told(self) -> None:
        """Hear from the nursery which processes have ended."""
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
            if told := self._mourned.pop(number, None):
                told(status)
            else:
                self._ended[number] = status
                while len(self._ended) > 1000:
                    del self._ended[next(iter(self._ended))]

    def _spawn(self) -> None:
        if self._control is None or time.monotonic() < self._retry_at:
            return
        mine, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            except OSError:  # full, or gone, which its reader sees
                mine.close()
                return
        process = Process(self, mine, self._slots.popleft() if self._slots else -1)
        if process.slot >= 0:
            self.board.clear(process.slot)
        self._processes.add(process)
        self._starting.add(process)
        process.send({**self._defaults, "slot": process.slot})
        self._tick_soon()

    @property
    def alive(self) -> int:
        """Return how many processes have started and not ended."""
        return len(self._processes) - len(self._starting)

    @property
    def busy(self) -> int:
        """Return how many processes are running a query."""
        return len(self._processes) - len(self._idle) - len(self._starting)

    @property
    def waiting(self) -> int:
        """Return how many queries wait for a process."""
        return len(self._waiting)

    # Queries

    def submit(self, job: Job) -> None:
        """Run *job* as soon as a process is free; on the loop."""
        if self.adopting is not None:
            (process, began), self.adopting = self.adopting, None
            self._adopt(process, job, began)
            return
        busy = self._last
        if busy is not None and 0 < len(busy.jobs) < DEPTH and time.monotonic() < busy.started + BEHIND_S:
            # To wake a process costs more than a small query does, and one core runs two of them no faster.
            self._give(busy, job)
        elif self._idle:
            self._give(self._idle.pop(), job)
        elif len(self._waiting) >= self.queue:
            job.done(_busy("the queue of waiting queries is full", self.queue))
        else:
            self._waiting.append(job)
            self._tick_soon()
            if len(self._processes) < self.ready:
                self._spawn()
            if not self._considering:
                self._considering = True
                self.loop.call_later(SPAWN_AFTER_S, self._consider)

    def _consider(self) -> None:
        """Start another process where somebody has waited too long for one."""
        self._considering = False
        if not self._waiting or self._closed:
            return
        waited = time.monotonic() - self._waiting[0].asked
        if waited >= SPAWN_AFTER_S and not self._starting and len(self._processes) < self.maximum:
            self._spawn()
        self._considering = True
        self.loop.call_later(SPAWN_AFTER_S, self._consider)

    def _give(self, process: Process, job: Job) -> None:
        job.process = self._last = process
        process.jobs.append(job)
        if len(process.jobs) == 1:
            self._begin_first(process, time.monotonic())
            self._tick_soon()
        elif not self._rescuing:
            self._rescuing = True
            self.loop.call_later(RESCUE_S, self._rescue)
        process.send(job.message)

    def _adopt(self, process: Process, job: Job, began: float) -> None:
        """Make *job* of what *process* runs already."""
        job.process, job.begun = process, began
        process.jobs.append(job)
        process.started, process.deadline = began, began + job.deadline_s
        self._tick_soon()

    def disown(self, process: Process) -> None:
        """Let nobody wait for what *process* runs, and not for long."""
        job = Job({}, LEFT_S, _ignore)
        self._adopt(process, job, time.monotonic())

    def unused(self) -> Process | None:
        """Return a process that has nothing to do and can take loans, if there is one."""
        return next((process for process in self._idle if process.slot >= 0), None)

    def keep_out(self, process: Process) -> None:
        """Give *process* no queries, until it is let in again."""
        self._idle.remove(process)

    def let_in(self, process: Process) -> None:
        """Give *process* queries again."""
        self._free(process, time.monotonic())

    @staticmethod
    def _begin_first(process: Process, now: float) -> None:
        job = process.jobs[0]
        job.begun = process.started = now
        process.deadline = now + (LEFT_S if job.done is _ignore else job.deadline_s)

    def _rescue(self) -> None:
        """Give what stands behind a query that takes long to other processes."""
        self._rescuing = False
        now, behind = time.monotonic(), False
        for process in tuple(self._processes):
            if len(process.jobs) < 2:
                continue
            if now > process.started + RESCUE_S:
                self._move(process, 1)
            else:
                behind = True
        if behind and not self._rescuing:
            self._rescuing = True
            self.loop.call_later(RESCUE_S, self._rescue)

    def _move(self, process: Process, first: int) -> None:
        """Submit the jobs of *process* from number *first* on anew; they stay there without anybody waiting for them."""
        jobs = list(process.jobs)[first:]
        for number, job in enumerate(jobs, first):
            process.jobs[number] = Job(job.message, LEFT_S, _ignore)
        if self._last is process:
            self._last = None
        for job in jobs:
            if job.done is not _ignore:
                job.process = None
                self.submit(job)

    def cancel(self, job: Job, seconds: float) -> None:
        """Let *job*, whose client has gone, run for so many seconds more; one that waits is not begun."""
        process = job.process
        if process is not None and job in process.jobs:
            if process.jobs[0] is job:
                process.deadline = min(process.deadline, time.monotonic() + seconds)
            else:
                process.jobs[process.jobs.index(job)] = Job(job.message, LEFT_S, _ignore)
                job.done(_busy("the client has gone", 0))
        elif job in self._waiting:
            self._waiting.remove(job)
            job.done(_busy("the client has gone", 0))

    def run(self, message: Mapping[str, object], deadline_s: float) -> Result:
        """Run one query and wait for it; not on the loop's own thread.

        Raises:
            Problem: 503 if the queue is full, 504 if it passes its deadline, 507 if it passes its memory.
        """
        future: concurrent.futures.Future[Result | Problem] = concurrent.futures.Future()
        self.loop.call_soon_threadsafe(self.submit, Job(message, deadline_s, future.set_result))
        found = future.result()
        if isinstance(found, Problem):
            raise found
        return found

    def replied(self, process: Process, result: Result) -> None:
        """Hand on what *process* gave, and give it the next query."""
        now = time.monotonic()
        process.deadline = math.inf
        if process in self._starting:
            self._starting.discard(process)
            process.number = int(result.header["pid"])
            self.isolated = bool(result.header["isolated"])
            self._free(process, now)
            return
        job = process.jobs.popleft() if process.jobs else None
        self._quick = self._quick or now < process.started + SLOW_AFTER_S
        # An allocation the limit refused, or a panic, leaves the process in an unknown state.
        if result.header.get("error") in ("memory", "panic"):
            self._replace(process)
        elif process.jobs:
            self._begin_first(process, now)
        elif not process.loans:
            self._free(process, now)
        if job is not None:
            result.queued_s, result.ran_s = job.begun - job.asked, now - job.begun
            job.done(result)
        if result.file is not None and (job is None or job.done is _ignore):
            result.file.close()

    def _free(self, process: Process, now: float) -> None:
        # Only root may raise a priority again, so a process that gave way is replaced by a fresh one.
        if process.slowed and not _restore(process):
            self._replace(process)
            return
        process.idle_since = now
        if self._waiting:
            self._give(process, self._waiting.popleft())
            return
        self._idle.append(process)
        # Started for a rush that is over: the one unused for longest is at the left.
        if len(self._processes) > self.ready and self._idle[0].idle_since < now - KEEP_S:
            self._replace(self._idle.popleft())

    def _replace(self, process: Process) -> None:
        if self.lending is not None:
            self.lending.lost(process)
        if process.slot >= 0:
            self._slots.append(process.slot)
            process.slot = -1
        self._processes.discard(process)
        self._starting.discard(process)
        process.kill()
        if len(self._processes) < self.ready + (1 if self._waiting else 0) and not self._closed:
            self._spawn()
        self._move(process, 0)  # what stood behind the one that ended it

    def lost(self, process: Process) -> None:
        """Find out why *process* has ended, and tell who waited for it."""
        if self.lending is not None:
            self.lending.lost(process)
        job = process.jobs.popleft() if process.jobs else None
        with contextlib.suppress(ValueError):
            self._idle.remove(process)
        if process in self._starting and not self._closed:
            log.error("a query process could not be started")
            self._retry_at = time.monotonic() + RETRY_S
            self.loop.call_later(RETRY_S * 1.1, self._refill)
        number, process.number = process.number, 0  # which may be another's by now
        self._replace(process)
        if job is None:
            return
        self.crashed += 1

        def told(status: int) -> None:
            self._mourned.pop(number, None)
            if not told_already:
                told_already.append(status)
                job.done(_died(status))

        told_already: list[int] = []
        if number in self._ended:
            told(self._ended.pop(number))
        else:
            self._mourned[number] = told
            self.loop.call_later(2.0, told, 0)

    def _refill(self) -> None:
        if not self._closed:
            for _ in range(self.ready - len(self._processes)):
                self._spawn()

    # Time

    def _tick_soon(self) -> None:
        if not self._ticking:
            self._ticking = True
            self.loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        """Kill what has passed its deadline; let what is long give way to others; refuse who has waited too long."""
        now = time.monotonic()
        running = False
        for process in tuple(self._processes):
            if process.deadline == math.inf:
                continue
            running = True
            if now > process.deadline:
                self._expire(process)
            elif self._quick and not process.slowed and process.number and now > process.started + SLOW_AFTER_S:
                process.slowed = True
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, process.number, SLOW_NICE)
        self._quick = False
        # Where all there is has yet to start, patience is START_S.
        patience = self.queue_wait_s if self.alive else max(self.queue_wait_s, START_S)
        while self._waiting and self._waiting[0].asked < now - patience:
            self._waiting.popleft().done(
                _busy(f"no query process came free in {self.queue_wait_s:g} s", self.queue_wait_s)
            )
        self._ticking = running or bool(self._waiting)
        if self._ticking:
            self.loop.call_later(TICK_S, self._tick)

    def _expire(self, process: Process) -> None:
        job = process.jobs.popleft() if process.jobs else None
        if job is None:
            log.error("a query process did not get ready in %g s", START_S)
        self._replace(process)
        if job is not None:
            self.killed += 1
            job.done(_deadline(job.deadline_s))

    # The end

    def close(self) -> None:
        """End all processes; return when they have."""
        if self._closed:
            return
        if self._thread is None:
            self._end()
            return
        done = threading.Event()

        def end() -> None:
            self._end()
            done.set()

        self.loop.call_soon_threadsafe(end)
        done.wait(START_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(START_S)
        self.loop.close()

    def _end(self) -> None:
        self._closed = True
        for job in self._waiting:
            job.done(_busy("the server is ending", 0))
        self._waiting.clear()
        for process in tuple(self._processes):
            process.kill()
            for job in process.jobs:
                job.done(_busy("the server is ending", 0))
        self._processes.clear()
        self._idle.clear()
        if self._control is not None:
            self.loop.remove_reader(self._control)
            self._control.close()
        if self._nursery is not None:
            try:
                self._nursery.wait(5.0)
            except subprocess.TimeoutExpired:
                self._nursery.kill()
                self._nursery.wait()


def _restore(process: Process) -> bool:
    try:
        os.setpriority(os.PRIO_PROCESS, process.number, 0)
    except OSError:
        return False
    process.slowed = False
    return True


def _busy(detail: str, limit: float) -> Problem:
    return Problem(503, "busy", detail, "Try again in a moment.", {"limit": limit}, headers=(("Retry-After", "2"),))


def _deadline(deadline_s: float) -> Problem:
    return Problem(
        504,
        "deadline",
        f"the query was stopped at its deadline of {deadline_s:g} s",
        "Narrow it: name classes and properties, avoid unconnected patterns, add LIMIT, or split it.",
        {"limit": deadline_s},
    )


def _died(status: int) -> Problem:
    if status == -signal.SIGABRT:
        return memory_problem()
    return crash_problem(f"the process that ran the query ended ({_name(status)})")


def crash_problem(detail: str) -> Problem:
    """Return the 500 for a query the engine did not survive."""
    return Problem(500, "crashed", detail, "The query is harmful to the engine; simplify it. The server goes on.")


def memory_problem() -> Problem:
    """Return the 507 for a query that needed more memory than it may have."""
    return Problem(
        507,
        "memory",
        "the query needed more memory than it may have",
        "Avoid ORDER BY, DISTINCT and GROUP BY over unconnected patterns, and long texts made by CONCAT.",
    )


def _name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"status {status}"

"""The pool of query processes of one front: lends them out, kills those that pass a limit, replaces them.

A request waits in a bounded queue for a process; it never waits for a slow client, because a process is free again
as soon as its result is complete.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .problems import Problem
from .worker import FRAME

log = logging.getLogger(__name__)

TICK_S = 0.025  # how often running queries are looked at
SPAWN_AFTER_S = 0.01  # a request that has waited this long for a ready process may start another one
SLOW_AFTER_S = 0.25  # a query that has run this long gives way to the others
START_S = 20.0
KEEP_S = 30.0  # how long a process beyond those kept ready may stay unused


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


class Process:
    """One query process and the socket to it; used by one thread at a time, and watched by another."""

    def __init__(self, arguments: list[str], defaults: Mapping[str, object]) -> None:
        mine, theirs = socket.socketpair()
        self.connection = mine
        try:
            with theirs:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "summitgraph.server.worker", str(theirs.fileno()), *arguments],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
        except BaseException:
            mine.close()
            raise
        self.slowed = self.expired = False
        self.idle_since = time.monotonic()
        self._watched = threading.Lock()
        self._started, self._deadline = 0.0, math.inf  # monotonic; of the query that runs, if one does
        try:
            mine.settimeout(START_S)
            self.send(defaults)
            self.isolated = bool(self._receive().header["isolated"])
            mine.settimeout(None)  # from here on, who watches ends what takes too long
        except BaseException:
            self.kill()
            raise

    def send(self, message: Mapping[str, object]) -> None:
        """Send a message."""
        text = json.dumps(message).encode()
        self.connection.sendall(FRAME.pack(len(text), 0) + text)

    def ask(self, message: Mapping[str, object], now: float, deadline_s: float) -> Result:
        """Return the answer to a query begun at *now* (monotonic).

        Raises:
            TimeoutError: If it does not come in *deadline_s*; the process has been killed.
            EOFError: If the process has ended.
        """
        self._started, self._deadline = now, now + deadline_s
        try:
            self.send(message)
            result = self._receive()
        except (OSError, EOFError):
            if self.expired:
                raise TimeoutError from None
            raise
        finally:
            with self._watched:
                self._deadline = math.inf
        if self.expired:
            raise TimeoutError
        return result

    def watch(self, now: float) -> None:
        """Kill the process if its query has passed its deadline; let a long one give way to others."""
        if self._deadline == math.inf:
            return
        with self._watched:
            if now > self._deadline:
                self.expired = True
                self.process.kill()
            elif not self.slowed and now > self._started + SLOW_AFTER_S and self._deadline != math.inf:
                self.slowed = True
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, self.process.pid, 5)

    def _receive(self) -> Result:
        data = self._fill(self.connection.recv(65_536), FRAME.size)
        header_length, body_length = FRAME.unpack_from(data)
        data = self._fill(data, FRAME.size + header_length + body_length)
        header = json.loads(data[FRAME.size : FRAME.size + header_length])
        if not header.get("file"):
            return Result(header, data[FRAME.size + header_length :], None)
        self.connection.sendall(b"+")  # a descriptor that came with bytes read already would be lost
        _, descriptors, _, _ = socket.recv_fds(self.connection, 1, 1)
        file = os.fdopen(descriptors[0], "rb")
        file.seek(0)  # the writer's position came with the descriptor
        return Result(header, b"", file)

    def _fill(self, data: bytes, count: int) -> bytes:
        if len(data) >= count:
            return data
        if not data:
            raise EOFError
        parts, length = [data], len(data)
        while length < count:
            part = self.connection.recv(min(1_048_576, count - length))
            if not part:
                raise EOFError
            parts.append(part)
            length += len(part)
        return b"".join(parts)

    def kill(self) -> int:
        """End the process; return its exit status (negative: the signal)."""
        self.process.kill()
        self.connection.close()
        return self.process.wait()

    def ended(self) -> int:
        """Return the exit status of a process that closed its socket."""
        try:
            return self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            return self.kill()
        finally:
            self.connection.close()


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
        self._arguments = [str(store), str(memory_mb * 1_048_576)]
        self.ready, self.maximum, self.queue, self.queue_wait_s = ready, max(ready, maximum), queue, queue_wait_s
        self._condition = threading.Condition(threading.Lock())
        self._idle: deque[Process] = deque()
        self._processes: set[Process] = set()
        self._all = self._starting = 0
        self.waiting = 0
        self.killed = 0
        self.crashed = 0
        self.isolated: bool | None = None
        self._closed = False

    def start(self) -> None:
        """Start the processes that are kept ready, in the background, and who watches them."""
        threading.Thread(target=self._watch, daemon=True, name="watch").start()
        with self._condition:
            for _ in range(self.ready):
                self._spawn()

    def _watch(self) -> None:
        while not self._closed:
            time.sleep(TICK_S)
            now = time.monotonic()
            for process in tuple(self._processes):
                process.watch(now)

    def _start_one(self) -> None:
        try:
            process = Process(self._arguments, self._defaults)
        except (OSError, EOFError, ValueError):
            if not self._closed:
                log.exception("a query process could not be started")
            with self._condition:
                self._all -= 1
                self._starting -= 1
            return
        with self._condition:
            self._starting -= 1
            self.isolated = process.isolated
            if not self._closed:
                self._processes.add(process)
                self._idle.append(process)
                self._condition.notify()
                return
            self._all -= 1
        process.kill()

    @property
    def alive(self) -> int:
        """Return how many processes have started and not ended."""
        return self._all - self._starting

    @property
    def busy(self) -> int:
        """Return how many processes are running a query or starting."""
        return self._all - len(self._idle)

    def _acquire(self) -> Process:
        with self._condition:
            if self._idle:
                return self._idle.pop()
            if self.waiting >= self.queue:
                raise _busy("the queue of waiting queries is full", self.queue)
            self.waiting += 1
            try:
                deadline = time.monotonic() + self.queue_wait_s
                if self._all < self.ready:
                    self._spawn()
                self._condition.wait_for(lambda: bool(self._idle), SPAWN_AFTER_S)
                while not self._idle:
                    if self._all < self.maximum:
                        self._spawn()
                    self._condition.wait_for(lambda: bool(self._idle), min(0.1, max(0.0, deadline - time.monotonic())))
                    if not self._idle and time.monotonic() >= deadline:
                        raise _busy(f"no query process came free in {self.queue_wait_s:g} s", self.queue_wait_s)
                return self._idle.pop()
            finally:
                self.waiting -= 1

    def _spawn(self) -> None:
        self._all += 1
        self._starting += 1
        threading.Thread(target=self._start_one, daemon=True).start()

    def _release(self, process: Process) -> None:
        # Only root may raise a priority again, so a process that gave way is replaced by a fresh one.
        retire = process.slowed and not self._restore(process)
        process.idle_since = time.monotonic()
        surplus = None
        with self._condition:
            if not retire and not self._closed:
                self._idle.append(process)
                if self.waiting:
                    self._condition.notify()
                # Started for a rush that is over: the one unused for longest is at the left.
                if self._all > self.ready and self._idle[0].idle_since < process.idle_since - KEEP_S:
                    surplus = self._idle.popleft()
                else:
                    return
        self._replace(surplus or process)

    @staticmethod
    def _restore(process: Process) -> bool:
        try:
            os.setpriority(os.PRIO_PROCESS, process.process.pid, 0)
        except OSError:
            return False
        process.slowed = False
        return True

    def _replace(self, process: Process) -> int:
        status = process.kill()
        with self._condition:
            self._processes.discard(process)
            self._all -= 1
            if self._all < self.ready and not self._closed:
                self._spawn()
        return status

    def run(self, message: Mapping[str, object], deadline_s: float) -> Result:
        """Run one query.

        Raises:
            Problem: 503 if the queue is full, 504 if it passes its deadline, 507 if it passes its memory.
        """
        started = time.monotonic()
        process = self._acquire()
        got = time.monotonic()
        try:
            result = process.ask({**message, "deadline_s": deadline_s}, got, deadline_s)
        except TimeoutError:
            self.killed += 1
            self._replace(process)
            raise _deadline(deadline_s) from None
        except (EOFError, OSError):
            self.crashed += 1
            status = process.ended()
            self._replace(process)
            raise _died(status, deadline_s) from None
        except BaseException:
            self._replace(process)
            raise
        # An allocation the limit refused, or a panic, leaves the process in an unknown state.
        if result.header.get("error") in ("memory", "panic"):
            self._replace(process)
        else:
            self._release(process)
        result.queued_s, result.ran_s = got - started, time.monotonic() - got
        return result

    def close(self) -> None:
        """End all processes; return when those that were starting have ended too."""
        with self._condition:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
            self._processes.difference_update(idle)
            self._all -= len(idle)
            busy = list(self._processes)
        for process in idle:
            process.kill()
        for process in busy:
            process.process.kill()  # the thread that waits for it closes the rest
        deadline = time.monotonic() + START_S
        while self._all and time.monotonic() < deadline:
            time.sleep(0.01)


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


def _died(status: int, deadline_s: float) -> Problem:
    if status == -signal.SIGALRM:
        return _deadline(deadline_s)
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

"""The pool of query processes of one front: lends them out, kills those that pass a limit, replaces them.

All of it happens on one event loop, so nothing is locked and a query costs one message each way. A request waits in a
bounded queue for a process; it never waits for a slow client, because a process is free again as soon as its result is
complete.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import math
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from .board import SLOTS, Board
from .forks import Forks
from .lending import Lending
from .problems import Problem
from .process import START_S, Job, Process, Result, ignore, restore
from .refusals import busy, deadline_passed, died

log = logging.getLogger(__name__)

TICK_S = 0.025  # how often running queries are looked at
SPAWN_AFTER_S = 0.01  # a request that has waited this long for a ready process may start another one
SLOW_AFTER_S = 0.25  # a query that has run this long gives way to the others
SLOW_NICE = 10
LONG_S = 0.05  # beside processes whose queries have run so long,
SPARE = 2  # so many others are there, so that a short query need not wait for one to start
DEPTH = 4  # queries a process may have at once: one that runs, and those behind it
BEHIND_S = 0.001  # a query goes behind one that has run no longer than this, rather than to a process that sleeps
RESCUE_S = 0.004  # a query that has stood behind another for so long goes to another process after all
LEFT_S = 0.05  # what was rescued from a process is run there too, for so long, and its result thrown away
KEEP_S = 30.0  # how long a process beyond those kept ready may stay unused
RETRY_S = 1.0  # before another process is started where one did not start


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
        self._ticking = self._considering = self._rescuing = self._closed = False
        self._quick = (
            False  # whether a query was answered quickly since the last tick: there is somebody to give way to
        )
        self._last: Process | None = None  # the one that was given a query last
        self._done: Process | None = None  # the one whose result is being handed on, and that has no other
        self._retry_at = 0.0
        self.killed = self.crashed = 0
        self.lending: Lending | None = None
        self.adopting: tuple[Process, float] | None = None  # whose query the next job is, and since when it runs
        self.board: Board
        self._slots = deque(range(SLOTS))  # of the board, that no process has
        self.isolated: bool | None = None
        self._forks: Forks
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
        self.board = board or Board()
        self._forks = Forks(self.store, self.memory_bytes, self.board, self._refill)
        if loop is not None:
            self.loop = loop
            self._forks.start(loop, control)
            return
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="pool")
        self._thread.start()
        self.loop.call_soon_threadsafe(self._forks.start, self.loop, control)

    def _spawn(self) -> None:
        if time.monotonic() < self._retry_at or (mine := self._forks.fork()) is None:
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
        last = self._last
        now = time.monotonic()
        if last is not None and 0 < len(last.jobs) < DEPTH and not last.loans and now < last.started + BEHIND_S:
            # To wake a process costs more than a small query does, and one core runs two of them no faster.
            self._give(last, job)
        elif self._idle:
            self._give(self._idle.pop(), job)
        elif len(self._waiting) >= self.queue:
            job.done(busy("the queue of waiting queries is full", self.queue))
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
        job = Job({}, LEFT_S, ignore)
        self._adopt(process, job, time.monotonic())

    def unused(self) -> Process | None:
        """Return a process that has nothing to do and can take loans, if there is one."""
        done = self._done
        if done is not None and done.slot >= 0 and not done.loans:
            return done
        return next((process for process in self._idle if process.slot >= 0), None)

    def keep_out(self, process: Process) -> None:
        """Give *process* no queries, until it is let in again."""
        if process is not self._done:
            self._idle.remove(process)

    def let_in(self, process: Process) -> None:
        """Give *process* queries again."""
        self._free(process, time.monotonic())

    @staticmethod
    def _begin_first(process: Process, now: float) -> None:
        job = process.jobs[0]
        job.begun = process.started = now
        process.deadline = now + (LEFT_S if job.done is ignore else job.deadline_s)

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
            process.jobs[number] = Job(job.message, LEFT_S, ignore)
        if self._last is process:
            self._last = None
        for job in jobs:
            if job.done is not ignore:
                job.process = None
                self.submit(job)

    def cancel(self, job: Job, seconds: float) -> None:
        """Let *job*, whose client has gone, run for so many seconds more; one that waits is not begun."""
        process = job.process
        if process is not None and job in process.jobs:
            if process.jobs[0] is job:
                process.deadline = min(process.deadline, time.monotonic() + seconds)
            else:
                process.jobs[process.jobs.index(job)] = Job(job.message, LEFT_S, ignore)
                job.done(busy("the client has gone", 0))
        elif job in self._waiting:
            self._waiting.remove(job)
            job.done(busy("the client has gone", 0))

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
            self._done = process  # it can be lent connections before it is given the next query
        if job is not None:
            result.queued_s, result.ran_s = job.begun - job.asked, now - job.begun
            job.done(result)
        if (done := self._done) is not None:
            self._done = None
            if not done.loans:
                self._free(done, now)
        if result.file is not None and (job is None or job.done is ignore):
            result.file.close()

    def _free(self, process: Process, now: float) -> None:
        # Only root may raise a priority again, so a process that gave way is replaced by a fresh one.
        if process.slowed and not restore(process):
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

        self._forks.when_ended(number, lambda status: job.done(died(status)))

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
        running, long = False, 0
        for process in tuple(self._processes):
            if process.deadline == math.inf:
                continue
            running = True
            long += bool(process.jobs) and now > process.started + LONG_S
            if now > process.deadline:
                self._expire(process)
            elif self._quick and not process.slowed and process.number and now > process.started + SLOW_AFTER_S:
                process.slowed = True
                with contextlib.suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, process.number, SLOW_NICE)
        self._quick = False
        if long and len(self._processes) < min(long + SPARE, self.maximum):
            self._spawn()
        # Where all there is has yet to start, patience is START_S.
        patience = self.queue_wait_s if self.alive else max(self.queue_wait_s, START_S)
        while self._waiting and self._waiting[0].asked < now - patience:
            self._waiting.popleft().done(
                busy(f"no query process came free in {self.queue_wait_s:g} s", self.queue_wait_s)
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
            job.done(deadline_passed(job.deadline_s))

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
            job.done(busy("the server is ending", 0))
        self._waiting.clear()
        for process in tuple(self._processes):
            process.kill()
            for job in process.jobs:
                job.done(busy("the server is ending", 0))
        self._processes.clear()
        self._idle.clear()
        self._forks.close()

"""Connections lent to query processes, so that short queries are answered without a hand-over (the other side: ``direct.py``).

The front keeps every connection it lends. Each few milliseconds it looks, in the memory they share, at what the borrowing
processes run; what takes long is called in: the connection is the front's again, the query one of the pool's like any
other, with its deadline, its limits and its place in the metrics, and the other connections of that process go on
elsewhere. A process that ends is answered for in the same way. Only the loop's thread comes here, but for ``collect``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from .board import LOANS, Board

if TYPE_CHECKING:
    from .pool import Pool
    from .process import Process

log = logging.getLogger(__name__)

LOOK_S = 0.005  # how often the processes that have loans are looked at
LONG_S = 0.004  # a query that has taken so much processor time is called in
LATE_S = 0.1  # and one that has not ended in so long, whatever it waits for


class Borrower(Protocol):
    """A connection that can be lent."""

    def take_back(self, data: bytes, rest: bytes) -> None:
        """Go on: *rest* is left to be sent, *data* were read and not answered."""

    def abort(self) -> None:
        """End at once: nobody knows how much of a reply was sent."""


@dataclass(slots=True)
class Lent:
    """A loan: whose connection it is, and where on the board stands how many requests it may be answered."""

    borrower: Borrower
    place: int = -1  # -1: as many as come
    refund: Callable[[int], None] | None = None  # told how many of them did not come


class Lending:
    """The loans of one front to at most *most* of its pool's processes at once."""

    def __init__(self, pool: Pool, board: Board, most: int, count: Callable[[Sequence[float]], None]) -> None:
        self.pool, self.board, self.most, self.count = pool, board, most, count
        self.processes: list[Process] = []  # those that have loans
        self._number = 0
        self._looking = False
        self._seen: dict[
            tuple[int, float], float
        ] = {}  # process and query to the processor time when it was first seen
        self._counting = threading.Lock()

    def lend(
        self,
        borrower: Borrower,
        descriptor: int,
        profile: Mapping[str, object],
        requests: int = -1,
        refund: Callable[[int], None] | None = None,
    ) -> bool:
        """Lend a connection whose requests have these headers, for so many *requests*; tell whether a process takes it."""
        process = self._choose()
        if process is None:
            return False
        lent = Lent(borrower)
        if requests >= 0:
            taken = {other.place for other in process.loans.values()}
            lent.place, lent.refund = next(place for place in range(LOANS) if place not in taken), refund
            self.board.grant(process.slot, lent.place, requests)
        self._number += 1
        if not process.send({"loan": self._number, "place": lent.place, **profile}, descriptor):
            return False
        process.loans[self._number] = lent
        if process not in self.processes:
            self.pool.keep_out(process)
            self.processes.append(process)
        if not self._looking:
            self._looking = True
            self.pool.loop.call_later(LOOK_S, self._look)
        return True

    def _choose(self) -> Process | None:
        if len(self.processes) < self.most and (found := self.pool.unused()) is not None:
            return found
        best = min(self.processes, key=lambda process: len(process.loans), default=None)
        return best if best is not None and len(best.loans) < LOANS else None

    def heard(self, process: Process, header: Mapping[str, Any], body: bytes) -> None:
        """Take back a connection a process returns."""
        lent = process.loans.pop(header["number"], None)
        if lent is None:
            return
        borrower = self._back(process, lent)
        what = header["loan"]
        if what == "run":  # its result follows
            self._take_over(process, borrower, body, time.monotonic())
        else:
            self._done_with(process)
            borrower.take_back(b"" if what == "rest" else body, body if what == "rest" else b"")

    def _back(self, process: Process, lent: Lent) -> Borrower:
        """Return whose connection it was, with what was not used of it given back."""
        if lent.refund is not None:
            lent.refund(self.board.left(process.slot, lent.place))
        return lent.borrower

    def _done_with(self, process: Process) -> None:
        """Let the pool have a process again that has no loans left."""
        if not process.loans and process in self.processes:
            self.processes.remove(process)
            self.collect(process)
            if not process.jobs:
                self.pool.let_in(process)

    def _take_over(self, process: Process, borrower: Borrower, request: bytes, started: float) -> None:
        """Make what a process runs for a loan a job of the pool's: the front reads the request as if it had just come."""
        self.pool.adopting = (process, started)
        borrower.take_back(request, b"")
        if self.pool.adopting is not None:  # answered otherwise: nobody waits for it
            self.pool.adopting = None
            self.pool.disown(process)

    def _look(self) -> None:
        now = time.monotonic()
        seen, self._seen = self._seen, {}
        for process in tuple(self.processes):
            started = self.board.running_since(process.slot)
            if started is None:
                continue
            taken = _processor_time(process.number)
            before = seen.get((process.number, started), taken)
            if now > started + LATE_S or taken > before + LONG_S:
                self._call_in(process)
            else:
                self._seen[process.number, started] = before
        self._looking = bool(self.processes)
        if self._looking:
            self.pool.loop.call_later(LOOK_S, self._look)

    def _call_in(self, process: Process) -> None:
        """Take all connections of a process back that is inside a long query."""
        if not self.board.look(process.slot):
            return  # it has just ended
        try:
            while process.readable():  # what it gave back before that query
                pass
            number, started, request = self.board.read(process.slot)
            self.board.call_in(process.slot, self._number)
        finally:
            self.board.look_away(process.slot)
        self._take_all(process, number, started, request)

    def _take_all(self, process: Process, number: int, started: float, request: bytes) -> None:
        running = process.loans.pop(number, None)
        others, process.loans = [self._back(process, lent) for lent in process.loans.values()], {}
        if running is not None:
            self._take_over(process, self._back(process, running), request, started)
        self._done_with(process)
        for borrower in others:
            borrower.take_back(b"", b"")

    def lost(self, process: Process) -> None:
        """Take back the connections of a process that has ended, or is about to; what it ran becomes its job."""
        if not process.loans:
            return
        number, started, request = self.board.read(process.slot)
        if (lent := process.loans.pop(self.board.served(process.slot), None)) is not None:
            log.error("a query process ended between a request and its reply")
            self._back(process, lent).abort()
        self.collect(process)
        if process in self.processes:
            self.processes.remove(process)
        self._take_all(process, number, started, request)

    def call_in_unused(self) -> None:
        """Have all connections given back as soon as their replies are sent."""
        for process in self.processes:
            process.send({"return": True})

    def collect(self, one: Process | None = None) -> None:
        """Add to the metrics what processes have counted since they were last asked."""
        with self._counting:
            for process in [one] if one is not None else tuple(self.processes):
                if process.slot < 0:
                    continue
                found = self.board.counts(process.slot)
                self.count([new - old for new, old in zip(found, process.counted, strict=True)])
                process.counted = found


def _processor_time(process: int) -> float:
    """Return the processor time a process has taken, in seconds; 0 if it has ended."""
    try:
        return time.clock_gettime(~process << 3 | 2)  # how Linux numbers the clocks of other processes
    except OSError:
        return 0.0

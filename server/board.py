"""Memory a front shares with its query processes: what each one does with the connections it was lent (``lending.py``).

Each process has a slot, which only it writes, but for what says that its loans are called in; a lock of its own says
whether it is inside a query. The table tells processes which results the front keeps.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Sequence

SLOTS = 64
REQUEST_BYTES = 12_288  # of a request that may be run from a lent connection
KEPT_LARGEST = 16_384  # bytes of a reply that is kept where it was made
_SLOT = 16_384
_KNOWN = 8192  # entries of the table
# Places in a slot, in numbers of eight bytes.
_RUNNING, _STARTED, _CALLED_IN, _SENDING, _LENGTH, _SERVED, _COUNTS = 0, 1, 2, 3, 4, 5, 8
_REQUEST = 512  # where the request begins, in bytes
LOANS = 128  # connections one process may have
_LEFT = (_REQUEST + REQUEST_BYTES) // 8  # how many requests each of them may still be answered, where that is limited
COUNTS = 12  # queries, of them cached, seconds, bytes, and one for each bucket of the histogram


class Board:
    """The shared memory; *descriptor* is of one that is there already."""

    def __init__(self, descriptor: int = -1) -> None:
        size = SLOTS * _SLOT + _KNOWN * 4
        if descriptor < 0:
            descriptor = os.memfd_create("board")
            os.ftruncate(descriptor, size)
        self.descriptor = descriptor
        memory = memoryview(mmap.mmap(descriptor, size))
        self._bytes = memory
        self._whole, self._real = memory.cast("Q"), memory.cast("d")
        self._known = memory[SLOTS * _SLOT :].cast("I")

    def clear(self, slot: int) -> None:
        """Make a slot ready for a new process."""
        start = slot * _SLOT
        self._bytes[start : start + _REQUEST] = bytes(_REQUEST)

    # The process's side

    def serve(self, slot: int, loan: int) -> None:
        """Say that a request of *loan* is taken from its connection, until ``done``."""
        self._whole[slot * _SLOT // 8 + _SERVED] = loan

    def enter(self, slot: int, loan: int, started: float, request: bytes) -> None:
        """Say that a query of *loan* begins at *started* (``time.monotonic``); the slot is free to be called in from here."""
        place, start = slot * _SLOT // 8, slot * _SLOT + _REQUEST
        self._bytes[start : start + len(request)] = request
        self._whole[place + _LENGTH] = len(request)
        self._real[place + _STARTED] = started
        self._whole[place + _RUNNING] = loan
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, slot)

    def leave(self, slot: int) -> int:
        """Say that the query has ended; return up to which number loans are called in."""
        self.hold(slot)
        return int(self._whole[slot * _SLOT // 8 + _CALLED_IN])

    def hold(self, slot: int) -> None:
        """Say that the process is not inside a query; wait for the front to look away."""
        fcntl.lockf(self.descriptor, fcntl.LOCK_EX, 1, slot)

    def sending(self, slot: int) -> None:
        """Say that the reply is on its way: from here on nobody else can send one."""
        self._whole[slot * _SLOT // 8 + _SENDING] = 1

    def done(self, slot: int) -> None:
        """Say that nothing runs and nothing is served."""
        place, whole = slot * _SLOT // 8, self._whole
        whole[place + _RUNNING] = whole[place + _SENDING] = whole[place + _SERVED] = 0

    def called_in(self, slot: int) -> int:
        """Return up to which number loans are called in."""
        return int(self._whole[slot * _SLOT // 8 + _CALLED_IN])

    def left(self, slot: int, place: int) -> int:
        """Return how many requests the loan at *place* may still be answered."""
        return int(self._whole[slot * _SLOT // 8 + _LEFT + place])

    def take(self, slot: int, place: int) -> None:
        """Use up one of them."""
        self._whole[slot * _SLOT // 8 + _LEFT + place] -= 1

    def count(self, slot: int, seconds: float, size: int, bucket: int, *, cached: bool) -> None:
        """Count one query."""
        place, numbers = slot * _SLOT // 8 + _COUNTS, self._real
        numbers[place] += 1
        numbers[place + 1] += cached
        numbers[place + 2] += seconds
        numbers[place + 3] += size
        numbers[place + 4 + bucket] += 1

    def knows(self, etag: str) -> bool:
        """Tell whether the front keeps the result of this tag; seldom it is told so of another one."""
        return self._known[int(etag[1:5], 16) % _KNOWN] == int(etag[5:13], 16)

    # The front's side

    def know(self, etag: str) -> None:
        """Remember that the front keeps the result of this tag."""
        self._known[int(etag[1:5], 16) % _KNOWN] = int(etag[5:13], 16)

    def grant(self, slot: int, place: int, requests: int) -> None:
        """Let the loan at *place* be answered so many requests."""
        self._whole[slot * _SLOT // 8 + _LEFT + place] = requests

    def running_since(self, slot: int) -> float | None:
        """Return when the query began that the process runs for a loan, None where there is none."""
        place = slot * _SLOT // 8
        return self._real[place + _STARTED] if self._whole[place + _RUNNING] else None

    def look(self, slot: int) -> bool:
        """Keep the process from leaving the query it is inside; tell whether it is inside one. ``look_away`` follows."""
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, slot)
        except OSError:
            return False
        return True

    def look_away(self, slot: int) -> None:
        """Let the process go on."""
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, slot)

    def call_in(self, slot: int, last: int) -> None:
        """Call in all loans up to number *last*."""
        self._whole[slot * _SLOT // 8 + _CALLED_IN] = last

    def read(self, slot: int) -> tuple[int, float, bytes]:
        """Return the loan that is running (0 for none), since when, and its request."""
        place, start = slot * _SLOT // 8, slot * _SLOT + _REQUEST
        request = bytes(self._bytes[start : start + min(self._whole[place + _LENGTH], REQUEST_BYTES)])
        return self._whole[place], self._real[place + _STARTED], request

    def served(self, slot: int) -> int:
        """Return the loan of which a request was taken and nothing more is known, 0 for none."""
        place = slot * _SLOT // 8
        return self._whole[place + _SERVED] if self._whole[place + _SENDING] or not self._whole[place + _RUNNING] else 0

    def counts(self, slot: int) -> Sequence[float]:
        """Return the sums of ``count`` since the slot was cleared."""
        place = slot * _SLOT // 8 + _COUNTS
        return self._real[place : place + COUNTS].tolist()

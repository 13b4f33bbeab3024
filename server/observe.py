"""What the server tells about itself: counters for Prometheus, shared by all fronts, and one JSON line per query."""

from __future__ import annotations

import bisect
import hashlib
import json
import mmap
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

COUNTERS = (
    "requests_total",
    "queries_total",
    "queries_cached_total",
    "queries_not_modified_total",
    "updates_total",
    "client_errors_total",
    "server_errors_total",
    "deadline_total",
    "memory_total",
    "crashed_total",
    "busy_total",
    "refused_total",
    "rate_limited_total",
    "outgoing_total",
    "outgoing_failed_total",
    "outgoing_refused_total",
    "result_bytes_total",
    "query_seconds_sum",
    "query_seconds_count",
)
BUCKETS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
GAUGES = ("processes", "processes_busy", "queue", "cache_bytes")
_BUCKETS = tuple(f"bucket_{bound}" for bound in BUCKETS_S)  # each counts what fell into it alone
_NAMES = COUNTERS + _BUCKETS + GAUGES
_BY_CODE = {
    "deadline": "deadline_total",
    "memory": "memory_total",
    "crashed": "crashed_total",
    "busy": "busy_total",
    "too-complex": "refused_total",
    "service": "refused_total",
    "rate": "rate_limited_total",
}
_SPARE = 16


class Metrics:
    """Numbers of all fronts in one shared memory; each front writes its own stripe and reads all."""

    def __init__(self, fronts: int = 1) -> None:
        self.stripes = max(1, fronts) + _SPARE
        self._memory = mmap.mmap(-1, 8 + len(_NAMES) * 8 * self.stripes)
        self._numbers = memoryview(self._memory).cast("d")  # the first is how many stripes have been taken
        self._place = {name: 1 + number for number, name in enumerate(_NAMES)}
        self._first = 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Write to a stripe of its own from now on; a front that replaces a dead one leaves that one's sums alone."""
        number = int(self._numbers[0])
        self._numbers[0] = number + 1
        self._first = (number % self.stripes) * len(_NAMES)

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to a counter of this front."""
        place = self._first + self._place[name]
        with self._lock:
            self._numbers[place] += amount

    def put(self, name: str, value: float) -> None:
        """Set a gauge of this front."""
        self._numbers[self._first + self._place[name]] = value

    def count_query(
        self, seconds: float, size: int, *, cached: bool, not_modified: bool, request: bool = False
    ) -> None:
        """Count one query with its time and the bytes of its result; with its *request*, where that is not counted."""
        first, place, numbers = self._first, self._place, self._numbers
        bucket = bisect.bisect_left(BUCKETS_S, seconds)
        with self._lock:
            if request:
                numbers[first + place["requests_total"]] += 1
            numbers[first + place["queries_total"]] += 1
            numbers[first + place["query_seconds_count"]] += 1
            numbers[first + place["query_seconds_sum"]] += seconds
            numbers[first + place["result_bytes_total"]] += size
            if bucket < len(BUCKETS_S):
                numbers[first + place[_BUCKETS[bucket]]] += 1
            if cached:
                numbers[first + place["queries_cached_total"]] += 1
            if not_modified:
                numbers[first + place["queries_not_modified_total"]] += 1

    def count_lent(self, sums: Sequence[float]) -> None:
        """Count queries answered elsewhere: how many, of them cached, seconds, bytes, and how many fell into each bucket."""
        queries, cached, seconds, size, *buckets = sums
        names = ("requests_total", "queries_total", "query_seconds_count")
        for name, amount in (
            *((name, queries) for name in names), ("queries_cached_total", cached), ("query_seconds_sum", seconds),
            ("result_bytes_total", size), *zip(_BUCKETS, buckets, strict=False),
        ):  # fmt: skip
            self.add(name, amount)

    def count_problem(self, status: int, code: str) -> None:
        """Count a failed request by who caused it, and by its limit."""
        self.add("client_errors_total" if status < 500 else "server_errors_total")
        if code in _BY_CODE:
            self.add(_BY_CODE[code])

    def total(self, name: str) -> float:
        """Return the sum over all fronts."""
        places = range(self._place[name], len(self._numbers), len(_NAMES))
        return float(sum(self._numbers[place] for place in places))

    def text(self) -> str:
        """Return everything in Prometheus' text format."""
        lines = []
        for name in COUNTERS:
            if not name.startswith("query_seconds"):
                lines += [f"# TYPE summitgraph_{name} counter", f"summitgraph_{name} {self.total(name):.0f}"]
        lines.append("# TYPE summitgraph_query_seconds histogram")
        below = 0.0
        for bound, bucket in zip(BUCKETS_S, _BUCKETS, strict=True):
            below += self.total(bucket)
            lines.append(f'summitgraph_query_seconds_bucket{{le="{bound}"}} {below:.0f}')
        count = self.total("query_seconds_count")
        lines.append(f'summitgraph_query_seconds_bucket{{le="+Inf"}} {count:.0f}')
        lines.append(f"summitgraph_query_seconds_sum {self.total('query_seconds_sum'):.6f}")
        lines.append(f"summitgraph_query_seconds_count {count:.0f}")
        for name in GAUGES:
            lines += [f"# TYPE summitgraph_{name} gauge", f"summitgraph_{name} {self.total(name):.0f}"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Note:
    """What the log says of a query: its text as a hash, its form, and rows or triples where they are known."""

    text: str
    form: str
    rows: int | None


class QueryLog:
    """One line of JSON per query, appended whole; the query itself only as a hash, no address, no token."""

    def __init__(self, path: Path | None) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640) if path else -1
        self.open = path is not None

    def write(self, note: Note, outcome: str, seconds: float, size: int, *, cached: bool = False) -> None:
        """Append one line: outcome is ``ok`` or a problem's code, seconds wall time, size bytes."""
        if not self.open:
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "query": hashlib.sha256(note.text.encode("utf-8", "surrogatepass")).hexdigest()[:16],
            "form": note.form,
            "outcome": outcome,
            "ms": round(seconds * 1000, 3),
            "bytes": size,
            "rows": note.rows,
            "cached": cached,
        }
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")

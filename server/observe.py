"""What the server tells about itself: counters for Prometheus, shared by all fronts, and one JSON line per query."""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import threading
import time
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
    "result_bytes_total",
    "query_seconds_sum",
    "query_seconds_count",
)
BUCKETS_S = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
GAUGES = ("processes", "processes_busy", "queue", "cache_bytes")
_NAMES = COUNTERS + tuple(f"bucket_{bound}" for bound in BUCKETS_S) + GAUGES
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
        self._stripe = len(_NAMES) * 8
        self._memory = mmap.mmap(-1, 8 + self._stripe * self.stripes)
        self._index = {name: 8 + number * 8 for number, name in enumerate(_NAMES)}
        self._base = 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Write to a stripe of its own from now on; a front that replaces a dead one leaves that one's sums alone."""
        number = struct.unpack_from("Q", self._memory)[0]
        struct.pack_into("Q", self._memory, 0, number + 1)
        self._base = (number % self.stripes) * self._stripe

    def add(self, name: str, amount: float = 1.0) -> None:
        """Add to a counter of this front."""
        offset = self._base + self._index[name]
        with self._lock:
            value = struct.unpack_from("d", self._memory, offset)[0]
            struct.pack_into("d", self._memory, offset, value + amount)

    def put(self, name: str, value: float) -> None:
        """Set a gauge of this front."""
        struct.pack_into("d", self._memory, self._base + self._index[name], value)

    def observe_query(self, seconds: float) -> None:
        """Count the time of one query."""
        self.add("query_seconds_sum", seconds)
        self.add("query_seconds_count")
        for bound in BUCKETS_S:
            if seconds <= bound:
                self.add(f"bucket_{bound}")

    def count_problem(self, status: int, code: str) -> None:
        """Count a failed request by who caused it, and by its limit."""
        self.add("client_errors_total" if status < 500 else "server_errors_total")
        if code in _BY_CODE:
            self.add(_BY_CODE[code])

    def total(self, name: str) -> float:
        """Return the sum over all fronts."""
        offsets = (front * self._stripe + self._index[name] for front in range(self.stripes))
        return float(sum(struct.unpack_from("d", self._memory, offset)[0] for offset in offsets))

    def text(self) -> str:
        """Return everything in Prometheus' text format."""
        lines = []
        for name in COUNTERS:
            if not name.startswith("query_seconds"):
                lines += [f"# TYPE summitgraph_{name} counter", f"summitgraph_{name} {self.total(name):.0f}"]
        lines.append("# TYPE summitgraph_query_seconds histogram")
        for bound in BUCKETS_S:
            lines.append(f'summitgraph_query_seconds_bucket{{le="{bound}"}} {self.total(f"bucket_{bound}"):.0f}')
        count = self.total("query_seconds_count")
        lines.append(f'summitgraph_query_seconds_bucket{{le="+Inf"}} {count:.0f}')
        lines.append(f"summitgraph_query_seconds_sum {self.total('query_seconds_sum'):.6f}")
        lines.append(f"summitgraph_query_seconds_count {count:.0f}")
        for name in GAUGES:
            lines += [f"# TYPE summitgraph_{name} gauge", f"summitgraph_{name} {self.total(name):.0f}"]
        return "\n".join(lines) + "\n"


class QueryLog:
    """One line of JSON per query, appended whole; the query itself only as a hash, no address, no token."""

    def __init__(self, path: Path | None) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640) if path else -1

    def write(
        self,
        query: str,
        outcome: str,
        seconds: float,
        size: int,
        *,
        form: str,
        cached: bool = False,
        rows: int | None = None,
    ) -> None:
        """Append one line: outcome is ``ok`` or a problem's code, seconds wall time, size bytes, rows or triples."""
        if self._descriptor < 0:
            return
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "query": hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()[:16],
            "form": form,
            "outcome": outcome,
            "ms": round(seconds * 1000, 3),
            "bytes": size,
            "rows": rows,
            "cached": cached,
        }
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")

"""Time the pages on a store of a million triples: ``make bench-web``.

Every address is asked for once, so no page comes from a cache; what a reader who comes back gets is the second figure.
Times are those of whole HTTP requests on loopback, on one connection, in milliseconds.
"""

from __future__ import annotations

import argparse
import http.client
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from summitgraph.server import view
from summitgraph.server.launch import launched

from . import corpus

BUDGET = {
    "entity page": 50.0,
    "largest pages": 100.0,  # of the things most is said of
    "source page": 50.0,
    "home": 30.0,
    "search page": 30.0,
    "suggestion": 30.0,
    "expansion": 100.0,
    "links to check": 500.0,  # never cached: what a person decided has to be seen at once
}
_PREFIX = "PREFIX sg: <https://w3id.org/summitgraph/ontology#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
_THINGS = _PREFIX + "SELECT DISTINCT ?thing ?label {{ GRAPH ?g {{ ?thing a {kind} ; rdfs:label ?label }} }}"


class Clock:
    """Requests on one connection, timed."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def time(self, path: str) -> float:
        """Return how long one request took, in milliseconds.

        Raises:
            RuntimeError: If it was not answered with 200.
        """
        start = time.perf_counter()
        self.connection.request("GET", path, headers={"Accept": "text/html", "Accept-Language": "en"})
        reply = self.connection.getresponse()
        reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{path}: {reply.status}")
        return (time.perf_counter() - start) * 1000

    def times(self, paths: Iterable[str]) -> list[float]:
        """Return how long each of several requests took."""
        return [self.time(path) for path in paths]


def report(name: str, cold: Sequence[float], warm: Sequence[float]) -> bool:
    """Print a line; tell whether the median keeps the budget."""
    median, budget = statistics.median(cold), BUDGET.get(name)
    rank = sorted(cold)[min(len(cold) - 1, int(len(cold) * 0.95))]
    kept = budget is None or median < budget
    limit = f"{budget:.0f}" if budget else "–"
    print(
        f"{name:<14} {len(cold):>5} {median:>9.1f} {rank:>9.1f} {statistics.median(warm):>9.1f} {limit:>7}  {'' if kept else 'OVER'}"
    )
    return kept


def _things(store: Path, kinds: Sequence[str]) -> list[tuple[str, str]]:
    reader = ox.Store.read_only(str(store / "snapshots" / "1"))
    found: dict[str, str] = {}
    for kind in kinds:
        for row in reader.query(_THINGS.format(kind=kind)):  # type: ignore[union-attr]
            found.setdefault(row["thing"].value, row["label"].value)
    return sorted(found.items())


_LARGEST = """PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> SELECT ?thing (COUNT(*) AS ?n) { GRAPH ?g {
  { ?claim rdf:subject ?thing } UNION { ?claim rdf:object ?thing } FILTER(CONTAINS(STR(?thing), "/id/")) } }
  GROUP BY ?thing ORDER BY DESC(?n) LIMIT 20"""


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; 1 if a median is over its budget."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=1_000_000)
    parser.add_argument("--store", type=Path, help="where the store is kept, to be used again")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        store = options.store or Path(folder) / "store"
        if not (store / "CURRENT").is_file():
            corpus.write(store, options.triples)
        things = _things(store, ("sg:Person", "sg:State", "sg:Summit", "sg:Company", "sg:Declaration", "sg:City"))
        reader = ox.Store.read_only(str(store / "snapshots" / "1"))
        texts = [
            row["d"].value
            for row in reader.query(_PREFIX + "SELECT DISTINCT ?d { GRAPH ?g { ?d a sg:SourceDocument } } LIMIT 60")  # type: ignore[union-attr]
        ]
        print(f"{len(reader):,} triples; {len(things)} things")
        largest = [row["thing"].value for row in reader.query(_LARGEST)]  # type: ignore[union-attr]
        del reader
        chosen = random.Random(7).sample(things, min(120, len(things)))
        base = "https://w3id.org/summitgraph/"
        view.build(store)
        with launched(store, {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_CONCURRENT": "0"}) as port:
            clock = Clock(port)
            first = {path: clock.time(path) for path in ("/", "/timeline", "/commitments")}
            # Workers and connections are warm, the pages measured are not.
            clock.times(f"/page/{iri.removeprefix(base + 'id/')}" for iri, _ in things[:5] if (iri, "") not in chosen)
            print(f"{'':<14} {'n':>5} {'median':>9} {'p95':>9} {'again':>9} {'budget':>7}  (ms)")
            addresses = {
                "entity page": [f"/page/{quote(iri.removeprefix(base + 'id/'))}" for iri, _ in chosen],
                "largest pages": [f"/page/{quote(iri.removeprefix(base + 'id/'))}?lang=fr" for iri in largest],
                "source page": [f"/page/{quote(iri.removeprefix(base + 'id/'))}" for iri in texts],
                "search page": [f"/search?q={quote(label[:60])}" for _, label in chosen],
                "suggestion": [f"/api/search?limit=8&lang=en&q={quote(label[:4])}" for _, label in chosen],
                "expansion": [f"/api/graph?lang=en&thing={quote(iri, safe='')}" for iri, _ in chosen],
            }
            kept = [report(name, clock.times(paths), clock.times(paths)) for name, paths in addresses.items()]
            kept.append(report("home", clock.times(["/?lang=en", *["/"] * 20]), clock.times(["/"] * 20)))
            kept.append(report("links to check", clock.times(["/review"]), clock.times(["/review"] * 5)))
            for path, taken in first.items():
                print(f"the first {path} after the data changed: {taken:.0f} ms")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

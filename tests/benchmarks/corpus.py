"""Stores of any size for benchmarks: the graphs of the sample articles, again and again under new document ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pyoxigraph as ox

from summitgraph import loaders, pipeline
from summitgraph.graph import reference_graph
from summitgraph.loaders import documents

SAMPLES = Path(loaders.__file__).parent / "samples"


@cache
def _templates() -> tuple[tuple[str, str], ...]:
    found = []
    for document in documents.read([str(SAMPLES)]):
        assert not isinstance(document, documents.Failure)
        quads = pipeline.build(document)[1]
        found.append((document.id, (ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"").decode()))
    return tuple(found)


def graphs(triples: int) -> Iterator[bytes]:
    """Yield document graphs as N-Quads until they hold at least *triples* triples together; entities are shared."""
    count = number = 0
    while count < triples:
        for old, text in _templates():
            new = hashlib.sha256(f"{old} {number}".encode()).hexdigest()[:16]
            yield text.replace(old, new).encode()
            count += text.count("\n")
            if count >= triples:
                return
        number += 1


def write(root: Path, triples: int) -> int:
    """Write a store of about *triples* triples at *root* in the layout readers see; return its exact size."""
    (root / "snapshots").mkdir(parents=True)
    store = ox.Store(str(root / "db"))
    for graph in graphs(triples):
        store.bulk_load(graph, format=ox.RdfFormat.N_QUADS)
    store.bulk_extend(reference_graph.quads())
    store.optimize()
    store.backup(str(root / "snapshots" / "1"))
    (root / "snapshots" / "1.lock").touch()
    (root / "CURRENT").write_text("1")
    return len(store)

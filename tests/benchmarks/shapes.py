"""What validation costs: ``python -m tests.benchmarks.shapes [--sizes 10000,100000,1000000] [--peer-limit 100000]``.

One more document beside stores of growing size, the whole store, and plain pySHACL over the same triples; each in a
process of its own, so that its peak memory is its own. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import corpus


def one_document(_: Path) -> dict[str, float]:
    """Validate one document, as loading does: five times, the median of the processor time counts. The gate sees no store."""
    import pyoxigraph as ox

    from summitgraph.shapes import gate

    quads = list(ox.parse(next(corpus.graphs(1)), format=ox.RdfFormat.N_QUADS))
    gate.check(quads)  # compiles the shapes, once in the life of a process
    times = []
    for _number in range(5):
        start = time.process_time()
        gate.check(quads)
        times.append(time.process_time() - start)
    return {"seconds": sorted(times)[2], "triples": len(quads)}


def whole_store(root: Path) -> dict[str, float]:
    """Validate the whole store as ``summitgraph validate`` does."""
    from summitgraph.graph import validation

    start, before = time.perf_counter(), _processor()
    report = validation.store(root)
    return {"seconds": time.perf_counter() - start, "cpu": _processor() - before, "triples": report.triples}


def peer(root: Path) -> dict[str, float]:
    """Validate the same triples with pySHACL and the same shapes, in rdflib's memory."""
    import pyoxigraph as ox
    import pyshacl
    from rdflib import Graph

    from summitgraph import ontology, shapes
    from tests.rdf import as_graph

    store = ox.Store.read_only(str(root / "snapshots" / "1"))
    quads = [q for q in store if "/graph/doc/" in str(q.graph_name)]
    lines = "".join(f"{quad.triple} .\n" for quad in quads)
    data = Graph().parse(data=lines, format="nt") + as_graph(ontology.hierarchy())
    gate_shapes = Graph()
    for path in shapes.paths(shapes.GATE):
        gate_shapes.parse(path)
    start, before = time.perf_counter(), _processor()
    pyshacl.validate(data, shacl_graph=gate_shapes, inference="none")
    return {"seconds": time.perf_counter() - start, "cpu": _processor() - before, "triples": len(quads)}


def _processor() -> float:
    """Return the processor time of this process and its children, in seconds: what other jobs take does not count."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


TASKS = {"one": one_document, "store": whole_store, "pyshacl": peer}


def measure(task: str, root: Path) -> dict[str, float]:
    """Run one task in a process of its own; seconds, triples and peak memory in MB."""
    command = [sys.executable, "-m", "tests.benchmarks.shapes", "--task", task, "--root", str(root)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def main() -> None:
    """Measure and print, or run one task for the process that measures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--peer-limit", type=int, default=100_000, help="largest store that pySHACL is run on")
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--root", type=Path)
    given = parser.parse_args()
    if given.task:
        found = TASKS[given.task](given.root)
        found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found))
        return
    ours_and_theirs = ["CPU s", "triples/s", "peak MB"]
    columns = ["store, triples", "one document, ms", "whole store, s", *ours_and_theirs, "pySHACL, s", *ours_and_theirs]
    print(f"| {' | '.join([*columns, 'ratio', 'of CPU'])} |")
    print("|" + " ---: |" * 12)
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder) / "store"
            corpus.write(root, size)
            one, ours = measure("one", root), measure("store", root)
            row = f"| {ours['triples']:,.0f} | {one['seconds'] * 1000:.1f} | {_figures(ours)} "
            if size <= given.peer_limit:
                theirs = measure("pyshacl", root)
                ratio = theirs["seconds"] / theirs["triples"] / (ours["seconds"] / ours["triples"])
                work = theirs["cpu"] / theirs["triples"] / (ours["cpu"] / ours["triples"])
                row += f"| {_figures(theirs)} | {ratio:.1f} | {work:.1f} |"
            else:
                row += "| – | – | – | – | – | – |"
            print(row, flush=True)


def _figures(found: dict[str, float]) -> str:
    return f"{found['seconds']:.1f} | {found['cpu']:.1f} | {found['triples'] / found['seconds']:,.0f} | {found['memory']:,.0f}"


if __name__ == "__main__":
    main()

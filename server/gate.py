"""The way of written document graphs through the same SHACL gate that loading uses."""

from __future__ import annotations

from collections.abc import Mapping

import pyoxigraph as ox


def check_graphs(graphs: Mapping[str, frozenset[ox.Quad]]) -> list[dict[str, object]]:
    """Return what is wrong with each graph, one entry per violation; empty if all conform."""
    from summitgraph.shapes import gate  # takes a second to load, and most changes need none

    violations: list[dict[str, object]] = []
    for iri, quads in graphs.items():
        report = gate.check(sorted(quads, key=str))
        violations += [
            {
                "graph": iri,
                "message": finding.message("en"),
                "shape": finding.shape,
                "node": finding.node,
                "path": finding.path,
                "value": finding.value,
            }
            for finding in report.findings
            if finding.severity == "Violation"
        ]
    return violations

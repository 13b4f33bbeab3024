"""The way of written document graphs through the same SHACL gate that loading uses."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import pyoxigraph as ox


def check_graphs(graphs: Mapping[str, frozenset[ox.Quad]]) -> list[dict[str, object]]:
    """Return what is wrong with each graph; empty if all conform.

    Nothing passes where there is no gate: an installation without shapes takes no document graphs.
    """
    try:
        gate = import_module("summitgraph.shapes.gate")
    except ImportError:
        return [{"graph": iri, "message": "this installation has no shapes to check the graph with"} for iri in graphs]
    findings: list[dict[str, object]] = []
    for iri, quads in graphs.items():
        report = gate.check(list(quads))
        if not report.conforms:
            findings.append({"graph": iri, "message": str(report)})
    return findings

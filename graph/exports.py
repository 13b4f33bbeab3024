"""Every format of an export under one name: RDF, networks and tables."""

from __future__ import annotations

from typing import IO

from pyoxigraph import Store

from . import export, network_formats, tables
from .network import Network
from .selection import Selection


def write(
    store: Store,
    output: IO[bytes],
    name: str,
    selection: Selection,
    *,
    language: str = "en",
    table: str = "facts",
    view: Store | None = None,
) -> tuple[int, str]:
    """Write what *selection* chooses in format *name*; return how much was written, and of what.

    Args:
        language: Of labels in networks and tables.
        table: The table that ``csv`` writes.
        view: What a CONSTRUCT is asked of.

    Raises:
        InputError: If the selection names what is not there.
    """
    if name in export.FORMATS:
        return export.export(store, output, name, selection, view), "quads"
    if name == "csv" and selection.construct:
        return tables.write_triples(store, output, selection, view), "rows"
    if name == "csv":
        return tables.write_csv(store, output, table, selection, language), "rows"
    if name == "xlsx":
        return tables.write_xlsx(store, output, selection, language, view), "rows"
    if name == "datapackage":
        return tables.write_package(store, output, selection, language, view), "rows"
    with Network(store, selection, view) as network:
        if name == "neo4j":
            network_formats.neo4j(network, language, output)
        else:
            for text in network_formats.TEXT_FORMATS[name](network, language):
                output.write(text.encode())
        nodes, edges = network.count()
    return nodes + edges, f"nodes and edges ({nodes:,} and {edges:,})"

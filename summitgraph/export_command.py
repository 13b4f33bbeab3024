"""The ``export`` command."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

import click

from summitgraph.errors import InputError
from summitgraph.graph.formats import BINARY, MEDIA_TYPES

from .guarded import guarded
from .options import store_option


@click.command()
@store_option
@click.option("--format", "form", type=click.Choice(list(MEDIA_TYPES)), default="trig", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output by default."
)
@click.option(
    "--document",
    "documents",
    metavar="ID",
    multiple=True,
    help="Only this document, as `stats --documents` lists them.",
)
@click.option(
    "--summit",
    "summits",
    metavar="NAME",
    multiple=True,
    help="Only what is said of this summit, its documents and initiatives: label, IRI or QID.",
)
@click.option(
    "--class", "classes", metavar="CLASS", multiple=True, help="Only what is said of instances, e.g. sg:Company."
)
@click.option("--construct", metavar="QUERY|FILE", help="Instead, the triples of a CONSTRUCT query.")
@click.option("--table", metavar="NAME", default="facts", show_default=True, help="The table that csv writes.")
@click.option("--all", "everything", is_flag=True, help="The ontology, shapes and reference graphs too.")
@click.option(
    "--lang",
    type=click.Choice(["en", "ar", "fr"]),
    default="en",
    show_default=True,
    help="Language of labels in networks and tables.",
)
def export(
    store: Path,
    form: str,
    output: Path | None,
    documents: tuple[str, ...],
    summits: tuple[str, ...],
    classes: tuple[str, ...],
    construct: str | None,
    table: str,
    everything: bool,
    lang: str,
) -> None:
    """Write the graph out, in canonical order: two exports of one graph are byte-identical.

    As RDF; as tables (csv one of them, xlsx and datapackage all); as a network for Gephi (gexf, graphml), Cytoscape,
    Graphviz (dot) and Neo4j.

    \b
    Examples:
      summitgraph export --format trig --output summits.trig
      summitgraph export --format nquads | gzip > summits.nq.gz
      summitgraph export --format csv --table commitments --lang fr
      summitgraph export --format gexf --summit "AI Seoul Summit 2024" --output seoul.gexf
      summitgraph export --format turtle --construct 'CONSTRUCT WHERE { ?s sg:signedBy ?o }'
    """
    from summitgraph.graph import export as rdf
    from summitgraph.graph import query as queries
    from summitgraph.graph import selection, tables
    from summitgraph.graph.exports import write as written
    from summitgraph.graph.store import open_reader
    from summitgraph.server import view as built
    from summitgraph.server.worker import Views

    if construct and (documents or summits or classes or everything):
        raise InputError("--construct says itself what to export; leave out --document, --summit, --class and --all")
    if table not in tables.tables():
        raise InputError(f"there is no table {table!r}; there are {', '.join(tables.tables())}")
    if form in BINARY and output is None and sys.stdout.isatty():
        raise InputError(f"{form} is binary; name a file with --output, or send it on with a pipe")
    snapshot, reader = open_reader(store)
    with snapshot, contextlib.closing(Views(store)) as views:
        chosen = selection.Selection(
            documents,
            tuple(selection.entity(reader, name) for name in summits),
            tuple(selection.class_name(name) for name in classes),
            guarded(queries.read(construct)) if construct else "",
            everything,
        )
        view = views.at(built.build(store).name) if construct else None
        unit = ""

        def write(stream: Any) -> int:
            nonlocal unit
            count, unit = written(reader, stream, form, chosen, language=lang, table=table, view=view)
            return count

        count = rdf.to_file(output, write) if output else write(sys.stdout.buffer)
    click.echo(f"{count:,} {unit}", err=True)

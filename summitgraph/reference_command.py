"""``summitgraph reference``: larger reference tables from Wikidata's own data."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from summitgraph.errors import InputError


@click.group()
def reference() -> None:
    """Make a larger reference table of known names than the one that comes along.

    \b
    Example:
      summitgraph reference import latest-all.json.gz --output data/reference
    """


@reference.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--output", type=click.Path(file_okay=False, path_type=Path), default="data/reference", show_default=True,
    help="Folder to make; name it in SUMMITGRAPH_REFERENCE to use it.",
)  # fmt: skip
@click.option("--class", "classes", multiple=True, metavar="QID=KIND", help="Take this class as KIND; may be repeated.")
@click.option(
    "--classes", "class_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV with the columns class and kind, in the place of the built-in classes.",
)  # fmt: skip
@click.option(
    "--kind", default="", metavar="KIND", help="All entities are of this kind (for query results without classes)."
)
def import_(file: Path, output: Path, classes: tuple[str, ...], class_file: Path | None, kind: str) -> None:
    """Build a reference table from a Wikidata JSON dump or from a query result (CSV, TSV, RDF), also .gz or .bz2.

    \b
    Examples:
      summitgraph reference import latest-all.json.gz --output data/reference
      summitgraph reference import query.csv --kind Person
      summitgraph reference import dump.json.bz2 --class Q7278=Organization
      SUMMITGRAPH_REFERENCE=data/reference summitgraph load articles/
    """
    from summitgraph.graph import reference_import, wikidata_items
    from summitgraph.graph.reference import is_qid

    known = dict(wikidata_items.read_classes(class_file) if class_file else wikidata_items.kinds())
    for given in classes:
        qid, _, name = given.partition("=")
        if not is_qid(qid) or not name:
            raise InputError(f"--class {given!r}: expected a class and its kind, such as Q7278=Organization")
        known[qid] = name
    began = time.monotonic()

    def tell(count: reference_import.Imported) -> None:
        if sys.stderr.isatty():
            rate = count.read / (time.monotonic() - began) * 60
            click.echo(f"\r{count.written:,} rows, {rate:,.0f} entities a minute", nl=False, err=True)

    done = reference_import.load(file, output, classes=known, kind=kind, progress=tell)
    seconds = max(1e-6, time.monotonic() - began)
    click.echo(f"{done} ({done.read / seconds * 60:,.0f} entities a minute)", err=True)
    click.echo(f"use it: SUMMITGRAPH_REFERENCE={output} summitgraph load …", err=True)

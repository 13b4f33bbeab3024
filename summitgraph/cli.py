"""The command line: results on standard output, everything else on standard error; 0 done, 1 does not conform, 2 wrong usage."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from summitgraph import __version__
from summitgraph.errors import InputError, SummitGraphError

from .export_command import export
from .guarded import guarded
from .link_command import link
from .options import extractor_options, language_option, store_option
from .reference_command import reference

if TYPE_CHECKING:
    from summitgraph.loaders.extractors import Extractor

SHOWN = 20  # documents up to which a load names those without a summit


class Group(click.Group):
    """Turns our own errors into one line and exit code 2; anything else is a bug and shows its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SummitGraphError as error:
            click.echo(f"summitgraph: {error}", err=True)
            ctx.exit(2)
        except BrokenPipeError:
            sys.stderr.close()  # the reader of our output went away: nothing to say, nobody to hear it
            ctx.exit(0)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="summitgraph")
@click.option("-v", "--verbose", is_flag=True, help="Log what each stage does.")
def main(verbose: bool) -> None:
    """Turn text about international summits into a validated, linked knowledge graph.

    \b
    Examples:
      summitgraph load article.txt          read a text, validate it, store its facts
      summitgraph query 'SELECT * { ?s sg:chairedBy ?p }'
      summitgraph serve                     SPARQL endpoint and pages on http://127.0.0.1:8000
    """
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )


@main.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@store_option
@language_option
@click.option("--reload", is_flag=True, help="Read again what is stored already.")
@click.option("--dry-run", is_flag=True, help="Extract and validate, store nothing.")
@click.option("--retry-failed", is_flag=True, help="Only what the last load into this store could not store.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    show_default="one for each core",
    help="Processes that read; the result is the same.",
)
@extractor_options
def load(
    paths: tuple[str, ...],
    store: Path,
    lang: str,
    reload: bool,
    dry_run: bool,
    retry_failed: bool,
    workers: int,
    extractor: str,
    **settings: str | None,
) -> None:
    """Read texts, validate their facts and store them, each whole or not at all.

    PATH is a text, Markdown, HTML, PDF, DOCX or JSON Lines file, a folder of them, a .gz or .zip, or - for standard input.
    An article that fails does not stop the others; STORE/failures.jsonl says which did and why.

    \b
    Examples:
      summitgraph load article.ar.txt
      summitgraph load articles/ news.jsonl.gz --store data/summits --workers 4
      curl -s https://example.org/a.html | summitgraph load -
      summitgraph load --retry-failed
      summitgraph load article.txt --extractor llm --model qwen3 --base-url http://127.0.0.1:8080/v1
    """
    from summitgraph import pipeline, progress
    from summitgraph.loaders import documents, extractors

    if bool(paths) == retry_failed:
        raise click.UsageError("name what to load, or give --retry-failed alone to try what failed last time")
    for path in paths:  # a wrong path stops before anything is written
        if path != "-" and not Path(path).exists():
            raise InputError(f"{path}: no such file or folder; check the path")
    reader = extractors.load(extractor, settings)
    if dry_run:
        sys.exit(_dry_run(paths, lang, reader))
    if retry_failed:
        origins = pipeline.failed_origins(store)
        read, total = documents.again(origins), len(origins)
    else:
        read, total = documents.read(paths), documents.count(paths) if sys.stderr.isatty() else 0
    with progress.Progress(total) as bar:
        summary = pipeline.load(
            read,
            store,
            reload=reload,
            workers=workers,
            extractor=None if extractor == "rules" else reader,
            progress=bar,
        )
    for result in summary.results:
        if result.outcome != "no summit" or sum(summary.counts.values()) <= SHOWN:
            for line in progress.describe(result, lang):
                click.echo(line, err=True)
    click.echo(f"{progress.total(summary)}; store: {store}", err=True)
    if cost := reader.report():
        click.echo(cost, err=True)
    if summary.count("failed") or summary.count("rejected"):
        click.echo(f"what failed, with its reason: {store / pipeline.FAILURES}; try it again: --retry-failed", err=True)
    if summary.count("rejected"):
        sys.exit(1)
    if summary.count("failed") or summary.counts == {"no summit": 1}:
        sys.exit(1 if summary.count("stored") else 2)


def _dry_run(paths: tuple[str, ...], lang: str, reader: Extractor) -> int:
    from summitgraph import pipeline
    from summitgraph.loaders import documents
    from summitgraph.shapes import gate, report

    code = 0
    for document in documents.read(paths):
        if isinstance(document, documents.Failure):
            click.echo(f"{document.source}: {document.reason}", err=True)
            code = max(code, 2)
            continue
        extraction, quads = pipeline.build(document, extractor=reader)
        if not quads:
            click.echo(f"{document.source}: the text names no summit", err=True)
            continue
        found = gate.check(quads)
        click.echo(f"{document.source}: {len(extraction.facts)} facts\n{report.text(found, lang)}")
        code = max(code, 0 if found.conforms else 1)
    return code


@main.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@store_option
@language_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "turtle", "html", "junit"]),
    default="text",
    show_default=True,
    help="turtle: a SHACL validation report; junit: for build servers.",
)
def validate(files: tuple[Path, ...], store: Path, lang: str, form: str) -> None:
    """Check the whole store, or RDF files, against the shapes; exit code 1 where something does not conform.

    \b
    Examples:
      summitgraph validate
      summitgraph validate export.trig --lang ar --format json
      summitgraph validate --format html --lang fr > report.html
    """
    from summitgraph.graph import validation
    from summitgraph.shapes import rendering

    found = validation.files(files) if files else validation.store(store)
    click.echo(rendering.FORMATS[form](found, lang))
    sys.exit(0 if found.conforms else 1)


@main.command()
@click.argument("sparql", metavar="QUERY|FILE|-")
@store_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "tsv", "xml", "turtle", "ntriples"]),
    default="table",
    show_default=True,
)
def query(sparql: str, store: Path, form: str) -> None:
    """Ask the store a SPARQL query; our prefixes are known, and all graphs are asked together.

    \b
    Examples:
      summitgraph query 'SELECT ?who { ?summit sg:chairedBy/rdfs:label ?who FILTER(lang(?who) = "ar") }'
      summitgraph query question.rq --format csv > answer.csv
    """
    from summitgraph.graph import query as queries
    from summitgraph.graph.store import open_reader
    from summitgraph.server import view
    from summitgraph.server.worker import Views

    text = guarded(sys.stdin.read() if sparql == "-" else queries.read(sparql))
    open_reader(store)[0].close()  # says what is wrong where there is no store
    views = Views(store)  # holds the view while we read it
    queries.run(views.at(view.build(store).name), text, form, sys.stdout.buffer)
    views.close()


@main.command()
@store_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(store: Path, host: str, port: int) -> None:
    """Serve the store: SPARQL at /sparql, linked data at /id/…, pages at /.

    \b
    Examples:
      summitgraph serve
      summitgraph serve --host 0.0.0.0 --port 8080 --store /srv/summits
    """
    from summitgraph import server

    def ready(address: str) -> None:
        click.echo(
            f"SummitGraph is at {address}/\nA query to try:\n  curl -G {address}/sparql -H 'Accept: text/csv' --data-urlencode "
            "'query=PREFIX sg: <https://w3id.org/summitgraph/ontology#> SELECT ?summit ?date { ?summit sg:startDate ?date }'",
            err=True,
        )

    server.serve(store, host, port, ready=ready)


main.add_command(export)


@main.command()
@store_option
def mcp(store: Path) -> None:
    """Offer the store to a language model over the Model Context Protocol, on standard input and output; it only reads.

    \b
    Examples:
      summitgraph mcp
      in a client's configuration:
      {"mcpServers": {"summitgraph": {"command": "summitgraph", "args": ["mcp", "--store", "data/store"]}}}
    """
    from dataclasses import replace

    from summitgraph.server import mcp as server
    from summitgraph.server.settings import read_settings

    server.run(replace(read_settings(), store=store.absolute()), sys.stdin, sys.stdout)


@main.command()
@store_option
@click.option("--documents", is_flag=True, help="List the documents.")
def stats(store: Path, documents: bool) -> None:
    """Count what the store holds.

    \b
    Examples:
      summitgraph stats
      summitgraph stats --documents
    """
    from summitgraph.graph import query as queries
    from summitgraph.graph.store import open_reader

    snapshot, reader = open_reader(store)
    with snapshot:
        for line in queries.documents(reader) if documents else queries.statistics(reader):
            click.echo(line)


@main.command()
@click.argument("documents", nargs=-1, required=True, metavar="ID|FILE...")
@store_option
def unload(documents: tuple[str, ...], store: Path) -> None:
    """Remove documents without trace: by id, or by the text file they came from.

    \b
    Examples:
      summitgraph unload cba11bc438f96e4e
      summitgraph unload article.txt
    """
    from summitgraph.graph.store import Writer, current_snapshot
    from summitgraph.loaders import documents as loaded

    current_snapshot(store).close()
    ids = []
    for name in documents:
        if Path(name).is_file():
            ids += [document.id for document in loaded.read([name]) if not isinstance(document, loaded.Failure)]
        else:
            ids.append(name)
    with Writer(store) as writer:
        missing = [name for name in ids if not writer.remove(name)]
    click.echo(f"{len(ids) - len(missing)} removed", err=True)
    if missing:
        raise SummitGraphError(f"not in the store: {', '.join(missing)}; `summitgraph stats --documents` lists what is")


@main.command()
@store_option
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def conflicts(store: Path, form: str) -> None:
    """List what sources contradict, with the words of each side by side.

    \b
    Example:
      summitgraph conflicts --format json
    """
    from summitgraph.graph import conflicts as finder
    from summitgraph.graph.store import open_reader

    snapshot, reader = open_reader(store)
    with snapshot:
        found = finder.find(reader)
    if form == "json":
        click.echo(finder.to_json(found))
    else:
        for conflict in found:
            click.echo(conflict.text())
    click.echo(f"{len(found)} conflicts", err=True)


main.add_command(link)
main.add_command(reference)


@main.command()
@click.argument("texts", nargs=-1, metavar="TEXT...")
@click.option(
    "--gold",
    "golds",
    multiple=True,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Gold file; may be repeated.",
)
@click.option("--errors", is_flag=True, help="Show each miss and each false alarm with its sentence.")
@click.option(
    "--links", is_flag=True, help="Score links to Wikidata against the QIDs in the gold, and show the wrong ones."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def evaluate(texts: tuple[str, ...], golds: tuple[Path, ...], errors: bool, links: bool, form: str) -> None:
    """Score extraction against gold files: precision, recall and F1 by relation, language and difficulty.

    \b
    Example:
      summitgraph evaluate --gold paris.gold.tsv paris.txt --errors
    """
    from summitgraph import pipeline
    from summitgraph.graph import evaluation
    from summitgraph.loaders import documents

    graphs = {}  # a text without a graph states nothing, and misses all of its gold
    for document in documents.read(texts):
        if isinstance(document, documents.Failure):
            raise SummitGraphError(f"{document.source}: {document.reason}")
        graphs[document.sha256] = pipeline.build(document)[1]
    report = evaluation.evaluate(golds, graphs)
    click.echo(
        evaluation.to_json(report) if form == "json" else evaluation.format_text(report, errors=errors, links=links)
    )


@main.command()
@click.argument("target", type=click.Path(path_type=Path))
@store_option
def backup(target: Path, store: Path) -> None:
    """Copy the published state of the store to a new folder, also while somebody writes.

    \b
    Example:
      summitgraph backup backups/2026-11-23
    """
    from summitgraph.graph import archive

    archive.backup(store, target)
    click.echo(f"backed up to {target}", err=True)


@main.command()
@click.argument("source", type=click.Path(path_type=Path))
@store_option
def restore(source: Path, store: Path) -> None:
    """Make a new store from a backup; an existing store is never overwritten.

    \b
    Example:
      summitgraph restore backups/2026-11-23 --store data/restored
    """
    from summitgraph.graph import archive

    archive.restore(source, store)
    click.echo(f"restored to {store}", err=True)

"""Read-only SPARQL over a snapshot for the command line, and the questions it asks itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyoxigraph
import regex
from pyoxigraph import QueryBoolean, QueryResultsFormat, QuerySolutions, QueryTriples, RdfFormat, Store

from summitgraph import ontology
from summitgraph.errors import QueryError

_QUERIES = Path(__file__).parent / "queries"
_TABULAR = {
    "json": QueryResultsFormat.JSON,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
    "xml": QueryResultsFormat.XML,
}
# The first word after prologue and comments (SPARQL 1.1, section 19.8, production 29).
_UPDATE = regex.compile(
    r"(?:\s|#[^\n]*\n|(?:BASE|PREFIX\s+[^\s:]*:)\s*<[^>]*>)*+(?:INSERT|DELETE|LOAD|CLEAR|DROP|CREATE|ADD|MOVE|COPY|WITH)\b",
    regex.I,
)
_GRAPH = {"turtle": RdfFormat.TURTLE, "ntriples": RdfFormat.N_TRIPLES}


def select(store: Store, text: str, *, union: bool = False) -> QuerySolutions | QueryBoolean | QueryTriples:
    """Return the answer to a query.

    Args:
        union: Take all graphs as the default graph. A triple then counts once for each graph that holds it, so ask with
            DISTINCT, or ask a view (see docs/architecture.md), whose default graph is the merge of all as a set.

    Raises:
        QueryError: If it cannot be parsed or answered; says where and why.
    """
    if _UPDATE.match(text):
        raise QueryError("this is an update, and `query` only asks; send it to the server's /sparql with a token")
    if len(text) > 100_000:
        raise QueryError(f"the query has {len(text):,} characters; at most 100,000 are taken")
    try:
        return store.query(text, prefixes=ontology.prefixes(), use_default_graph_as_union=union)
    except SyntaxError as error:
        raise QueryError(f"not valid SPARQL: {error.msg or error}") from error
    except (OSError, RuntimeError) as error:
        raise QueryError(f"the query cannot be answered: {error}") from error


def read(question: str) -> str:
    """Return the query that *question* is: the text of a file (``.rq``, ``.sparql``), or the words themselves.

    Raises:
        QueryError: If the file cannot be read.
    """
    if not question.endswith((".rq", ".sparql")):
        return question
    try:
        return Path(question).read_text("utf-8")
    except OSError as error:
        raise QueryError(f"{question}: {error.strerror or error}; check the path") from error
    except UnicodeDecodeError as error:
        raise QueryError(f"{question}: it is not UTF-8 (byte {error.start})") from error


def run(store: Store, text: str, form: str, output: IO[bytes]) -> None:
    """Answer *text* and write the result in *form*: table, json, csv, tsv, xml; turtle or ntriples for a graph."""
    result = select(store, text)
    if isinstance(result, QueryTriples):
        pyoxigraph.serialize(
            sorted(result, key=str),
            output,
            format=_GRAPH.get(form, RdfFormat.TURTLE),
            prefixes=None if form == "ntriples" else ontology.prefixes(),
        )
    elif form in _GRAPH:
        raise QueryError(f"--format {form} is for CONSTRUCT and DESCRIBE; use table, json, csv, tsv or xml here")
    elif form in _TABULAR:
        result.serialize(output, format=_TABULAR[form])
    elif isinstance(result, QueryBoolean):
        output.write(b"yes\n" if result else b"no\n")
    else:
        for line in _table(result):
            output.write(line.encode() + b"\n")


def _table(result: QuerySolutions) -> Iterator[str]:
    head = [variable.value for variable in result.variables]
    rows = [[_cell(solution[variable]) for variable in result.variables] for solution in result]
    widths = [min(60, max(len(row[i]) for row in [head, *rows])) for i in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield f"({len(rows)} rows)"


def _cell(term: object) -> str:
    text = str(getattr(term, "value", "" if term is None else term))
    for prefix, namespace in ontology.prefixes().items():
        if text.startswith(namespace) and len(text) > len(namespace):
            return f"{prefix}:{text[len(namespace) :]}"
    return " ".join(text.split())


def statistics(store: Store) -> list[str]:
    """Return counts of documents, entities by class, facts by kind and links, as lines."""
    lines = []
    for name in ("count-documents", "count-entities", "count-facts", "count-links"):
        solutions = select(store, (_QUERIES / f"{name}.rq").read_text("utf-8"))
        assert isinstance(solutions, QuerySolutions)
        lines += [f"{_cell(row['n']):>8}  {_cell(row['what'])}" for row in solutions if _cell(row["n"]) != "0"]
    return lines


def documents(store: Store) -> list[str]:
    """Return a line for each document: id, language, characters, title."""
    solutions = select(store, (_QUERIES / "documents.rq").read_text("utf-8"))
    assert isinstance(solutions, QuerySolutions)
    return [
        "\t".join(_cell(row[name]) for name in ("id", "language", "characters", "title", "source")) for row in solutions
    ]


def link_decisions(store: Store) -> list[str]:
    """Return a line for each link decision, those that need a person first."""
    solutions = select(store, (_QUERIES / "link-decisions.rq").read_text("utf-8"))
    assert isinstance(solutions, QuerySolutions)
    return [
        "\t".join(_cell(row[name]) for name in ("decision", "confidence", "label", "candidate", "reason"))
        for row in solutions
    ]

"""Compare what a server answered with what a test expects: as sets of solutions or as graphs, blank nodes by shape."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
XSD = "http://www.w3.org/2001/XMLSchema#"
NUMBERS = frozenset(XSD + name for name in ("integer", "decimal", "double", "float", "boolean"))
Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = dict[str, Term]
Rows = tuple[frozenset[str], list[Row]]
_FORMATS = {
    "srx": ox.QueryResultsFormat.XML,
    "srj": ox.QueryResultsFormat.JSON,
    "tsv": ox.QueryResultsFormat.TSV,
}


def canonical(quads: Iterable[ox.Quad]) -> frozenset[str]:
    """Return the quads in a form that is equal for isomorphic datasets."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return frozenset(map(str, dataset))


def read_graph(body: bytes, media_type: str, base: str) -> list[ox.Quad]:
    """Return the quads of a body."""
    form = ox.RdfFormat.from_media_type(media_type.partition(";")[0])
    assert form is not None, media_type
    return list(ox.parse(body, format=form, base_iri=base))


def read_table(body: bytes, suffix: str) -> Rows | bool:
    """Return variables and rows, or a boolean."""
    results = ox.parse_query_results(body, format=_FORMATS[suffix])
    if isinstance(results, ox.QueryBoolean):
        return bool(results)
    names = [variable.value for variable in results.variables]
    rows = [{name: value for name in names if (value := solution[name]) is not None} for solution in results]
    return frozenset(names), rows


def read_result_set(quads: Sequence[ox.Quad]) -> Rows | bool | None:
    """Return the table a graph of the result-set vocabulary describes; None if it describes none."""
    store = ox.Store()
    store.extend(quads)
    for row in store.query(f"SELECT ?b {{ ?s <{RS}boolean> ?b }}"):  # type: ignore[union-attr]
        return str(row["b"].value) == "true"
    if not store.query(f"ASK {{ ?s a <{RS}ResultSet> }}"):
        return None
    names = {row["v"].value for row in store.query(f"SELECT ?v {{ ?s <{RS}resultVariable> ?v }}")}  # type: ignore[union-attr]
    rows: dict[str, Row] = {}
    binding = f"?r <{RS}binding> [ <{RS}variable> ?n ; <{RS}value> ?v ]"
    text = f"SELECT ?r ?n ?v {{ ?s <{RS}solution> ?r OPTIONAL {{ {binding} }} }}"
    for solution in store.query(text):  # type: ignore[union-attr]
        row = rows.setdefault(str(solution["r"]), {})
        if solution["n"] is not None:
            row[solution["n"].value] = solution["v"]
    return frozenset(names), list(rows.values())


def table_key(table: Rows) -> tuple[frozenset[str], frozenset[str], int]:
    """Return a form that is equal for tables with the same rows, each as often, in any order."""
    names, rows = table
    quads = []
    for number, row in enumerate(rows):
        node = ox.BlankNode(f"row{number}")
        quads.append(ox.Quad(node, ox.NamedNode("urn:row"), ox.Literal("")))
        quads += [ox.Quad(node, ox.NamedNode(f"urn:{name}"), by_value(value)) for name, value in row.items()]
    return names, canonical(quads), len(rows)


def by_value(term: Term) -> Term:
    """Return numbers and booleans in one form for each value: the engine stores values, not how they were written."""
    if not isinstance(term, ox.Literal) or term.datatype.value not in NUMBERS:
        return term
    kind = term.datatype.value[len(XSD) :]
    try:
        if kind == "boolean":
            text = {"1": "true", "0": "false"}.get(term.value, term.value)
        elif kind in ("integer", "decimal"):
            number = Decimal(term.value)
            text = "0" if number == 0 else f"{number.normalize():f}"
        else:
            text = repr(float(term.value))
    except (InvalidOperation, ValueError):
        return term
    return ox.Literal(text, datatype=term.datatype)


def csv_rows(body: bytes) -> list[tuple[str, ...]]:
    """Return the rows of a CSV result, sorted, columns by name; blank nodes by the order of their first place."""
    names: dict[str, str] = {}
    table = list(csv.reader(io.StringIO(body.decode())))
    order = sorted(range(len(table[0])), key=lambda column: table[0][column])

    def cell(text: str) -> str:
        return names.setdefault(text, f"_:{len(names)}") if text.startswith("_:") else text

    rows = [tuple(cell(line[column]) for column in order) for line in table]
    return rows[:1] + sorted(rows[1:])


def distinct_rows(table: Rows) -> frozenset[str]:
    """Return the rows without regard to how often each stands there."""
    return frozenset(str(sorted((name, str(by_value(term))) for name, term in row.items())) for row in table[1])

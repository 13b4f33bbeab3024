"""How much there is of what, counted once for each view and kept in the file of its full-text index.

Counting reads the whole store, which no reader of the start page should wait for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summitgraph.graph import iris

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TRIPLES = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
_DOCUMENTS = "SELECT (COUNT(*) AS ?n) { GRAPH ?g {} FILTER(CONTAINS(STR(?g), '/graph/doc/')) }"
_KINDS = f"SELECT (COUNT(*) AS ?n) {{ ?claim <{_RDF}predicate> <{_RDF}type> }}"
# The reference table holds what texts may speak of, not what they do.
_CLASSES = """SELECT ?class (COUNT(DISTINCT ?s) AS ?n) { GRAPH ?g { ?s a ?class } FILTER(isIRI(?class) && ?g != $reference) }
GROUP BY ?class ORDER BY DESC(?n) ?class"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What one view holds."""

    triples: int  # of the union of all graphs
    documents: int  # graphs of documents
    type_claims: int  # claims that only say what a thing is
    classes: Mapping[str, int]  # IRI of a class to its things, the most numerous first; without the reference table


def write(store: Any, path: Path) -> None:
    """Count what *store* (a pyoxigraph store whose default graph is the union) holds, into the SQLite file *path*.

    Raises:
        OSError: If it cannot be written.
    """
    rows = [
        (name, "", _one(store, text))
        for name, text in (("triples", _TRIPLES), ("documents", _DOCUMENTS), ("kinds", _KINDS))
    ]
    classes = store.query(_CLASSES.replace("$reference", str(iris.graph("reference"))))
    rows += [("class", row["class"].value, int(row["n"].value)) for row in classes]
    try:
        connection = sqlite3.connect(path)
        try:
            connection.execute("DROP TABLE IF EXISTS counts")
            connection.execute("CREATE TABLE counts (what TEXT, term TEXT, n INTEGER)")
            connection.executemany("INSERT INTO counts VALUES (?, ?, ?)", rows)
            connection.commit()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise OSError(f"the index {path} cannot be written: {error}") from error


def _one(store: Any, text: str) -> int:
    return int(next(iter(store.query(text)))["n"].value)


def read(connection: sqlite3.Connection) -> Counts:
    """Return the counts an open index holds."""
    rows = connection.execute("SELECT what, term, n FROM counts ORDER BY rowid").fetchall()
    single = {what: n for what, _, n in rows if what != "class"}
    classes = {term: n for what, term, n in rows if what == "class"}
    return Counts(single["triples"], single["documents"], single["kinds"], classes)

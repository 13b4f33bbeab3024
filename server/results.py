"""A result on its way out of the engine, in the format asked for, and its rows counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from . import turtle
from .spool import Spool

_NAMESPACE = re.compile(rb"<([^<>\s]*[/#])([^<>\s/#]*)>")
# Turtle writes these without a prefix: the word "a", numbers, true and false, plain texts.
_UNPREFIXED = frozenset([b"type", b"integer", b"decimal", b"double", b"boolean", b"string", b"langString"])
# What stands once for each row or triple in a format: between two rows in JSON, at the end of a line elsewhere. None of
# them can be part of a text, but for the last bytes of one in JSON and for a line break of Windows in CSV.
MARKS = {"json": b'}},{"', "xml": b"<result>", "csv": b"\r\n", "tsv": b"\n", "ntriples": b"\n", "nquads": b"\n"}


def used_prefixes(chunks: Iterator[bytes], known: Mapping[str, str]) -> dict[str, str]:
    """Return those of *known* whose namespace starts an IRI of the N-Triples or N-Quads in *chunks*."""
    spaces = {iri.encode(): name for name, iri in known.items()}
    used: dict[str, str] = {}
    for chunk in chunks:
        for space, local in set(_NAMESPACE.findall(chunk)):
            if space in spaces and local not in _UNPREFIXED:
                used[spaces[space]] = space.decode()
    return dict(sorted(used.items()))


def write_rdf(triples: Any, form: str, prefixes: Mapping[str, str], spool: Spool) -> None:
    """Serialise *triples*; in the forms that have prefixes, with those that are used and no others."""
    import pyoxigraph as ox

    if form in ("turtle", "trig", "html"):
        spool.marks = turtle.write_turtle(triples, prefixes, spool)
        return
    formats = {
        "ntriples": ox.RdfFormat.N_TRIPLES,
        "rdfxml": ox.RdfFormat.RDF_XML,
        "jsonld": ox.RdfFormat.JSON_LD,
        "nquads": ox.RdfFormat.N_QUADS,
    }
    if form != "rdfxml":
        triples.serialize(spool, format=formats[form])
        return
    plain = Spool(spool.limit, b"\n")
    triples.serialize(plain, format=ox.RdfFormat.N_TRIPLES)
    used = used_prefixes(plain.lines(), prefixes)
    source: Any = plain.file or b"".join(plain.chunks)
    if plain.file is not None:
        plain.file.seek(0)
    again = ox.parse(source, format=ox.RdfFormat.N_TRIPLES)
    ox.serialize((quad.triple for quad in again), cast("IO[bytes]", spool), format=ox.RdfFormat.RDF_XML, prefixes=used)
    plain.close()
    spool.marks = plain.marks


def is_iri(text: str) -> bool:
    import pyoxigraph as ox

    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def page_rows(solutions: Any, limit: int) -> dict[str, Any]:
    """Return the first *limit* rows for a page: per cell kind, value, language, datatype."""
    import pyoxigraph as ox

    def cell(term: Any) -> list[str] | None:
        if isinstance(term, ox.NamedNode):
            return ["iri", term.value, "", ""]
        if isinstance(term, ox.Literal):
            return ["literal", term.value, term.language or "", term.datatype.value]
        return None if term is None else ["other", str(term), "", ""]

    names = [variable.value for variable in solutions.variables]
    rows: list[list[list[str] | None]] = []
    for solution in solutions:
        if len(rows) == limit:
            return {"names": names, "rows": rows, "truncated": True}
        rows.append([cell(solution[name]) for name in names])
    return {"names": names, "rows": rows, "truncated": False}


def count_rows(form: str, spool: Spool) -> int | None:
    """Return how many rows or triples are in a finished result, None where the format does not tell."""
    if form == "json":
        return 0 if b'"bindings":[]' in b"".join(spool.chunks[:1])[-64:] else spool.marks + 1
    if form in ("csv", "tsv"):
        return max(0, spool.marks - 1)
    return None if form == "jsonld" else spool.marks

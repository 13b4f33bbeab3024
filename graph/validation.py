"""Validate what is stored already, or RDF files: document by document, then across documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat

from summitgraph.errors import InputError
from summitgraph.ontology import terms
from summitgraph.shapes import gate
from summitgraph.shapes.report import Finding, Report, merge

from . import iris
from .store import document_ids, open_reader


def store(path: Path) -> Report:
    """Validate every document of the store at *path*.

    Raises:
        StoreError: If there is no store.
        InputError: If it holds no document: a validation that saw nothing must not pass.
    """
    snapshot, reader = open_reader(path)
    with snapshot:
        ids = document_ids(reader)
        if not ids:
            raise InputError(f"{path}: the store holds no document, so there is nothing to validate; load a text first")
        each = [gate.check(list(reader.quads_for_pattern(None, None, None, iris.document_graph(name)))) for name in ids]
        across = gate.check_across(reader)
    return merge((*each, Report(across.findings, 0, across.shapes)))


def files(paths: Sequence[Path]) -> Report:
    """Validate RDF files (Turtle, TriG, N-Triples, N-Quads, RDF/XML, JSON-LD by suffix) as one graph.

    Raises:
        InputError: If a file is in no known format or has a syntax error; names file and line.
    """
    quads: list[Quad] = []
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file; check the path")
        rdf_format = RdfFormat.from_extension(path.suffix.lstrip("."))
        if rdf_format is None:
            raise InputError(f"{path}: unknown RDF format {path.suffix!r}; use .ttl, .trig, .nt, .nq, .rdf or .jsonld")
        try:
            quads += pyoxigraph.parse(path=str(path), format=rdf_format)
        except SyntaxError as error:
            place = f"{path}:{error.lineno}" if error.lineno else str(path)
            raise InputError(f"{place}: {error.msg}") from error
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not quads:
        raise InputError("the files hold no triple, so there is nothing to validate")
    return merge((gate.check(quads), Report(tuple(_unknown_terms(quads)))))


def _unknown_terms(quads: Sequence[Quad]) -> list[Finding]:
    known = {*terms.CLASSES, *terms.PROPERTIES, *terms.CONCEPTS}
    found = {
        term.value
        for quad in quads
        for term in (quad.subject, quad.predicate, quad.object)
        if isinstance(term, NamedNode)
        and term.value.startswith(iris.ONTOLOGY)
        and term.value[len(iris.ONTOLOGY) :] not in known
    }
    return [
        Finding(
            "Violation",
            "https://w3id.org/summitgraph/shapes#KnownTerms",
            name,
            "",
            "",
            {
                "en": "This term is not in the ontology; check its spelling.",
                "ar": "هذا المصطلح ليس في الأنطولوجيا؛ تحقق من كتابته.",
                "fr": "Ce terme n’est pas dans l’ontologie ; vérifiez son orthographe.",
            },
        )
        for name in sorted(found)
    ]

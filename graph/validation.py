"""Validate what is stored already, or RDF files: document by document, then across documents."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat, Store

from summitgraph.errors import InputError
from summitgraph.ontology import terms
from summitgraph.shapes import gate
from summitgraph.shapes.report import Finding, Report, merge

from . import iris
from .store import document_ids, open_reader

_WORTH_SHARING = 40  # documents; fewer are done before another process has started


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
        if len(ids) < _WORTH_SHARING or (os.cpu_count() or 1) < 2:
            each = [_document(reader, name) for name in ids]
            across = gate.check_across(reader)
        else:
            each, across = _shared(snapshot.path, reader, ids)
    return merge((*each, Report(across.findings, 0, across.shapes)))


def _document(reader: Store, name: str) -> Report:
    return gate.check(list(reader.quads_for_pattern(None, None, None, iris.document_graph(name))))


def _part(snapshot: Path, names: Sequence[str]) -> Report:
    """Validate some documents of a snapshot, in a process of its own."""
    reader = Store.read_only(str(snapshot))
    return merge(_document(reader, name) for name in names)


def _shared(snapshot: Path, reader: Store, ids: Sequence[str]) -> tuple[list[Report], Report]:
    """Validate the documents in as many processes as there are cores, and what they say together in this one."""
    size = max(1, min(100, len(ids) // (4 * (os.cpu_count() or 1))))
    parts = [ids[start : start + size] for start in range(0, len(ids), size)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(_part, snapshot, part) for part in parts]
        across = gate.check_across(reader)
        return [report.result() for report in waiting], across


def files(paths: Sequence[Path]) -> Report:
    """Validate RDF files (Turtle, TriG, N-Triples, N-Quads, RDF/XML, JSON-LD by suffix) as one graph.

    A file in an unknown format or with a syntax error is a Violation of its own; the others are looked at all the same.

    Raises:
        InputError: If a file is not there or cannot be read, or if none holds a triple.
    """
    quads: list[Quad] = []
    unread: list[Finding] = []
    for path in paths:
        if not path.is_file():
            raise InputError(f"{path}: no such file; check the path")
        rdf_format = RdfFormat.from_extension(path.suffix.lstrip("."))
        if rdf_format is None:
            unread.append(_unread(path, 0, path.suffix, _UNKNOWN_FORMAT))
            continue
        try:
            quads += list(pyoxigraph.parse(path=str(path), format=rdf_format))
        except SyntaxError as error:
            unread.append(_unread(path, error.lineno or 0, error.msg, _SYNTAX))
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not quads and not unread:
        raise InputError("the files hold no triple, so there is nothing to validate")
    checked = gate.check(quads) if quads else Report()
    return merge((Report(tuple(unread)), checked, Report(tuple(_unknown_terms(quads)))))


_UNKNOWN_FORMAT = {
    "en": "The format of this file is unknown, so it was not looked at.",
    "ar": "صيغة هذا الملف غير معروفة، فلم يُفحص.",
    "fr": "Le format de ce fichier est inconnu ; il n’a pas été examiné.",
}
_SYNTAX = {
    "en": "This file has a syntax error, so it was not looked at.",
    "ar": "في هذا الملف خطأ في الصياغة، فلم يُفحص.",
    "fr": "Ce fichier contient une erreur de syntaxe ; il n’a pas été examiné.",
}


def _unread(path: Path, line: int, reason: str, messages: dict[str, str]) -> Finding:
    place = f"{path}:{line}" if line else str(path)
    shape = "https://w3id.org/summitgraph/shapes#ReadableFile"
    return Finding("Violation", shape, place, "", reason, messages, component="File")


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
            component="Term",
        )
        for name in sorted(found)
    ]

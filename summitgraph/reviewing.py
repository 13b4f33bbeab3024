"""Carry out what a person decides about links: check it, read the documents again with it, keep it. All of it or nothing.

Run as ``python -m summitgraph.reviewing STORE`` it takes one request as JSON on standard input and answers in JSON on standard
output: the server decides so, in a process of its own.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pyoxigraph import Quad

from summitgraph import pipeline
from summitgraph.errors import InputError, StoreLockedError, SummitGraphError
from summitgraph.graph import iris, namesakes, review
from summitgraph.graph.documents import read_back
from summitgraph.graph.review import Review, Reviews
from summitgraph.graph.store import Writer
from summitgraph.shapes import gate, report


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants: that an entity of a document is, or is not, an item; or that what stands decided be withdrawn."""

    document: str
    entity: str
    candidate: str
    decision: str
    note: str = ""


def decide(store: Path, asked: Sequence[Asked], reviewer: str, at: datetime | None = None) -> list[Review]:
    """Keep decisions and let them take effect; return the lines that were added.

    Raises:
        InputError: If a decision is malformed, or there is nothing to withdraw.
        SummitGraphError: If a document would not conform with it, or is not in the store. The store is then as it was.
    """
    at = at or datetime.now(UTC)
    with Writer(store) as writer:
        before = after = review.read(store)
        for one in asked:
            line = review.new(one.document, one.entity, one.candidate, one.decision, reviewer, one.note, at)
            after = after.with_decision(line)
        added = after.lines[len(before.lines) :]
        _take_effect(writer, before, after, review.documents(added))
    return list(added)


def adopt(store: Path, file: Path) -> int:
    """Add the decisions of *file* that are not kept yet; return how many were new.

    Raises:
        InputError: If a line of *file* is malformed, or contradicts another or what is kept; names file and row.
    """
    offered = review.read_file(file)
    with Writer(store) as writer:
        before = review.read(store)
        new = [line for line in offered.lines if line not in set(before.lines)]
        merged = sorted([*before.lines, *new], key=lambda line: datetime.fromisoformat(line.decided_at))
        try:
            after = review.checked(merged, f"{file.name} together with {review.FILE}")
            after = replace(after, same=before.same)
        except InputError as error:
            raise InputError(f"{error} (rows are counted in the order of time)") from error
        held = [document for document in review.documents(new) if _holds(writer, document)]
        _take_effect(writer, before, after, held)
    return len(new)


def join(store: Path, file: Path) -> int:
    """Add the decisions of *file* about one name in two documents, and read those documents again; return how many were new.

    Raises:
        InputError: If a line is malformed or contradicts another, there or in the store; names file and row.
        SummitGraphError: If a document would not conform with it; the store is then as it was.
    """
    offered = namesakes.read_file(file)
    with Writer(store) as writer:
        kept = namesakes.read(store)
        new = [line for line in offered if line not in set(kept)]
        lines = (*kept, *new)
        before = review.read(store)
        after = replace(before, same=namesakes.joined(lines, f"{file.name} together with {namesakes.FILE}"))
        documents = sorted({line.document for line in new})
        built = {document: _build(writer, document, after) for document in documents if _holds(writer, document)}
        namesakes.write(store, lines)
        try:
            for document, quads in built.items():
                writer.add(document, quads)
        except SummitGraphError:
            namesakes.write(store, kept)
            raise
    return len(new)


def reread(store: Path, documents: Iterable[str] | None = None) -> int:
    """Read documents of the store again, all by default, with the present reference table and reviews; return how many.

    Raises:
        SummitGraphError: If one would not conform; the store is then as it was.
    """
    with Writer(store) as writer:
        reviews = review.read(store)
        wanted = _all(writer) if documents is None else sorted(set(documents))
        wanted = [document for document in wanted if _has_text(writer, document)]
        _take_effect(writer, reviews, reviews, wanted)
    return len(wanted)


def _take_effect(writer: Writer, before: Reviews, after: Reviews, documents: Sequence[str]) -> None:
    built = {document: _build(writer, document, after) for document in documents}
    review.write(writer.path, after)
    try:
        for document, quads in built.items():
            writer.add(document, quads)
    except SummitGraphError:
        review.write(writer.path, before)
        raise


def _build(writer: Writer, document: str, reviews: Reviews) -> Sequence[Quad]:
    _, quads = pipeline.build(read_back(writer.database, document), reviews)
    if not (found := gate.check(quads)).conforms:
        raise SummitGraphError(f"document {document} would not conform with this decision:\n{report.text(found, 'en')}")
    return quads


def _holds(writer: Writer, document: str) -> bool:
    return writer.database.contains_named_graph(iris.document_graph(document))


def _has_text(writer: Writer, document: str) -> bool:
    """Tell whether a document came from a text; a graph that somebody put there did not."""
    graph = iris.document_graph(document)
    return next(writer.database.quads_for_pattern(None, iris.term("text"), None, graph), None) is not None


def _all(writer: Writer) -> list[str]:
    from summitgraph.graph.store import document_ids

    return document_ids(writer.database)


def answer(store: Path, request: Mapping[str, object]) -> dict[str, object]:
    """Return the answer to the request of a server: ``{"decisions": […], "reviewer": …}``."""
    try:
        decisions = request["decisions"]
        assert isinstance(decisions, list)
        added = decide(store, [Asked(**one) for one in decisions], str(request["reviewer"]))
    except StoreLockedError as error:
        return {"ok": False, "error": "locked", "message": str(error)}
    except InputError as error:
        return {"ok": False, "error": "review", "message": str(error)}
    except SummitGraphError as error:
        return {"ok": False, "error": "failed", "message": str(error)}
    return {"ok": True, "added": [dict(zip(review.COLUMNS, _cells(line), strict=True)) for line in added]}


def _cells(line: Review) -> tuple[str, ...]:
    return (line.decided_at, line.reviewer, line.document, line.entity, line.candidate, line.decision, line.note)


if __name__ == "__main__":
    from summitgraph.server import view

    _store = Path(sys.argv[1])
    _answer = answer(_store, json.load(sys.stdin))
    view.build(_store)  # so that who has the answer can read what was decided
    sys.stdout.write(json.dumps(_answer))

"""Documents to validated quads, in this process or in several; what comes back is in the order of what went in."""

from __future__ import annotations

import gc
import logging
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph
from pyoxigraph import Quad, RdfFormat

from summitgraph import loaders
from summitgraph.errors import InputError, SummitGraphError
from summitgraph.graph import reference, review
from summitgraph.graph.convert import convert
from summitgraph.graph.link import link
from summitgraph.graph.records import Document, Extraction
from summitgraph.graph.statements import Statements
from summitgraph.loaders.extractors import Extractor, Rules
from summitgraph.shapes import gate
from summitgraph.shapes.report import Report

log = logging.getLogger(__name__)

BATCH = 150_000  # characters that go to a process at once, and are stored at once
_AHEAD = 2  # batches a process has waiting


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of one document: ``stored``, ``unchanged``, ``no summit``, ``rejected`` or ``failed``."""

    source: str
    outcome: str
    document: str = ""
    characters: int = 0
    facts: int = 0
    reason: str = ""
    report: Report | None = None
    findings: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Built:
    """A document's outcome, and its graph as N-Quads where it is to be stored."""

    result: Loaded
    graph: bytes = b""


def build(
    document: Document, reviews: review.Reviews | None = None, extractor: Extractor | None = None
) -> tuple[Extraction, Sequence[Quad]]:
    """Return what *document* states, as facts and as the quads of its graph; no quads for a text about no summit.

    Args:
        document: The text.
        reviews: What people decided about links; their word counts before the linker's.
        extractor: What reads; the rules where none is given.
    """
    extractor = extractor or Rules()
    extraction = extractor.extract(document)
    if not any(entity.kind == "Summit" for entity in extraction.entities):
        return extraction, []
    reviews = reviews or review.Reviews()
    links = review.apply(link(extraction), extraction, reviews)
    return extraction, convert(extraction, links, extractor.version, reviews.same)


def serialized(quads: Iterable[Quad]) -> bytes:
    """Return *quads* as N-Quads: what is handed from process to process and to the store."""
    if isinstance(quads, Statements):
        return quads.n_quads()
    return pyoxigraph.serialize(quads, format=RdfFormat.N_QUADS) or b""


def read(document: Document, reviews: review.Reviews | None = None, extractor: Extractor | None = None) -> Built:
    """Extract and validate one document; whatever goes wrong with it is its outcome, never an error."""
    source, size, origin = document.source, len(document.text), document.origin
    try:
        extraction, quads = build(document, reviews, extractor)
        if not quads:
            reason = "the text names no summit; nothing was stored"
            return Built(Loaded(source, "no summit", document.id, size, reason=reason, origin=origin))
        report = gate.check(quads)
        facts = len(extraction.facts)
        findings = (
            *(finding.message for finding in extraction.findings),
            *(f"rejected: {reason}" for reason in extraction.rejected),
        )
        if not report.conforms:
            reason = "it does not conform"
            return Built(Loaded(source, "rejected", document.id, size, facts, reason, report, findings, origin))
        loaded = Loaded(source, "stored", document.id, size, facts, "", None, findings, origin)
        return Built(loaded, serialized(quads))
    except InputError:
        raise  # wrong for every document
    except SummitGraphError as error:
        return Built(Loaded(source, "failed", document.id, size, reason=str(error), origin=origin))
    except Exception as error:
        log.debug("failed on %s", source, exc_info=True)
        reason = f"internal error: {type(error).__name__}: {error}"
        return Built(Loaded(source, "failed", document.id, size, reason=reason, origin=origin))


def read_all(
    documents: Iterable[Document],
    workers: int,
    reviews: review.Reviews | None = None,
    extractor: Extractor | None = None,
) -> Iterator[list[Built]]:
    """Yield the outcomes of *documents* in their order, a batch at a time; never more than a few batches in memory.

    What fits into one batch is read here: starting processes would cost more than it saves. Another *extractor* than the
    rules reads here, one document after the other.
    """
    if extractor is not None:
        yield from ([read(document, reviews, extractor)] for document in documents)
        return
    batches = _batches(documents)
    first = next(batches, [])
    second = next(batches, None)
    if workers < 2 or second is None:
        yield [read(document, reviews) for document in first]
        if second is None:
            return
        gc.freeze()  # what is loaded by now stays: no use in looking through it again and again
        for batch in _with(second, batches):
            yield _read_batch(batch, reviews)
        gc.unfreeze()
        return
    yield from _Pool(workers, reviews).run(_with(first, _with(second, batches)))


def _with(first: list[Document], rest: Iterator[list[Document]]) -> Iterator[list[Document]]:
    yield first
    yield from rest


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.text)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Pool:
    """Worker processes; one that dies takes no batch with it but the document that killed it."""

    def __init__(self, workers: int, reviews: review.Reviews | None) -> None:
        self.workers, self.reviews = workers, reviews

    def run(self, batches: Iterator[list[Document]]) -> Iterator[list[Built]]:
        pool = self._start()
        waiting: deque[tuple[list[Document], Future[list[Built]]]] = deque()
        try:
            while True:
                while len(waiting) < _AHEAD * self.workers and (batch := next(batches, None)) is not None:
                    waiting.append((batch, pool.submit(_read_batch, batch, self.reviews)))
                if not waiting:
                    return
                batch, future = waiting.popleft()
                try:
                    yield future.result()
                except BrokenProcessPool:
                    pool.shutdown(wait=False, cancel_futures=True)
                    yield self._one_by_one(batch)
                    pool = self._start()
                    waiting = deque((again, pool.submit(_read_batch, again, self.reviews)) for again, _ in waiting)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, workers: int = 0) -> ProcessPoolExecutor:
        # The writer has threads, which a fork of this process would not survive; one of a process without threads, that has
        # loaded what all need, starts a worker in no time and shares its memory.
        if "forkserver" in multiprocessing.get_all_start_methods():
            context: Any = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["summitgraph.warmed"])
        else:
            context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            workers or self.workers, mp_context=context, initializer=_warm, initargs=(reference.in_use(),)
        )

    def _one_by_one(self, batch: Sequence[Document]) -> list[Built]:
        """Find the document that ends the process that reads it; the others are read."""
        found: list[Built] = []
        pool = self._start(1)
        for document in batch:
            try:
                found += pool.submit(_read_batch, [document], self.reviews).result()
            except BrokenProcessPool:
                pool.shutdown(wait=False)
                reason = "the process that read it ended (out of memory?)"
                found.append(
                    Built(
                        Loaded(
                            document.source,
                            "failed",
                            document.id,
                            len(document.text),
                            reason=reason,
                            origin=document.origin,
                        )
                    )
                )
                pool = self._start(1)
        pool.shutdown()
        return found


def warm() -> None:
    """Load what every document needs, once in the life of a process, and keep the collector from looking through it."""
    loaders.warm()
    gate.compiled()
    gc.collect()
    gc.freeze()


def _warm(store: Path | None) -> None:
    reference.use(store)
    warm()


def _read_batch(documents: Sequence[Document], reviews: review.Reviews | None) -> list[Built]:
    """Read a batch and collect garbage once behind it: millions of small objects come and go, and hardly any in circles."""
    gc.disable()
    try:
        return [read(document, reviews) for document in documents]
    finally:
        gc.enable()
        gc.collect()

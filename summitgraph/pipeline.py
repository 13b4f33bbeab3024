"""Wire the stages: documents in, validated graphs in the store out. Only this module and the command line know them all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyoxigraph import Quad

from summitgraph import loaders
from summitgraph.errors import SummitGraphError
from summitgraph.graph.convert import convert
from summitgraph.graph.link import link
from summitgraph.graph.records import Document, Extraction
from summitgraph.graph.store import Writer
from summitgraph.loaders.documents import Failure
from summitgraph.shapes import gate
from summitgraph.shapes.report import Report

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 5.0  # readers see a long load grow


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


@dataclass
class Summary:
    """The outcome of a load."""

    results: list[Loaded] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, outcome: str) -> list[Loaded]:
        """Return the results with *outcome*."""
        return [result for result in self.results if result.outcome == outcome]


def build(document: Document) -> tuple[Extraction, list[Quad]]:
    """Return what *document* states, as facts and as the quads of its graph; no quads for a text about no summit."""
    extraction = loaders.extract(document)
    if not any(entity.kind == "Summit" for entity in extraction.entities):
        return extraction, []
    return extraction, convert(extraction, link(extraction), loaders.version())


def load(
    documents: Iterable[Document | Failure],
    store: Path,
    *,
    reload: bool = False,
    progress: Callable[[Loaded], None] | None = None,
) -> Summary:
    """Extract, validate and store each document; one that fails does not stop the others."""
    summary = Summary()
    began = published = time.monotonic()
    with Writer(store) as writer:
        for document in documents:
            result = _failed(document) if isinstance(document, Failure) else _load_one(document, writer, reload=reload)
            summary.results.append(result)
            if progress:
                progress(result)
            if writer.dirty and time.monotonic() - published > PUBLISH_EVERY_S:
                writer.publish()
                published = time.monotonic()
    summary.seconds = time.monotonic() - began
    log.info("loaded %d of %d documents in %.1f s", len(summary.of("stored")), len(summary.results), summary.seconds)
    return summary


def _failed(failure: Failure) -> Loaded:
    return Loaded(failure.source, "failed", reason=failure.reason)


def _load_one(document: Document, writer: Writer, *, reload: bool) -> Loaded:
    source, size = document.source, len(document.text)
    if not reload and writer.holds(document.id, loaders.version()):
        return Loaded(source, "unchanged", document.id, size)
    try:
        extraction, quads = build(document)
        if not quads:
            return Loaded(source, "no summit", document.id, size, reason="the text names no summit; nothing was stored")
        report = gate.check(quads)
        findings = tuple(finding.message for finding in extraction.findings)
        if not report.conforms:
            return Loaded(
                source, "rejected", document.id, size, len(extraction.facts), "it does not conform", report, findings
            )
        writer.add(document.id, quads)
    except SummitGraphError:
        raise
    except Exception as error:
        log.debug("failed on %s", source, exc_info=True)
        return Loaded(source, "failed", document.id, size, reason=f"internal error: {type(error).__name__}: {error}")
    return Loaded(source, "stored", document.id, size, len(extraction.facts), "", report, findings)

"""Wire the stages: documents in, validated graphs in the store out. Only this module and the command line know them all."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from summitgraph import loaders
from summitgraph.errors import InputError
from summitgraph.graph import review, snapshots
from summitgraph.graph.records import Document
from summitgraph.graph.store import Writer
from summitgraph.loaders.documents import Failure
from summitgraph.loaders.extractors import Extractor
from summitgraph.workers import Built, Loaded, build, read_all, serialized

__all__ = ["Loaded", "Summary", "build", "failed_origins", "load", "serialized"]

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 5.0  # readers see a long load grow
FAILURES = "failures.jsonl"  # in the store: what the last load could not store, and why


@dataclass
class Summary:
    """The outcome of a load; of documents that need no word only the numbers are kept, so that memory stays flat."""

    results: list[Loaded] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    characters: int = 0  # of the documents stored
    facts: int = 0
    seconds: float = 0.0

    def add(self, result: Loaded) -> None:
        """Count one more document."""
        self.counts[result.outcome] = self.counts.get(result.outcome, 0) + 1
        if result.outcome == "stored":
            self.characters += result.characters
            self.facts += result.facts
        if result.findings or result.outcome in ("failed", "rejected") or len(self.results) < _SHOWN:
            self.results.append(result)

    def count(self, outcome: str) -> int:
        """Return how many documents had *outcome*."""
        return self.counts.get(outcome, 0)

    def of(self, outcome: str) -> list[Loaded]:
        """Return the results with *outcome* that were kept: all that failed or were rejected."""
        return [result for result in self.results if result.outcome == outcome]


_SHOWN = 1000


def load(
    documents: Iterable[Document | Failure],
    store: Path,
    *,
    reload: bool = False,
    workers: int = 1,
    extractor: Extractor | None = None,
    progress: Callable[[Loaded], None] | None = None,
) -> Summary:
    """Extract, validate and store each document; one that fails does not stop the others.

    Args:
        documents: What to load; a text that comes twice is stored once.
        store: Folder of the store.
        reload: Read again what is stored already.
        workers: Processes that read; the store they give is the same whatever their number.
        extractor: What reads; the rules where none is given.
        progress: Called with the outcome of each document, in the order of *documents*.
    """
    summary = Summary()
    began = published = time.monotonic()
    with Writer(store) as writer:
        for batch in _in_order(documents, writer, extractor, reload=reload, workers=workers):
            graphs = {built.result.document: built.graph for built in batch if built.graph}
            if graphs:
                writer.add_all(graphs)
            for built in batch:
                summary.add(built.result)
                if progress:
                    progress(built.result)
            if writer.dirty and time.monotonic() - published > PUBLISH_EVERY_S:
                writer.publish()
                published = time.monotonic()
        _note_failures(store, summary)
    summary.seconds = time.monotonic() - began
    log.info(
        "loaded %d of %d documents in %.1f s", summary.count("stored"), sum(summary.counts.values()), summary.seconds
    )
    return summary


def _in_order(
    documents: Iterable[Document | Failure], writer: Writer, extractor: Extractor | None, *, reload: bool, workers: int
) -> Iterator[list[Built]]:
    """Yield the outcomes of all documents in order: of those that must be read, and of those that need not or cannot be."""
    decided: dict[int, Built] = {}  # by position
    sent: list[int] = []  # positions of the documents that are being read
    seen: set[str] = set()
    version = extractor.version if extractor else loaders.version()

    def to_read() -> Iterator[Document]:
        for position, document in enumerate(documents):
            if isinstance(document, Failure):
                reason, origin = document.reason, document.origin
                decided[position] = Built(Loaded(document.source, "failed", reason=reason, origin=origin))
            elif document.id in seen or (not reload and writer.holds(document.id, version)):
                size = len(document.text)
                decided[position] = Built(
                    Loaded(document.source, "unchanged", document.id, size, origin=document.origin)
                )
            else:
                seen.add(document.id)
                sent.append(position)
                yield document

    done = 0

    def ready(upto: int | None) -> Iterator[Built]:
        """Yield what was decided without reading, up to the next document that is read."""
        nonlocal done
        while done in decided and (upto is None or done < upto):
            yield decided.pop(done)
            done += 1

    for batch in read_all(to_read(), workers, review.read(writer.path), extractor):
        found: list[Built] = []
        for built in batch:
            found += ready(sent[0])
            sent.pop(0)
            found.append(built)
            done += 1
        found += ready(sent[0] if sent else None)
        yield found
    if rest := list(ready(None)):
        yield rest


def _note_failures(store: Path, summary: Summary) -> None:
    """Write down what failed, for :func:`failed_origins`; nothing stays of an earlier load."""
    path = store / FAILURES
    lines = [
        json.dumps(
            {"source": r.source, "origin": _absolute(r.origin), "outcome": r.outcome, "reason": r.reason},
            ensure_ascii=False,
        )
        for r in summary.results
        if r.outcome in ("failed", "rejected")
    ]
    if lines:
        snapshots.replace_file(path, "\n".join(lines) + "\n")
    else:
        path.unlink(missing_ok=True)


def _absolute(origin: str) -> str:
    return str(Path(origin).resolve()) if origin else ""


def failed_origins(store: Path) -> list[str]:
    """Return where the articles stand that the last load into *store* could not store.

    Raises:
        InputError: If it left none.
    """
    path = store / FAILURES
    if not path.exists():
        raise InputError(f"{store}: the last load left nothing to try again")
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [entry["origin"] for entry in entries if entry["origin"]]

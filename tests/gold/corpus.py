"""The gold of a split, with the texts it is about, and its score by the whole pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from pyoxigraph import Quad

from summitgraph import pipeline
from summitgraph.graph import gold
from summitgraph.graph.evaluation import Report, evaluate
from summitgraph.graph.records import Document
from summitgraph.loaders import documents

ROOT = Path(__file__).resolve().parents[2]
GOLD = ROOT / "tests" / "gold"
SAMPLES = ROOT / "loaders" / "samples"


def gold_files(split: str = "dev") -> list[Path]:
    """Return the gold files of a split (``dev``, ``test``), sorted."""
    return sorted((GOLD / split).rglob("*.gold.tsv"))


def texts(folders: Iterable[Path]) -> dict[str, Path]:
    """Return the text files below *folders* by the SHA-256 of their content."""
    files = (path for folder in folders for path in sorted(folder.rglob("*.txt")))
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files}


def score(paths: Sequence[Path], folders: Iterable[Path] = (GOLD / "dev", SAMPLES)) -> Report:
    """Run the pipeline over the text of each gold file and score it; a text is found below *folders* by its SHA-256.

    Raises:
        LookupError: If there is no text of a gold file.
    """
    known = texts(folders)
    graphs: dict[str, Sequence[Quad]] = {}
    for path in paths:
        sha = gold.read_file(path).sha256
        if sha not in known:
            raise LookupError(f"{path}: no text with SHA-256 {sha} beside the gold or among the samples")
        for document in documents.read([str(known[sha])]):
            if not isinstance(document, Document):
                raise LookupError(f"{known[sha]}: {document.reason}")
            graphs[sha] = pipeline.build(document)[1]
    return evaluate(paths, graphs)

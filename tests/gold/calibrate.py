"""Measure what raw confidences are worth: ``python -m tests.gold.calibrate`` writes ``loaders/calibration.json``.

Counts by family of rules and raw confidence come from the development gold; from the articles kept aside comes one number, how far
their precision lies below what those counts let expect. Nothing else is read from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from summitgraph import pipeline
from summitgraph.graph import gold, predictions
from summitgraph.graph.evaluation import evaluate
from summitgraph.graph.records import Document
from summitgraph.loaders import calibration, documents

from .corpus import GOLD, SAMPLES, gold_files, texts


def judged(split: str) -> Iterator[tuple[str, float, bool]]:
    """Yield the rule and raw confidence of every fact found in a split, and whether it is right."""
    known = texts([GOLD / split, GOLD / "dev", SAMPLES])
    for path in gold_files(split):
        sha = gold.read_file(path).sha256
        (document,) = documents.read([str(known[sha])])
        assert isinstance(document, Document)
        with calibration.off():
            quads = pipeline.build(document)[1]
        wrong = {id(alarm.fact): alarm.fact for alarm in evaluate([path], {sha: quads}).false_alarms}
        shown = {(str(fact), fact.rules, fact.evidence) for fact in wrong.values()}
        for found in predictions.read(quads):
            for fact in found.facts:
                if fact.relation != "type":
                    yield fact.rules[0], fact.confidence, (str(fact), fact.rules, fact.evidence) not in shown


def count(facts: Iterator[tuple[str, float, bool]]) -> dict[str, list[tuple[int, int]]]:
    """Return the counts that :class:`calibration.Calibration` is made of."""
    counts: dict[str, list[tuple[int, int]]] = {}
    for rule, raw, right in facts:
        row = counts.setdefault(calibration.family(rule), [(0, 0)] * (len(calibration.EDGES) + 1))
        number, good = row[calibration.place(raw)]
        row[calibration.place(raw)] = (number + 1, good + right)
    return dict(sorted(counts.items()))


def shift(plain: calibration.Calibration, kept_aside: list[tuple[str, float, bool]]) -> float:
    """Return what has to be added to the log-odds so that the mean confidence of *kept_aside* is its precision."""
    shares = [plain.share(rule, raw) for rule, raw, _ in kept_aside]
    wanted = (sum(right for *_, right in kept_aside) + 1) / (len(kept_aside) + 2)
    low, high = -5.0, 5.0
    for _ in range(40):
        middle = (low + high) / 2
        mean = sum(calibration.moved(share, middle) for share in shares) / len(shares)
        low, high = (middle, high) if mean < wanted else (low, middle)
    return round(low, 3)


def main(path: Path = calibration.PATH) -> None:
    """Measure and write."""
    counts = count(judged("dev"))
    kept_aside = list(judged("test"))
    content = {
        "edges": list(calibration.EDGES),
        "counts": counts,
        "shift": shift(calibration.Calibration(counts), kept_aside) if kept_aside else 0.0,
        "kept_aside": len(kept_aside),
    }
    lines = ",\n  ".join(f"{json.dumps(name)}: {json.dumps(row)}" for name, row in counts.items())
    text = json.dumps({**content, "counts": "COUNTS"}, indent=1).replace('"COUNTS"', f"{{\n  {lines}\n }}")
    path.write_text(text + "\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()

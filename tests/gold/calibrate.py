"""Measure what raw confidences are worth: ``python -m tests.gold.calibrate`` writes ``loaders/calibration.json``.

Counted on ``train``: articles that no rule was written for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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


def count(facts: Iterable[tuple[str, float, bool]]) -> dict[str, list[tuple[int, int]]]:
    """Return the counts that :class:`calibration.Calibration` is made of."""
    counts: dict[str, list[tuple[int, int]]] = {}
    for rule, raw, right in facts:
        row = counts.setdefault(calibration.family(rule), [(0, 0)] * (len(calibration.EDGES) + 1))
        number, good = row[calibration.place(raw)]
        row[calibration.place(raw)] = (number + 1, good + right)
    return dict(sorted(counts.items()))


def main(path: Path = calibration.PATH) -> None:
    """Measure and write."""
    facts = [fact for fact in judged("train") if calibration.family(fact[0]) != "learned"]
    rules: dict[str, tuple[int, int]] = {}
    for rule, _, right in facts:
        number, good = rules.get(rule, (0, 0))
        rules[rule] = (number + 1, good + right)
    content = {"edges": list(calibration.EDGES), "counts": count(facts), "rules": dict(sorted(rules.items()))}
    parts = []
    for name, value in content.items():
        rows = (
            ",\n  ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            if isinstance(value, dict)
            else ""
        )
        parts.append(f"{json.dumps(name)}: {{\n  {rows}\n }}" if rows else f"{json.dumps(name)}: {json.dumps(value)}")
    text = "{\n " + ",\n ".join(parts) + "\n}"
    path.write_text(text + "\n", "utf-8")
    print(path)


if __name__ == "__main__":
    main()

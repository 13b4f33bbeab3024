"""Score the development gold and record it: ``python -m tests.gold.report`` writes ``docs/evaluation.md`` and ``tests/gold/gate.json``.

``--split test`` prints the figures of the split that is kept aside, without its errors, and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from summitgraph.graph.evaluation import Report
from summitgraph.graph.scores import Ratio, Score

from .corpus import GOLD, ROOT, SAMPLES, gold_files, score

GATE = GOLD / "gate.json"
PAGE = ROOT / "docs" / "evaluation.md"
FOUNDING = ROOT.parent / "shared" / "seed" / "paris-2025.ar.gold.tsv"
HEAD = """# Evaluation

How much of what articles state is found, and how much of what is found they state. This page is written by
`python -m tests.gold.report`, which also records the figures that the test suite holds the project to: the F1 of a language
may not fall by more than 0.01.

The articles and their gold facts are in `tests/gold/dev` and `loaders/samples`. The patterns are tuned on them, so these figures
are what to improve, not what to expect of an unseen article; a third of the gold is kept aside for that and never tuned on.

Only RDF is read: direct triples with a claim, and records, with evidence in the article. **Precision**: facts that match a gold
row, optional rows included, of all facts. **Recall**: required rows that are matched. **F1**: their harmonic mean. The classes
of entities have their own line and are in no other figure. A difficulty is a property of gold rows, so it has a recall only.
"""
CONFIDENCE = """Facts by the confidence the extractor gives them, and the share that is right. Confidences are calibrated
(`loaders/calibration.py`): the shares of each rule and family of rules on articles that no rule was written for (`tests/gold/train`),
smoothed. So they are low for the development articles, on which the patterns are tuned, and meant for the others.
"""
_COLUMNS = "precision | recall | F1 | right | wrong | found | missed |"


def page(report: Report, founding: Report | None = None, kept_aside: Report | None = None) -> str:
    """Return the page for the development gold and, where it is at hand, the founding article."""
    intervals = [f"{name} {low.low:.3f}–{low.high:.3f}" for name, low in sorted(report.intervals.items())]
    parts = [
        HEAD,
        f"## The development articles ({len(report.documents)})\n",
        _scores("language", {"**all**": report.overall, **report.by_language, "classes of entities": report.types}),
        f"\n95 % bootstrap intervals, all languages: {', '.join(intervals)}.\n",
        _scores("article", {document.name: document.score for document in report.documents}),
        "",
        _scores("relation", report.by_relation),
        "\n## Difficulty, evidence, qualifiers\n",
        _ratios("difficulty", "recall", {f"{level}": ratio for level, ratio in report.by_difficulty.items()}),
        "",
        _ratios(
            "of facts found",
            "accuracy",
            {"evidence overlaps": report.evidence, "all qualifiers": report.qualifier_accuracy, **report.qualifiers},
        ),
        "\n## What a confidence means\n",
        CONFIDENCE,
        _ratios("confidence, development articles", "share right", report.reliability),
        *(
            ["", _ratios("confidence, articles kept aside", "share right", kept_aside.reliability)]
            if kept_aside
            else []
        ),
        "\n## Traps\n",
        f"{report.broken} of {len(report.traps)} places that invite a false fact were fallen into.",
    ]
    if founding:
        parts += [
            "\n## The founding article\n",
            _scores("", {"facts": founding.overall, "classes of entities": founding.types}),
            f"\n{founding.broken} of {len(founding.traps)} traps broken.",
        ]
    return "\n".join(parts) + "\n"


def gate(report: Report) -> dict[str, object]:
    """Return what the test suite holds the project to: F1 by language over the articles named."""
    return {
        "documents": sorted(document.name for document in report.documents),
        "f1": {name: round(value.f1 or 0.0, 4) for name, value in report.by_language.items()},
        "tolerance": 0.01,
    }


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _scores(heading: str, scores: Mapping[str, Score]) -> str:
    rows = [f"| {heading} | {_COLUMNS}", "| --- |" + " ---: |" * 7]
    for name, value in scores.items():
        shares = " | ".join(map(_number, (value.precision, value.recall, value.f1)))
        counts = f"{value.correct} | {value.false_alarms} | {value.found} | {value.missed}"
        rows.append(f"| {name} | {shares} | {counts} |")
    return "\n".join(rows)


def _ratios(heading: str, measure: str, ratios: Mapping[str, Ratio]) -> str:
    rows = [f"| {heading} | {measure} | of |", "| --- | ---: | ---: |"]
    return "\n".join([*rows, *(f"| {name} | {_number(r.value)} | {r.whole} |" for name, r in ratios.items())])


def _founding() -> Report | None:
    return score([FOUNDING], [FOUNDING.parent]) if FOUNDING.exists() else None


def main(arguments: Sequence[str]) -> int:
    """Write the page and the gate, or print the figures of another split."""
    parser = argparse.ArgumentParser(prog="python -m tests.gold.report", description=__doc__)
    parser.add_argument("--split", default="dev", choices=["dev", "test"])
    split = parser.parse_args(arguments).split
    files = gold_files(split)
    if not files:
        parser.error(f"no gold files in {GOLD / split}")
    if split != "dev":
        report = score(files, [GOLD / split, GOLD / "dev", SAMPLES])
        lines: Iterable[str] = [_scores("language", {"all": report.overall, **report.by_language})]
        sys.stdout.write("\n".join(lines) + "\n")
        return 0
    report = score(files)
    kept = gold_files("test")
    kept_aside = score(kept, [GOLD / "test", GOLD / "dev", SAMPLES]) if kept else None
    PAGE.write_text(page(report, _founding(), kept_aside), "utf-8")
    GATE.write_text(json.dumps(gate(report), ensure_ascii=False, indent=1) + "\n", "utf-8")
    for path in (PAGE, GATE):
        sys.stdout.write(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The gate: extraction over the development gold may not get worse than what is recorded in ``gate.json``."""

from __future__ import annotations

import json

import pytest

from summitgraph.graph.evaluation import Report

from .corpus import gold_files, score
from .report import GATE, gate, page

RECORDED = json.loads(GATE.read_text("utf-8"))
RECORD = "if the loss is intended, record anew with `python -m tests.gold.report`"


@pytest.fixture(scope="module")
def report() -> Report:
    """The score of the articles that are recorded; gold added since counts from the next recording on."""
    files = [path for path in gold_files() if path.name.replace(".gold.tsv", ".txt") in RECORDED["documents"]]
    assert len(files) == len(RECORDED["documents"]), "an article that is recorded has no gold file any more"
    return score(files)


def test_the_gate_has_something_to_check() -> None:
    assert set(RECORDED["f1"]) >= {"ar", "en", "fr"}
    assert len(RECORDED["documents"]) >= 9


@pytest.mark.parametrize("language", sorted(RECORDED["f1"]))
def test_f1_does_not_fall(report: Report, language: str) -> None:
    f1 = report.by_language[language].f1

    assert f1 is not None
    assert f1 >= RECORDED["f1"][language] - RECORDED["tolerance"], RECORD


def test_the_page_and_the_record_name_every_language_and_article(report: Report) -> None:
    text = page(report)

    assert set(gate(report)) == set(RECORDED)
    assert all(f"\n| {name} |" in text for name in [*RECORDED["f1"], *RECORDED["documents"], "0.9–1.0"])

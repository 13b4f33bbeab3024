"""Links over the development gold: none wrong, and nearly all of what the reference table has a row for."""

from __future__ import annotations

import pytest

from summitgraph.graph.evaluation import Report

from .corpus import gold_files, score

PRECISION, RECALL = 0.99, 0.95


@pytest.fixture(scope="module")
def report() -> Report:
    """The score of all development articles."""
    return score(gold_files())


def test_every_article_gives_the_items_of_what_it_names() -> None:
    without = [
        path.name for path in gold_files() if not path.with_name(path.name.replace(".gold.", ".links.")).exists()
    ]

    assert len(without) < len(gold_files()) / 2, without


def test_links_are_right_and_few_are_missed(report: Report) -> None:
    assert report.links.required > 300
    assert report.links.precision is not None
    assert report.links.precision >= PRECISION, report.wrong_links
    assert report.links.recall is not None
    assert report.links.recall >= RECALL, report.missed_links


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
def test_links_are_right_in_each_language(report: Report, language: str) -> None:
    links = report.links_by_language[language]

    assert links.precision is not None
    assert links.precision >= PRECISION, [wrong for wrong in report.wrong_links if f".{language}." in wrong.document]

"""Content negotiation: quality first, then how specific the range is."""

from __future__ import annotations

import pytest

from summitgraph.server.formats import GRAPH_FORMATS, SELECT_FORMATS, negotiate
from summitgraph.server.negotiate import choose, choose_language

OFFERS = ["application/json", "text/csv", "text/html"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/*", "text/csv"),
        ("text/html, */*;q=0.1", "text/html"),
        ("text/csv;q=0.5, text/html;q=0.6", "text/html"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv;q=0.2, text/*;q=0.9", "text/html"),
        ("*/*, text/html", "text/html"),
        ("text/csv; charset=utf-8", "text/csv"),
        ("text/csv;q=nonsense", None),
        ("image/png", None),
        ("application/json;q=0", None),
        ("nonsense", None),
    ],
)
def test_choose_takes_the_best_offer(accept: str | None, chosen: str | None) -> None:
    assert choose(accept, OFFERS) == chosen


def test_alias_is_answered_by_its_format() -> None:
    found = negotiate("application/xml", SELECT_FORMATS)

    assert found is not None
    assert (found[0].name, found[1]) == ("xml", "application/xml")


def test_browser_gets_a_page_for_tables_and_graphs() -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    assert [found[0].name for formats in (SELECT_FORMATS, GRAPH_FORMATS) if (found := negotiate(accept, formats))] == [
        "html",
        "html",
    ]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("ar", "ar"),
        ("fr-CA, en;q=0.8", "fr"),
        ("de", "en"),
        (None, "en"),
        ("en;q=0.1, ar;q=0.2", "ar"),
        ("ar;q=0", "en"),
    ],
)
def test_choose_language_by_quality(header: str | None, language: str) -> None:
    assert choose_language(header, ["en", "ar", "fr"], "en") == language

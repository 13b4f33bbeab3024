"""A decision on a link, made on the page by a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from summitgraph import pipeline
from summitgraph.graph.records import Document
from summitgraph.server.launch import launched
from tests.conftest import STAMP
from tests.server.test_review import GROUP, TEXT

from .conftest import Visit


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server on a text that leaves a link open; the token is "secret"."""
    folder: Path = tmp_path_factory.mktemp("undecided")
    pipeline.load([Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)], folder / "store")
    with launched(folder / "store", {"SUMMITGRAPH_TOKEN": "secret", "SUMMITGRAPH_FRONTS": "1"}) as port:
        yield f"http://127.0.0.1:{port}"


def about(page: Page) -> Locator:
    """Return the decision whose candidate is the group."""
    return page.locator("article.review", has=page.locator(f'.candidate a[href$="{GROUP}"]'))


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_open_links_are_shown_with_their_sentence(visit: Visit, undecided: str, language: str) -> None:
    page = visit(undecided + "/review", language, width=400)
    item = about(page)
    width, visible = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")

    expect(item.locator("mark").first).to_contain_text("Samsung")
    assert width <= visible


def test_decision_is_made_seen_and_undone(visit: Visit, undecided: str) -> None:
    page = visit(undecided + "/review", "ar")
    page.set_default_timeout(90_000)  # a decision reads its text again in a process of its own
    item = about(page)
    item.locator("[name=reviewer]").fill("أمل")
    item.locator("[name=token]").fill("secret")
    item.locator("button[value=Accepted]").click()
    expect(about(page)).to_have_count(0, timeout=90_000)
    page.locator(".tabs a").nth(1).click()
    page.goto(undecided + "/review?outcome=Accepted")
    decided = about(page)
    expect(decided).to_contain_text("أمل")
    # Name and token are still there for the next decision.
    expect(decided.locator("[name=reviewer]")).to_have_value("أمل")
    decided.locator("button[value=Withdrawn]").click()
    page.goto(undecided + "/review")

    expect(about(page)).to_have_count(1)

"""Search, source texts, commitments, and everything by keyboard."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import Visit
from .test_reading import SUMMIT, address


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [("en", "emanuel macron", "Emmanuel Macron"), ("fr", "modi", "Narendra Modi"), ("ar", "مَاكْرُون", "إيمانويل ماكرون")],
)
def test_search_completes_with_typos_and_without_diacritics(
    visit: Visit, samples: str, language: str, typed: str, expected: str
) -> None:
    page = visit(samples + "/", language)
    box = page.locator("#find-big")
    box.press_sequentially(typed)
    option = page.get_by_role("option", name=expected).first
    expect(option).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")
    while page.locator("[role=option][aria-selected=true]").inner_text().split("\n")[0] != expected:
        box.press("ArrowDown")
    box.press("Enter")

    expect(page.locator("h1")).to_have_text(expected)


def test_marked_words_tell_by_which_rule_they_were_read(visit: Visit, samples: str) -> None:
    page = visit(address(samples, "source"))
    page.locator(".text .s.f").first.hover()
    card = page.locator("#card")

    expect(card).to_be_visible()
    expect(card.locator("code").first).not_to_be_empty()
    assert page.locator(".s.lit").count() > 0
    assert page.locator(".item.lit").count() > 0


def test_tap_on_a_phone_opens_what_was_read_and_the_next_tap_closes_it(visit: Visit, samples: str) -> None:
    page = visit(address(samples, "source"), "ar", width=400, touch=True)
    page.locator(".text .s").nth(2).tap()
    card = page.locator("#card")
    expect(card).to_be_visible()
    box = card.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 400
    page.locator("h1").tap()

    expect(card).to_be_hidden()


def test_item_leads_to_its_words(visit: Visit, samples: str) -> None:
    page = visit(address(samples, "source"))
    page.locator(".item").nth(8).hover()

    assert page.locator(".text .lit").count() > 0


def test_everything_by_keyboard(visit: Visit, samples: str) -> None:
    page = visit(samples + "/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#find-big")).to_be_focused()
    page.keyboard.type("ai action")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option").first).to_be_hidden()
    page.keyboard.type(" summit 2025")
    page.keyboard.press("Enter")
    expect(page).to_have_url(samples + "/search?q=ai+action+summit+2025")
    first = page.locator(".hits a").first
    first.focus()
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_have_text("AI Action Summit 2025")
    summary = page.locator("details summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details").first).to_have_attribute("open", "")


def test_source_text_by_keyboard(visit: Visit, samples: str) -> None:
    page = visit(address(samples, "source"), "fr")
    piece = page.locator(".text [data-first]").first
    piece.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card")).to_be_visible()
    expect(page.locator("#card a").first).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator("#card")).to_be_hidden()
    expect(piece).to_be_focused()


def test_fact_leads_to_its_source_and_back_to_its_words(visit: Visit, samples: str) -> None:
    page = visit(samples + SUMMIT)
    marked = page.locator(".passage mark").first.inner_text()
    page.locator(".passage figcaption a").first.click()

    expect(page.locator(".text")).to_contain_text(marked)


def test_commitments_are_filtered_sorted_and_downloaded(visit: Visit, samples: str, tmp_path: Path) -> None:
    page = visit(samples + "/commitments", "fr")
    everything = page.locator(".commitments tbody tr").count()
    page.locator("#f-currency").select_option("EUR")
    expect(page.locator(".commitments tbody tr abbr").first).to_have_text("EUR")
    kept = page.locator(".commitments tbody tr").count()
    page.get_by_role("link", name="engagement de").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    download.value.save_as(tmp_path / "commitments.csv")
    with (tmp_path / "commitments.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))

    assert 0 < kept < everything
    assert len(rows) == kept
    assert {row["currency"] for row in rows} == {"EUR"}
    assert page.locator(".bars .bar").count() > 2


def test_two_summits_are_compared(visit: Visit, samples: str) -> None:
    page = visit(samples + "/compare", "ar")
    for name, place in (("#c-a", 1), ("#c-b", 2)):
        page.locator(name).select_option(index=place)
    page.locator("main button[type=submit]").click()

    expect(page.locator("table.compare")).to_be_visible()
    assert page.locator("table.compare tbody tr").count() > 2

"""The query page in a browser: completion, examples, table, graph, chart, sharing and download."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from .conftest import Visit
from .test_reading import serious

pytestmark = pytest.mark.usefixtures("assets")
COUNTS = "SELECT ?kind (COUNT(?s) AS ?n) { ?s a ?kind } GROUP BY ?kind ORDER BY DESC(?n) LIMIT 5"


def editor(visit: Visit, address: str, language: str = "en") -> Page:
    """Return the query page when its editor is there."""
    page = visit(address, language)
    page.wait_for_selector("#editor[data-ready]")
    return page


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_example_is_run_and_shown_as_a_table(visit: Visit, samples: str, language: str) -> None:
    page = editor(visit, samples + "/query", language)
    page.locator("[data-example='0']").click()
    expect(page.locator(".active .dataTable tbody tr").first).to_be_visible()

    expect(page.locator(".active .CodeMirror").first).to_contain_text("sg:chairedBy")
    assert page.locator(".active .dataTable tbody tr").count() > 1
    assert "query=" in page.url


@pytest.mark.parametrize(("language", "found"), [("en", "Simple view"), ("ar", "عرض مبسّط"), ("fr", "Vue simple")])
def test_the_editors_own_words_are_in_the_readers_language(
    visit: Visit, samples: str, language: str, found: str
) -> None:
    page = editor(visit, samples + "/query", language)
    page.locator("[data-example='0']").click()
    page.wait_for_selector(".active .dataTable")
    controls = page.locator(".active .yasr")

    expect(controls.get_by_text(found)).to_be_visible()
    expect(controls.get_by_text("results in")).to_have_count(0)
    expect(controls.get_by_text("Showing 1 to")).to_have_count(0)
    if language != "en":
        expect(
            page.locator("#editor [aria-label='Run query'], #editor [placeholder='Filter query results']")
        ).to_have_count(0)


def test_words_of_a_result_are_whole_and_names_in_the_readers_language(visit: Visit, samples: str) -> None:
    page = visit(samples + "/", "ar")
    page.locator(".examples a").nth(2).click()
    page.wait_for_selector(".active .dataTable tbody tr")
    cells = page.locator(".active .dataTable tbody td")
    cut = cells.evaluate_all(
        "cells => cells.filter((cell) => cell.scrollWidth > cell.clientWidth + 1 || cell.innerText.includes('…')).length"
    )

    expect(page.locator(".active .dataTable")).to_contain_text("المملكة المتحدة")
    expect(page.locator(".tabsList .tab.active")).to_contain_text("من رفض التوقيع")
    assert cut == 0


def test_second_link_opens_beside_the_tabs_of_the_first(visit: Visit, samples: str) -> None:
    """Tabs kept from an earlier visit have no editor yet; the page is watched for errors."""
    page = visit(f"{samples}/query?query={quote(COUNTS)}", width=390)
    page.wait_for_selector(".active .dataTable tbody tr")
    page.goto(f"{samples}/query?query={quote(COUNTS + '0')}")
    page.goto(samples + "/")
    page.locator(".examples a").nth(1).click()
    page.wait_for_selector(".active .dataTable tbody tr")
    width, visible = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")

    expect(page.locator(".tabsList .tab.active")).to_contain_text("When and where")
    assert page.locator(".tabsList .tab").count() == 3
    assert width <= visible  # wide results scroll in their own frame


def test_linked_query_runs_and_is_charted(visit: Visit, samples: str) -> None:
    page = editor(visit, f"{samples}/query?query={quote(COUNTS)}", "fr")
    expect(page.locator(".active .dataTable tbody tr")).to_have_count(5)
    page.locator(".active .select_chart").click()
    expect(page.locator(".active .result-chart")).to_have_attribute("data-bars", "5")
    painted = page.evaluate("""() => { const canvas = document.querySelector('.active .result-chart canvas');
        return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0); }""")
    assert painted
    page.locator(".active .chart-controls select").last.select_option("line")
    expect(page.locator(".active .result-chart canvas")).to_be_visible()


def test_constructed_triples_are_drawn(visit: Visit, samples: str) -> None:
    page = editor(visit, samples + "/query", "ar")
    page.locator("[data-example='10']").click()
    page.locator(".active .select_graph:not([disabled])").click()
    box = page.locator(".active .result-graph")
    expect(box).to_have_attribute("data-nodes", re.compile(r"\d+"))

    assert int(box.get_attribute("data-nodes") or 0) > 5


def test_axe_finds_nothing_serious_in_results(visit: Visit, samples: str) -> None:
    page = editor(visit, f"{samples}/query?query={quote(COUNTS)}", "ar")
    expect(page.locator(".active .dataTable")).to_be_visible()
    as_table = serious(page)
    page.locator(".active .select_chart").click()
    expect(page.locator(".active .result-chart canvas")).to_be_visible()

    assert as_table == []
    assert serious(page) == []


def test_raw_answer_is_there(visit: Visit, samples: str) -> None:
    page = editor(visit, f"{samples}/query?query={quote(COUNTS)}")
    expect(page.locator(".active .dataTable")).to_be_visible()
    page.locator(".active .select_response").click()

    expect(page.locator(".active .yasr_results .CodeMirror")).to_contain_text("bindings")


def test_terms_are_completed_from_the_ontology(visit: Visit, samples: str) -> None:
    page = editor(visit, samples + "/query", "fr")
    write(page, "SELECT * { ?s sg:chai")
    hint = page.locator(".CodeMirror-hint", has_text="sg:chairedBy")
    expect(hint).to_be_visible()
    expect(hint.locator(".hint-label")).to_have_text("présidé par")
    hint.click()

    expect(page.locator(".active .CodeMirror").first).to_contain_text("?s sg:chairedBy")
    # A prefix of ours is declared as soon as it is used.
    expect(page.locator(".active .CodeMirror").first).to_contain_text(
        "PREFIX sg: <https://w3id.org/summitgraph/ontology#>"
    )


def write(page: Page, text: str) -> None:
    """Type *text* in place of the query that is shown."""
    page.locator(".active .CodeMirror").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.type(text, delay=25)


def test_query_is_shared_and_results_are_downloaded(visit: Visit, samples: str, tmp_path: Path) -> None:
    page = editor(visit, f"{samples}/query?query={quote(COUNTS)}")
    expect(page.locator(".active .dataTable")).to_be_visible()
    page.locator("#q-share").click()
    expect(page.locator("#q-status")).not_to_be_empty()
    page.locator("#q-download").focus()
    with page.expect_download() as download:
        page.locator("#q-download").select_option("csv")
    download.value.save_as(tmp_path / "results.csv")
    again = editor(visit, page.url)

    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 5
    expect(again.locator(".active .dataTable tbody tr")).to_have_count(5)


def test_wrong_query_says_where(visit: Visit, samples: str, browser: object) -> None:
    del browser
    page = editor(visit, samples + "/query")
    page.locator(".active .CodeMirror").first.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("}}}")

    expect(page.locator(".active .parseErrorIcon").first).to_be_visible()

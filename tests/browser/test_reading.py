"""Pages in three languages: direction by geometry, phone width, dark mode, print, accessibility, and without script."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import ROOT, Visit

SUMMIT = "/page/summit/ai-action-summit-2025"
pytestmark = pytest.mark.usefixtures("assets")
PATHS = {
    "home": "/",
    "search": "/search?q=macron",
    "summit": SUMMIT,
    "person": "/page/person/emmanuel-macron",
    "timeline": "/timeline",
    "commitments": "/commitments",
    "compare": "/compare?a=https%3A%2F%2Fw3id.org%2Fsummitgraph%2Fid%2Fsummit%2Fai-action-summit-2025"
    "&b=https%3A%2F%2Fw3id.org%2Fsummitgraph%2Fid%2Fsummit%2Fai-safety-summit-2023",
    "explore": "/explore?start=https%3A%2F%2Fw3id.org%2Fsummitgraph%2Fid%2Fperson%2Femmanuel-macron",
    "query": "/query",
    "about": "/dataset",
    "list": "/list/Person",
    "ontology": "/ontology",
    "one summit's timeline": "/timeline?summit=https%3A%2F%2Fw3id.org%2Fsummitgraph%2Fid%2Fsummit%2Fai-action-summit-2025",
    "review": "/review?outcome=Accepted",
    "results": "/sparql?format=html&query=SELECT%20*%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%2020",
    "source": "",  # the first text the timeline names
}
LANGUAGES = ("en", "ar", "fr")


@lru_cache(maxsize=4)
def _source(samples: str) -> str:
    import re
    import urllib.request

    with urllib.request.urlopen(samples + "/timeline?show=texts") as reply:
        found = re.search(r"/id(/source-document/[0-9a-f]+)", reply.read().decode())
    assert found
    return "/page" + found[1]


def address(samples: str, name: str) -> str:
    """Return the address of a page."""
    return samples + (PATHS[name] or _source(samples))


def settled(page: Page) -> Page:
    """Wait until the page's scripts have done their work."""
    if page.locator("#explorer").count():
        page.wait_for_selector("#explorer[data-ready]")
    if page.locator("#editor").count():
        page.wait_for_selector("#editor[data-ready]")
    return page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PATHS)
def test_page_is_laid_out_in_the_direction_of_its_language(
    visit: Visit, samples: str, name: str, language: str
) -> None:
    page = settled(visit(address(samples, name), language))
    heading, brand, languages = page.locator("h1"), page.locator(".brand"), page.locator(".languages")
    # The line of the heading's own words, not its box, which is as wide as the page.
    words = page.evaluate(
        "() => { const range = document.createRange(); range.selectNodeContents(document.querySelector('h1'));"
        " const box = range.getBoundingClientRect(); return [box.left, box.right]; }"
    )
    boxes = [item.bounding_box() for item in (page.locator("main"), brand, languages)]
    assert all(boxes)
    main, logo, switch = (box for box in boxes if box)

    expect(heading).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", language)
    before, after = words[0] - main["x"], main["x"] + main["width"] - words[1]
    if language == "ar":
        assert after < before
        assert logo["x"] > switch["x"]
    else:
        assert before < after
        assert logo["x"] < switch["x"]


def serious(page: Page) -> list[tuple[object, ...]]:
    """Return what axe-core finds serious or critical on a page: rule, what is wrong, and where."""
    script = ROOT / "server" / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not there; make assets brings it")
    page.evaluate(script.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [
        (
            item["id"],
            item["help"],
            [node["html"][:160] + " " + node["failureSummary"][:200] for node in item["nodes"]][:3],
        )
        for item in found
        if item["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("ar", "dark")])
@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing_serious(visit: Visit, samples: str, name: str, language: str, scheme: str) -> None:
    page = settled(visit(address(samples, name), language, scheme=scheme))

    assert serious(page) == []


@pytest.mark.parametrize("name", PATHS)
def test_phone_does_not_scroll_sideways(visit: Visit, samples: str, name: str) -> None:
    page = settled(visit(address(samples, name), "ar", width=380, touch=True))
    width, visible = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")

    assert width <= visible
    assert page.locator("h1").is_visible()


def test_dark_mode_is_dark_and_print_leaves_out_what_is_for_the_screen(visit: Visit, samples: str) -> None:
    page = visit(samples + SUMMIT, scheme="dark")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    page.emulate_media(media="print")

    assert max(ground) < 60
    expect(page.locator(".top")).to_be_hidden()
    expect(page.locator("mark").first).to_be_visible()


@pytest.mark.parametrize("name", PATHS)
def test_page_can_be_read_without_script(visit: Visit, samples: str, name: str) -> None:
    page = visit(address(samples, name), script=False)

    expect(page.locator("h1")).to_be_visible()
    if name == "explore":
        assert page.locator("table tr").count() > 3
    if name == "query":
        expect(page.locator("textarea")).to_be_visible()


def test_language_is_switched_and_kept(visit: Visit, samples: str) -> None:
    page = visit(samples + SUMMIT, "fr")
    page.get_by_role("link", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.locator(".brand").click()

    expect(page).to_have_url(samples + "/")
    expect(page.locator("html")).to_have_attribute("lang", "ar")


@pytest.mark.parametrize("path", ["/page/person/hostile", "/page/state/long", "/search?q=evil", "/explore?start="
                                  "https%3A%2F%2Fw3id.org%2Fsummitgraph%2Fid%2Fperson%2Fhostile"])  # fmt: skip
def test_names_made_to_do_harm_are_only_words(visit: Visit, harbour: str, path: str) -> None:
    page = settled(visit(harbour + path, "ar", width=420))
    width, visible = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")

    assert page.locator("img").count() == 0
    assert width <= visible  # ten thousand letters do not push the page apart
    expect(page.locator(".brand")).to_have_text("SummitGraph")  # what stands outside is not turned around


def test_unknown_thing_is_a_page_that_has_searched(visit: Visit, samples: str) -> None:
    page = visit(samples + "/id/person/emmanuel-macrom", "fr")
    page.locator(".hits a").first.click()

    expect(page.locator("h1")).to_have_text("Emmanuel Macron")

"""Take the README's pictures: ``make screenshots``, or ``python -m tests.browser.screenshots FOLDER``.

The sample articles are read into a store of their own, served, and looked at in Chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

from summitgraph import pipeline
from summitgraph.loaders import documents
from summitgraph.server.launch import launched

from .conftest import ARGUMENTS, CHROMIUM, LOCALES, ROOT

ID = "https%3A%2F%2Fw3id.org%2Fsummitgraph%2Fid%2F"


@dataclass(frozen=True)
class Picture:
    """One picture: where, in which language and scheme, how large, and what is done before it is taken."""

    name: str
    path: str
    language: str = "en"
    scheme: str = "light"
    width: int = 1280
    height: int = 800
    before: Callable[[Page], object] = lambda page: page.wait_for_timeout(300)


def _explored(page: Page) -> None:
    page.wait_for_selector("#explorer[data-ready]")
    page.locator("#x-whole").click()
    page.wait_for_timeout(2500)


def _asked(page: Page) -> None:
    page.wait_for_selector("#editor[data-ready]")
    page.locator("[data-example='9']").click()
    page.wait_for_selector(".active .dataTable")
    page.locator(".active .select_chart").click()
    page.wait_for_selector(".active .result-chart canvas")
    page.mouse.move(0, 0)


def _read(page: Page) -> None:
    page.locator(".text .s.f").nth(3).hover()
    page.wait_for_selector("#card:not([hidden])")


PICTURES = (
    Picture("home", "/"),
    Picture("summit-ar", "/page/summit/ai-action-summit-2025", "ar"),
    Picture("source", "source", before=_read),
    Picture("explorer-dark", f"/explore?start={ID}person%2Femmanuel-macron", scheme="dark", before=_explored),
    Picture("commitments-fr", "/commitments", "fr"),
    Picture("query", "/query", before=_asked),
    Picture("phone-ar", "/page/summit/ai-action-summit-2025", "ar", "dark", 390, 800),
)


def main(folder: Path) -> None:
    """Write the pictures into *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    path = os.environ.get("SUMMITGRAPH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        sys.exit("there is no Chromium; apt-get install chromium, or name one in SUMMITGRAPH_CHROMIUM")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        store = Path(place) / "store"
        pipeline.load(documents.read([str(ROOT / "loaders" / "samples")]), store)
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        with launched(store, {"SUMMITGRAPH_FRONTS": "1"}) as port:
            address = f"http://127.0.0.1:{port}"
            with urllib.request.urlopen(f"{address}/timeline?show=texts&lang=en") as reply:
                texts = re.findall(r"/id(/source-document/[0-9a-f]+)", reply.read().decode())
            for picture in PICTURES:
                viewport = ViewportSize(width=picture.width, height=picture.height)
                context = browser.new_context(
                    locale=LOCALES[picture.language],
                    color_scheme="dark" if picture.scheme == "dark" else "light",
                    viewport=viewport,
                )
                page = context.new_page()
                page.goto(address + (f"/page{texts[0]}" if picture.path == "source" else picture.path))
                picture.before(page)
                page.screenshot(path=folder / f"{picture.name}.png")
                context.close()
                print(folder / f"{picture.name}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/pictures"))

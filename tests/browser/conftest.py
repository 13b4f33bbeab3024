"""A real Chromium before real servers. Every page a test opens is watched: no console error, no request to another host."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from summitgraph import pipeline
from summitgraph.loaders import documents
from summitgraph.server.launch import launched
from tests.server import articles
from tests.server.conftest import write_store

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The browser itself is kept from calling home; without a sandbox it also runs as root in a container.
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
LOCALES = {"en": "en-GB", "ar": "ar-EG", "fr": "fr-FR"}
NODES = 5000
Visit = Callable[..., Page]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end that pages were not looked at, and what is missing."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)}
    for reason in sorted(reason for reason in reasons if "Chromium" in reason or "make assets" in reason):
        terminalreporter.write_line(f"Browser tests left out. {reason}", yellow=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a Chromium (Debian's package, or the one SUMMITGRAPH_CHROMIUM names)."""
    path = os.environ.get("SUMMITGRAPH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.skip(
            "there is no Chromium for the browser tests: apt-get install chromium, or name one in SUMMITGRAPH_CHROMIUM"
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def assets() -> None:
    """Skip what needs the built third-party parts where they are not there."""
    if not (ROOT / "server" / "static" / "build" / "graph.js").is_file():
        pytest.skip("the assets of the pages are not built; make assets builds them")


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server on the sample articles, read by the whole pipeline."""
    root = tmp_path_factory.mktemp("samples") / "store"
    pipeline.load(documents.read([str(ROOT / "loaders" / "samples")]), root)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server on two short articles, names made to do harm, and a network of 5,000 companies."""
    lines = [f'<company/n{number}> a sg:Company ; rdfs:label "Company {number}"@en .' for number in range(NODES)]
    lines += [
        f"<company/n{number}> sg:partnerOf <company/n{(number * 7919 + 13) % NODES}> ." for number in range(NODES)
    ]
    lines += [f"<company/n{number}> sg:partnerOf <company/n{number // 5}> ." for number in range(1, NODES)]
    network = "<https://w3id.org/summitgraph/graph/doc/00000000000000c1> {\n" + "\n".join(lines) + "\n}\n"
    root = write_store(tmp_path_factory.mktemp("harbour") / "store", articles.trig() + network)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Return a function that opens an address as a reader does; at the end nothing may have gone wrong on any page."""
    problems: list[str] = []
    with contextlib.ExitStack() as contexts:

        def opened(
            address: str,
            language: str = "en",
            *,
            width: int = 1280,
            scheme: str = "light",
            script: bool = True,
            touch: bool = False,
        ) -> Page:
            options: dict[str, Any] = {"color_scheme": scheme, "java_script_enabled": script, "has_touch": touch}
            viewport = ViewportSize(width=width, height=900)
            context: BrowserContext = browser.new_context(
                locale=LOCALES[language],
                viewport=viewport,
                accept_downloads=True,
                **options,
            )
            contexts.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(15_000)
            origin = "/".join(address.split("/")[:3])
            page.on(
                "console",
                lambda message: problems.append(message.text) if message.type in ("error", "warning") else None,
            )
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("dialog", lambda dialog: problems.append(f"a dialog: {dialog.message}"))
            context.on(
                "request",
                lambda request: (
                    problems.append(f"a request to {request.url}")
                    if not request.url.startswith((origin, "data:", "blob:"))
                    else None
                ),
            )
            reply = page.goto(address)
            assert reply is not None
            if reply.status != 200:
                problems.clear()  # the browser itself reports the status of the page
            return page

        yield opened
    assert problems == []

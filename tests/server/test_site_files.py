"""What crawlers get: robots.txt, a site map of things that are there, dumps that read back."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest

from summitgraph.server.launch import launched

from . import articles
from .client import Client

LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture(scope="module")
def harbour(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on two articles."""
    root = make_store(tmp_path_factory.mktemp("crawled") / "store", articles.trig())
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def locations(client: Client, path: str) -> list[str]:
    """Return the paths a site map, or its index, lists."""
    reply = client.get(path)
    assert reply.status == 200, reply.text
    found = [element.text or "" for element in ET.fromstring(reply.body).iter(LOC)]
    site = f"http://127.0.0.1:{client.port}"
    assert all(address.startswith(site) for address in found)
    return [address.removeprefix(site) for address in found]


def test_robots_are_led_to_the_site_map_and_away_from_queries(harbour: Client) -> None:
    text = harbour.get("/robots.txt").text

    assert f"Sitemap: http://127.0.0.1:{harbour.port}/sitemap.xml" in text
    assert "Disallow: /sparql\n" in text
    assert "Disallow: /page" not in text


def test_site_map_lists_things_and_texts_that_are_there(harbour: Client) -> None:
    (file,) = locations(harbour, "/sitemap.xml")
    found = locations(harbour, file)

    assert "/page/summit/harbour" in found
    assert "/page/source-document/00000000000000e1" in found
    assert not any("claim" in path or "evidence" in path or "statement" in path for path in found)
    assert {path: harbour.get(path, Accept="text/html").status for path in found} == dict.fromkeys(found, 200)
    assert harbour.get("/sitemap-7.xml").status == 404
    tag = harbour.get(file).headers["etag"]
    assert harbour.get(file, If_None_Match=tag).status == 304


@pytest.mark.parametrize("suffix", ["nq", "ttl"])
def test_dumps_named_by_the_description_hold_everything(harbour: Client, suffix: str) -> None:
    described = harbour.get("/.well-known/void", Accept="application/n-triples").text
    assert re.search(rf"dataDump> <http://127.0.0.1:{harbour.port}/dump/summitgraph.{suffix}>", described)
    moved = harbour.get(f"/dump/summitgraph.{suffix}")
    assert moved.status == 302
    reply = harbour.get(moved.headers["location"])
    form = ox.RdfFormat.from_extension(suffix)
    assert form is not None
    subjects = {str(quad.subject) for quad in ox.parse(reply.body, format=form)}

    assert f"<{articles.BASE}summit/harbour>" in subjects
    assert harbour.get("/dump/summitgraph.exe").status == 404


def test_browser_that_shows_no_page_of_ours_finds_the_icon(harbour: Client) -> None:
    assert harbour.get("/favicon.ico").headers["location"] == "/static/icon.svg"

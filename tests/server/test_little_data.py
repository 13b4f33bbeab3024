"""A store with next to nothing in it: every page still answers, in each language."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from summitgraph.server.launch import launched

from .client import Client

PAGES = ["/", "/search?q=x", "/commitments", "/timeline", "/compare", "/query", "/review", "/dataset", "/ontology"]


@pytest.fixture(scope="module")
def client(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server whose store holds one triple, no summit and no commitment."""
    folder = tmp_path_factory.mktemp("little")
    with launched(
        make_store(folder, "<http://g/1> { <http://e/a> <http://e/p> 1 }"), {"SUMMITGRAPH_FRONTS": "1"}
    ) as port:
        yield Client(port)


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
@pytest.mark.parametrize("page", PAGES)
def test_page_answers(client: Client, page: str, language: str) -> None:
    assert client.get(page, Accept="text/html", **{"Accept-Language": language}).status == 200

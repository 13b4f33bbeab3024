"""The parts of the graph the explorer asks for, and its page without script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from summitgraph.server.launch import launched

from . import articles
from .client import Client

BASE = articles.BASE


@pytest.fixture(scope="module")
def harbour(make_store: Callable[[Path, str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Return a client of a server on two articles and a chain of six partners."""
    chain = "".join(f"<company/c{n}> sg:partnerOf <company/c{n + 1}> .\n" for n in range(6))
    trig = articles.trig() + f"<https://w3id.org/summitgraph/graph/doc/00000000000000c1> {{ {chain} }}\n"
    root = make_store(tmp_path_factory.mktemp("explorer") / "store", trig)
    with launched(root, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def part(client: Client, path: str, **parameters: str) -> dict[str, Any]:
    """Return a part of the graph."""
    reply = client.get(f"/api/graph{path}?" + urlencode({**parameters, "lang": "en"}))
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def edges(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Return the edges of a part without the base of their IRIs."""
    return {
        (edge["source"].removeprefix(BASE), edge["property"], edge["target"].removeprefix(BASE))
        for edge in found["edges"]
    }


def test_expansion_gives_facts_and_records_with_what_they_name(harbour: Client) -> None:
    found = part(harbour, "", thing=BASE + "summit/harbour")
    nodes = {node["id"].removeprefix(BASE): node for node in found["nodes"]}

    assert edges(found) == {
        ("summit/harbour", "chairedBy", "person/ana-lima"),
        ("summit/harbour", "heldAt", "city/lisbon"),
        ("statement/1", "madeAt", "summit/harbour"),
        ("statement/1", "speaker", "person/ana-lima"),
        ("financial-commitment/1", "announcedAt", "summit/harbour"),
        ("financial-commitment/1", "committedBy", "state/norway"),
        ("financial-commitment/1", "beneficiary", "topic/reefs"),
    }
    assert (nodes["person/ana-lima"]["label"], nodes["person/ana-lima"]["class"]) == ("Ana Lima", "Person")
    assert (nodes["financial-commitment/1"]["label"], nodes["financial-commitment/1"]["record"]) == ("US$20M", True)
    assert nodes["statement/1"]["label"] == "The sea will not wait"
    assert not any("claim" in name or "evidence" in name for name in nodes)


def test_names_in_a_drawing_are_of_a_readable_length(harbour: Client) -> None:
    found = part(harbour, "", thing=BASE + "state/long")

    assert max(len(node["label"]) for node in found["nodes"]) < 100


def test_expansion_can_be_limited_and_says_so(harbour: Client) -> None:
    found = part(harbour, "", thing=BASE + "summit/harbour", limit="1")

    assert found["more"]
    assert sum(not edge["source"].startswith((BASE + "statement", BASE + "financial")) for edge in found["edges"]) == 1


def test_path_between_two_actors_runs_through_what_connects_them(harbour: Client) -> None:
    found = part(harbour, "/path", **{"from": BASE + "person/ana-lima", "to": BASE + "state/norway"})

    assert edges(found) == {
        ("summit/harbour", "chairedBy", "person/ana-lima"),
        ("statement/1", "speaker", "person/ana-lima"),
        ("statement/1", "madeAt", "summit/harbour"),
        ("financial-commitment/1", "announcedAt", "summit/harbour"),
        ("financial-commitment/1", "committedBy", "state/norway"),
    } - {("statement/1", "speaker", "person/ana-lima"), ("statement/1", "madeAt", "summit/harbour")}


def test_path_of_six_steps_is_found_and_none_is_none(harbour: Client) -> None:
    found = part(harbour, "/path", **{"from": BASE + "company/c0", "to": BASE + "company/c6"})
    apart = part(harbour, "/path", **{"from": BASE + "company/c0", "to": BASE + "state/norway"})

    assert edges(found) == {(f"company/c{n}", "partnerOf", f"company/c{n + 1}") for n in range(6)}
    assert apart["edges"] == []
    assert len(apart["nodes"]) == 2


def test_overview_keeps_what_has_most_relations(harbour: Client) -> None:
    whole, two = part(harbour, "/overview"), part(harbour, "/overview", limit="2")

    assert len(whole["edges"]) == 9  # all that texts state
    assert not any("hostile" in node["id"] for node in whole["nodes"])  # known to the reference table alone
    assert not whole["more"]
    assert two["more"]
    assert {node["id"] for node in two["nodes"]} <= {node["id"] for node in whole["nodes"]}


@pytest.mark.parametrize(
    "query",
    ["", "thing=", "thing=a%3E%20%7D", "thing=https://a/b&limit=0", "thing=https://a/b&limit=1001", "thing=https://a/b&depth=2"],
)  # fmt: skip
def test_wrong_request_is_refused_with_the_parameter(harbour: Client, query: str) -> None:
    reply = harbour.get(f"/api/graph?{query}")

    assert reply.status == 400
    assert reply.headers["content-type"] == "application/problem+json"


def test_part_is_not_sent_twice(harbour: Client) -> None:
    path = "/api/graph?lang=en&thing=" + BASE + "summit/harbour"
    tag = harbour.get(path).headers["etag"]

    assert harbour.get(path, If_None_Match=tag).status == 304


def test_explorer_without_script_is_a_table_of_neighbours(harbour: Client) -> None:
    text = harbour.get("/explore?start=" + BASE + "person/ana-lima", Accept_Language="fr").text

    assert "Sommet du port" in text
    assert "présidé par" in text
    assert harbour.get("/explore?start=no%20iri").status == 400

"""The review of links over HTTP: listed with sentences, decided with a token only, undone, seen by the next query."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from summitgraph import pipeline
from summitgraph.graph.records import Document
from summitgraph.server.launch import launched
from summitgraph.server.reasons import reason
from tests.conftest import ROOT, STAMP

from .client import Client, Reply

TEXT = (
    "The AI Seoul Summit 2024 was held in Seoul on 21 May 2024. It was chaired by Yoon Suk Yeol. "
    "Samsung promised at the summit to invest 5 billion dollars in safe chips."
)
GROUP = "Q20716"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server on a store with one text; one token may review, another may not."""
    folder: Path = tmp_path_factory.mktemp("review")
    document = Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)
    pipeline.load([document], folder / "store")
    digests = [(hashlib.sha256(token.encode()).hexdigest(), token) for token in ("review", "store")]
    (folder / "tokens").write_text("".join(f"{digest} {scope}\n" for digest, scope in digests))
    environment = {"SUMMITGRAPH_TOKEN_FILE": str(folder / "tokens"), "SUMMITGRAPH_FRONTS": "1"}
    with launched(folder / "store", environment) as port:
        yield Client(port)


def post(client: Client, token: str | None = "review", **fields: str) -> Reply:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return client.request("POST", "/api/review", json.dumps(fields), headers)


def waiting(client: Client, outcome: str = "NeedsReview") -> dict[str, dict[str, str]]:
    return {item["candidate"]: item for item in client.get(f"/api/review?outcome={outcome}").json()["items"]}


def linked(client: Client) -> bool:
    return (
        client.query(
            f"ASK {{ ?s <http://www.w3.org/2002/07/owl#sameAs> <http://www.wikidata.org/entity/{GROUP}> }}"
        ).json()["boolean"]
        is True
    )


def test_accept_and_undo(client: Client) -> None:
    item = waiting(client)[GROUP]
    assert item["sentences"][0]["text"].startswith("Samsung promised")  # type: ignore[index]

    reply = post(client, id=item["id"], decision="Accepted", reviewer="Amal", note="the group")
    assert reply.status == 200, reply.text
    assert reply.json()["added"][0]["reviewer"] == "Amal"
    assert linked(client)
    accepted = waiting(client, "Accepted")[GROUP]
    assert accepted["reviewer"] == "Amal"

    assert post(client, id=accepted["id"], decision="Withdrawn", reviewer="Amal").status == 200
    assert not linked(client)


@pytest.mark.parametrize(
    ("token", "fields", "status", "words"),
    [
        (None, {}, 401, "needs a token"),
        ("wrong", {}, 401, "not known"),
        ("store", {}, 403, "does not open 'review'"),
        ("review", {"decision": "Maybe"}, 400, "Maybe"),
        ("review", {"reviewer": " "}, 400, "reviewer is missing"),
        ("review", {"id": "nothing"}, 404, "is not the id of a link decision"),
        ("review", {"id": "0000-0000"}, 404, "there is no link decision"),
        ("review", {"id": ""}, 400, "neither an id"),
        ("review", {"decision": "Withdrawn"}, 400, "does not stand"),
        ("review", {"more": "x"}, 400, "no field 'more'"),
    ],
)
def test_what_may_not_be_decided_says_why_and_changes_nothing(
    client: Client, token: str | None, fields: dict[str, str], status: int, words: str
) -> None:
    item = waiting(client)[GROUP]

    reply = post(client, token, **{"id": item["id"], "decision": "Accepted", "reviewer": "Amal"} | fields)

    assert reply.status == status
    assert words in reply.json()["detail"]
    assert not linked(client)


def test_a_body_that_is_not_json_is_refused(client: Client) -> None:
    reply = client.request("POST", "/api/review", "{", {"Authorization": "Bearer review"})

    assert reply.status == 400
    assert "not JSON" in reply.json()["detail"]


@pytest.mark.parametrize("language", ["en", "ar", "fr"])
def test_the_page_shows_the_sentence_in_each_language(client: Client, language: str) -> None:
    page = client.get(f"/review?lang={language}", Accept="text/html")

    assert page.status == 200
    assert "<mark>Samsung</mark> promised" in page.text
    assert GROUP in page.text


def test_a_person_decides_on_the_page_and_comes_back_to_it(client: Client) -> None:
    form = {"id": waiting(client)[GROUP]["id"], "decision": "Rejected", "reviewer": "Amal", "back": "NeedsReview"}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    refused = client.request("POST", "/review", urlencode(form | {"token": "guess"}), headers)
    done = client.request("POST", "/review", urlencode(form | {"token": "review"}), headers)

    assert refused.status == 401
    assert (done.status, done.headers["location"].rpartition("/")[2]) == (303, "review?outcome=NeedsReview")
    rejected = waiting(client, "Rejected")[GROUP]
    assert post(client, id=rejected["id"], decision="Withdrawn", reviewer="Amal").status == 200


@pytest.mark.parametrize("query", ["outcome=Nothing", "limit=x", "limit=1000", "offset=-1"])
def test_a_wrong_parameter_is_named(client: Client, query: str) -> None:
    assert client.get(f"/api/review?{query}").status == 400


@pytest.mark.parametrize(("language", "words"), [("ar", "يشترك"), ("fr", "portent le même nom")])
def test_the_page_gives_the_reason_in_the_readers_language(client: Client, language: str, words: str) -> None:
    page = client.get("/review", Accept_Language=language).text

    assert words in page
    assert "share the name" not in page


def test_every_reason_of_the_linker_has_its_words_in_each_language() -> None:
    """What the linker writes is compared with the forms; a part that varies stands for itself."""
    source = (ROOT / "graph" / "link.py").read_text("utf-8")
    written = re.findall(r'(?:reason = |"NeedsReview", [0-9.]+, )\(?\s*f?"([^"]+)"', source)
    told = [re.sub(r"\{[^}]*year\}|\{last\}|\{[^}]*:\.0f\}", "2024", text) for text in written]
    told = [re.sub(r"\{_listed\([^}]*\}", "A (Q1, Person) and B (Q2, Person)", text) for text in told]
    told = [re.sub(r"\{how\}", "the name is X by its consonants", text) for text in told]
    told = [re.sub(r"\{[^}]*kind\}", "Person", re.sub(r"\{(?![^}]*kind)[^}]*\}", "X", text)) for text in told]

    assert len(told) > 10
    assert [text for text in told for language in ("ar", "fr") if reason(text, language)[1] != language] == []

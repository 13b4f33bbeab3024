"""The W3C Reconciliation Service API, as OpenRefine (0.1, 0.2) and clients of the 1.0 draft speak it.

Every reply is checked against the rules of the API as ``reconciliation.yaml`` tells them; against the API's own JSON
schemas and examples as well where a copy of ``reconciliation-api/specs`` is there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import yaml
from jsonschema import validators
from referencing import Registry
from referencing.jsonschema import DRAFT7

from summitgraph import pipeline
from summitgraph.graph.records import Document
from summitgraph.server.launch import launched
from tests.conftest import ROOT, STAMP

from .client import Client, Reply

TEXT = (
    "The AI Seoul Summit 2024 was held in Seoul on 21 May 2024. It was chaired by South Korean President Yoon Suk Yeol "
    "and British Prime Minister Rishi Sunak. Samsung Electronics promised at the summit to invest 5 billion dollars in safe chips."
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
SPECS = Path(
    os.environ.get("SUMMITGRAPH_RECONCILIATION_SPECS", ROOT.parent / "shared" / "conformance" / "reconciliation")
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server on a store with one text and the reference table."""
    store = tmp_path_factory.mktemp("reconcile") / "store"
    pipeline.load([Document(TEXT, "en", title="Seoul", source="seoul.txt", generated_at=STAMP)], store)
    with launched(store, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        yield Client(port)


def batch(client: Client, **queries: dict[str, Any]) -> dict[str, Any]:
    reply = client.request("POST", "/reconcile", urlencode({"queries": json.dumps(queries)}), FORM)
    assert reply.status == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


def one(client: Client, name: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = batch(client, q0={"query": name, **more})["q0"]["result"]
    return found


def match(client: Client, *conditions: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    query = {"queries": [{"conditions": list(conditions), **more}]}
    reply = client.request("POST", "/reconcile/1.0/match", json.dumps(query), JSON)
    assert reply.status == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["results"][0]["candidates"]
    return found


@pytest.mark.parametrize("name", ["Rishi Sunak", "RISHI SUNAK", "ريشي سوناك", "ريشى سوناك"])
def test_a_name_in_any_spelling_is_matched_with_certainty(client: Client, name: str) -> None:
    best = one(client, name, type="Person")[0]

    assert (best["id"], best["match"], best["score"]) == ("person/rishi-sunak", True, 100.0)
    assert {"id": "Person", "name": "Person"} in best["type"]


def test_a_misspelled_name_is_offered_and_not_matched(client: Client) -> None:
    best = one(client, "Rishi Sunack")[0]

    assert best["id"] == "person/rishi-sunak"
    assert not best["match"]
    assert 80 < best["score"] < 100


def test_a_type_leaves_out_what_is_of_another(client: Client) -> None:
    assert one(client, "Seoul", type="City")[0]["id"] == "city/seoul"
    assert not [found for found in one(client, "Seoul", type="Person") if found["match"]]
    assert (
        one(client, "Samsung Electronics", type="Organization")[0]["id"] == "company/samsung-electronics"
    )  # a subclass


def test_properties_decide_and_say_so(client: Client) -> None:
    fits = one(client, "Seoul", type="City", properties=[{"pid": "locatedIn", "v": "South Korea"}])[0]
    not_ = one(client, "Seoul", type="City", properties=[{"pid": "locatedIn", "v": "Japan"}])[0]

    assert fits["match"]
    assert fits["score"] > not_["score"]
    assert not not_["match"]
    assert {"id": "locatedIn", "name": "locatedIn", "value": False} in not_["features"]


@pytest.mark.parametrize(
    "value", ["state/south-korea", {"id": "state/south-korea", "name": "whatever"}, "كوريا الجنوبية"]
)
def test_a_property_may_be_an_identifier_or_a_name_in_another_language(client: Client, value: object) -> None:
    assert one(client, "Seoul", properties=[{"pid": "locatedIn", "v": value}])[0]["score"] == 100.0


def test_without_a_name_the_properties_find(client: Client) -> None:
    found = batch(client, q={"properties": [{"pid": "locatedIn", "v": "South Korea"}], "type": "City"})["q"]["result"]

    assert "city/seoul" in [candidate["id"] for candidate in found]


def test_a_batch_answers_each_row_and_unknown_names_stay_empty(client: Client) -> None:
    found = batch(client, a={"query": "Rishi Sunak"}, b={"query": "Zzyzx Qwrtpsdf"}, c={"query": "؟؟"})

    assert found["a"]["result"][0]["match"]
    assert found["b"]["result"] == []
    assert found["c"]["result"] == []


def test_0_1_takes_one_query_by_get_and_jsonp(client: Client) -> None:
    plain = client.get("/reconcile?query=Rishi%20Sunak")
    wrapped = client.get("/reconcile?callback=jQuery_1.f&query=" + quote('{"query": "Rishi Sunak", "limit": 1}'))

    assert plain.json()["result"][0]["id"] == "person/rishi-sunak"
    assert wrapped.text.startswith("/**/jQuery_1.f({")
    assert wrapped.headers["content-type"].startswith("application/javascript")
    assert client.get("/reconcile?callback=alert(1)").status == 400


def test_any_page_may_ask(client: Client) -> None:
    assert client.get("/reconcile", Origin="https://openrefine.example").headers["access-control-allow-origin"] == "*"


def test_suggestions_complete_entities_types_and_properties(client: Client) -> None:
    assert client.get("/reconcile/suggest/entity?prefix=rishi%20su").json()["result"][0]["id"] == "person/rishi-sunak"
    assert client.get("/reconcile/suggest/type?prefix=pers").json()["result"][0]["id"] == "Person"
    assert client.get("/reconcile/suggest/property?prefix=chaired").json()["result"][0]["id"] == "chairedBy"
    arabic = client.get("/reconcile/suggest/type?lang=ar&prefix=" + quote("شخص")).json()["result"][0]
    assert (arabic["id"], arabic["name"]) == ("Person", "شخص")
    assert client.get("/reconcile/suggest/nothing?prefix=x").status == 404


def test_a_preview_is_a_page_another_site_may_frame(client: Client) -> None:
    page = client.get("/reconcile/preview?id=person/rishi-sunak")

    assert page.status == 200
    assert "Rishi Sunak" in page.text
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    assert client.get("/reconcile/preview?id=person/nobody-at-all").status == 404


def test_columns_are_fetched_for_matched_rows(client: Client) -> None:
    wanted = {
        "ids": ["city/seoul", "summit/ai-seoul-summit-2024", "city/nowhere"],
        "properties": [
            {"id": "locatedIn"},
            {"id": "startDate"},
            {"id": "wikidata"},
            {"id": "altLabel", "settings": {"limit": 1}},
        ],
    }
    reply = client.request("POST", "/reconcile", urlencode({"extend": json.dumps(wanted)}), FORM).json()

    assert [column["name"] for column in reply["meta"]][1:3] == ["start date", "Wikidata item"]
    assert reply["rows"]["city/seoul"]["locatedIn"] == [{"id": "state/south-korea", "name": "South Korea"}]
    assert reply["rows"]["city/seoul"]["wikidata"] == [{"str": "Q8684"}]
    assert reply["rows"]["summit/ai-seoul-summit-2024"]["startDate"] == [{"date": "2024-05-21T00:00:00Z"}]
    assert reply["rows"]["city/nowhere"] == {"locatedIn": [], "startDate": [], "wikidata": [], "altLabel": []}
    assert "locatedIn" in [p["id"] for p in client.get("/reconcile/properties?type=City").json()["properties"]]


def test_version_1_matches_with_conditions(client: Client) -> None:
    name = {"matchType": "name", "propertyValue": "سيول"}
    place = {"matchType": "property", "propertyId": "locatedIn", "propertyValue": ["Japan", "South Korea"]}

    best = match(client, name, place, type="City", lang="ar")[0]
    assert (best["id"], best["match"], best["lang"], best["dir"]) == ("city/seoul", True, "ar", "rtl")
    assert not match(client, name, place | {"matchQuantifier": "all", "required": True})
    assert match(client, name, place | {"matchQuantifier": "none", "propertyValue": "Japan"})[0]["match"]


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/reconcile", "queries=%7B", "not JSON"),
        ("/reconcile", "queries=%5B%5D", "not a JSON object"),
        ("/reconcile", "queries=" + quote('{"q": {}}'), "neither a name nor properties"),
        ("/reconcile", "queries=" + quote('{"q": {"query": "x", "type": "Nonsense"}}'), "no type 'Nonsense'"),
        (
            "/reconcile",
            "queries=" + quote('{"q": {"query": "x", "properties": [{"pid": "no", "v": 1}]}}'),
            "no property 'no'",
        ),
        ("/reconcile", "queries=" + quote('{"q": {"query": "x", "limit": -1}}'), "limit"),
        ("/reconcile", "queries=" + quote(json.dumps({str(n): {"query": "x"} for n in range(101)})), "limit is 100"),
        ("/reconcile", "extend=" + quote('{"ids": "x"}'), "lists of ids"),
        ("/reconcile/1.0/match", "[]", "not a JSON object"),
        ("/reconcile/1.0/match", '{"queries": [{"conditions": []}]}', "no conditions"),
        ("/reconcile/1.0/match", '{"queries": [{"query": "x"}]}', "no conditions"),
    ],
)
def test_what_cannot_be_answered_says_why(client: Client, path: str, body: str, words: str) -> None:
    reply = client.request("POST", path, body, {**FORM, "Accept": "application/json"})

    assert reply.status in (400, 413)
    assert words in reply.json()["detail"]


def test_hostile_text_is_only_text(client: Client) -> None:
    for text in ('"} DROP ALL #', "<http://x> ?p", "\\u0022", 'x" . ?s ?p ?o', "*" * 390):
        assert isinstance(one(client, text), list)
        assert isinstance(one(client, "Seoul", properties=[{"pid": "locatedIn", "v": text}]), list)
        assert batch(client, q={"properties": [{"pid": "startDate", "v": text}]})["q"]["result"] == []
    assert "<script>" not in client.get("/reconcile/suggest/entity?prefix=%3Cscript%3E").text


# The rules of the API in our words, then its own schemas.

RULES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("reconciliation.yaml").read_text("utf-8"))


def _rules(version: str, name: str) -> Any:
    return validators.Draft7Validator(RULES[version][name] | {"$defs": RULES["$defs"]})


def _validator(version: str, name: str) -> Any:
    folder = SPECS / version / "schemas"
    if not folder.is_dir():
        pytest.skip(f"the W3C reconciliation specs are not at {SPECS}; SUMMITGRAPH_RECONCILIATION_SPECS names a copy")
    schema = json.loads((folder / f"{name}.json").read_text("utf-8"))
    registry: Registry[Any] = Registry()
    for path in folder.glob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        resource = DRAFT7.create_resource(content)
        base = str(schema.get("$id", "")).rpartition("/")[0]
        for uri in (path.name, f"{base}/{path.name}", content.get("$id", path.name)):
            registry = registry.with_resource(uri, resource)
    registry = registry.with_resource("http://swagger.io/v2/schema.json", DRAFT7.create_resource({}))
    return validators.Draft7Validator(schema, registry=registry)


def _replies(client: Client) -> dict[str, dict[str, Reply]]:
    queries = urlencode({"queries": json.dumps({"q": {"query": "Rishi Sunak"}, "r": {"query": "Zzyzx"}})})
    wanted = {
        "ids": ["city/seoul", "summit/ai-seoul-summit-2024"],
        "properties": [{"id": "locatedIn"}, {"id": "startDate"}],
    }
    extend = urlencode({"extend": json.dumps(wanted)})
    name = {"matchType": "name", "propertyValue": "Rishi Sunak"}
    old = {
        "manifest": client.get("/reconcile"),
        "reconciliation-result-batch": client.request("POST", "/reconcile", queries, FORM),
        "data-extension-response": client.request("POST", "/reconcile", extend, FORM),
        "suggest-entities-response": client.get("/reconcile/suggest/entity?prefix=seoul"),
        "suggest-types-response": client.get("/reconcile/suggest/type?prefix=o"),
        "suggest-properties-response": client.get("/reconcile/suggest/property?prefix=s"),
    }
    return {
        "0.1": old,
        "0.2": old | {"data-extension-property-proposal": client.get("/reconcile/properties?type=City")},
        "1.0-draft": {
            "manifest": client.get("/reconcile/1.0"),
            "reconciliation-result-batch": client.request(
                "POST", "/reconcile/1.0/match", json.dumps({"queries": [{"conditions": [name]}]}), JSON
            ),
            "data-extension-response": client.request("POST", "/reconcile/1.0/extend", json.dumps(wanted), JSON),
            "data-extension-property-proposal": client.get("/reconcile/1.0/extend/propose?type=City"),
            "suggest-entities-response": client.get("/reconcile/1.0/suggest/entity?prefix=seoul"),
            "suggest-types-response": client.get("/reconcile/1.0/suggest/type?prefix=o"),
            "suggest-properties-response": client.get("/reconcile/1.0/suggest/property?prefix=s"),
        },
    }


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0-draft"])
def test_every_reply_follows_the_rules_of_the_api(client: Client, version: str) -> None:
    replies = _replies(client)[version]

    assert set(replies) == set(RULES[version])
    for name, reply in replies.items():
        errors = [f"{error.json_path}: {error.message}" for error in _rules(version, name).iter_errors(reply.json())]
        assert (reply.status, errors) == (200, []), name
        assert not _rules(version, name).is_valid([reply.json()]), f"the rules of {name} refuse nothing"


@pytest.mark.parametrize(
    ("version", "name", "wrong"),
    [
        (
            "0.2",
            "reconciliation-result-batch",
            {"q": {"result": [{"id": "a", "name": "A", "score": "high", "match": True}]}},
        ),
        ("0.2", "reconciliation-result-batch", [{"result": []}]),
        (
            "0.2",
            "data-extension-response",
            {"meta": [{"id": "p", "name": "P"}], "rows": {"a": {"p": [{"str": "1", "int": 1}]}}},
        ),
        ("1.0-draft", "data-extension-response", {"meta": [{"id": "p", "name": "P"}], "rows": {"a": {"p": []}}}),
        ("1.0-draft", "reconciliation-result-batch", {"results": [{"result": []}]}),
        ("0.2", "suggest-entities-response", {"result": [{"id": "a"}]}),
    ],
)
def test_the_rules_refuse_what_the_api_does_not_allow(version: str, name: str, wrong: Any) -> None:
    assert not _rules(version, name).is_valid(wrong)


@pytest.mark.parametrize("version", ["0.1", "0.2", "1.0-draft"])
def test_every_reply_follows_the_schemas_of_the_api(client: Client, version: str) -> None:
    for name, reply in _replies(client)[version].items():
        errors = [error.message for error in _validator(version, name).iter_errors(reply.json())]
        assert (reply.status, errors) == (200, []), name


@pytest.mark.parametrize("version", ["0.2", "1.0-draft"])
def test_the_examples_of_the_api_are_taken_or_refused_as_it_says(client: Client, version: str) -> None:
    folder = SPECS / version / "examples" / "reconciliation-query-batch"
    if not folder.is_dir():
        pytest.skip(f"the W3C reconciliation specs are not at {SPECS}; SUMMITGRAPH_RECONCILIATION_SPECS names a copy")
    for path in sorted(folder.glob("*/*.json")):
        text = path.read_text("utf-8")
        if version == "0.2":
            reply = client.request(
                "POST", "/reconcile", urlencode({"queries": text}), {**FORM, "Accept": "application/json"}
            )
        else:
            reply = client.request("POST", "/reconcile/1.0/match", text, {**JSON, "Accept": "application/json"})
        # Their types and properties are those of other services, which we have to refuse by name.
        foreign = reply.status == 400 and reply.json()["detail"].startswith(
            ("there is no type", "there is no property")
        )
        assert (reply.status == 200 or foreign) if path.parent.name == "valid" else reply.status == 400, (
            path.name,
            reply.text,
        )

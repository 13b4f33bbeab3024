"""Exports over HTTP: the same files as the command writes."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pyoxigraph import Quad, RdfFormat, parse

from summitgraph.graph.formats import MEDIA_TYPES
from summitgraph.graph.store import Writer
from summitgraph.server.launch import launched
from tests.conftest import Run, document

from .client import Client


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, quads: list[Quad]) -> Path:
    path = tmp_path_factory.mktemp("exports") / "store"
    with Writer(path) as writer:
        writer.add(document().id, quads)
    return path


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[Client]:
    with launched(root) as port:
        yield Client(port)


@pytest.mark.parametrize("form", sorted(MEDIA_TYPES))
def test_every_format_is_served_as_a_file(client: Client, form: str) -> None:
    reply = client.get(f"/export?format={form}&lang=ar")

    assert reply.status == 200, reply.text
    assert reply.headers["content-type"] == MEDIA_TYPES[form][0]
    assert reply.headers["content-disposition"].endswith(f'.{MEDIA_TYPES[form][1]}"')
    assert len(reply.body) == int(reply.headers["content-length"]) > 100


def test_it_is_what_the_command_writes(client: Client, root: Path, run: Run) -> None:
    written = run("export", "--store", str(root), "--format", "nquads").stdout

    assert client.get("/export?format=nquads").text == written
    assert len(list(parse(written.encode(), format=RdfFormat.N_QUADS))) > 100


def test_what_the_client_has_is_not_sent_again(client: Client) -> None:
    tag = client.get("/export?format=dot").headers["etag"]

    assert client.get("/export?format=dot", If_None_Match=tag).status == 304
    assert client.get("/export?format=gexf", If_None_Match=tag).status == 200


def test_a_part_can_be_chosen(client: Client) -> None:
    query = quote("CONSTRUCT { ?p rdfs:label ?n } WHERE { ?p a sg:Person ; rdfs:label ?n }")
    table = client.get("/export?format=csv&table=positions&class=sg:Person").text.splitlines()

    assert table[0].startswith("position,person,person_label,title")
    assert len(table) > 1
    assert b"Narendra Modi" in client.get(f"/export?format=turtle&construct={query}").body
    found = zipfile.ZipFile(io.BytesIO(client.get("/export?format=datapackage").body))
    assert json.loads(found.read("datapackage.json"))["resources"]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("format=pdf", 400, "trig"),
        ("format=trig&colour=red", 400, "colour"),
        ("format=trig&document=0000", 400, "no graph"),
        ("format=csv&table=cats", 400, "positions"),
        ("format=turtle&class=Cat", 400, "Company"),
        ("format=turtle&summit=Davos", 400, "no Summit"),
        ("construct=SELECT%20*%20%7B%7D", 400, "CONSTRUCT"),
        ("construct=/etc/passwd.rq", 400, ""),
        ("construct=" + quote("CONSTRUCT WHERE { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }"), 403, "SERVICE"),
        ("construct=" + quote("CONSTRUCT { ?s ?p ?o } FROM <file:///etc/passwd> { ?s ?p ?o }"), 403, "FROM"),
    ],
)
def test_what_cannot_be_exported_is_refused_with_a_reason(client: Client, query: str, status: int, words: str) -> None:
    reply = client.get(f"/export?{query}")

    assert reply.status == status, reply.text
    assert words in reply.text


def test_the_command_calls_no_service(run: Run, root: Path) -> None:
    query = "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }"
    done = run("query", "--store", str(root), query)

    assert done.returncode == 2
    assert "SERVICE" in done.stderr

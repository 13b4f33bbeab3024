"""Turtle shortened by prefixes: the same triples as the engine's, counted, with nothing declared that is not used."""

from __future__ import annotations

import random
from pathlib import Path

import pyoxigraph as ox
import pytest

from summitgraph.server import spool, turtle

PREFIXES = {
    "ex": "http://ex.org/",
    "inner": "http://ex.org/a#",
    "b": "http://b/",
    "قمة": "http://ar/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "unused": "http://ex.org/unused/",
}
ALL = "CONSTRUCT WHERE { ?s ?p ?o }"


def _written(store: ox.Store, prefixes: dict[str, str]) -> tuple[int, bytes]:
    into = spool.Spool(100_000_000)
    count = turtle.write_turtle(store.query(ALL), prefixes, into)
    if into.file is None:
        return count, b"".join(into.chunks)
    with into.file:
        into.file.seek(0)
        return count, into.file.read()


def _read(text: bytes) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)}


@pytest.fixture(scope="module")
def odd() -> ox.Store:
    """Names and texts of the characters that Turtle treats in some way."""
    chance, store = random.Random(20), ox.Store()
    for number in range(4000):
        local = "".join(chance.choice("ab1_-.:~/é×م中ـ\u0301\u200c") for _ in range(chance.randint(0, 4)))
        text = "".join(chance.choice("ab:/#\"'\\<>\n\r ,;.م") for _ in range(9))
        name = ox.NamedNode(chance.choice(list(PREFIXES.values())) + local)
        literal = chance.choice([ox.Literal(text), ox.Literal(text, language="ar"), ox.Literal("7", datatype=name)])
        predicate = ox.NamedNode(f"http://ex.org/p{number % 4}")
        store.add(ox.Quad(ox.NamedNode(f"http://ex.org/{number // 12}"), predicate, name if number % 2 else literal))
    return store


def test_no_triple_is_changed_or_lost(odd: ox.Store) -> None:
    count, text = _written(odd, PREFIXES)
    wanted = {quad.triple for quad in odd}

    assert _read(text) == wanted
    assert count == len(wanted)
    assert b"<http://ex.org/1>" not in text  # it is ex:1


def test_long_result_is_the_same_as_a_short_one(odd: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    count, text = _written(odd, PREFIXES)
    monkeypatch.setattr(spool, "INLINE_BYTES", 20_000)
    monkeypatch.setattr(turtle, "_PIECE", 3000)
    again, longer = _written(odd, PREFIXES)

    assert again == count
    assert sorted(longer.splitlines()) == sorted(text.splitlines())


def test_texts_stay_and_only_used_prefixes_are_declared(tmp_path: Path) -> None:
    store = ox.Store(str(tmp_path / "db"))
    store.load(
        '@prefix ex: <http://ex.org/> . ex:a ex:p "<http://b/x> , ex:y", "2", 2, true, ex:b , <http://ex.org/a#>'
        ' ; a <http://ar/قمة> . <http://other/x> ex:p <<( ex:a ex:p "z" )>> .'.encode(),
        format=ox.RdfFormat.TURTLE,
    )
    count, text = _written(store, PREFIXES)
    lines = text.decode().splitlines()

    assert [line for line in lines if line.startswith("@prefix")] == [
        "@prefix ex: <http://ex.org/> .",
        "@prefix inner: <http://ex.org/a#> .",
        "@prefix قمة: <http://ar/> .",
    ]
    assert '"<http://b/x> , ex:y"' in text.decode()
    assert "a قمة:قمة" in text.decode()
    assert "<<( ex:a ex:p" in text.decode()
    assert count == 8


def test_without_prefixes_it_is_what_the_engine_writes(odd: ox.Store) -> None:
    assert _read(_written(odd, {})[1]) == {quad.triple for quad in odd}

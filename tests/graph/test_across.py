"""Across documents and languages: one person is one node, contradictions stand side by side, a document leaves without trace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store

from summitgraph import pipeline
from summitgraph.graph import conflicts, export, iris
from summitgraph.graph.records import Document
from summitgraph.graph.selection import Selection
from summitgraph.graph.store import Writer, open_reader
from tests.conftest import STAMP, Run

TEXTS = {
    "en": "The AI Action Summit was held in Paris, France, on 10 and 11 February 2025. It was chaired by French President Emmanuel Macron "
    "and Indian Prime Minister Narendra Modi.\n\nFrance pledged 109 billion euros at the summit.\n",
    "fr": "Le Sommet pour l'action sur l'intelligence artificielle s'est tenu à Paris les 10 et 11 février 2025. Il était coprésidé par le "
    "président français Emmanuel Macron et le Premier ministre indien Narendra Modi.\n\nSoixante et un pays ont signé la déclaration de "
    "Paris. La France a promis 110 milliards d'euros.\n",
    "ar": "عقدت في باريس، فرنسا، قمة العمل من أجل الذكاء الاصطناعي يومي 10 و11 فبراير 2025. وترأس القمة رئيس الوزراء الهندي ناريندرا مودي "
    "والرئيس الفرنسي إيمانويل ماكرون.\n\nووقعت 58 دولة على إعلان باريس.\n",
}
SAME = NamedNode("http://www.w3.org/2002/07/owl#sameAs")


def article(code: str, text: str = "") -> Document:
    return Document(text or TEXTS[code], code, source=f"{code}.txt", generated_at=STAMP)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the three articles."""
    path = tmp_path_factory.mktemp("across") / "store"
    summary = pipeline.load([article(code) for code in TEXTS], path)
    assert summary.counts == {"stored": 3}
    return path


def chairs(database: Store) -> dict[str, set[str]]:
    """Return who chairs a summit, with the documents that say so."""
    found: dict[str, set[str]] = {}
    for quad in database.quads_for_pattern(None, iris.term("chairedBy"), None, None):
        found.setdefault(str(quad.object), set()).add(str(quad.graph_name))
    return found


def nquads(path: Path) -> bytes:
    snapshot, reader = open_reader(path)
    out = path.parent / "out.nq"
    with snapshot, out.open("wb") as stream:
        export.export(reader, stream, "nquads", Selection(everything=True))
    return out.read_bytes()


def test_one_person_in_three_languages_is_one_node_by_a_recorded_decision(store: Path) -> None:
    snapshot, reader = open_reader(store)
    with snapshot:
        who = chairs(reader)
        assert len(who) == 2
        assert all(len(documents) == 3 for documents in who.values())
        for person in who:
            node = NamedNode(person[1:-1])
            items = {quad.object for quad in reader.quads_for_pattern(node, SAME, None, None)}
            decisions = list(reader.quads_for_pattern(None, iris.term("entity"), node, None))
            assert len(items) == 1
            assert len(decisions) >= 3  # one in each document, with its reason
            for quad in decisions:
                assert any(True for _ in reader.quads_for_pattern(quad.subject, iris.term("reason"), None, None))


def test_names_that_are_only_alike_stay_apart(tmp_path: Path) -> None:
    one = TEXTS["en"].replace("French President Emmanuel Macron", "Norwegian Minister Jon Hallsen")
    other = TEXTS["en"].replace("French President Emmanuel Macron", "Norwegian Minister John Halsen")

    pipeline.load([article("en", one), article("en", other)], tmp_path / "store")

    snapshot, reader = open_reader(tmp_path / "store")
    with snapshot:
        people = [person for person, documents in chairs(reader).items() if "modi" not in person]
        assert len(people) == 2


def test_contradictions_stand_side_by_side_with_the_words_of_each_text(store: Path, run: Run) -> None:
    snapshot, reader = open_reader(store)
    with snapshot:
        found = {tuple(side.value for side in conflict.sides): conflict for conflict in conflicts.find(reader)}

    assert set(found) == {("58", "61"), ("109000000000", "110000000000")}
    shown = found["58", "61"].text()
    assert "وقعت 58 دولة" in shown
    assert "Soixante et un pays ont signé" in shown
    assert "fr.txt" in shown
    assert "109 billion euros" in found["109000000000", "110000000000"].text()
    listed = json.loads(run("conflicts", "--store", str(store), "--format", "json").stdout)
    assert sorted(len(entry["sides"]) for entry in listed) == [2, 2]


def test_a_document_leaves_without_trace_and_with_it_what_it_contradicted(tmp_path: Path) -> None:
    pipeline.load([article("en"), article("ar")], tmp_path / "never")
    pipeline.load([article(code) for code in TEXTS], tmp_path / "store")

    with Writer(tmp_path / "store") as writer:
        assert writer.remove(article("fr").id)

    assert nquads(tmp_path / "store") == nquads(tmp_path / "never")
    snapshot, reader = open_reader(tmp_path / "store")
    with snapshot:
        assert conflicts.find(reader) == []

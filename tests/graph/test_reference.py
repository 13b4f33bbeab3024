"""The reference table: read whole or refused with file and row; stated as identifiers, never as identity."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from summitgraph.errors import InputError
from summitgraph.graph import holders, iris, reference, reference_graph, wikidata_items

SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
EXACT = "http://www.w3.org/2004/02/skos/core#exactMatch"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the table to spoil."""
    return Path(shutil.copytree(reference.FOLDER, tmp_path / "reference"))


def _append(line: str) -> Callable[[str], str]:
    return lambda text: text + line + "\n"


@pytest.mark.parametrize(
    ("file", "spoil", "message"),
    [
        ("wikidata.csv", _append("X5,State,Nowhere,لا مكان,Nulle part,,,,,seen"), r"wikidata\.csv:\d+: 'X5' is not a Wikidata"),
        ("wikidata.csv", _append("Q5x,State,Nowhere,,,,,,,seen"), r"wikidata\.csv:\d+: 'Q5x'"),
        ("wikidata.csv", _append("Q99999999,Planet,Nowhere,,,,,,,seen"), r"unknown kind 'Planet'"),
        ("wikidata.csv", _append("Q99999999,State,,,,,,,,seen"), r"English label is missing"),
        ("wikidata.csv", _append("Q99999999,State,Nowhere,,,,,,,"), r"no evidence for Q99999999"),
        ("wikidata.csv", _append("Q99999999,State"), r"expected 10 fields"),
        ("wikidata.csv", lambda text: text.replace("qid,kind", "id,kind", 1), r"wikidata\.csv:1: expected the columns"),
        ("unlinked.csv", _append("Q99999999,State,Nowhere,,,,,,,seen"), r"unlinked\.csv:\d+: 'Q99999999' is not empty"),
        ("demonyms.csv", _append("Q142,de,französisch"), r"demonyms\.csv:\d+"),
        ("ambiguous.csv", _append("de,Mali,"), r"ambiguous\.csv:\d+"),
    ],
)  # fmt: skip
def test_a_malformed_row_is_named_by_file_and_row(
    folder: Path, file: str, spoil: Callable[[str], str], message: str
) -> None:
    path = folder / file
    path.write_text(spoil(path.read_text("utf-8")), "utf-8")

    with pytest.raises(InputError, match=message):
        reference.load(folder)


def test_a_file_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "demonyms.csv").write_bytes(b"qid,lang,form\nQ142,ar,\xe1\xe1\n")

    with pytest.raises(InputError, match=r"demonyms\.csv: cannot be read"):
        reference.load(folder)


def test_two_rows_for_one_identifier_and_one_label_on_two_items_are_found(folder: Path) -> None:
    path = folder / "wikidata.csv"
    extra = "Q142,State,Gallia,,,,,,,seen\nQ99999999,State,France,,,,,,,seen\n"
    path.write_text(path.read_text("utf-8") + extra, "utf-8")

    found = reference.problems(reference.read(folder))

    assert [problem for problem in found if "Q142 stands already" in problem]
    with pytest.raises(
        InputError, match=r"wikidata\.csv:\d+: 'Gallia' claims Q142, which is 'France' at \S*wikidata\.csv:\d+"
    ):
        reference.load(folder)
    assert [problem for problem in found if "label 'France' is also that of Q142" in problem]


def test_the_projects_own_table_has_no_problem() -> None:
    assert reference.problems(reference.load()) == []


def test_the_reference_graph_states_identifiers_but_no_identity() -> None:
    quads = list(reference_graph.quads())
    france = iris.entity("State", "France")

    assert {quad.graph_name for quad in quads} == {iris.graph("reference")}
    assert not [quad for quad in quads if quad.predicate.value == SAME_AS]
    assert [quad.object for quad in quads if quad.subject == france and quad.predicate.value == EXACT] == [
        NamedNode("http://www.wikidata.org/entity/Q142")
    ]
    names = {str(quad.object) for quad in quads if quad.subject == france}
    assert {'"فرنسا"@ar', '"France"@en', '"France"@fr', '"فرنسي"@ar'} <= names


def test_a_row_without_an_identifier_has_names_and_no_link() -> None:
    summit = iris.entity("Summit", "AI Action Summit 2025")
    quads = [quad for quad in reference_graph.quads() if quad.subject == summit]

    assert quads
    assert not [quad for quad in quads if isinstance(quad.object, NamedNode) and "wikidata" in quad.object.value]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Q192,Prime Minister,Q145,2010,,,seen", r"terms\.csv:2: expected two QIDs, a start and an end or the year"),
        ("Q192,Prime Minister,145,2010,2016,,seen", r"terms\.csv:2: expected two QIDs"),
        ("Q192,Prime Minister,Q145,May 2010,2016,,seen", r"terms\.csv:2: expected two QIDs"),
        ("Q192,Prime Minister,Q145,2016,2010,,seen", r"terms\.csv:2: ends 2010 before it starts 2016"),
        ("Q192,Prime Minister", r"terms\.csv:2: expected 7 fields"),
    ],
)
def test_a_malformed_term_of_office_is_named_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: str, message: str
) -> None:
    (tmp_path / "terms.csv").write_text(",".join(holders.COLUMNS) + f"\n{row}\n", "utf-8")
    monkeypatch.setattr(reference, "FOLDER", tmp_path)
    holders.tenures.cache_clear()

    try:
        with pytest.raises(InputError, match=message):
            holders.tenures()
    finally:
        holders.tenures.cache_clear()


def test_an_office_is_known_for_its_years_and_not_beyond_its_source() -> None:
    assert holders.in_office("Q192", 2012) is True  # until 2016
    assert holders.in_office("Q192", 2020) is False
    assert holders.in_office("Q6279", 2021) is True  # from 2021, as a source of 2022 has it
    assert holders.in_office("Q6279", 2026) is None
    assert holders.in_office("Q999999999", 2012) is None


@pytest.mark.parametrize("row", ["X5,Person", "Q5,Planet"])
def test_a_malformed_class_is_named_by_row(tmp_path: Path, row: str) -> None:
    (tmp_path / "classes.csv").write_text(f"class,kind\n{row}\n", "utf-8")

    with pytest.raises(InputError, match=r"classes\.csv:2: expected a class"):
        wikidata_items.read_classes(tmp_path / "classes.csv")

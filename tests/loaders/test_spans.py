"""Principles found by learned weights: how a sentence is cut, which words are kept, and that the file fits the code."""

from __future__ import annotations

import json

import pytest

from summitgraph.graph.records import Document, EntityRef
from summitgraph.loaders import extract, patterns, spans
from summitgraph.loaders.annotate import Annotated
from summitgraph.loaders.items import CODE, TYPE_OF, Item
from summitgraph.loaders.normalise import fold
from summitgraph.loaders.pieces import Words, features
from summitgraph.loaders.spans import Model
from tests.conftest import ROOT


def _sentence(text: str) -> Annotated:
    """Return a sentence in which each character of an item stands for an item of its type."""
    items = [Item(TYPE_OF[char], cell, cell + 1) if char in TYPE_OF else None for cell, char in enumerate(text)]
    cells = range(len(text))
    return Annotated(0, 0, False, list(text), list(cells), [cell + 1 for cell in cells], items, text)


def _pieces(text: str, language: str) -> list[str]:
    words = Words(_sentence(fold(text)), patterns.load(language))
    return [
        words.sentence.text[words.starts[piece.first] : words.ends[piece.stop - 1]]
        for piece in words.pieces(words.language)
    ]


@pytest.mark.parametrize(
    ("language", "text", "pieces"),
    [
        (
            "en",
            "It names fair loans, clean water and open ports.",
            ["it names fair loans", "clean water", "open ports"],
        ),
        ("fr", "Il retient l'eau, le pain et la paix.", ["il retient l'eau", "le pain", "la paix"]),
        ("ar", "يدعو إلى حماية الغابات، وصون المياه.", ["يدعو الي حمايه الغابات", "صون المياه"]),
    ],
)
def test_a_sentence_is_cut_between_the_members_of_a_list(language: str, text: str, pieces: list[str]) -> None:
    assert [piece.lower() for piece in _pieces(text, language)] == pieces


def test_weights_and_relations_are_of_one_make() -> None:
    stored = json.loads(spans.MODEL.read_text("utf-8"))

    assert set(stored["relations"]) <= set(spans.patterns())
    for name, relation in stored["relations"].items():
        assert 0.3 <= relation["least"] <= 0.95, name
        assert len(relation["weights"]) > 100, name
    assert all(len(stored[part]["weights"]) > 20 for part in ("begin", "finish", "join"))


def _model(least: float = 0.5) -> Model:
    """Return weights by which a piece with "for" is a principle, and so is what follows one."""
    weights = {"w=for": (6.0,), "prev": (6.0,)}
    return Model(("principle",), (-3.0,), (least,), weights, (0.0, {"l=for": 2.0}), (0.0, {}), (-1.0, {}))


def _chosen(text: str, used: dict[int, str] | None = None, names: tuple[str, ...] = ("principle",)) -> list[str]:
    language = patterns.load("en")
    words = Words(_sentence(text), language)
    pieces = words.pieces(language)
    made = [features(words, pieces, n, [], None) for n in range(len(pieces))]
    held = [(used or {}).get(n, "") for n in range(len(pieces))]
    return [
        text[words.starts[said.first] : words.ends[said.stop - 1]]
        for said in spans.choose(words, pieces, made, held, names, _model())
    ]


def test_members_of_a_list_follow_each_other_up_to_the_end_of_the_clause() -> None:
    text = f"{CODE['Declaration']} calls for fair loans, clean water and open ports. they dined on fish"

    assert _chosen(text) == ["fair loans", "clean water", "open ports"]


def test_what_a_pattern_has_stated_is_left_to_it_but_the_list_goes_on() -> None:
    text = f"{CODE['Declaration']} names fair loans, clean water"

    assert _chosen(text) == []
    assert _chosen(text, {0: "principle"}) == ["clean water"]


@pytest.mark.parametrize("text", ["it stands for {p}", "it stands for 126"])
def test_a_name_or_a_number_alone_is_no_principle(text: str) -> None:
    assert _chosen(text.format(p=CODE["Person"])) == []


def test_a_sentence_far_from_any_document_is_not_judged() -> None:
    near, far = _sentence(f"{CODE['Declaration']} is out"), _sentence("they dined on fish")

    assert "principle" in spans.possible(far, near)
    assert spans.possible(far, None) == frozenset()
    assert _chosen("calls for fair loans", names=()) == []


def test_what_is_found_has_its_own_words_as_evidence() -> None:
    number = 0
    for path in sorted((ROOT / "tests" / "gold" / "train").glob("*/*.txt"))[::8]:
        document = Document(path.read_text("utf-8"), path.parent.name)
        extraction = extract(document)
        labels = {entity.id: entity.names for entity in extraction.entities}
        for fact in extraction.facts:
            if fact.rule == "learned.principle":
                number += 1
                span = fact.evidence[0]
                words = document.text[span.start : span.end]
                assert words == words.strip()
                principle = fact.roles["object"][0]
                assert isinstance(principle, EntityRef)
                assert any(name.text in words or words in name.text for name in labels[principle.id])

    assert number

"""Relations found by learned weights: what they state, what they leave to the patterns, and that the file fits the code."""

from __future__ import annotations

import json

import pytest

from summitgraph.graph.records import Document
from summitgraph.loaders import candidates, extract, learned, patterns
from summitgraph.loaders.annotate import Annotated
from summitgraph.loaders.candidates import Candidate, Features, Scene
from summitgraph.loaders.entities import EntityTable
from summitgraph.loaders.items import CODE, TYPE_OF, Item
from tests.conftest import ROOT


def test_weights_and_relations_are_of_one_make() -> None:
    stored = json.loads(learned.MODEL.read_text("utf-8"))["relations"]
    known = {relation.name for relation in candidates.relations()}

    assert stored
    assert set(stored) <= known
    for name, model in stored.items():
        assert 0.4 <= model["least"] <= 0.95, name
        assert len(model["weights"]) > 100, name


@pytest.mark.parametrize("language", ["ar", "en", "fr"])
def test_what_is_learned_is_stated_with_its_probability_and_the_words_it_stands_in(language: str) -> None:
    number = 0
    for path in sorted((ROOT / "tests" / "gold" / "train" / language).glob("*.txt")):
        document = Document(path.read_text("utf-8"), language)
        for fact in extract(document).facts:
            if fact.rule.startswith("learned."):
                number += 1
                span = fact.evidence[0]
                assert 0.4 <= fact.confidence <= 1
                assert document.text[span.start : span.end].strip()
                assert "\n" not in document.text[span.start : span.end]

    assert number


def test_a_pattern_goes_before_the_weights() -> None:
    facts = extract(Document("The Nairobi climate summit was held in Nairobi on 4 September 2031.", "en")).facts
    places = [fact for fact in facts if fact.kind == "heldAt"]

    assert len(places) == 1
    assert not places[0].rule.startswith("learned.")


@pytest.mark.parametrize(
    "text",
    [
        "If William Ruto attended the Nairobi climate summit, António Guterres would stay at home.",
        "Will António Guterres be among the leaders of the Nairobi climate summit in Nairobi?",
    ],
)
def test_what_is_not_asserted_is_not_learned_either(text: str) -> None:
    facts = extract(
        Document(f"Nairobi climate summit\n\nThe summit opened in Nairobi on 4 September 2031. {text}", "en")
    ).facts

    assert [fact for fact in facts if fact.rule == "learned.participant"] == []


def test_a_text_about_no_summit_gives_nothing() -> None:
    assert extract(Document("António Guterres and William Ruto met in Nairobi for lunch.", "en")).facts == ()


def _sentence(text: str) -> Annotated:
    """Return a sentence in which each character of an item stands for an item of its type."""
    items = [Item(TYPE_OF[char], cell, cell + 1) if char in TYPE_OF else None for cell, char in enumerate(text)]
    cells = range(len(text))
    return Annotated(0, 0, False, list(text), list(cells), [cell + 1 for cell in cells], items, text)


SCENE = Scene(EntityTable(), None, patterns.load("en"))


def test_features_tell_the_first_item_from_the_second() -> None:
    given = next(relation for relation in candidates.relations() if relation.name == "financialCommitment")
    state, money = CODE["State"], CODE["Money"]
    sentence = _sentence(f"{state} will give {money} to the fund")
    features = Features(sentence, SCENE)
    pair = features.of_pair(0, sentence.text.index(money), 1)

    assert given.each == "second"
    assert {"ab", "mab=give"} <= set(pair)
    assert "ta=<State>" in features.of_first(0)
    assert "R=give" in features.of_first(0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{p} told the hall that the sea does not wait.", " told the hall that the sea does not wait"),
        ("The sea does not wait, said {p}.", "The sea does not wait, said "),
        ("{p} nodded.", None),
    ],
)
def test_what_somebody_could_have_said_is_the_rest_of_the_clause(text: str, said: str | None) -> None:
    sentence = _sentence(text.format(p=CODE["Person"]))
    cells = candidates.said(sentence, sentence.text.index(CODE["Person"]))

    assert (sentence.text[slice(*cells)] if cells else None) == said


def test_the_summit_a_text_is_about_is_no_other_edition() -> None:
    table = EntityTable()
    main, other = table.named("the Nairobi summit", "Summit"), table.named("the Lagos summit", "Summit")
    sentence = _sentence(f"{CODE['Summit']} follows {CODE['Summit']}")
    for item, draft in zip([sentence.items[0], sentence.items[-1]], (main, other), strict=True):
        assert item is not None
        item.entity = draft.id
    earlier = next(relation for relation in candidates.relations() if relation.name == "previousEdition")
    found = candidates.candidates(sentence, [earlier], Scene(table, main, patterns.load("en")))

    assert list(found) == [Candidate(earlier, len(sentence.text) - 1, -1)]

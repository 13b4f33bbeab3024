"""Relations found by learned weights: what they state, what they leave to the patterns, and that the file fits the code."""

from __future__ import annotations

import json

import pytest

from summitgraph.graph.records import Document
from summitgraph.loaders import extract, learned
from summitgraph.loaders.items import CODE
from tests.conftest import ROOT


def test_weights_and_relations_are_of_one_make() -> None:
    stored = json.loads(learned.MODEL.read_text("utf-8"))["relations"]
    known = {relation.name for relation in learned.relations()}

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


def test_features_tell_the_first_item_from_the_second() -> None:
    signed = next(relation for relation in learned.relations() if relation.name == "financialCommitment")
    state, money = CODE["State"], CODE["Money"]
    features = learned.Features(f"{state} will give {money} to the fund")

    assert signed.each == "second"
    assert "ab" in features.of_pair(0, features.text.index(money), 1)
    assert "mab=give" in features.of_pair(0, features.text.index(money), 1)
    assert "ta=<State>" in features.of_first(0)

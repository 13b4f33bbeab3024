"""Arabic sentences about the things of a summit in many constructions: each gives its facts and no others of the relation."""

from __future__ import annotations

import pytest

from .stress import Sentence, problems, sentences

ALL = sentences("ar-things")


@pytest.mark.parametrize("sentence", [s for s in ALL if not s.open], ids=str)
def test_a_sentence_gives_its_facts(sentence: Sentence) -> None:
    assert problems(sentence, "ar") == []


@pytest.mark.parametrize("sentence", [s for s in ALL if s.open], ids=str)
def test_what_is_not_read_yet_is_known(sentence: Sentence) -> None:
    """Whoever makes the extractor read one of these takes its mark ``open`` away."""
    assert problems(sentence, "ar") != []

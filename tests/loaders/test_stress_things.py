"""Sentences about the things of a summit in many constructions: each gives its facts and no others of the relation."""

from __future__ import annotations

import pytest

from .stress import Sentence, problems, sentences

ALL = [(name[:2], sentence) for name in ("ar-things", "ar-things-2", "en-things") for sentence in sentences(name)]


@pytest.mark.parametrize(("code", "sentence"), [s for s in ALL if not s[1].open], ids=str)
def test_a_sentence_gives_its_facts(code: str, sentence: Sentence) -> None:
    assert problems(sentence, code) == []

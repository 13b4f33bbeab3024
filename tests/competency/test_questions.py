"""Every competency question gets the answer it should on the sample articles, from the server that users ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from summitgraph.server.catalogue import Example, examples
from tests.server.client import Client

from . import ANSWERS, ask, file, serving_samples

LANGUAGES = {"ar", "en", "fr"}

# The sample articles agree in every count that two of them give.
NOTHING_TO_TELL = {"counts-that-differ", "dates-that-differ"}


@pytest.fixture(scope="module")
def samples() -> Iterator[Client]:
    with serving_samples() as client:
        yield client


def test_there_are_questions_in_three_languages() -> None:
    assert len(examples()) >= 40
    assert all(set(example.comments) == LANGUAGES for example in examples())


def test_no_answer_is_left_over() -> None:
    assert {path.name for path in ANSWERS.iterdir()} == {file(example).name for example in examples()}


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_question_has_its_answer(samples: Client, example: Example) -> None:
    answer = ask(samples, example)

    if example.name not in NOTHING_TO_TELL:
        assert len(answer.splitlines()) > (example.form == "select"), "the samples must have something to answer with"
    assert answer == file(example).read_text("utf-8")

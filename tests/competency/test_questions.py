"""Every competency question gets the answer it should on the sample articles, from the server that users ask."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from summitgraph.server.catalogue import Example, examples
from tests.server.client import Client

from . import ANSWERS, ask, file, serving_samples

LANGUAGES = {"ar", "en", "fr"}

OURS = [example for example in examples() if not example.service]  # the others are answered elsewhere too
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
    assert {path.name for path in ANSWERS.iterdir()} == {file(example).name for example in OURS}


@pytest.mark.parametrize("example", OURS, ids=lambda example: example.name)
def test_question_has_its_answer(samples: Client, example: Example) -> None:
    answer = ask(samples, example)

    if example.name not in NOTHING_TO_TELL:
        assert len(answer.splitlines()) > (example.form == "select"), "the samples must have something to answer with"
    assert answer == file(example).read_text("utf-8")


@pytest.mark.parametrize("example", [one for one in examples() if one.service], ids=lambda example: example.name)
def test_a_question_for_another_service_joins_its_items_and_is_refused_until_allowed(
    samples: Client, example: Example
) -> None:
    refused = samples.query(example.query)
    joined = samples.query(re.sub(r"SERVICE <[^>]*> \{", "OPTIONAL {", example.query))

    assert f"SERVICE <{example.service}>" in example.query
    assert refused.status == 403
    assert joined.status == 200, joined.text
    assert joined.json()["results"]["bindings"], "the samples must have items to ask about"

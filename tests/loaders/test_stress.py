"""Sentences of our own that say the same things in many ways: what is expected of each is read, and nothing it must not give."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from summitgraph.graph.records import Document, Extraction, Fact
from summitgraph.loaders.extract import extract
from summitgraph.loaders.normalise import fold
from summitgraph.loaders.selfcheck import words_of

FILES = sorted(Path(__file__).parent.glob("stress.*.yaml"))


def cases() -> list[Any]:
    found = []
    for file in FILES:
        code = file.name.split(".")[1]
        written = yaml.safe_load(file.read_text("utf-8"))
        context = written.pop("context")
        for group, sentences in written.items():
            for number, case in enumerate(sentences, 1):
                found.append(pytest.param(code, context, case, id=f"{code}-{group}-{number}"))
    return found


def fits(fact: Fact, kind: str, roles: Mapping[str, str], extraction: Extraction) -> bool:
    """Tell whether *fact* has, in each role, a value that shows the words; ``says`` is the quotation or the gist."""
    wanted = [(("quote", "gist") if role == "says" else (role,), fold(words)) for role, words in roles.items()]
    return fact.kind == kind and all(
        any(
            words in fold(shown)
            for role in alternatives
            for value in fact.roles.get(role, ())
            for shown in words_of(value, extraction)
        )
        for alternatives, words in wanted
    )


@pytest.mark.parametrize(("code", "context", "case"), cases())
def test_sentence_is_read(code: str, context: str, case: Mapping[str, Any]) -> None:
    extraction = extract(Document(context + case.get("before", "") + case["say"], code))
    facts = [(kind, roles) for expected in case.get("expect", ()) for kind, roles in expected.items()]
    wrong = [(kind, roles) for expected in case.get("never", ()) for kind, roles in expected.items()]

    missing = [f for f in facts if not any(fits(fact, f[0], f[1], extraction) for fact in extraction.facts)]
    assert [f for f in wrong if any(fits(fact, f[0], f[1], extraction) for fact in extraction.facts)] == []
    if missing and case.get("known_miss"):
        pytest.xfail("not read yet")
    assert missing == [], case["say"]

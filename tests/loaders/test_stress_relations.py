"""Sentences of our own in every construction a fact can take: the patterns must hold for the family, not for one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from summitgraph.graph.records import Document
from summitgraph.loaders import selfcheck
from summitgraph.loaders.extract import extract
from summitgraph.loaders.normalise import fold

# Under which kinds and roles of a fact the words of a relation stand.
ROLES: Mapping[str, Sequence[tuple[str, str]]] = {
    "absent": [("absent", "object")],
    "adopted": [("adopted", "object")],
    "affiliation": [("affiliatedWith", "object")],
    "attendance": [("Tally", "count")],
    "chairedBy": [("chairedBy", "object")],
    "commissionedBy": [("commissionedBy", "object")],
    "date": [("startDate", "object"), ("endDate", "object")],
    "edition": [("nextEdition", "object"), ("previousEdition", "object")],
    "financialCommitment": [("FinancialCommitment", "amount")],
    "launched": [("launchedBy", "subject"), ("launchedAt", "subject")],
    "leads": [("ledBy", "object")],
    "nationality": [("nationality", "object")],
    "organizedBy": [("organizedBy", "object"), ("hostedBy", "object")],
    "participant": [("Participation", "actor")],
    "partnership": [("Partnership", "partner")],
    "place": [("heldAt", "object")],
    "position": [("Position", "title")],
    "principle": [("hasPrinciple", "object")],
    "produces": [("develops", "object")],
    "publishedOn": [("publishedOn", "object")],
    "purpose": [("purpose", "object")],
    "refusedToSign": [("Refusal", "committedBy")],
    "rivals": [("rivals", "object")],
    "signatoryCount": [("Tally", "count")],
    "signed": [("Endorsement", "committedBy")],
    "statement": [("Statement", "quote"), ("Statement", "gist")],
    "supports": [("supportedBy", "object")],
    "theme": [("hasTheme", "object")],
}


def _cases() -> Iterator[Any]:
    """Yield language, relation and case of every sentence; one marked ``gap`` is known to fail, and must be cleared when it does not."""
    for path in sorted(Path(__file__).parent.glob("relations.*.yaml")):
        language = path.name.split(".")[1]
        sets = yaml.safe_load(path.read_text("utf-8"))
        context = sets.pop("context")
        for relation, cases in sets.items():
            for case in cases:
                marks = [pytest.mark.xfail(strict=False)] if case.get("gap") else []
                text = case["text"] if case.get("alone") else f"{context}\n\n{case['text']}"
                yield pytest.param(
                    language, relation, text, case, marks=marks, id=f"{language}-{relation}-{case['text'][:40]}"
                )


@pytest.mark.parametrize(("language", "relation", "text", "case"), list(_cases()))
def test_a_sentence_gives_its_facts(language: str, relation: str, text: str, case: Mapping[str, Any]) -> None:
    extraction = extract(Document(text, language))
    found = [
        fold(words)
        for fact in extraction.facts
        for kind, role in ROLES[relation]
        if fact.kind == kind
        for value in fact.roles.get(role, ())
        for words in selfcheck.words_of(value, extraction)
    ]

    missing = [w for w in case["expect"] if not any(fold(form) in words for form in w.split("|") for words in found)]
    wrong = [w for w in case.get("not", ()) if any(fold(w) in words for words in found)]
    assert not missing
    assert not wrong

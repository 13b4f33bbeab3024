"""What Arabic texts say of people, in many constructions: sentences of our own, relation by relation, with the facts each states."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from summitgraph.graph.records import Document, Extraction, Fact
from summitgraph.loaders import extract
from summitgraph.loaders.normalise import fold
from summitgraph.loaders.selfcheck import words_of

SENTENCES = Path(__file__).with_name("stress-people.ar.yaml")
HEADING = "قمة الرياض للطاقة\n\n"
# relation: the kind of fact, the role that says who, the role that says what
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "participant": ("Participation", "actor", ()),
    "position": ("Position", "heldBy", ("title",)),
    "nationality": ("nationality", "subject", ("object",)),
    "affiliation": ("affiliatedWith", "subject", ("object",)),
    "statement": ("Statement", "speaker", ("quote", "gist")),
    "absent": ("absent", "object", ()),
    "attendance": ("Tally", "count", ()),
    "chairedBy": ("chairedBy", "object", ()),
    "hostedBy": ("hostedBy", "object", ()),
    "organizedBy": ("organizedBy", "object", ()),
    "signed": ("Endorsement", "committedBy", ()),
    "refused": ("Refusal", "committedBy", ()),
}


@cache
def sentences() -> dict[str, list[tuple[str, list[str]]]]:
    return {
        name: [(str(text), [str(fact) for fact in facts]) for text, facts in entries]
        for name, entries in yaml.safe_load(SENTENCES.read_text("utf-8")).items()
    }


def _fits(extraction: Extraction, fact: Fact, relation: str, wanted: str) -> bool:
    _, who, what = KINDS[relation]
    name, _, words = wanted.partition(" | ")
    shown = [w for value in fact.roles.get(who, ()) for w in words_of(value, extraction)]
    said = [w for role in what for value in fact.roles.get(role, ()) for w in words_of(value, extraction)]
    if relation == "attendance":
        return name in shown
    names = any(fold(name) in fold(word) or fold(word) in fold(name) for word in shown if word)
    return names and (not words or any(fold(words) in fold(word) for word in said))


def measured(relation: str) -> Iterator[tuple[str, list[str], list[str], int]]:
    """Yield each sentence of a relation with the facts missed, those nobody stated, and how many it states."""
    kind = KINDS[relation][0]
    for text, facts in sentences()[relation]:
        extraction = extract(Document(HEADING + text, "ar"))
        found = [fact for fact in extraction.facts if fact.kind == kind]
        missed = [wanted for wanted in facts if not any(_fits(extraction, f, relation, wanted) for f in found)]
        wrong = [
            f"{fact.rule}: {sorted(fact.roles)}"
            for fact in found
            if not any(_fits(extraction, fact, relation, wanted) for wanted in facts)
        ]
        yield text, missed, wrong, len(facts)


@pytest.mark.parametrize("relation", KINDS)
def test_constructions_are_read(relation: str) -> None:
    """Nine facts in ten are found, and hardly one that is not there."""
    rows = list(measured(relation))

    assert len(rows) >= 12
    stated = sum(number for *_, number in rows)
    missed = [(text, facts) for text, facts, _, _ in rows if facts]
    wrong = [(text, facts) for text, _, facts, _ in rows if facts]
    assert sum(len(facts) for _, facts in missed) <= stated * 0.1, missed
    assert sum(len(facts) for _, facts in wrong) <= stated * 0.1, wrong

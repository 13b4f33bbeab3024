"""What a text only supposes, asks, plans or calls a rumour is no fact; what it says beside it still is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from summitgraph.graph.records import Document
from summitgraph.loaders import extract, patterns

ENTRIES = [
    (code, entry["relation"], entry["say"])
    for code, entries in yaml.safe_load((Path(__file__).parent / "stress" / "unreal.yaml").read_text("utf-8")).items()
    for entry in entries
]


def kinds(code: str, words: str) -> set[str]:
    context = str(patterns.load(code).settings["example_context"])
    return {fact.kind for fact in extract(Document(context + words, code)).facts}


@pytest.mark.parametrize(("code", "relation", "words"), ENTRIES, ids=[words for _, _, words in ENTRIES])
def test_what_is_only_supposed_is_not_stated(code: str, relation: str, words: str) -> None:
    assert relation not in kinds(code, words)


@pytest.mark.parametrize(
    ("code", "relation", "words"),
    [
        ("en", "Endorsement", "Kenya signed the Nairobi Declaration at the summit, and Norway might follow."),
        ("en", "Endorsement", "Kenya signed the Nairobi Declaration at the summit if only to please its neighbours."),
        ("en", "Position", "If President William Ruto of Kenya comes to the summit, talks will begin."),
        (
            "en",
            "FinancialCommitment",
            "Kenya pledged 40 million dollars at the summit and is expected to lead the fund.",
        ),
        ("fr", "Endorsement", "Le Kenya a signé la Déclaration de Nairobi au sommet ; la Norvège devrait suivre."),
        ("ar", "Endorsement", "وقعت كينيا على إعلان نيروبي في القمة، ومن المتوقع أن تتبعها النرويج."),
    ],
)
def test_what_is_stated_beside_it_stands(code: str, relation: str, words: str) -> None:
    assert relation in kinds(code, words)

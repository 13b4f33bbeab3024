"""What a text tells of: which summit, which thing of several by the noun of its name, and the heading of a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from summitgraph.graph import gold
from summitgraph.graph.records import Document, Extraction
from summitgraph.loaders import extract
from summitgraph.loaders.selfcheck import words_of

_CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "stress" / "discourse.yaml").read_text("utf-8")
)
_ROLES = {
    "Tally": ("tallyFor", "count"),
    "Endorsement": ("committedBy", "document"),
    "Refusal": ("committedBy", "document"),
}


def _rows(extraction: Extraction) -> set[tuple[str, str, str]]:
    """Return relation, subject and object of every fact, once for each name of its ends."""
    rows = set()
    for fact in extraction.facts:
        first, second = _ROLES.get(fact.kind, ("subject", "object"))
        for one in fact.roles.get(first, ()):
            for other in fact.roles.get(second, ()):
                rows |= {
                    (fact.kind, str(a), str(b)) for a in words_of(one, extraction) for b in words_of(other, extraction)
                }
    return rows


def _stated(row: str, rows: set[tuple[str, str, str]]) -> bool:
    relation, subject, value = (part.strip().strip('"') for part in row.split(" | "))
    subject, value = gold.normalise(subject), gold.normalise(value)
    return any(
        kind == relation and subject in gold.normalise(one) and value in gold.normalise(other)
        for kind, one, other in rows
    )


@pytest.mark.parametrize(
    ("code", "case"),
    [pytest.param(code, case, id=f"{code}-{case['id']}") for code, cases in _CASES.items() for case in cases],
)
def test_facts_are_put_on_what_is_told_of(code: str, case: dict[str, Any]) -> None:
    extraction = extract(Document(case["text"], code))
    rows = _rows(extraction)

    assert [row for row in case["facts"] if not _stated(row, rows)] == []
    assert [row for row in case["never"] if _stated(row, rows)] == []
    if case.get("silent"):
        assert extraction.facts == ()

"""A confidence is a share of right facts: measured, smoothed, never falling where the raw one rises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summitgraph.graph.records import Document
from summitgraph.loaders import calibration, extract
from summitgraph.loaders.calibration import EDGES, Calibration

BINS = len(EDGES) + 1
ROWS = st.lists(
    st.tuples(st.integers(0, 300), st.floats(0, 1)).map(lambda x: (x[0], round(x[0] * x[1]))),
    min_size=BINS,
    max_size=BINS,
)
TEXT = (
    "The AI Seoul Summit was held in Seoul on 21 and 22 May 2024. It was chaired by British Prime Minister Rishi Sunak."
)


@given(st.dictionaries(st.sampled_from(["clause", "say", "money"]), ROWS, min_size=1))
def test_confidences_are_shares_and_never_fall_as_the_raw_one_rises(counts: calibration.Counts) -> None:
    measured = Calibration(counts)
    for name in [*counts, "unknown"]:
        shares = [measured.share(f"en.{name}.x", raw / 100) for raw in range(5, 100)]
        assert shares == sorted(shares)
        assert all(0.05 <= share <= 0.99 for share in shares)


def test_many_facts_speak_for_themselves_and_few_for_their_kind() -> None:
    empty = [(0, 0)] * (BINS - 1)
    measured = Calibration({"good": [*empty, (400, 396)], "bad": [*empty, (400, 200)], "new": [*empty, (2, 0)]})

    assert measured.share("en.good.x", 0.95) == pytest.approx(0.98, abs=0.02)
    assert measured.share("en.bad.x", 0.95) == pytest.approx(0.5, abs=0.05)
    assert 0.5 < measured.share("en.new.x", 0.95) < 0.75


def test_a_rule_that_is_often_wrong_is_trusted_less_than_its_family() -> None:
    counts = {"say": [(0, 0)] * (BINS - 1) + [(500, 480)]}
    measured = Calibration(counts, {"en.say.bad": (40, 8), "en.say.rare": (1, 0)})

    assert measured.share("en.say.bad", 0.95) < 0.4
    assert 0.8 < measured.share("en.say.rare", 0.95) < measured.share("en.say.x", 0.95)


def test_no_measurement_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "PATH", tmp_path / "none.json")
    calibration.load.cache_clear()
    try:
        assert calibration.confidence("en.say.x", 0.87) == 0.87
    finally:
        calibration.load.cache_clear()


def test_facts_carry_measured_confidences_unless_they_are_being_measured() -> None:
    facts = extract(Document(TEXT, "en")).facts
    with calibration.off():
        raw = extract(Document(TEXT, "en")).facts

    assert facts
    assert [fact.confidence for fact in facts] == [calibration.confidence(fact.rule, fact.confidence) for fact in raw]
    assert any(fact.confidence != other.confidence for fact, other in zip(facts, raw, strict=True))


def test_the_file_says_what_it_was_made_of() -> None:
    content = json.loads(calibration.PATH.read_text("utf-8"))

    assert content["edges"] == list(EDGES)
    assert sum(n for n, _ in content["rules"].values()) == sum(n for row in content["counts"].values() for n, _ in row)
    assert sum(n for row in content["counts"].values() for n, _ in row) > 300
    assert all(right <= n for row in content["counts"].values() for n, right in row)

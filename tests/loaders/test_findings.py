"""What a person should look at is kept with its words: in the facts, in the graph, in the report of the store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyoxigraph import NamedNode

from summitgraph.graph.records import Document
from summitgraph.loaders import extract
from summitgraph.workers import build
from tests.conftest import Run

HEAD = "The Nairobi climate summit was held in Nairobi on 3 May 2024.\n\n"


def findings(text: str, code: str = "en") -> list[tuple[str, str]]:
    extraction = extract(Document(text, code))
    return [(f.code, extraction.document.text[f.spans[0].start : f.spans[0].end]) for f in extraction.findings]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "The fund is backed by three countries: Kenya, France, India and Brazil.",
            "three countries: Kenya, France, India and Brazil",
        ),
        ("The fund is backed by five countries: Kenya, France and India.", "five countries: Kenya, France and India"),
        ("The fund is backed by five countries, including Kenya, France and India.", ""),  # a choice of them
        ("The fund is backed by four countries: Kenya, France, India and Brazil.", ""),
        ("The fund is backed by more than three countries: Kenya, France, India and Brazil.", ""),
        ("The fund is backed by three countries. Kenya, France, India and Brazil were there.", ""),
    ],
)
def test_a_number_is_held_against_the_list_beside_it(sentence: str, expected: str) -> None:
    assert [words for code, words in findings(HEAD + sentence) if code == "CountDiffersFromList"] == (
        [expected] if expected else []
    )


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        (
            "عقدت قمة نيروبي للمناخ في نيروبي في 3 مايو 2024.\n\nيحظى الصندوق بدعم ثلاث دول: كينيا وفرنسا والهند والبرازيل.",
            "ar",
            1,
        ),
        (
            "Le sommet de Nairobi s'est tenu à Nairobi le 3 mai 2024.\n\nTrois pays : le Kenya, la France, l'Inde et le Brésil.",
            "fr",
            1,
        ),
    ],
)
def test_numbers_are_held_against_lists_in_every_language(text: str, code: str, expected: int) -> None:
    assert [kind for kind, _ in findings(text, code)].count("CountDiffersFromList") == expected


def test_a_sentence_that_breaks_off_is_told_from_a_heading() -> None:
    text = (
        HEAD
        + "The plan\n\nThe plan for the data centres of the region also takes in another 20 billion dollars from the\n\n"
        + "The summit ended on Friday with a dinner for all guests."
    )

    assert findings(text) == [("CutSentence", "20 billion dollars from the")]


def test_a_text_without_full_stops_is_written_that_way() -> None:
    assert (
        findings(
            HEAD.strip().rstrip(".") + "\n\nMinisters from all over the continent came to the capital for the talks"
        )
        == []
    )


def test_findings_are_in_the_graph_and_in_the_report_of_the_store(run: Run, tmp_path: Path) -> None:
    text = HEAD + "The plan includes 20 billion dollars from a Canadian investment company."
    quads = build(Document(text, "en"))[1]
    (tmp_path / "a.txt").write_text(text, "utf-8")

    loaded = run("load", "a.txt")
    validated = run("validate", "--format", "json")

    kinds = {quad.object for quad in quads if quad.predicate.value.endswith("#findingKind")}
    assert kinds == {NamedNode("https://w3id.org/summitgraph/ontology#UnnamedActor")}
    assert "note: the text does not name who did this" in loaded.stderr
    assert loaded.returncode == validated.returncode == 0  # nothing is wrong with the graph
    found = [entry for entry in json.loads(validated.stdout)["findings"] if entry["shape"].endswith("FindingActor")]
    assert len(found) == 1
    assert found[0]["severity"] == "Warning"
    assert "a Canadian investment company" in json.dumps(found[0])
    run("unload", "a.txt")
    assert "UnnamedActor" not in run("export", "--format", "nquads").stdout


def test_the_founding_article_keeps_its_anomalies(seed: Path) -> None:
    """The rows of kind ``anomaly`` that are of these kinds, at their places."""
    text = seed.read_text("utf-8")
    rows = [line.split("\t") for line in seed.with_name("paris-2025.ar.traps.tsv").read_text("utf-8").splitlines()]
    places = {(int(row[2]), int(row[3])): row[1] for row in rows if row[0] == "anomaly"}
    found = extract(Document(text, "ar")).findings

    def reported(code: str, words: str) -> bool:
        spans = [place for place, description in places.items() if words in description]
        return all(any(f.code == code and f.spans[0].start < b and a < f.spans[0].end for f in found) for a, b in spans)

    assert reported("CountDiffersFromList", "nine governments are stated")
    assert reported("CutSentence", "without a full stop after a list")
    assert reported("CutSentence", "the sentence is cut before the name")
    assert reported("UnnamedActor", "company is not named")

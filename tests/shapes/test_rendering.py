"""Reports of validation: in five formats and three languages, each read back by a reader of its own."""

from __future__ import annotations

import json
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rdflib import RDF, SH, Graph, Literal, Namespace

from summitgraph import shapes
from summitgraph.shapes import paths, rendering
from summitgraph.shapes.report import LANGUAGES, Finding, Place, Report, text

OA = Namespace("http://www.w3.org/ns/oa#")
MESSAGES = {
    "en": "An event starts before it ends.",
    "ar": "يبدأ الحدث قبل أن ينتهي.",
    "fr": "Un événement commence avant de finir.",
}
WORDS = 'من 11 إلى <b>10</b> "شباط"\x0b'
ORDER = Finding(
    "Violation",
    "https://w3id.org/summitgraph/shapes#EventOrder",
    "https://w3id.org/summitgraph/id/summit/nairobi",
    "https://w3id.org/summitgraph/ontology#startDate",
    "2026-02-11",
    MESSAGES,
    (Place("0123456789abcdef", 5, 9, WORDS),),
    "LessThan",
)
LOOK = Finding("Warning", ORDER.shape, "_:b", "", "", {"en": "Look at this."}, (), "MaxCount")
REPORT = Report((LOOK, ORDER), 12, 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_says_what_where_and_how_to_mend_it(language: str) -> None:
    said = text(REPORT, language)

    assert MESSAGES[language] in said.splitlines()[0]
    assert "0123456789abcdef" in said
    assert "5–9" in said
    assert ORDER.hint(language) in said
    assert len({text(REPORT, code) for code in LANGUAGES}) == 3


def test_every_language_has_the_same_words() -> None:
    texts = tomllib.loads((Path(shapes.__file__).parent / "report.toml").read_text("utf-8"))

    assert len(texts["en"]["hints"]) > 15
    for language in LANGUAGES:
        assert texts[language].keys() == texts["en"].keys()
        assert texts[language]["hints"].keys() == texts["en"]["hints"].keys()
    assert set(texts["components"].values()) <= set(texts["en"]["hints"])


def test_every_component_that_our_shapes_use_has_a_hint() -> None:
    graph = Graph()
    for path in paths():
        graph.parse(path)
    used = {str(name).rpartition("#")[2] for name in graph.predicates() if str(name).startswith(str(SH))}
    known = "minCount maxCount class datatype nodeKind in pattern minInclusive lessThan disjoint uniqueLang not or"
    components = {name[0].upper() + name[1:] for name in used & set(known.split())}
    general = Finding("Violation", "", "", "", "", {}, component="").hint("en")

    assert len(components) > 8
    assert [name for name in components if Finding("", "", "", "", "", {}, component=name).hint("en") == general] == []


def test_json_holds_messages_hint_and_place() -> None:
    found = json.loads(rendering.to_json(REPORT, "fr"))

    assert found["conforms"] is False
    assert found["counts"] == {"Violation": 1, "Warning": 1, "Info": 0}
    assert found["findings"][1]["message"] == MESSAGES["fr"]
    assert found["findings"][1]["places"][0]["words"] == WORDS


def test_turtle_is_a_shacl_validation_report() -> None:
    graph = Graph().parse(data=rendering.to_turtle(REPORT), format="turtle")
    (result,) = graph.subjects(SH.resultSeverity, SH.Violation)

    assert (None, SH.conforms, Literal(False)) in graph
    assert len(list(graph.objects(next(graph.subjects(RDF.type, SH.ValidationReport)), SH.result))) == 2
    assert {m.language: str(m) for m in graph.objects(result, SH.resultMessage) if isinstance(m, Literal)} == MESSAGES
    assert graph.value(result, SH.sourceConstraintComponent) == SH.LessThanConstraintComponent
    assert [int(str(value)) for value in graph.objects(None, OA.start)] == [5]


def test_html_is_closed_and_escapes_the_words() -> None:
    page = rendering.to_html(REPORT, "ar")
    open_tags: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            if tag not in {"meta"}:
                open_tags.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_tags.pop() == tag

    Reader().feed(page)

    assert open_tags == []
    assert '<html lang="ar" dir="rtl">' in page
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_junit_counts_violations_as_failures() -> None:
    root = ElementTree.fromstring(rendering.to_junit(REPORT))
    suites = {suite.get("name"): suite for suite in root}

    assert [suites[name].get("failures") for name in ("Violation", "Warning", "Info")] == ["1", "0", "0"]
    failure = suites["Violation"].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == MESSAGES["en"]


@pytest.mark.parametrize("form", sorted(rendering.FORMATS))
def test_a_report_without_findings_can_be_written(form: str) -> None:
    assert rendering.FORMATS[form](Report((), 5, 1), "en").strip()

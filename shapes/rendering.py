"""Validation reports for programs and for reading: JSON, a SHACL validation report in Turtle, HTML, JUnit."""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from xml.etree import ElementTree

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from . import report as reports
from .report import LANGUAGES, SEVERITIES, Finding, Report

_SH = "http://www.w3.org/ns/shacl#"
_OA = "http://www.w3.org/ns/oa#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_TYPE = NamedNode(_RDF + "type")
_OWN = "https://w3id.org/summitgraph/shapes#"
_PREFIXES = {"sh": _SH, "oa": _OA, "xsd": _XSD, "sgsh": _OWN, "sg": "https://w3id.org/summitgraph/ontology#"}
_NOT_SHACL = {"Evidence", "Term", "File"}  # components of ours: what SHACL cannot look at
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # characters that XML 1.0 does not allow
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
section { border-inline-start: .3rem solid #888; margin: 1rem 0; padding: .2rem 1rem; }
.Violation { border-color: #b00020; } .Warning { border-color: #b26a00; } .Info { border-color: #1c64a8; }
code { direction: ltr; unicode-bidi: isolate; overflow-wrap: anywhere; } blockquote { margin: .3rem 0; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } }
"""


def to_json(report: Report, language: str = "en") -> str:
    """Return the report as a JSON object: ``conforms``, ``triples``, ``findings`` with messages in all languages."""
    findings = [
        asdict(finding) | {"message": finding.message(language), "hint": finding.hint(language)}
        for finding in report.findings
    ]
    counts = {severity: report.count(severity) for severity in SEVERITIES}
    whole = {"conforms": report.conforms, "triples": report.triples, "counts": counts, "findings": findings}
    return json.dumps(whole, ensure_ascii=False, indent=2)


def to_turtle(report: Report, _: str = "en") -> str:
    """Return a ``sh:ValidationReport`` (SHACL, section 3.6), each result with the place of its words in the text."""
    root = BlankNode("report")
    triples = [
        Triple(root, _TYPE, NamedNode(_SH + "ValidationReport")),
        Triple(root, NamedNode(_SH + "conforms"), Literal(report.conforms)),
    ]
    for number, finding in enumerate(report.findings):
        node = BlankNode(f"result{number}")
        triples.append(Triple(root, NamedNode(_SH + "result"), node))
        triples += _result(finding, node)
    return (serialize(triples, format=RdfFormat.TURTLE, prefixes=_PREFIXES) or b"").decode()


def _result(finding: Finding, node: BlankNode) -> list[Triple]:
    component = finding.component or "SPARQL"
    namespace = _OWN if component in _NOT_SHACL else _SH
    said = [
        ("resultSeverity", NamedNode(_SH + finding.severity)),
        ("sourceShape", _term(finding.shape)),
        ("sourceConstraintComponent", NamedNode(f"{namespace}{component}ConstraintComponent")),
        ("focusNode", _term(finding.node)),
        *((("resultPath", _term(finding.path)),) if finding.path else ()),
        *((("value", _term(finding.value)),) if finding.value else ()),
        *(("resultMessage", Literal(text, language=code)) for code, text in finding.messages.items()),
    ]
    triples = [Triple(node, _TYPE, NamedNode(_SH + "ValidationResult"))]
    triples += [Triple(node, NamedNode(_SH + name), value) for name, value in said]
    for number, place in enumerate(finding.places):
        selector = BlankNode(f"{node.value}p{number}")
        triples += [
            Triple(node, NamedNode(_OA + "hasSelector"), selector),
            Triple(selector, _TYPE, NamedNode(_OA + "TextPositionSelector")),
            Triple(selector, NamedNode(_OA + "start"), Literal(place.start)),
            Triple(selector, NamedNode(_OA + "end"), Literal(place.end)),
            Triple(selector, NamedNode(_OA + "exact"), Literal(place.words)),
            Triple(selector, NamedNode(_OA + "hasSource"), Literal(place.document)),
        ]
    return triples


def _term(text: str) -> NamedNode | Literal:
    """Return a node again; findings keep terms as text, for people."""
    if re.match(r"(?:https?|urn|file):\S+$", text):
        try:
            return NamedNode(text)
        except ValueError:
            return Literal(text)
    return Literal(text)


def to_html(report: Report, language: str = "en") -> str:
    """Return a page of its own, laid out in the direction of *language*, nothing in it loaded from elsewhere."""
    say = reports.words(language)
    code = language if language in LANGUAGES else "en"
    parts = [
        f'<!doctype html>\n<html lang="{code}" dir="{say["direction"]}">\n<head>\n<meta charset="utf-8">',
        f"<title>SummitGraph: {say['title']}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        f"<h1>{say['title']}</h1>\n<p><strong>{html.escape(reports.summary(report, language))}</strong></p>",
    ]
    parts += [_section(finding, language) for finding in report.sorted()]
    if not report.findings:
        parts.append(f"<p>{say['nothing']}</p>")
    return "\n".join([*parts, "</body>\n</html>\n"])


def _section(finding: Finding, language: str) -> str:
    say = reports.words(language)
    rows = [("shape", finding.shape), ("node", finding.node), ("path", finding.path), ("value", finding.value)]
    facts = " · ".join(
        f"{say[name]} <code>{html.escape(reports.shorten(value))}</code>" for name, value in rows if value
    )
    places = "".join(
        f'\n<blockquote dir="auto">{html.escape(reports.describe(place, language))}</blockquote>'
        for place in finding.places
    )
    return (
        f'<section class="{finding.severity}">\n<h2>{say[finding.severity]}: {html.escape(finding.message(language))}</h2>\n'
        f"<p>{facts}</p>{places}\n<p>{say['mend']}: {html.escape(finding.hint(language))}</p>\n</section>"
    )


def to_junit(report: Report, language: str = "en") -> str:
    """Return JUnit XML for build servers: a test suite for each severity, a failure for each violation."""
    root = ElementTree.Element("testsuites", name="summitgraph validate")
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        groups[finding.severity].append(finding)
    for severity in SEVERITIES:
        found = groups[severity]
        failures = len(found) if severity == "Violation" else 0
        suite = ElementTree.SubElement(
            root, "testsuite", name=severity, tests=str(max(1, len(found))), failures=str(failures), errors="0"
        )
        if not found:
            ElementTree.SubElement(suite, "testcase", classname=severity, name=reports.words(language)["nothing"])
        for finding in found:
            name = _xml(f"{reports.shorten(finding.shape)} {finding.node}")
            case = ElementTree.SubElement(suite, "testcase", classname=severity, name=name)
            details = _xml(reports.text(Report((finding,)), language).rpartition("\n")[0])
            if failures:
                failure = ElementTree.SubElement(
                    case, "failure", type=severity, message=_xml(finding.message(language))
                )
                failure.text = details
            else:
                ElementTree.SubElement(case, "system-out").text = details
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


FORMATS: dict[str, Callable[[Report, str], str]] = {
    "text": reports.text, "json": to_json, "turtle": to_turtle, "html": to_html, "junit": to_junit,
}  # fmt: skip

"""What validation found, in a form a person can act on: what, where in the text, how to mend it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

SEVERITIES = ("Violation", "Warning", "Info")
LANGUAGES = ("en", "ar", "fr")


@dataclass(frozen=True, slots=True)
class Place:
    """Words of a source text; offsets in code points."""

    document: str
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a shape; ``component`` is the local name of its constraint component, ``MinCount`` for instance."""

    severity: str
    shape: str
    node: str
    path: str
    value: str
    messages: Mapping[str, str]  # by language
    places: tuple[Place, ...] = ()
    component: str = ""

    def message(self, language: str) -> str:
        """Return the message in *language*, else in English, else any."""
        return self.messages.get(language) or self.messages.get("en") or next(iter(self.messages.values()), "")

    def hint(self, language: str) -> str:
        """Return what to do about it, in *language*."""
        hints = words(language)["hints"]
        name = _texts()["components"].get(self.component, self.component)
        return str(hints.get(name) or hints["Any"])


@dataclass(frozen=True)
class Report:
    """All findings of one validation."""

    findings: tuple[Finding, ...] = ()
    triples: int = 0
    shapes: int = field(default=0)

    @property
    def conforms(self) -> bool:
        """Tell whether no finding is a Violation; warnings do not keep a document out."""
        return not any(finding.severity == "Violation" for finding in self.findings)

    def count(self, severity: str) -> int:
        """Return how many findings have *severity*."""
        return sum(finding.severity == severity for finding in self.findings)

    def sorted(self) -> list[Finding]:
        """Return the findings, the gravest first."""
        return sorted(self.findings, key=lambda finding: SEVERITIES.index(finding.severity))


def merge(reports: Iterable[Report]) -> Report:
    """Return one report of several."""
    all_reports = list(reports)
    return Report(
        tuple(finding for report in all_reports for finding in report.findings),
        sum(report.triples for report in all_reports),
        max((report.shapes for report in all_reports), default=0),
    )


def text(report: Report, language: str = "en", limit: int = 200) -> str:
    """Return the report as lines for a terminal, in *language*."""
    say = words(language)
    lines = []
    for finding in report.sorted()[:limit]:
        lines.append(f"{say[finding.severity]}: {finding.message(language)}")
        parts = [("shape", finding.shape), ("node", finding.node), ("path", finding.path), ("value", finding.value)]
        lines.append("  " + " · ".join(f"{say[name]} {shorten(value)}" for name, value in parts if value))
        lines += ["  " + describe(place, language) for place in finding.places[:2]]
        lines.append(f"  {say['mend']}: {finding.hint(language)}")
    if len(report.findings) > limit:
        lines.append(say["more"].format(count=len(report.findings) - limit))
    lines.append(summary(report, language))
    return "\n".join(lines)


def summary(report: Report, language: str) -> str:
    """Return the verdict and the numbers in one line."""
    say = words(language)
    numbers = {severity: report.count(severity) for severity in SEVERITIES}
    verdict = say["conforms" if report.conforms else "fails"]
    return f"{verdict} · {say['counts'].format(**numbers, triples=f'{report.triples:,}')}"


def describe(place: Place, language: str) -> str:
    """Return where in which text the words of a finding stand."""
    values = {"document": place.document, "start": place.start, "end": place.end, "words": _cut(place.words)}
    return str(words(language)["place"]).format(**values)


def words(language: str) -> Mapping[str, Any]:
    """Return the words of reports in *language*, English where there are none."""
    texts = _texts()
    found = texts[language if language in LANGUAGES else "en"]
    assert isinstance(found, dict)
    return found


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).resolve().parent / "report.toml").read_text("utf-8"))


def shorten(iri: str) -> str:
    """Return an IRI with a prefix where it has a known one, and never longer than a line."""
    for prefix, namespace in (
        ("sg:", "https://w3id.org/summitgraph/ontology#"),
        ("sgsh:", "https://w3id.org/summitgraph/shapes#"),
        ("oa:", "http://www.w3.org/ns/oa#"),
        ("prov:", "http://www.w3.org/ns/prov#"),
        ("rdfs:", "http://www.w3.org/2000/01/rdf-schema#"),
    ):
        if iri.startswith(namespace):
            return prefix + iri[len(namespace) :]
    return iri if len(iri) < 120 else iri[:117] + "…"


def _cut(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= 160 else flat[:157] + "…"

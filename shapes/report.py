"""What validation found, in a form a person can act on: what, where in the text, how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

SEVERITIES = ("Violation", "Warning", "Info")


@dataclass(frozen=True, slots=True)
class Place:
    """Words of a source text; offsets in code points."""

    document: str
    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a shape."""

    severity: str
    shape: str
    node: str
    path: str
    value: str
    messages: Mapping[str, str]  # by language
    places: tuple[Place, ...] = ()

    def message(self, language: str) -> str:
        """Return the message in *language*, else in English, else any."""
        return self.messages.get(language) or self.messages.get("en") or next(iter(self.messages.values()), "")


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


def merge(reports: Iterable[Report]) -> Report:
    """Return one report of several."""
    all_reports = list(reports)
    return Report(
        tuple(finding for report in all_reports for finding in report.findings),
        sum(report.triples for report in all_reports),
        max((report.shapes for report in all_reports), default=0),
    )


def text(report: Report, language: str = "en", limit: int = 200) -> str:
    """Return the report as lines for a terminal."""
    lines = []
    for finding in sorted(report.findings, key=lambda f: SEVERITIES.index(f.severity))[:limit]:
        lines.append(f"{finding.severity}: {finding.message(language)}")
        lines.append(
            f"  shape {_short(finding.shape)}, node {_short(finding.node)}"
            + (f", {_short(finding.path)}" if finding.path else "")
        )
        if finding.value:
            lines.append(f"  value {_short(finding.value)}")
        lines += [
            f"  in document {place.document}, characters {place.start}–{place.end}: “{_cut(place.words)}”"
            for place in finding.places[:2]
        ]
    if len(report.findings) > limit:
        lines.append(f"… and {len(report.findings) - limit} more")
    counts = ", ".join(
        f"{report.count(severity)} {severity.lower()}{'' if severity == 'Info' else 's'}" for severity in SEVERITIES
    )
    lines.append(f"{'conforms' if report.conforms else 'does not conform'}: {counts} in {report.triples:,} triples")
    return "\n".join(lines)


def to_json(report: Report) -> str:
    """Return the report as a JSON object."""
    return json.dumps(
        {
            "conforms": report.conforms,
            "triples": report.triples,
            "findings": [asdict(finding) for finding in report.findings],
        },
        ensure_ascii=False,
        indent=2,
    )


def _short(iri: str) -> str:
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

"""The gate: SHACL over the quads of a document before they are stored, and evidence read back from the text."""

from __future__ import annotations

import io
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import pyoxigraph
import pyshacl
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat
from rdflib import RDF, SH, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from summitgraph import ontology
from summitgraph.errors import InputError

from . import GATE, paths
from .report import Finding, Place, Report

log = logging.getLogger(__name__)

_SG = "https://w3id.org/summitgraph/ontology#"
_OA = "http://www.w3.org/ns/oa#"
_TYPE = NamedNode(str(RDF.type))


@cache
def shapes_graph(modules: tuple[str, ...] = GATE) -> Graph:
    """Return the shapes of *modules* as a graph.

    Raises:
        InputError: If a file is not Turtle; names file and line.
    """
    graph = Graph(bind_namespaces="none")
    for path in paths(modules):
        _parse(graph, path)
    return graph


def _parse(graph: Graph, path: Path) -> None:
    content = path.read_bytes()
    try:
        for _ in pyoxigraph.parse(io.BytesIO(content), format=RdfFormat.TURTLE):
            pass
    except SyntaxError as error:
        raise InputError(f"{path.name}:{error.lineno}: not valid Turtle: {error.msg}") from error
    graph.parse(data=content, format="turtle")


@cache
def _background() -> Graph:
    return ontology.hierarchy()


def check(quads: Sequence[Quad], modules: tuple[str, ...] = GATE) -> Report:
    """Validate the quads of one document, or of several, together with what the ontology says of their classes.

    Raises:
        ValueError: If there is nothing to check; a gate that saw nothing must not pass.
    """
    if not quads:
        raise ValueError("nothing to validate: no quads were given")
    data = Graph(bind_namespaces="none")
    triples = pyoxigraph.serialize((quad.triple for quad in quads), format=RdfFormat.N_TRIPLES)
    data.parse(data=triples, format="nt")
    size = len(data)
    for triple in _background():
        data.add(triple)
    shapes = shapes_graph(modules)
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=bool(set(modules) - set(GATE)))
    if not isinstance(report, Graph):
        raise InputError(f"the shapes cannot be applied: {report!r}")
    findings = _findings(report, shapes, _Places(quads))
    return Report((*findings, *evidence_findings(quads)), size, len(set(shapes.subjects(RDF.type, SH.NodeShape))))


def evidence_findings(quads: Iterable[Quad]) -> list[Finding]:
    """Return a Violation for every evidence whose words are not exactly at its place in the source text."""
    texts: dict[str, str] = {}
    starts: dict[str, int] = {}
    ends: dict[str, int] = {}
    exacts: dict[str, str] = {}
    selectors: dict[str, list[str]] = defaultdict(list)
    sources: dict[str, str] = {}
    for quad in quads:
        predicate, subject = quad.predicate.value, _key(quad.subject)
        if not isinstance(quad.object, Literal):
            if predicate == _OA + "hasSelector":
                selectors[subject].append(_key(quad.object))
            elif predicate == _OA + "hasSource":
                sources[subject] = _key(quad.object)
        elif predicate == _SG + "text":
            texts[subject] = quad.object.value
        elif predicate == _OA + "start":
            starts[subject] = int(quad.object.value)
        elif predicate == _OA + "end":
            ends[subject] = int(quad.object.value)
        elif predicate == _OA + "exact":
            exacts[subject] = quad.object.value
    found = []
    for evidence, parts in selectors.items():
        text = texts.get(sources.get(evidence, ""))
        start, end = (next((table[part] for part in parts if part in table), None) for table in (starts, ends))
        exact = next((exacts[part] for part in parts if part in exacts), None)
        if text is None or start is None or end is None or exact is None:
            continue  # the shapes say what is missing
        if not 0 <= start < end <= len(text) or text[start:end] != exact:
            messages = {
                "en": "The words quoted as evidence do not stand at the place given; correct oa:start, oa:end or oa:exact.",
                "ar": "الألفاظ المستشهد بها ليست في الموضع المذكور من النص؛ صحّح oa:start أو oa:end أو oa:exact.",
                "fr": "Les mots cités comme preuve ne sont pas à la place indiquée ; corrigez oa:start, oa:end ou oa:exact.",
            }
            place = Place(sources[evidence].rsplit("/", 1)[-1], start, end, exact)
            found.append(
                Finding(
                    "Violation",
                    "https://w3id.org/summitgraph/shapes#EvidenceInText",
                    evidence,
                    _OA + "exact",
                    exact,
                    messages,
                    (place,),
                )
            )
    return found


class _Places:
    """Finds the words a node rests on, for the report; built only when there is something to report."""

    def __init__(self, quads: Sequence[Quad]) -> None:
        self._quads = quads
        self._by_subject: dict[str, list[Quad]] | None = None

    def of(self, node: str) -> tuple[Place, ...]:
        if self._by_subject is None:
            self._by_subject = defaultdict(list)
            self._claims: dict[str, list[str]] = defaultdict(list)
            for quad in self._quads:
                self._by_subject[_key(quad.subject)].append(quad)
                if quad.predicate.value == str(RDF.subject):
                    self._claims[_key(quad.object)].append(_key(quad.subject))
        records = [node, *self._claims.get(node, [])[:3]]
        evidence = [value for record in records for value in self._values(record, _SG + "evidence")]
        if not evidence and self._values(node, _OA + "hasSelector"):
            evidence = [node]
        places = []
        for item in evidence[:3]:
            parts = self._values(item, _OA + "hasSelector")
            start, end, exact = (
                [v for part in parts for v in self._values(part, _OA + name)] for name in ("start", "end", "exact")
            )
            source = self._values(item, _OA + "hasSource")
            if start and end and exact and source:
                places.append(Place(source[0].rsplit("/", 1)[-1], int(start[0]), int(end[0]), exact[0]))
        return tuple(places)

    def _values(self, subject: str, predicate: str) -> list[str]:
        assert self._by_subject is not None
        return [_key(quad.object) for quad in self._by_subject.get(subject, ()) if quad.predicate.value == predicate]


def _findings(report: Graph, shapes: Graph, places: _Places) -> list[Finding]:
    found = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        node = str(report.value(result, SH.focusNode) or "")
        severity = str(report.value(result, SH.resultSeverity) or SH.Violation).rsplit("#", 1)[-1]
        messages = {
            getattr(message, "language", None) or "en": str(message)
            for message in report.objects(result, SH.resultMessage)
        }
        found.append(
            Finding(
                severity,
                _named_shape(report.value(result, SH.sourceShape), shapes),
                node,
                _path(report, report.value(result, SH.resultPath)),
                str(report.value(result, SH.value) or ""),
                messages,
                places.of(node),
            )
        )
    return sorted(
        found, key=lambda finding: (finding.severity, finding.shape, finding.node, finding.path, finding.value)
    )


def _named_shape(node: Node | None, shapes: Graph) -> str:
    """Return the IRI of the shape a result came from; of the one that holds it where it has no name itself."""
    for _ in range(8):
        if node is None or isinstance(node, URIRef):
            break
        node = next(iter(shapes.subjects(None, node)), None)
    return str(node or "")


def _path(report: Graph, path: Node | None) -> str:
    if path is None or isinstance(path, URIRef):
        return str(path or "")
    if isinstance(path, BNode):
        return " / ".join(str(step) for step in Collection(report, path))
    return str(path)


def _key(term: object) -> str:
    return str(getattr(term, "value", term))

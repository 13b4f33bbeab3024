"""Quads about quads: source documents, evidence with its selectors, claims, and the extraction activity."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from . import iris
from .records import Document, Span
from .statements import Statements, Triple

CONTEXT = 32  # characters of oa:prefix and oa:suffix

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OA = "http://www.w3.org/ns/oa#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
RDF_TYPE = NamedNode(_RDF + "type")
RDF_SUBJECT, RDF_PREDICATE, RDF_OBJECT = (NamedNode(_RDF + name) for name in ("subject", "predicate", "object"))
OA_SOURCE, OA_SELECTOR, OA_START, OA_END, OA_EXACT, OA_PREFIX, OA_SUFFIX = (
    NamedNode(_OA + name) for name in ("hasSource", "hasSelector", "start", "end", "exact", "prefix", "suffix")
)
OA_SPECIFIC, OA_POSITION, OA_QUOTE = (
    NamedNode(_OA + name) for name in ("SpecificResource", "TextPositionSelector", "TextQuoteSelector")
)
GENERATED_BY = NamedNode("http://www.w3.org/ns/prov#wasGeneratedBy")
GENERATED_AT = NamedNode("http://www.w3.org/ns/prov#generatedAtTime")
ATTRIBUTED_TO = NamedNode("http://www.w3.org/ns/prov#wasAttributedTo")
DERIVED_FROM = NamedNode("http://www.w3.org/ns/prov#wasDerivedFrom")
PROV_AGENT = NamedNode("http://www.w3.org/ns/prov#Agent")
LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
INTEGER, DECIMAL, DATETIME, DATE, MONTH, YEAR = (
    NamedNode(_XSD + name) for name in ("integer", "decimal", "dateTime", "date", "gYearMonth", "gYear")
)
_DCT = "http://purl.org/dc/terms/"
_EVIDENCE, _CONFIDENCE, _EVIDENCE_CLASS, _CLAIM = map(iris.term, ("evidence", "confidence", "Evidence", "Claim"))


class Provenance:
    """Writes the provenance of one document into its graph; each evidence and activity once."""

    def __init__(self, document: Document, version: str) -> None:
        self.document = document
        self.version = version
        self.graph = iris.document_graph(document.id)
        self.source = iris.source_document(document.id)
        self.triples: list[Triple] = []
        self._base = iris.base()
        self._evidence: dict[Span, NamedNode] = {}
        self._activities: dict[str, NamedNode] = {}
        self._confidence: dict[NamedNode, float] = {}
        self._describe_source()

    def add(self, subject: NamedNode, predicate: NamedNode, value: NamedNode | Literal) -> None:
        """Add one triple to the document's graph."""
        self.triples.append((subject, predicate, value))

    def local(self, kind: str, content: str) -> NamedNode:
        """Return the IRI of something that exists in the document only."""
        return iris.local(kind, self.document.id, content, self._base)

    def cite(self, node: NamedNode, spans: Iterable[Span], confidence: float, rule: str) -> None:
        """Say what *node* (a claim or record) rests on: evidence, confidence and the rule that found it."""
        self.triples += [(node, _EVIDENCE, self.evidence(span)) for span in spans]
        self._confidence[node] = max(confidence, self._confidence.get(node, 0.0))  # two rules may find one fact
        self.triples.append((node, GENERATED_BY, self.activity(rule)))

    def finish(self) -> Statements:
        """Return all triples, once each and sorted."""
        self.triples += [(node, _CONFIDENCE, decimal(confidence)) for node, confidence in self._confidence.items()]
        return Statements(self.triples, self.graph)

    def claim(
        self,
        subject: NamedNode,
        predicate: NamedNode,
        value: NamedNode | Literal,
        spans: Iterable[Span],
        confidence: float,
        rule: str,
    ) -> None:
        """State a direct triple and the claim that carries its evidence."""
        node = self.local("Claim", f"{subject} {predicate} {value}")
        self.triples += (
            (subject, predicate, value),
            (node, RDF_TYPE, _CLAIM),
            (node, RDF_SUBJECT, subject),
            (node, RDF_PREDICATE, predicate),
            (node, RDF_OBJECT, value),
        )
        self.cite(node, spans, confidence, rule)

    def evidence(self, span: Span) -> NamedNode:
        """Return the node of a span of the text, described on first use (Web Annotation, position and quote selectors)."""
        if (known := self._evidence.get(span)) is not None:
            return known
        text, start, end = self.document.text, span.start, span.end
        if end > len(text):
            raise ValueError(f"evidence {start}–{end} is outside a text of {len(text)} characters")
        place = f"{self.document.id}-{start}-{end}"
        node = NamedNode(f"{self._base}id/evidence/{place}")
        position = NamedNode(f"{self._base}id/selector/{place}-position")
        quote = NamedNode(f"{self._base}id/selector/{place}-quote")
        self._evidence[span] = node
        self.triples += (
            (node, RDF_TYPE, _EVIDENCE_CLASS),
            (node, OA_SOURCE, self.source),
            (node, OA_SELECTOR, position),
            (node, OA_SELECTOR, quote),
            (position, RDF_TYPE, OA_POSITION),
            (position, OA_START, _integer(start)),
            (position, OA_END, _integer(end)),
            (quote, RDF_TYPE, OA_QUOTE),
            (quote, OA_EXACT, Literal(text[start:end])),
            (quote, OA_PREFIX, Literal(text[max(0, start - CONTEXT) : start])),
            (quote, OA_SUFFIX, Literal(text[end : end + CONTEXT])),
        )
        return node

    def activity(self, rule: str) -> NamedNode:
        """Return the node of the rule and extractor version a fact was generated by (``prov:Activity``)."""
        if rule not in self._activities:
            node = NamedNode(f"{self._base}id/extraction/{iris.slug(rule)}-v{iris.slug(self.version)}")
            self._activities[rule] = node
            self.add(node, RDF_TYPE, iris.term("Extraction"))
            self.add(node, iris.term("rule"), Literal(rule))
            self.add(node, iris.term("extractorVersion"), Literal(self.version))
        return self._activities[rule]

    def attribute(self, node: NamedNode, person: str, at: str) -> None:
        """Say who decided *node*, and when (ISO 8601)."""
        agent = NamedNode(f"{iris.base()}id/agent/{iris.slug(person)}")
        self.add(node, ATTRIBUTED_TO, agent)
        self.add(node, GENERATED_AT, Literal(at.replace("+00:00", "Z"), datatype=DATETIME))
        self.add(agent, RDF_TYPE, PROV_AGENT)
        self.add(agent, LABEL, Literal(person))

    def _describe_source(self) -> None:
        document = self.document
        self.add(self.source, RDF_TYPE, iris.term("SourceDocument"))
        if document.title:
            language = document.language if document.language != "und" else ""
            title = Literal(document.title, language=language) if language else Literal(document.title)
            self.add(self.source, NamedNode(_DCT + "title"), title)
        self.add(self.source, NamedNode(_DCT + "language"), Literal(document.language))
        if document.source:
            self.add(self.source, NamedNode(_DCT + "source"), Literal(document.source))
        if document.published:
            self.add(self.source, NamedNode(_DCT + "issued"), Literal(document.published.isoformat(), datatype=DATE))
        self.add(self.source, iris.term("sha256"), Literal(document.sha256))
        self.add(self.source, iris.term("characterCount"), _integer(len(document.text)))
        self.add(self.source, iris.term("text"), Literal(document.text))
        if document.generated_at:
            stamp = document.generated_at.isoformat(timespec="seconds").replace("+00:00", "Z")
            self.add(self.source, GENERATED_AT, Literal(stamp, datatype=DATETIME))


@lru_cache(maxsize=1024)
def decimal(number: float) -> Literal:
    """Return *number*, to two places, as the store writes decimals: without trailing zeros."""
    return Literal(f"{number:.2f}".rstrip("0").rstrip("."), datatype=DECIMAL)


@lru_cache(maxsize=65536)
def _integer(number: int) -> Literal:
    return Literal(str(number), datatype=INTEGER)

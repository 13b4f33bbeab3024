"""Facts to quads: direct triples with their claims, records with their properties, entities with their names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from decimal import Decimal

import regex
from pyoxigraph import Literal, NamedNode

from summitgraph.ontology import terms

from . import iris, nodes, offices
from .admission import admits
from .link import Link
from .provenance import DATE, DECIMAL, DERIVED_FROM, INTEGER, LABEL, MONTH, RDF_TYPE, YEAR, Provenance, decimal
from .records import (
    Concept,
    DateValue,
    Entity,
    EntityRef,
    Extraction,
    Fact,
    FactRef,
    Finding,
    Integer,
    Money,
    Text,
    Value,
)
from .reference import LANGUAGES, Row
from .statements import Statements

log = logging.getLogger(__name__)

_ALT_LABEL = NamedNode("http://www.w3.org/2004/02/skos/core#altLabel")
_PREF_LABEL = NamedNode("http://www.w3.org/2004/02/skos/core#prefLabel")
_SAME_AS = NamedNode("http://www.w3.org/2002/07/owl#sameAs")
_FINDING = 0.8  # confidence
# What follows from a record: property, role of the subject, role of the object.
_DERIVED: Mapping[str, tuple[str, str, str]] = {
    "Endorsement": ("signedBy", "document", "committedBy"),
    "Refusal": ("refusedBy", "document", "committedBy"),
    "Participation": ("hasParticipant", "event", "actor"),
}


def convert(
    extraction: Extraction, links: Mapping[str, Link], version: str, same: Mapping[str, str] | None = None
) -> Statements:
    """Return the quads of one document, all in its own graph, sorted; the same extraction gives the same quads.

    Args:
        extraction: What the loaders read.
        links: Decisions by entity id; only accepted ones give ``owl:sameAs``.
        version: Of the extractor, for ``prov:wasGeneratedBy``.
        same: IRIs of entities of this document that people decided are entities of other documents, with theirs.
    """
    return _Converter(extraction, links, version, same or {}).run()


def _weight(decision: Link) -> tuple[bool, float]:
    return bool(decision.reviewer), decision.confidence


class _Converter:
    def __init__(
        self, extraction: Extraction, links: Mapping[str, Link], version: str, same: Mapping[str, str]
    ) -> None:
        self.extraction = extraction
        self.links = links
        self.provenance = Provenance(extraction.document, version)
        self.document = extraction.document.id
        self.by_id = {entity.id: entity for entity in extraction.entities}
        kinds = {entity.id: self._kind(entity) for entity in extraction.entities}
        self.admitted = [fact for fact in extraction.facts if admits(fact, kinds)]
        if len(self.admitted) < len(extraction.facts):
            log.info("%d facts the ontology does not admit left out", len(extraction.facts) - len(self.admitted))
        self.facts = {fact.id: fact for fact in self.admitted}
        self.entities = {
            entity.id: nodes.node(entity, links.get(entity.id), self.document) for entity in extraction.entities
        }
        for name, own in self.entities.items():
            if own.value in same:
                self.entities[name] = NamedNode(same[own.value])
        self.nodes: dict[str, NamedNode] = {}
        self.labelled: dict[tuple[NamedNode, str], str] = {}  # two names of a text may turn out to be one thing's

    def run(self) -> Statements:
        used = self._used()
        for entity in self.extraction.entities:
            if entity.names or entity.id in used:
                self._entity(entity)
        for (node, _), decision in self._decisions(used).items():
            self._link(node, decision)
        for fact in self.admitted:
            self._fact(fact)
        for finding in self.extraction.findings:
            self._finding(finding)
        return self.provenance.finish()

    def _used(self) -> set[str]:
        return {
            value.id
            for fact in self.admitted
            for values in fact.roles.values()
            for value in values
            if isinstance(value, EntityRef)
        }

    # Entities.

    def _row(self, entity: Entity) -> Row | None:
        """Return what the reference table says of *entity*, None where it is not known to be one of its rows."""
        decision = self.links.get(entity.id)
        return decision.row if decision is not None and decision.settled else None

    def _kind(self, entity: Entity) -> str:
        """Return the class: the table's, unless the text's is a narrower one (a declaration is a document)."""
        row = self._row(entity)
        if row is None or row.kind in terms.SUPERCLASSES.get(entity.kind, ()):
            return entity.kind
        return row.kind

    def _entity(self, entity: Entity) -> None:
        node, kind = self.entities[entity.id], self._kind(entity)
        provenance = self.provenance
        spans = sorted({name.span for name in entity.names} | set(entity.mentions if not entity.names else ()))
        if spans:
            provenance.claim(node, RDF_TYPE, iris.term(kind), spans, 0.95 if self._row(entity) else 0.85, "type")
        else:
            provenance.add(node, RDF_TYPE, iris.term(kind))
        labels = self._labels(entity)
        for language, text in labels.items():
            if self.labelled.setdefault((node, language), text) != text:
                provenance.add(node, _ALT_LABEL, _literal(text, language))
                continue
            provenance.add(node, LABEL, _literal(text, language))
            if kind == "Topic":
                provenance.add(node, _PREF_LABEL, _literal(text, language))
        for name in entity.names:
            if name.text not in labels.values():
                provenance.add(node, _ALT_LABEL, _literal(name.text, name.language))

    def _labels(self, entity: Entity) -> dict[str, str]:
        """Return one label a language: the reference row's where known, else the best form of the text."""
        if row := self._row(entity):
            return {language: row.labels[language] for language in LANGUAGES if row.labels[language]}
        label = nodes.label(entity, self.links.get(entity.id))
        labels: dict[str, str] = {"en": label} if label else {}
        for name in entity.names:
            labels.setdefault(name.language, name.text)
        if not labels and entity.description:
            labels[self.extraction.document.language] = entity.description
        return labels

    def _decisions(self, used: set[str]) -> dict[tuple[NamedNode, str], Link]:
        """Return one decision for a node and a candidate: what a person decided, else the surest."""
        found: dict[tuple[NamedNode, str], Link] = {}
        for entity in self.extraction.entities:
            decision = self.links.get(entity.id)
            if decision is None or not (entity.names or entity.id in used):
                continue
            for made in (decision, *decision.others):
                key = self.entities[entity.id], made.row.qid
                if made.row.qid and (key not in found or _weight(made) > _weight(found[key])):
                    found[key] = made
        return found

    def _link(self, node: NamedNode, decision: Link) -> None:
        item = iris.wikidata(decision.row.qid)
        if decision.outcome == "Accepted":
            self.provenance.add(node, _SAME_AS, item)
        record = self.provenance.local("LinkDecision", f"{node} {item}")
        for predicate, value in (
            (RDF_TYPE, iris.term("LinkDecision")),
            (iris.term("entity"), node),
            (iris.term("candidate"), item),
            (iris.term("decision"), iris.term(decision.outcome)),
            (iris.term("confidence"), decimal(decision.confidence)),
            (iris.term("reason"), Literal(decision.reason)),
        ):
            self.provenance.add(record, predicate, value)
        if decision.reviewer:
            self.provenance.attribute(record, decision.reviewer, decision.at)
        if decision.key and decision.key != node.value:
            self.provenance.add(record, DERIVED_FROM, NamedNode(decision.key))

    # Facts.

    def _fact(self, fact: Fact) -> None:
        if set(fact.roles) == {"subject", "object"}:
            predicate = iris.term(fact.kind)
            for subject in fact.roles["subject"]:
                for value in fact.roles["object"]:
                    start, end = self._term(subject), self._term(value)
                    if isinstance(start, NamedNode) and start != end:
                        self.provenance.claim(start, predicate, end, fact.evidence, fact.confidence, fact.rule)
                        if fact.kind == "partnerOf" and isinstance(end, NamedNode):
                            self.provenance.claim(end, predicate, start, fact.evidence, fact.confidence, fact.rule)
            return
        node = self._node(fact)
        self.provenance.add(node, RDF_TYPE, iris.term(fact.kind))
        for role, values in fact.roles.items():
            for value in values:
                if not isinstance(value, FactRef) or value.id in self.facts:
                    self.provenance.add(node, iris.term(role), self._term(value))
        if fact.kind == "Position":
            self._office(node, fact)
        self.provenance.cite(node, fact.evidence, fact.confidence, fact.rule)
        self._derive(fact)

    def _finding(self, finding: Finding) -> None:
        """Keep what a person should look at, with its words; the gate reports it as a warning."""
        node = self.provenance.local("Finding", f"{finding.code} {finding.spans}")
        self.provenance.add(node, RDF_TYPE, iris.term("Finding"))
        self.provenance.add(node, iris.term("findingKind"), iris.term(finding.code))
        self.provenance.cite(node, finding.spans, _FINDING, f"finding.{finding.code}")

    def _office(self, node: NamedNode, fact: Fact) -> None:
        """Name the office beside the title, where the title is one the ontology knows."""
        holders = frozenset(
            self._kind(self.by_id[value.id])
            for value in fact.roles.get("positionIn", ())
            if isinstance(value, EntityRef)
        )
        for title in fact.roles.get("title", ()):
            if isinstance(title, Text) and (office := offices.find(title.value, holders)):
                self.provenance.add(node, iris.term("office"), iris.term(office))

    def _derive(self, fact: Fact) -> None:
        if fact.kind in _DERIVED:
            name, subject_role, object_role = _DERIVED[fact.kind]
            pairs = [(s, o) for s in fact.roles.get(subject_role, ()) for o in fact.roles.get(object_role, ())]
        elif fact.kind == "Partnership":
            name, partners = "partnerOf", fact.roles["partner"]
            pairs = [(s, o) for s in partners for o in partners if s != o]
        else:
            return
        for subject, value in pairs:
            start, end = self._term(subject), self._term(value)
            if isinstance(start, NamedNode) and start != end:
                self.provenance.claim(start, iris.term(name), end, fact.evidence, fact.confidence, fact.rule)

    def _node(self, fact: Fact) -> NamedNode:
        if fact.id not in self.nodes:
            content = "|".join(
                f"{role}={value!r}"
                for role, values in sorted(fact.roles.items())
                for value in map(self._stable, values)
            )
            self.nodes[fact.id] = self.provenance.local(fact.kind, f"{fact.kind}|{content}")
        return self.nodes[fact.id]

    def _stable(self, value: Value) -> str:
        """Return *value* as words that do not depend on the order entities were met in."""
        if isinstance(value, EntityRef):
            return self.entities[value.id].value
        if isinstance(value, FactRef):
            return self._node(self.facts[value.id]).value if value.id in self.facts else ""
        return repr(value)

    def _term(self, value: Value) -> NamedNode | Literal:
        match value:
            case EntityRef(entity):
                return self.entities[entity]
            case FactRef(fact):
                return self._node(self.facts[fact])
            case Concept(name):
                return iris.term(name)
            case DateValue(text):
                return date_literal(text)
            case Text(text, language):
                return _literal(text, language)
            case Integer(number):
                return Literal(str(number), datatype=INTEGER)
            case Money():
                return self._money(value)
        raise TypeError(f"no RDF term for {value!r}")

    def _money(self, money: Money) -> NamedNode:
        node = self.provenance.local(
            "MonetaryAmount", f"{money.minimum} {money.maximum} {money.currency} {money.comparator}"
        )
        add = self.provenance.add
        add(node, RDF_TYPE, iris.term("MonetaryAmount"))
        for name, amount in (("minValue", money.minimum), ("maxValue", money.maximum)):
            if amount is not None:
                add(node, iris.term(name), Literal(_decimal(amount), datatype=DECIMAL))
        add(node, iris.term("currency"), iris.term(money.currency))
        add(node, iris.term("comparator"), iris.term(money.comparator))
        return node


def date_literal(text: str) -> Literal:
    """Return a date as precise as its text: ``xsd:date``, ``xsd:gYearMonth`` or ``xsd:gYear``.

    Raises:
        ValueError: If the text is none of these.
    """
    for pattern, datatype in ((r"\d{4}-\d\d-\d\d", DATE), (r"\d{4}-\d\d", MONTH), (r"\d{4}", YEAR)):
        if regex.fullmatch(pattern, text):
            return Literal(text, datatype=datatype)
    raise ValueError(f"not a date: {text!r}; expected YYYY, YYYY-MM or YYYY-MM-DD")


def _decimal(amount: Decimal) -> str:
    """Return an amount without exponent: 1500000000, never 1.5E+9."""
    return f"{amount:f}"


def _literal(text: str, language: str) -> Literal:
    return Literal(text, language=language or "und")

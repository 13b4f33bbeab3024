"""Builds, from gold rows, the graph a perfect reader would have written: every fact with the gold's own names and evidence."""

from __future__ import annotations

from collections.abc import Callable

import regex
from pyoxigraph import Literal, NamedNode, Quad

from summitgraph.graph.gold import Gold, Row
from summitgraph.ontology.terms import NAMESPACE

EX = "https://example.org/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OA = "http://www.w3.org/ns/oa#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALT = "http://www.w3.org/2004/02/skos/core#altLabel"

TURNED = {
    "member": "memberOf",
    "signed": "signedBy",
    "refusedToSign": "refusedBy",
    "leads": "ledBy",
    "supports": "supportedBy",
}
TURNED["incubates"] = "incubatedBy"
STRAIGHT = {
    "participant": "hasParticipant",
    "theme": "hasTheme",
    "principle": "hasPrinciple",
    "affiliation": "affiliatedWith",
}
STRAIGHT |= {
    "launched": "launchedBy",
    "partnership": "partnerOf",
    "produces": "develops",
    "venue": "heldAt",
    "location": "heldAt",
}
TALLIES = {"attendance": "Attendees", "signatoryCount": "Signatories", "supporterCount": "Supporters"}
KINDS = {"said": "Said", "warned": "Warned", "called": "CalledFor", "criticised": "Criticised", "praised": "Praised"}
KINDS |= {"announced": "Announced"}


class Writer:
    """Writes one document's graph."""

    def __init__(self, gold: Gold, text: str) -> None:
        self.gold = gold
        self.quads: list[Quad] = []
        self.commitments: dict[tuple[str, ...], str] = {}
        source = EX + "source"
        self.add(source, RDF + "type", NamedNode(NAMESPACE + "SourceDocument"))
        self.add(source, NAMESPACE + "sha256", Literal(gold.sha256))
        self.add(source, NAMESPACE + "characterCount", Literal(str(gold.characters)))
        self.add(source, NAMESPACE + "text", Literal(text))

    def add(self, subject: str, predicate: str, value: NamedNode | Literal) -> None:
        """Add one quad; a local name of the ontology may stand for the predicate."""
        predicate = predicate if ":" in predicate else NAMESPACE + predicate
        self.quads.append(Quad(NamedNode(subject), NamedNode(predicate), value, NamedNode(EX + "graph")))

    def entity(self, label: str, aliases: frozenset[str] = frozenset(), kind: str = "") -> NamedNode:
        """Return the node of what is called *label*."""
        slug = regex.sub(r"[^\p{L}\p{N}]+", "-", label.lower())
        node = NamedNode(f"{EX}{kind or 'thing'}/{slug}")
        self.add(node.value, LABEL, Literal(label, language="en"))
        for alias in aliases:
            self.add(node.value, ALT, Literal(alias, language="ar"))
        return node

    def cite(self, node: str, row: Row) -> None:
        """Give *node* the evidence of *row*."""
        evidence, selector = f"{EX}e/{row.span.start}-{row.span.end}", f"{EX}s/{row.span.start}-{row.span.end}"
        self.add(node, "evidence", NamedNode(evidence))
        self.add(evidence, OA + "hasSource", NamedNode(EX + "source"))
        self.add(evidence, OA + "hasSelector", NamedNode(selector))
        self.add(selector, OA + "start", Literal(str(row.span.start)))
        self.add(selector, OA + "end", Literal(str(row.span.end)))

    def claim(self, row: Row, subject: NamedNode, predicate: str, value: NamedNode | Literal) -> None:
        """State a triple with its claim."""
        self.add(subject.value, predicate, value)
        node = f"{EX}claim/{row.line}"
        self.add(node, RDF + "type", NamedNode(NAMESPACE + "Claim"))
        self.add(node, RDF + "subject", subject)
        self.add(node, RDF + "predicate", NamedNode(predicate if ":" in predicate else NAMESPACE + predicate))
        self.add(node, RDF + "object", value)
        self.cite(node, row)

    def record(self, row: Row, kind: str, **roles: NamedNode | Literal | None) -> str:
        """State a record."""
        node = f"{EX}record/{row.line}"
        self.add(node, RDF + "type", NamedNode(NAMESPACE + kind))
        for role, value in roles.items():
            if value is not None:
                self.add(node, role, value)
        self.cite(node, row)
        return node

    def row(self, row: Row) -> None:
        """State what *row* states."""
        if row.relation == "partOf":
            return
        subject = self.entity(row.subject)
        if row.relation in ("startDate", "endDate", "publishedOn"):
            self.claim(row, subject, row.relation, Literal(row.object))
        elif row.relation == "type":
            self.claim(row, subject, RDF + "type", NamedNode(NAMESPACE + row.object))
        elif row.relation in TALLIES:
            kind = NamedNode(NAMESPACE + TALLIES[row.relation])
            self.record(row, "Tally", tallyFor=subject, tallyOf=kind, count=Literal(row.object))
        elif row.relation == "statement":
            kind = NamedNode(NAMESPACE + KINDS[row.qualifiers["kind"][0]])
            words = {"quote" if row.has("quoted", "yes") else "gist": Literal(row.object, language="en")}
            self.record(row, "Statement", speaker=subject, statementKind=kind, **words)
        elif row.relation == "position":
            where = row.qualifiers.get("organization")
            place = self.entity(where[0]) if where else None
            self.record(row, "Position", heldBy=subject, title=Literal(row.object, language="en"), positionIn=place)
        elif row.relation == "financialCommitment":
            self.commitment(row, subject)
        elif row.relation in TURNED:
            self.claim(row, self.entity(row.object), TURNED[row.relation], subject)
        else:
            prefix = "Venue" if row.relation == "venue" else ""
            value = (
                Literal(row.object, language="en")
                if row.relation == "purpose"
                else self.entity(row.object, kind=prefix)
            )
            if row.relation == "venue" and isinstance(value, NamedNode):
                self.add(value.value, RDF + "type", NamedNode(NAMESPACE + "Venue"))
            self.claim(row, subject, STRAIGHT.get(row.relation, row.relation), value)

    def commitment(self, row: Row, subject: NamedNode) -> None:
        """State a commitment of money."""
        money = NamedNode(f"{EX}money/{row.line}")
        for key, name in (("amountMin", "minValue"), ("amountMax", "maxValue")):
            if key in row.qualifiers:
                self.add(money.value, name, Literal(row.qualifiers[key][0]))
        self.add(money.value, "currency", NamedNode(NAMESPACE + row.qualifiers["currency"][0]))
        node = self.record(row, "FinancialCommitment", committedBy=subject, amount=money)
        for key in ("amountMin", "amountMax"):
            self.commitments.setdefault((*row.qualifiers.get(key, ("",)), *row.qualifiers["currency"]), node)

    def part(self, row: Row) -> None:
        """State that one commitment is a part of another."""
        keys = [(*row.qualifiers[key], *row.qualifiers["currency"]) for key in ("amountMin", "wholeMin")]
        self.add(self.commitments[keys[0]], "partOf", NamedNode(self.commitments[keys[1]]))


def write(gold: Gold, text: str, wanted: Callable[[Row], bool] = lambda _: True) -> list[Quad]:
    """Return the graph that states the rows that are *wanted*, ``partOf`` last since it joins two commitments."""
    writer = Writer(gold, text)
    for row in filter(wanted, gold.rows):
        writer.row(row)
    for row in filter(wanted, gold.rows):
        if row.relation == "partOf":
            writer.part(row)
    return writer.quads

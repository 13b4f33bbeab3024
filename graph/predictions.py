"""Facts read back from the RDF of a document, in the relations of the gold format, for ``evaluation.py`` to score.

Only the document's own graph is read, and only what has evidence in the document: direct triples with a claim, and records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import regex
from pyoxigraph import Quad

from summitgraph.ontology.terms import NAMESPACE, SUPERCLASSES

from .described import RDF, Amount, Described, Term, Thing, key, local
from .gold import normalise
from .records import Span

_GOLD_CLASSES = """Summit Person State City Venue Company InternationalOrganization GovernmentBody AcademicInstitution
    CivilSocietyOrganization Foundation MediaOrganization Initiative Coalition Declaration Report Technology"""
GOLD_CLASSES = frozenset(_GOLD_CLASSES.split())
_SAME = """startDate endDate chairedBy hostedBy organizedBy absent previousEdition nationality adopted publishedOn commissionedBy
    purpose rivals signed refusedToSign"""
# Property: its relation, and whether its subject is the relation's object. `heldAt` and `rdf:type` need a look at the classes.
_DIRECT: Mapping[str, tuple[str, bool]] = {
    **{name: (name, False) for name in _SAME.split()},
    "nextEdition": ("previousEdition", True),
    "hasParticipant": ("participant", False),
    "participatedIn": ("participant", True),
    "hasTheme": ("theme", False),
    "hasPrinciple": ("principle", False),
    "affiliatedWith": ("affiliation", False),
    "memberOf": ("member", True),
    "signedBy": ("signed", True),
    "refusedBy": ("refusedToSign", True),
    "launchedBy": ("launched", False),
    "launchedAt": ("launched", False),
    "ledBy": ("leads", True),
    "supportedBy": ("supports", True),
    "incubatedBy": ("incubates", True),
    "partnerOf": ("partnership", False),
    "develops": ("produces", False),
}
DATES = frozenset({"startDate", "endDate", "publishedOn"})
_TALLIES = {"Attendees": "attendance", "Signatories": "signatoryCount", "Supporters": "supporterCount"}
_UNITS: Mapping[str, tuple[str, ...]] = {
    "Person": ("persons",),
    "State": ("countries", "governments"),
    "Company": ("companies",),
    "InternationalOrganization": ("international organizations",),
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """One fact of the graph. ``qualifiers`` hold normalised words; ``reached`` is what ``sg:locatedIn`` leads to from the object."""

    relation: str
    subject: Thing | None
    object: Thing | None = None
    value: str = ""  # a date or a count
    amount: Amount | None = None
    whole: Amount | None = None
    qualifiers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    evidence: tuple[Span, ...] = ()
    rules: tuple[str, ...] = ()
    confidence: float = 0.0
    reached: tuple[Thing, ...] = ()

    def __str__(self) -> str:
        subject = f"{self.subject.label}, " if self.subject else "" if self.whole else "?, "
        amount = " of ".join(str(amount) for amount in (self.amount, self.whole) if amount)
        return f"{self.relation}({subject}{amount or self.value or (self.object.label if self.object else '?')})"


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the graph of one text states; ``language`` as the loaders detected it."""

    sha256: str
    language: str = ""
    text: str = ""
    facts: tuple[Prediction, ...] = ()


def read(quads: Iterable[Quad]) -> list[Predicted]:
    """Return the facts of each document whose graph is among *quads*; graphs without a source document are left out."""
    graphs: dict[str, list[Quad]] = defaultdict(list)
    for quad in quads:
        graphs[str(quad.graph_name)].append(quad)
    described = (Described(group) for group in graphs.values())
    return [Predicted(graph.sha256, graph.language, graph.text, _facts(graph)) for graph in described if graph.source]


def _facts(graph: Described) -> tuple[Prediction, ...]:
    reader = _Reader(graph)
    for node in graph.nodes():
        for kind in sorted(graph.classes(node)):
            if read_node := _NODES.get(kind):
                read_node(reader, node)
    return tuple(fact for _, fact in sorted(reader.found.items()) if fact.evidence)


class _Reader:
    """Collects facts by what they say, so that a claim and its record are one."""

    def __init__(self, graph: Described) -> None:
        self.graph = graph
        self.found: dict[tuple[str, ...], Prediction] = {}

    def add(self, node: str, ends: tuple[str, ...], fact: Prediction) -> None:
        """Keep *fact* with the evidence of *node*; one that is kept already gains its evidence and qualifiers."""
        known = self.found.get((fact.relation, *ends), fact)
        qualifiers = {name: words for name, words in fact.qualifiers.items() if words}
        for name, words in known.qualifiers.items():
            if words:
                qualifiers[name] = qualifiers.get(name, frozenset()) | words
        self.found[fact.relation, *ends] = replace(
            fact,
            qualifiers=qualifiers,
            evidence=tuple(sorted({*self.graph.evidence(node), *known.evidence})),
            rules=tuple(sorted({*self.graph.rules(node), *known.rules})),
            confidence=max(float(self.graph.literal(node, "confidence") or 0), known.confidence),
        )

    def claim(self, node: str) -> None:
        """Read a claim whose triple the graph states; others are about something it does not assert."""
        ends = [self.graph.values(node, RDF + name) for name in ("subject", "predicate", "object")]
        if not all(ends):
            return
        subject, predicate, value = (terms[0] for terms in ends)
        if value not in self.graph.values(key(subject), key(predicate)):
            return
        name = local(predicate)
        if key(predicate) == RDF + "type":
            self.type(node, subject, local(value))
        elif name == "heldAt":
            relation = "venue" if self.graph.thing(value).is_a("Venue") else "location"
            self.direct(node, relation, subject, value, tuple(self.graph.within(key(value))))
        elif name == "purpose" and self.graph.thing(subject).is_a("Commitment"):
            return  # the relation is about initiatives
        elif key(predicate) == NAMESPACE + name and name in _DIRECT:
            relation, turned = _DIRECT[name]
            self.direct(node, relation, *((value, subject) if turned else (subject, value)))

    def direct(self, node: str, relation: str, subject: Term, value: Term, reached: tuple[Thing, ...] = ()) -> None:
        """Read a fact of two ends."""
        if relation == "partnership":  # symmetric: both directions are one fact
            subject, value = sorted((subject, value), key=key)
        start, ends = self.graph.thing(subject), (key(subject), key(value))
        if relation in DATES:
            return self.add(node, ends, Prediction(relation, start, value=key(value)))
        qualifiers = {"at": self.graph.names(start.iri, "launchedAt")} if relation == "launched" else {}
        fact = Prediction(relation, start, self.graph.thing(value), qualifiers=qualifiers, reached=reached)
        return self.add(node, ends, fact)

    def type(self, node: str, subject: Term, kind: str) -> None:
        """Read the class of an entity: one of the inventory, below or above it; sessions, topics and principles are none."""
        above = {name for inventory in GOLD_CLASSES for name in SUPERCLASSES.get(inventory, ())}
        if kind in GOLD_CLASSES | above or GOLD_CLASSES & set(SUPERCLASSES.get(kind, ())):
            words = Thing("", kind, frozenset({normalise(kind)}), frozenset({kind}))
            self.add(node, (key(subject), kind), Prediction("type", self.graph.thing(subject), words))

    # Records. One with several actors states a fact of each.

    def fillers(self, node: str, role: str) -> list[tuple[Thing | None, tuple[str, str]]]:
        """Return the fillers of a role, one None where there is none, each with what tells the fact from others."""
        return [(thing, (node, thing.iri)) for thing in self.graph.things(node, role)] or [(None, (node, ""))]

    def position(self, node: str) -> None:
        """Read a position: its title is any of its titles, or the name of the office."""
        titles = self.graph.things(node, "title")
        offices = [local(term) for term in self.graph.objects(node, "office")]
        spelled = [normalise(regex.sub(r"(?<=[a-z])(?=[A-Z])", " ", office)) for office in offices]
        names = frozenset(spelled) | {name for title in titles for name in title.names}
        names |= self.graph.names(node, "office")
        title = Thing("", next((title.label for title in titles), ", ".join(offices)), names) if names else None
        qualifiers = {"organization": self.graph.names(node, "positionIn"), "status": self.graph.words(node, "status")}
        for person, ends in self.fillers(node, "heldBy"):
            self.add(node, ends, Prediction("position", person, title, qualifiers=qualifiers))

    def participation(self, node: str) -> None:
        """Read a participation: the role, and whether the actor was only invited."""
        roles = self.graph.words(node, "role")
        status = frozenset({"invited" if "invited" in roles else "present"}) if roles else frozenset()
        qualifiers = {"role": roles - {"invited"}, "status": status}
        for event in self.graph.things(node, "event"):
            for actor in self.graph.things(node, "actor"):
                fact = Prediction("participant", event, actor, qualifiers=qualifiers)
                self.add(node, (event.iri, actor.iri), fact)

    def statement(self, node: str) -> None:
        """Read a statement, quoted or reported."""
        words = [*self.graph.things(node, "quote"), *self.graph.things(node, "gist")]
        qualifiers = {
            "kind": self.graph.words(node, "statementKind"),
            "quoted": frozenset({"yes" if self.graph.objects(node, "quote") else "no"}),
            "event": self.graph.names(node, "madeAt"),
            "addressee": self.graph.names(node, "addressedTo"),
        }
        for speaker, ends in self.fillers(node, "speaker"):
            self.add(node, ends, Prediction("statement", speaker, next(iter(words), None), qualifiers=qualifiers))

    def tally(self, node: str) -> None:
        """Read a count."""
        units = {word for term in self.graph.objects(node, "unit") for word in _UNITS.get(local(term), (local(term),))}
        qualifiers = {"unit": frozenset(map(normalise, units)), "comparator": self.graph.words(node, "comparator")}
        count = self.graph.literal(node, "count")
        for relation in (_TALLIES.get(local(term)) for term in self.graph.objects(node, "tallyOf")):
            for subject, ends in self.fillers(node, "tallyFor") if relation else ():
                self.add(node, ends, Prediction(relation or "", subject, value=count, qualifiers=qualifiers))

    def commitment(self, node: str) -> None:
        """Read a commitment of money, and of which other it is a part."""
        amount = self.graph.amount(node)
        for whole in map(key, self.graph.objects(node, "partOf")):
            nothing = Amount(None, None, "")
            fact = Prediction("partOf", None, amount=amount or nothing, whole=self.graph.amount(whole) or nothing)
            self.add(node, (node, whole), fact)
        if "FinancialCommitment" not in self.graph.classes(node):
            return
        money = next(map(key, self.graph.objects(node, "amount")), "")
        qualifiers = {
            "status": self.graph.words(node, "status"),
            "comparator": self.graph.words(money, "comparator"),
            "recipient": self.graph.names(node, "beneficiary"),
            "announcedBy": self.graph.names(node, "announcedBy"),
            "at": self.graph.names(node, "announcedAt"),
            "period": frozenset(f"{key(term)} years" for term in self.graph.objects(node, "periodYears")),
        }
        for actor, ends in self.fillers(node, "committedBy"):
            self.add(node, ends, Prediction("financialCommitment", actor, amount=amount, qualifiers=qualifiers))

    def endorsement(self, node: str) -> None:
        """Read who signed or refused; the same fact as the direct triple where actor and document are given."""
        relation = "signed" if "Endorsement" in self.graph.classes(node) else "refusedToSign"
        role = "document" if self.graph.objects(node, "document") else "about"
        for actor, _ in self.fillers(node, "committedBy"):
            for document, _ in self.fillers(node, role):
                ends = (actor.iri if actor else node, document.iri if document else node)
                self.add(node, ends, Prediction(relation, actor, document))

    def partnership(self, node: str) -> None:
        """Read each pair of partners."""
        partners = sorted(self.graph.objects(node, "partner"), key=key)
        for position, partner in enumerate(partners):
            for other in partners[position + 1 :]:
                self.direct(node, "partnership", partner, other)


_NODES: Mapping[str, Callable[[_Reader, str], None]] = {
    "Claim": _Reader.claim,
    "Position": _Reader.position,
    "Participation": _Reader.participation,
    "Statement": _Reader.statement,
    "Tally": _Reader.tally,
    "Commitment": _Reader.commitment,
    "FinancialCommitment": _Reader.commitment,
    "PolicyPledge": _Reader.commitment,
    "Endorsement": _Reader.endorsement,
    "Refusal": _Reader.endorsement,
    "Partnership": _Reader.partnership,
}

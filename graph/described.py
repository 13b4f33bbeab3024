"""A document's graph, looked at: what its entities are called, what evidence and rules its nodes name. For ``predictions.py``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

import regex
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from summitgraph.errors import InputError
from summitgraph.ontology.terms import NAMESPACE, SUPERCLASSES

from .gold import normalise
from .records import Span

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_OA = "http://www.w3.org/ns/oa#"
_LABELS = ("http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#altLabel")
_SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
_NOTATION = "http://www.w3.org/2004/02/skos/core#notation"
_LANGUAGE = "http://purl.org/dc/terms/language"
_GENERATED_BY = "http://www.w3.org/ns/prov#wasGeneratedBy"
# Concepts whose word in the gold format is not their own name.
_WORDS: Mapping[str, str] = {
    "CalledFor": "called",
    "MoreThan": "over",
    "Exactly": "exact",
    "OpeningSpeaker": "opening",
    "ClosingSpeaker": "closing",
}

Term = NamedNode | BlankNode | Literal | Triple


@dataclass(frozen=True, slots=True)
class Thing:
    """An entity, or words (a title, a topic), as the graph describes it."""

    iri: str  # empty for words
    label: str
    names: frozenset[str]  # normalised, QIDs among them
    classes: frozenset[str] = frozenset()
    linked: bool = False  # by owl:sameAs

    def is_a(self, name: str) -> bool:
        """Tell whether one of its classes is *name* or below it."""
        return any(name == kind or name in SUPERCLASSES.get(kind, ()) for kind in self.classes)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money: bounds in whole units, currency as its ISO 4217 code."""

    minimum: Decimal | None
    maximum: Decimal | None
    currency: str

    def __str__(self) -> str:
        bounds = [f"{bound:,f}" for bound in (self.minimum, self.maximum) if bound is not None]
        return f"{'–'.join(dict.fromkeys(bounds)) or '?'} {self.currency}"


class Described:
    """The graph of one document; ``source`` is its ``sg:SourceDocument``, empty where it has none."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        self._index: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
        for quad in quads:
            self._index[key(quad.subject)][quad.predicate.value].append(quad.object)
        self._things: dict[str, Thing] = {}
        self.source = next((node for node in self._index if "SourceDocument" in self.classes(node)), "")
        self.sha256, self.text = self.literal(self.source, "sha256"), self.literal(self.source, "text")
        self.characters = int(self.literal(self.source, "characterCount") or 0)
        self.language = first(self.values(self.source, _LANGUAGE))

    def nodes(self) -> list[str]:
        """Return every subject, sorted."""
        return sorted(self._index)

    def values(self, node: str, predicate: str) -> list[Term]:
        """Return the objects of *node* for a full predicate IRI."""
        return list(self._index[node].get(predicate, ())) if node in self._index else []

    def objects(self, node: str, name: str) -> list[Term]:
        """Return the objects of *node* for a property of the ontology, by local name."""
        return self.values(node, NAMESPACE + name)

    def literal(self, node: str, name: str) -> str:
        """Return the first value of a property of the ontology, empty where there is none."""
        return first(self.objects(node, name))

    def classes(self, node: str) -> set[str]:
        """Return the local names of the classes of *node*."""
        return {local(term) for term in self.values(node, RDF + "type")}

    def thing(self, term: Term) -> Thing:
        """Return an entity with its names, or a literal as words."""
        if isinstance(term, Literal):
            return Thing("", term.value, frozenset({normalise(term.value)}))
        node = key(term)
        if node not in self._things:
            labels = [value for name in _LABELS for value in self.values(node, name) if isinstance(value, Literal)]
            labels.sort(key=lambda label: (label.language != "en", label.value))
            same = [local(item) for item in self.values(node, _SAME_AS)]
            names = frozenset(filter(None, map(normalise, [*(label.value for label in labels), *same])))
            shown = labels[0].value if labels else node
            self._things[node] = Thing(node, shown, names, frozenset(self.classes(node)), bool(same))
        return self._things[node]

    def things(self, node: str, name: str) -> list[Thing]:
        """Return what a property of the ontology leads to."""
        return [self.thing(term) for term in self.objects(node, name)]

    def names(self, node: str, name: str) -> frozenset[str]:
        """Return the names of all that a property leads to."""
        return frozenset(word for thing in self.things(node, name) for word in thing.names)

    def words(self, node: str, name: str) -> frozenset[str]:
        """Return the concepts a property leads to, in the normalised words of the gold format."""
        concepts = (local(term) for term in self.objects(node, name))
        return frozenset(normalise(_WORDS.get(concept, concept)) for concept in concepts)

    def within(self, place: str) -> Iterator[Thing]:
        """Yield the places that ``sg:locatedIn`` leads to from *place*, over any number of steps."""
        seen, waiting = {place}, [place]
        while waiting:
            for term in self.objects(waiting.pop(), "locatedIn"):
                if key(term) not in seen:
                    seen.add(key(term))
                    waiting.append(key(term))
                    yield self.thing(term)

    def amount(self, node: str) -> Amount | None:
        """Return the amount of a commitment, None where it has none."""
        for money in map(key, self.objects(node, "amount")):
            low, high = (self.literal(money, name) for name in ("minValue", "maxValue"))
            currency = next(iter(self.objects(money, "currency")), None)
            code = (first(self.values(key(currency), _NOTATION)) or local(currency)) if currency else ""
            return Amount(Decimal(low) if low else None, Decimal(high) if high else None, code)
        return None

    def evidence(self, node: str) -> tuple[Span, ...]:
        """Return the spans a claim or record rests on, sorted; evidence in other documents is left out.

        Raises:
            InputError: If a span lies outside the text.
        """
        spans = set()
        for item in map(key, self.objects(node, "evidence")):
            if self.source not in map(key, self.values(item, _OA + "hasSource")):
                continue
            for selector in map(key, self.values(item, _OA + "hasSelector")):
                start, end = (first(self.values(selector, _OA + name)) for name in ("start", "end"))
                if start and end:
                    spans.add(Span(int(start), int(end)))
        if any(span.end > self.characters for span in spans):
            raise InputError(f"{node}: its evidence ends outside a text of {self.characters} characters")
        return tuple(sorted(spans))

    def rules(self, node: str) -> tuple[str, ...]:
        """Return the rules that found a claim or record."""
        activities = map(key, self.values(node, _GENERATED_BY))
        return tuple(sorted(self.literal(activity, "rule") or activity for activity in activities))


def key(term: Term) -> str:
    """Return an IRI or the words of a literal."""
    return str(term) if isinstance(term, Triple) else term.value


def local(term: Term) -> str:
    """Return the local name of an IRI."""
    return regex.split("[#/]", key(term))[-1]


def first(terms: Iterable[Term]) -> str:
    """Return the first of *terms* as :func:`key` does, empty where there is none."""
    return next(map(key, terms), "")

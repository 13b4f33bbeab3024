"""What of a store is exported: all of it, documents, what concerns a summit or a class, or the answer to a CONSTRUCT.

Everything is read one named graph at a time, so memory does not grow with the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import regex
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, NamedNode, Quad, QueryTriples, Store

from summitgraph.errors import InputError
from summitgraph.ontology import terms

from . import iris
from . import query as queries

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
RDFS_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
SKOS_ALT_LABEL = "http://www.w3.org/2004/02/skos/core#altLabel"
OWL_SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
_DESCRIBING = {RDF_TYPE, RDFS_LABEL, SKOS_ALT_LABEL, OWL_SAME_AS}
_OA = "http://www.w3.org/ns/oa#"
_ADOPTED, _COMMISSIONED_BY, _LAUNCHED_AT = (
    NamedNode(iris.ONTOLOGY + name) for name in ("adopted", "commissionedBy", "launchedAt")
)
_CHUNK = 50_000  # triples of a CONSTRUCT that are in memory at once

OWNED = frozenset(
    {
        *(f"{iris.ONTOLOGY}{name}" for name in terms.CLASSES if {name, *terms.SUPERCLASSES[name]} & {"Record"}),
        *(f"{iris.ONTOLOGY}{name}" for name in ("Claim", "Evidence", "LinkDecision", "MonetaryAmount")),
        *(f"{iris.ONTOLOGY}{name}" for name in ("SourceDocument", "Extraction")),
        *(f"{_OA}{name}" for name in ("TextPositionSelector", "TextQuoteSelector")),
    }
)
"""Classes of nodes that say something about others: records, claims, evidence and what belongs to them."""


@dataclass(frozen=True)
class Selection:
    """What to export. Several of *documents*, *summits* and *classes* narrow each other.

    Args:
        documents: Only these documents (16 hexadecimal digits each).
        about: Only what is said of these entities (IRIs) and, of a summit, of what belongs to it: the documents it
            adopted or commissioned and the initiatives launched there; with the evidence for it.
        classes: Only what is said of instances of these classes (local names) or their subclasses.
        construct: Instead, the triples of this CONSTRUCT or DESCRIBE query.
        everything: The ontology, shapes and reference graphs too.
    """

    documents: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    construct: str = ""
    everything: bool = False
    _kinds: frozenset[str] = field(default=frozenset(), init=False)

    def __post_init__(self) -> None:
        kinds = {name for name in terms.CLASSES if {name, *terms.SUPERCLASSES[name]} & set(self.classes)}
        object.__setattr__(self, "_kinds", frozenset(iris.ONTOLOGY + name for name in kinds))

    def parts(self, store: Store, view: Store | None = None) -> Iterator[list[Quad]]:
        """Yield the chosen quads, sorted, one named graph after the other; a CONSTRUCT in chunks as they come.

        Args:
            store: A snapshot.
            view: Its view, on which a CONSTRUCT is asked (see docs/architecture.md); by default *store* itself.

        Raises:
            InputError: If a document is not in the store, or the query gives no triples.
            QueryError: If the query cannot be answered.
        """
        if self.construct:
            yield from _constructed(view or store, self.construct)
            return
        seeds = {*self.about, *_belonging(store, self.about)}
        for graph in self._graphs(store):
            quads = list(store.quads_for_pattern(None, None, None, graph))
            if self.about or self._kinds:
                quads = _concerning(quads, seeds, self._kinds)
            if quads:
                yield sorted(quads, key=str)

    def _graphs(self, store: Store) -> list[NamedNode]:
        if self.documents:
            graphs = [iris.document_graph(name) for name in self.documents]
            for graph in graphs:
                if not store.contains_named_graph(graph):
                    raise InputError(
                        f"there is no graph {graph.value}; `summitgraph stats --documents` lists the documents"
                    )
            return sorted(set(graphs), key=str)
        documents = f"{iris.base()}graph/doc/"
        named = (graph for graph in store.named_graphs() if isinstance(graph, NamedNode))
        return sorted((g for g in named if self.everything or g.value.startswith(documents)), key=str)


def _constructed(view: Store, text: str) -> Iterator[list[Quad]]:
    result = queries.select(view, text)
    if not isinstance(result, QueryTriples):
        raise InputError("--construct takes a CONSTRUCT or DESCRIBE query; for tables use `summitgraph query`")
    quads = (Quad(triple.subject, triple.predicate, triple.object) for triple in result)
    while chunk := list(islice(quads, _CHUNK)):
        if any(isinstance(term, BlankNode) for quad in chunk for term in (quad.subject, quad.object)):
            # Names of blank nodes change with every answer; canonical ones (RDFC-1.0) need all triples at once.
            rest = Dataset([*chunk, *quads])
            rest.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
            chunk = list(rest)
        yield chunk


def _belonging(store: Store, things: Iterable[str]) -> Iterator[str]:
    """Yield what some things adopted, what they commissioned and what was launched at them, whichever text says so."""
    for thing in map(NamedNode, things):
        for quad in store.quads_for_pattern(thing, _ADOPTED, None, None):
            yield _name(quad.object)
        for predicate in (_COMMISSIONED_BY, _LAUNCHED_AT):
            for quad in store.quads_for_pattern(None, predicate, thing, None):
                yield _name(quad.subject)


def _concerning(quads: Sequence[Quad], seeds: set[str], kinds: frozenset[str]) -> list[Quad]:
    """Return what the quads of one document say of some entities: direct triples, records, claims, their evidence."""
    out: dict[str, list[Quad]] = defaultdict(list)
    into: dict[str, list[Quad]] = defaultdict(list)
    owned: set[str] = set()
    for quad in quads:
        subject, value = _name(quad.subject), _name(quad.object)
        out[subject].append(quad)
        into[value].append(quad)
        if quad.predicate.value == RDF_TYPE:
            if value in OWNED:
                owned.add(subject)
            elif value in kinds:
                seeds = seeds | {subject}
    chosen: dict[Quad, None] = {}
    described: set[str] = set()
    whole = [_name(quad.subject) for seed in seeds for quad in into[seed] if _name(quad.subject) in owned]
    for seed in seeds:
        near = [quad for quad in (*out[seed], *into[seed]) if _name(quad.subject) not in owned]
        chosen.update(dict.fromkeys(near))
        described |= {_name(term) for quad in near for term in (quad.subject, quad.object)}
    seen: set[str] = set()
    while whole:
        node = whole.pop()
        if node in seen:
            continue
        seen.add(node)
        for quad in out[node]:
            chosen[quad] = None
            value = _name(quad.object)
            (whole.append if value in owned else described.add)(value)
    for node in described:
        chosen.update((quad, None) for quad in out[node] if quad.predicate.value in _DESCRIBING)
    return list(chosen)


def _name(term: object) -> str:
    return term.value if isinstance(term, NamedNode) else str(term)


def class_name(text: str) -> str:
    """Return the local name of a class given as ``Company``, ``sg:Company`` or an IRI.

    Raises:
        InputError: If the ontology has no such class.
    """
    name = text.removeprefix("sg:").removeprefix(iris.ONTOLOGY)
    if name not in terms.CLASSES:
        raise InputError(f"{text!r} is not a class of the ontology; there are {', '.join(sorted(terms.CLASSES))}")
    return name


def entity(store: Store, text: str, kind: str = "Summit") -> str:
    """Return the IRI of the one entity of class *kind* meant by an IRI, a Wikidata identifier, a slug or a label.

    Raises:
        InputError: If there is none or several; says which there are.
    """
    found = {subject: labels for subject, labels in _instances(store, kind) if _meant(text, subject, labels)}
    if len(found) == 1:
        return next(iter(found))
    there = found or dict(_instances(store, kind))
    names = "; ".join(f"{subject} ({next(iter(sorted(labels)), '')})" for subject, labels in sorted(there.items())[:12])
    problem = f"{len(found)} entities are called" if found else f"no {kind} of the store is called"
    raise InputError(f"{problem} {text!r}; give the IRI of one of: {names or 'none is there'}")


def _instances(store: Store, kind: str) -> Iterable[tuple[str, set[str]]]:
    subjects = {
        quad.subject.value
        for quad in store.quads_for_pattern(None, NamedNode(RDF_TYPE), NamedNode(iris.ONTOLOGY + kind), None)
        if isinstance(quad.subject, NamedNode) and not _is_reference(quad)
    }
    for subject in sorted(subjects):
        quads = store.quads_for_pattern(NamedNode(subject), None, None, None)
        yield subject, {
            getattr(quad.object, "value", "") for quad in quads
            if quad.predicate.value in (RDFS_LABEL, SKOS_ALT_LABEL, OWL_SAME_AS)
        }  # fmt: skip


def _is_reference(quad: Quad) -> bool:
    return isinstance(quad.graph_name, NamedNode) and quad.graph_name.value.endswith("/graph/reference")


def _meant(text: str, subject: str, names: set[str]) -> bool:
    asked = text.casefold().strip()
    if regex.fullmatch(r"(?:wd:)?q\d+", asked):
        return iris.WIKIDATA + asked.removeprefix("wd:").upper() in names
    return asked in {subject.casefold(), subject.rsplit("/", 1)[-1], *(name.casefold() for name in names)}

"""The graph as nodes and edges for drawing and network analysis, kept on disk, so that memory does not grow with it.

A node is an entity; an edge is a direct triple between two, weighted by the number of sources that state it. Records,
claims and evidence are no nodes: what they say stands in the weight and confidence of an edge.
"""

from __future__ import annotations

import csv
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse

from summitgraph import ontology
from summitgraph.ontology import terms

from . import iris
from .selection import OWL_SAME_AS, OWNED, RDF_TYPE, RDFS_LABEL, SKOS_ALT_LABEL, Selection

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LANGUAGES = ("en", "ar", "fr")
_NO_EDGE = {RDF_TYPE, OWL_SAME_AS, RDFS_LABEL, SKOS_ALT_LABEL}
_SCHEMA = """
CREATE TABLE node (iri TEXT PRIMARY KEY, kind TEXT, item TEXT, en TEXT, ar TEXT, fr TEXT, other TEXT) WITHOUT ROWID;
CREATE TABLE edge (source TEXT, relation TEXT, target TEXT, sources INT, confidence REAL,
    PRIMARY KEY (source, relation, target)) WITHOUT ROWID;
"""
_UPSERT_NODE = """INSERT INTO node VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (iri) DO UPDATE SET
    kind = CASE WHEN length(excluded.kind) > 0 THEN excluded.kind ELSE kind END, item = coalesce(item, excluded.item),
    en = coalesce(en, excluded.en), ar = coalesce(ar, excluded.ar), fr = coalesce(fr, excluded.fr),
    other = coalesce(other, excluded.other)"""
_UPSERT_EDGE = """INSERT INTO edge VALUES (?, ?, ?, 1, ?) ON CONFLICT (source, relation, target) DO UPDATE SET
    sources = sources + 1, confidence = max(confidence, excluded.confidence)"""


@dataclass(frozen=True, slots=True)
class Node:
    """An entity: its IRI, label in the language asked for, class (local name), Wikidata item, degree, style."""

    iri: str
    label: str
    kind: str
    item: str
    degree: int
    colour: str
    shape: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A direct triple: IRIs of its ends, property, its label, how many sources state it, the best confidence (0 to 1)."""

    source: str
    target: str
    relation: str
    label: str
    weight: int
    confidence: float


class Network:
    """Nodes and edges of a selection; a context manager, as it keeps them in a temporary database."""

    def __init__(self, store: Store, selection: Selection, view: Store | None = None) -> None:
        self._store = store
        self._database = sqlite3.connect("")  # a temporary file that goes with the connection
        self._database.executescript(_SCHEMA)
        for part in selection.parts(store, view):
            self._add(part)
        self._name_strangers()

    def __enter__(self) -> Network:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def _add(self, part: Iterable[Quad]) -> None:
        kinds: dict[str, set[str]] = defaultdict(set)
        names: dict[str, dict[str, str]] = defaultdict(dict)
        items: dict[str, str] = {}
        triples: list[tuple[str, str, str]] = []
        claims: dict[str, dict[str, str]] = defaultdict(dict)
        for quad in part:
            if not isinstance(quad.subject, NamedNode):
                continue
            subject, predicate, value = quad.subject.value, quad.predicate.value, quad.object
            if predicate == RDF_TYPE and isinstance(value, NamedNode):
                kinds[subject].add(value.value)
            elif predicate in (RDFS_LABEL, SKOS_ALT_LABEL) and isinstance(value, Literal):
                code = value.language or ""
                names[subject].setdefault(
                    code if predicate == RDFS_LABEL and code in _LANGUAGES else "other", value.value
                )
            elif predicate == OWL_SAME_AS and isinstance(value, NamedNode):
                items[subject] = value.value
            elif predicate.startswith(_RDF) or predicate == iris.ONTOLOGY + "confidence":
                claims[subject][predicate] = value.value if isinstance(value, (NamedNode, Literal)) else ""
            elif isinstance(value, NamedNode) and predicate not in _NO_EDGE:
                triples.append((subject, predicate, value.value))
        sure = {
            (claim[_RDF + "subject"], claim[_RDF + "predicate"], claim[_RDF + "object"]): float(
                claim.get(iris.ONTOLOGY + "confidence", 1)
            )
            for claim in claims.values()
            if {_RDF + "subject", _RDF + "predicate", _RDF + "object"} <= claim.keys()
        }
        own = {subject for subject, found in kinds.items() if found & OWNED}
        edges = [t for t in triples if t[0] not in own and t[2] not in own and _is_relation(t[1])]
        nodes = {s for s, found in kinds.items() if s not in own and any(map(_is_entity_class, found))}
        nodes |= {end for edge in edges for end in (edge[0], edge[2])}
        with self._database:
            self._database.executemany(
                _UPSERT_NODE,
                [
                    (n, _kind(kinds[n]), items.get(n), *(names[n].get(c) for c in (*_LANGUAGES, "other")))
                    for n in sorted(nodes)
                ],
            )
            self._database.executemany(_UPSERT_EDGE, [(s, p, o, sure.get((s, p, o), 1.0)) for s, p, o in edges])

    def _name_strangers(self) -> None:
        """Look up, in the whole store, the names and classes of nodes that the selection only mentions."""
        query = "SELECT iri FROM node WHERE coalesce(en, ar, fr, other) IS NULL OR kind = ''"
        for (name,) in self._database.execute(query).fetchall():
            quads = [
                quad
                for predicate in (RDF_TYPE, RDFS_LABEL, OWL_SAME_AS)
                for quad in self._store.quads_for_pattern(NamedNode(name), NamedNode(predicate), None, None)
            ]
            if quads:
                self._add(quads)

    def nodes(self, language: str = "en") -> Iterator[Node]:
        """Yield the nodes, sorted by IRI, with labels in *language* where there is one."""
        order = ", ".join(dict.fromkeys([language if language in _LANGUAGES else "en", *_LANGUAGES, "other"]))
        query = f"""SELECT iri, coalesce({order}), kind, item,
            (SELECT count(*) FROM edge WHERE source = iri) + (SELECT count(*) FROM edge WHERE target = iri)
            FROM node ORDER BY iri"""
        self._database.execute("CREATE INDEX IF NOT EXISTS by_target ON edge (target)")
        for name, label, kind, item, degree in self._database.execute(query):
            colour, shape = styles().get(kind) or styles()[""]
            yield Node(name, label or name.rsplit("/", 1)[-1], kind, item or "", degree, colour, shape)

    def edges(self, language: str = "en") -> Iterator[Edge]:
        """Yield the edges, sorted by source, relation and target; relations named in *language*."""
        labels = relation_labels(language)
        for source, relation, target, sources, confidence in self._database.execute("SELECT * FROM edge"):
            name = relation.removeprefix(iris.ONTOLOGY)
            short = name if "/" not in name else name.rsplit("#", 1)[-1].rsplit("/", 1)[-1]
            yield Edge(source, target, short, labels.get(name, short), sources, confidence)

    def count(self) -> tuple[int, int]:
        """Return the numbers of nodes and edges."""
        nodes, edges = (self._database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("node", "edge"))
        return nodes, edges


def _is_relation(predicate: str) -> bool:
    if predicate.startswith(iris.ONTOLOGY):
        return predicate.removeprefix(iris.ONTOLOGY) in terms.OBJECT_PROPERTIES
    return not predicate.startswith(
        ("http://www.w3.org/ns/prov#", "http://www.w3.org/ns/oa#", "http://purl.org/dc/terms/")
    )


def _is_entity_class(name: str) -> bool:
    return name.startswith(iris.ONTOLOGY) and name not in OWNED


def _kind(classes: Iterable[str]) -> str:
    """Return the most specific class, by its local name; the first by name where several are."""
    names = [name.removeprefix(iris.ONTOLOGY) for name in classes if _is_entity_class(name)]
    return min(names, key=lambda name: (-len(terms.SUPERCLASSES.get(name, ())), name), default="")


@cache
def styles() -> dict[str, tuple[str, str]]:
    """Return colour and shape by class, from ``styles.csv``; the empty name is for all others."""
    with (Path(__file__).resolve().parent / "styles.csv").open(encoding="utf-8", newline="") as file:
        return {row["class"]: (row["colour"], row["shape"]) for row in csv.DictReader(file)}


@cache
def relation_labels(language: str) -> dict[str, str]:
    """Return the labels of the ontology's terms in *language*, by local name."""
    label = NamedNode(RDFS_LABEL)
    found: dict[str, str] = {}
    paths: Sequence[Path] = ontology.paths(ontology.PROPER)
    for quad in (quad for path in paths for quad in parse(path=str(path), format=RdfFormat.TURTLE)):
        if quad.predicate == label and isinstance(quad.object, Literal) and quad.object.language == language:
            found[str(getattr(quad.subject, "value", "")).removeprefix(iris.ONTOLOGY)] = quad.object.value
    return found

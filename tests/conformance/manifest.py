"""Read the W3C manifests: which tests there are, and the files they name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

BASE = "https://w3c.github.io/rdf-tests/"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
Node = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
# Entailment regimes are another specification; the old graph store tests are prose and replaced by newer ones.
LEFT_OUT = frozenset(["entailment", "http-rdf-update"])


def suite_path() -> Path | None:
    """Return the folder that holds the suites, from SUMMITGRAPH_W3C_TESTS or beside the checkout; None if absent."""
    given = os.environ.get("SUMMITGRAPH_W3C_TESTS")
    checkout = Path(__file__).resolve().parents[2]
    path = Path(given) if given else checkout.parent / "shared" / "conformance" / "w3c"
    return path if (path / "sparql" / "sparql11").is_dir() else None


class Manifest:
    """One manifest file as a graph."""

    def __init__(self, path: Path, root: Path) -> None:
        self.root = root
        self.iri = BASE + path.relative_to(root).as_posix()
        self.store = ox.Store()
        self.store.load(path.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri=self.iri)

    def values(self, node: Node, predicate: str) -> list[Node]:
        """Return all objects of *node* and *predicate*."""
        if not isinstance(node, ox.NamedNode | ox.BlankNode):
            return []
        return [quad.object for quad in self.store.quads_for_pattern(node, ox.NamedNode(predicate), None)]

    def value(self, node: Node, predicate: str) -> Node | None:
        """Return one object, or None."""
        return next(iter(self.values(node, predicate)), None)

    def text(self, node: Node, predicate: str) -> str:
        """Return one object's value, or nothing."""
        value = self.value(node, predicate)
        return value.value if isinstance(value, ox.NamedNode | ox.Literal) else ""

    def items(self, node: Node | None) -> Iterator[Node]:
        """Yield the members of a list."""
        while node is not None and node != ox.NamedNode(RDF + "nil"):
            yield from self.values(node, RDF + "first")
            node = self.value(node, RDF + "rest")


@dataclass(frozen=True)
class Case:
    """One test: its IRI, its kind (the local name of its class) and where it stands."""

    suite: str
    iri: str
    kind: str
    node: ox.NamedNode
    manifest: Manifest

    @property
    def id(self) -> str:
        """Return a short name, unique over all suites."""
        return f"{self.suite}:{self.iri.rpartition('#')[2]}"

    @property
    def action(self) -> Node:
        """Return what to do."""
        action = self.manifest.value(self.node, MF + "action")
        assert action is not None, self.iri
        return action


@lru_cache(maxsize=1)
def cases() -> list[Case]:
    """Return every test of SPARQL 1.0 and 1.1 that is run, in the order of the manifests; empty without the suites."""
    root = suite_path()
    if root is None:
        return []
    found: list[Case] = []
    for version in ("sparql10", "sparql11"):
        for path in sorted((root / "sparql" / version).glob("*/manifest*.ttl")):
            if path.parent.name not in LEFT_OUT:
                found += _cases(Manifest(path, root), f"{version}/{path.parent.name}")
    return found


def _cases(manifest: Manifest, suite: str) -> Iterator[Case]:
    for node in manifest.items(manifest.value(ox.NamedNode(manifest.iri), MF + "entries")):
        kinds = [kind for kind in manifest.values(node, RDF + "type") if isinstance(kind, ox.NamedNode)]
        if kinds and isinstance(node, ox.NamedNode):
            yield Case(suite, node.value, kinds[0].value.rpartition("#")[2], node, manifest)


def file_of(iri: str, root: Path) -> Path:
    """Return the file a manifest's IRI stands for."""
    assert iri.startswith(BASE), iri
    return root / iri[len(BASE) :]

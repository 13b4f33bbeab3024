"""Triples indexed for validation: by subject and predicate, by object where asked for, classes with their subclasses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

SH = "http://www.w3.org/ns/shacl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SUBCLASS = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
TYPE = NamedNode(RDF + "type")

Term = NamedNode | BlankNode | Literal


def sh(name: str) -> NamedNode:
    """Return the term *name* of the SHACL vocabulary."""
    return NamedNode(SH + name)


class Data:
    """Triples by subject and predicate, and where asked for by object; classes with what they are subclasses of.

    Args:
        triples: What to index; a triple that comes twice counts once.
        base: Triples that belong to it too, indexed already: what every document shares. It is not changed.
        distinct: Promises that no triple comes twice, which saves looking.
    """

    def __init__(self, triples: Iterable[Quad | Triple], base: Data | None = None, *, distinct: bool = False) -> None:
        shared = base.out if base is not None else {}
        self.out: dict[Term, dict[NamedNode, list[Term]]] = dict(shared)
        self.size: int = base.size if base is not None else 0
        for triple in triples:
            subject, predicate, value = cast(Term, triple.subject), triple.predicate, cast(Term, triple.object)
            own = self.out.get(subject)
            if own is None:
                own = self.out[subject] = {}
            elif subject in shared and own is shared[subject]:
                own = self.out[subject] = {name: list(values) for name, values in own.items()}
            values = own.get(predicate)
            if values is None:
                own[predicate] = [value]
            elif not distinct and value in values:
                continue
            else:
                values.append(value)
            self.size += 1
        self._into: dict[NamedNode, dict[Term, list[Term]]] = {}
        self._having: dict[NamedNode, list[Term]] | None = None
        self._supers: dict[Term, set[Term]] = {}

    def subjects(self, predicate: NamedNode, value: Term) -> list[Term]:
        """Return the subjects that have *value* for *predicate*."""
        return self.by_object(predicate).get(value, [])

    def by_object(self, predicate: NamedNode) -> dict[Term, list[Term]]:
        """Return the subjects of *predicate* by its objects; indexed when first asked for, as few predicates are."""
        if predicate not in self._into:
            index: dict[Term, list[Term]] = {}
            for subject in self.having(predicate):
                for value in self.out[subject][predicate]:
                    index.setdefault(value, []).append(subject)
            self._into[predicate] = index
        return self._into[predicate]

    def having(self, predicate: NamedNode) -> Sequence[Term]:
        """Return the subjects that have any value for *predicate*, each once; all are found in one pass."""
        if self._having is None:
            index: dict[NamedNode, list[Term]] = {}
            for subject, own in self.out.items():
                for name in own:
                    subjects = index.get(name)
                    if subjects is None:
                        index[name] = [subject]
                    else:
                        subjects.append(subject)
            self._having = index
        return self._having.get(predicate, ())

    def values(self, subject: Term, predicate: NamedNode) -> list[Term]:
        """Return the objects of *subject* and *predicate*, each once."""
        return self.out.get(subject, {}).get(predicate, [])

    def supers(self, kind: Term) -> set[Term]:
        """Return *kind* and every class it is a subclass of."""
        if kind not in self._supers:
            found, todo = {kind}, [kind]
            while todo:
                for parent in self.values(todo.pop(), SUBCLASS):
                    if parent not in found:
                        found.add(parent)
                        todo.append(parent)
            self._supers[kind] = found
        return self._supers[kind]

    def is_a(self, node: Term, kind: Term) -> bool:
        """Tell whether *node* is an instance of *kind* or a subclass (SHACL instance)."""
        return any(kind in self.supers(own) for own in self.values(node, TYPE))

    def instances(self, kind: Term) -> Iterator[Term]:
        """Yield the SHACL instances of *kind*, each once."""
        seen: set[Term] = set()
        todo, classes = [kind], {kind}
        while todo:
            current = todo.pop()
            for node in self.subjects(TYPE, current):
                if node not in seen:
                    seen.add(node)
                    yield node
            for child in self.subjects(SUBCLASS, current):
                if child not in classes:
                    classes.add(child)
                    todo.append(child)

"""Triples indexed for validation: by subject and predicate, by object where asked for, classes with their subclasses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

SH = "http://www.w3.org/ns/shacl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SUBCLASS = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
TYPE = NamedNode(RDF + "type")

Term = NamedNode | BlankNode | Literal
Parts = tuple[Term, NamedNode, Term]
"""Subject, predicate and object of a triple: cheaper than a quad, whose parts are made anew whenever they are asked for."""


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

    def __init__(
        self, triples: Iterable[Quad | Triple | Parts], base: Data | None = None, *, distinct: bool = False
    ) -> None:
        shared = base.out if base is not None else {}
        self.out: dict[Term, dict[NamedNode, list[Term]]] = dict(shared)
        self.size: int = base.size if base is not None else 0
        last: Term | None = None
        own: dict[NamedNode, list[Term]] | None = None
        for triple in triples:
            subject, predicate, value = triple if isinstance(triple, tuple) else _parts(triple)
            if subject is not last:  # what is sorted has the triples of a subject together
                last = subject
                own = self.out.get(subject)
                if own is not None and subject in shared and own is shared[subject]:
                    own = self.out[subject] = {name: list(values) for name, values in own.items()}
            if own is None:
                own = self.out[subject] = {}
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
        self._instances: dict[Term, dict[Term, None]] = {}

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
        own = self.out.get(subject)
        return own.get(predicate, []) if own is not None else []

    def is_a(self, node: Term, kind: Term) -> bool:
        """Tell whether *node* is an instance of *kind* or a subclass (SHACL instance)."""
        return node in self.instances(kind)

    def instances(self, kind: Term) -> dict[Term, None]:
        """Return the SHACL instances of *kind*, each once, in order."""
        found = self._instances.get(kind)
        if found is None:
            found = self._instances[kind] = {}
            todo, classes = [kind], {kind}
            while todo:
                current = todo.pop()
                found.update(dict.fromkeys(self.subjects(TYPE, current)))
                for child in self.subjects(SUBCLASS, current):
                    if child not in classes:
                        classes.add(child)
                        todo.append(child)
        return found


def _parts(triple: Quad | Triple) -> Parts:
    return cast(Term, triple.subject), triple.predicate, cast(Term, triple.object)

"""SHACL (W3C Recommendation, 20 July 2017) over an index of pyoxigraph terms: compiled once, run often.

Shapes are small checks that look up the data by subject and predicate, so a document costs as much as it has triples.
pySHACL is the oracle: tests compare the two on every shape's cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from pyoxigraph import Literal, QuerySolutions, Store

from .data import Data, Term

Path = Callable[[Data, Term], list[Term]]


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result; the names are those of the validation report vocabulary."""

    focus: Term
    path: Term | None
    value: Term | None
    component: str
    source: Term
    severity: str
    messages: tuple[Literal, ...]


@dataclass
class Shape:
    """A compiled node or property shape."""

    node: Term
    severity: str = "Violation"
    messages: tuple[Literal, ...] = ()
    path_node: Term | None = None
    path: Path | None = None
    checks: list[
        Callable[[Data, Term, list[Term]], Iterable[tuple[Term | None, str] | tuple[Term | None, str, Term]]]
    ] = field(default_factory=list)
    holds: list[tuple[Callable[[Data, Term], bool], str]] = field(default_factory=list)  # of each value; its component
    properties: list[Shape] = field(default_factory=list)
    targets: list[Callable[[Data], Iterable[Term]]] = field(default_factory=list)
    selects: list[tuple[str, tuple[Literal, ...]]] = field(default_factory=list)  # SPARQL constraints: query, messages
    holder: Term | None = None  # the shape with a name that this one belongs to
    predicates: set[str] = field(default_factory=set)  # properties the shape and those inside it look at

    def validate(self, data: Data, focus: Term) -> Iterator[Result]:
        """Yield the results of *focus*."""
        values = self.path(data, focus) if self.path else [focus]
        for one in values:
            for holds, component in self.holds:
                if not holds(data, one):
                    source = self.holder or self.node
                    yield Result(focus, self.path_node, one, component, source, self.severity, self.messages)
        for check in self.checks:
            for found, component, *path in check(data, focus, values):
                where = path[0] if path else self.path_node
                yield Result(focus, where, found, component, self.holder or self.node, self.severity, self.messages)
        for inner in self.properties:
            for one in values:
                yield from inner.validate(data, one)

    def conforms(self, data: Data, focus: Term) -> bool:
        """Tell whether *focus* has no result of any severity."""
        return next(self.validate(data, focus), None) is None


def run(shapes: Sequence[Shape], data: Data) -> list[Result]:
    """Return every validation result of *data* against *shapes*."""
    found: list[Result] = []
    for shape in shapes:
        for target in dict.fromkeys(node for targets in shape.targets for node in targets(data)):
            found += shape.validate(data, target)
    return list(dict.fromkeys(found))


def run_selects(shapes: Sequence[Shape], store: Store, prefixes: Mapping[str, str]) -> list[Result]:
    """Return the results of the SPARQL constraints of *shapes*, asked of a whole store at once instead of node by node."""
    found: list[Result] = []
    for shape in shapes:
        for select, messages in shape.selects:
            for row in cast(
                QuerySolutions, store.query(select, prefixes=dict(prefixes), use_default_graph_as_union=True)
            ):
                this, value_of = row["this"], row["value"]
                found.append(
                    Result(this, None, value_of, "SPARQL", shape.node, shape.severity, messages or shape.messages)
                )
    return list(dict.fromkeys(found))

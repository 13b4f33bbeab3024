"""SHACL (W3C Recommendation, 20 July 2017) over an index of pyoxigraph terms: compiled once, run often.

Shapes are small checks that look up the data by subject and predicate, so a document costs as much as it has triples.
pySHACL is the oracle: tests compare the two on every shape's cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import cast

from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from .data import Data, Term

Path = Callable[[Data, Term], list[Term]]
Check = Callable[[Data, Term, list[Term]], Iterable[tuple[Term | None, str] | tuple[Term | None, str, Term]]]
Holds = Callable[[Data, Term], bool]


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
    checks: list[Check] = field(default_factory=list)
    demanding: bool = False  # a check may find something where there is no value
    counts: list[tuple[int, float, Check]] = field(default_factory=list)  # checks that count: least and most values
    holds: list[tuple[Holds, str]] = field(default_factory=list)  # of each value; its component
    properties: list[Shape] = field(default_factory=list)
    targets: list[Callable[[Data], Iterable[Term]]] = field(default_factory=list)
    selects: list[tuple[str, tuple[Literal, ...]]] = field(default_factory=list)  # SPARQL constraints: query, messages
    holder: Term | None = None  # the shape with a name that this one belongs to
    predicates: set[str] = field(default_factory=set)  # properties the shape and those inside it look at
    _plan: _Plan | None = None

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
        """Tell whether *focus* has no result of any severity: what :meth:`validate` would tell, without making results."""
        plan = self._plan
        if plan is None:
            plan = self._plan = _Plan(self)
        return plan.suffices(data, focus, self.path(data, focus) if self.path else [focus])


class _Plan:
    """What a shape demands, in the order that is quickest: most things asked of a node are about properties it does not have."""

    def __init__(self, shape: Shape) -> None:
        counts = [check for _, _, check in shape.counts]
        self.low = max((low for low, _, _ in shape.counts), default=0)
        self.high = min((high for _, high, _ in shape.counts), default=math.inf)
        self.checks = tuple(check for check in shape.checks if check not in counts)
        self.holds = tuple(holds for holds, _ in shape.holds)
        simple = [inner for inner in shape.properties if isinstance(inner.path_node, NamedNode) and inner.path]
        self.optional: dict[NamedNode, list[_Plan]] = {}
        self.demanded: list[tuple[NamedNode, _Plan]] = []
        for inner in simple:
            name = cast(NamedNode, inner.path_node)
            if inner.demanding:
                self.demanded.append((name, _Plan(inner)))
            else:
                self.optional.setdefault(name, []).append(_Plan(inner))
        self.bare = not shape.properties
        self.others = [
            inner for inner in shape.properties if not (isinstance(inner.path_node, NamedNode) and inner.path)
        ]

    def met(self, data: Data, values: list[Term]) -> bool:
        """Tell whether each of *values* is what it has to be."""
        for holds in self.holds:
            for value in values:
                if not holds(data, value):
                    return False
        optional, demanded = self.optional, self.demanded
        if self.bare:
            return True
        for value in values:
            own = data.out.get(value, _NOTHING)
            for name in own.keys() & optional.keys() if len(optional) > 1 else optional.keys():
                found = own.get(name)
                if found is not None:
                    for plan in optional[name]:
                        if not plan.suffices(data, value, found):
                            return False
            for name, plan in demanded:
                if not plan.suffices(data, value, own.get(name) or []):
                    return False
            for inner in self.others:
                if not inner.conforms(data, value):
                    return False
        return True

    def suffices(self, data: Data, focus: Term, values: list[Term]) -> bool:
        """Tell whether *values* are what a property of *focus* has to have."""
        if not self.low <= len(values) <= self.high:
            return False
        for check in self.checks:
            for _ in check(data, focus, values):
                return False
        return not values or self.met(data, values)


_NOTHING: dict[NamedNode, list[Term]] = {}


def run(shapes: Sequence[Shape], data: Data) -> list[Result]:
    """Return every validation result of *data* against *shapes*."""
    found: list[Result] = []
    for shape in shapes:
        for target in dict.fromkeys(chain.from_iterable(targets(data) for targets in shape.targets)):
            if not shape.conforms(data, target):
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

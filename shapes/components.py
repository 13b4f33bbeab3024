"""The constraint components of SHACL Core (section 4), each from its parameters in the shapes graph to a check of values."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache

import regex
from pyoxigraph import BlankNode, Literal, NamedNode

from summitgraph.errors import InputError

from .data import RDF, SH, Data, Term, sh
from .engine import Shape
from .values import LANG_STRING, XSD, compare, value

_NODE_KINDS: dict[str, tuple[type, ...]] = {
    "IRI": (NamedNode,), "BlankNode": (BlankNode,), "Literal": (Literal,), "BlankNodeOrIRI": (BlankNode, NamedNode),
    "BlankNodeOrLiteral": (BlankNode, Literal), "IRIOrLiteral": (NamedNode, Literal),
}  # fmt: skip


class Components(ABC):
    """One method ``_c_…`` a constraint parameter, named as SHACL names it; each adds its check to the shape."""

    graph: Data  # the shapes graph

    @abstractmethod
    def shape(self, node: Term, holder: Term | None = None) -> Shape:
        """Return the compiled shape of *node*."""

    def _get(self, node: Term, name: str) -> list[Term]:
        return self.graph.values(node, sh(name))

    def _list(self, node: Term) -> list[Term]:
        items: list[Term] = []
        while node != NamedNode(RDF + "nil"):
            first = self.graph.values(node, NamedNode(RDF + "first"))
            rest = self.graph.values(node, NamedNode(RDF + "rest"))
            if not first or not rest:
                raise InputError(f"{node.value}: not a well-formed RDF list")
            items.append(first[0])
            node = rest[0]
        return items

    # Constraint components, in the order of the specification.

    def _each(self, shape: Shape, component: str, holds: Callable[[Data, Term], bool]) -> None:
        shape.holds.append((holds, component))

    def _c_class(self, shape: Shape, parameter: Term) -> None:
        self._each(shape, "Class", lambda data, v: v in data.instances(parameter))

    def _c_datatype(self, shape: Shape, parameter: Term) -> None:
        wanted = parameter.value

        anything = wanted == LANG_STRING or wanted == f"{XSD}string"  # no spelling of it is ill-formed

        def holds(_: Data, v: Term) -> bool:
            return isinstance(v, Literal) and v.datatype.value == wanted and (anything or value(v) is not None)

        self._each(shape, "Datatype", holds)

    def _c_nodeKind(self, shape: Shape, parameter: Term) -> None:
        allowed = _NODE_KINDS[parameter.value[len(SH) :]]
        self._each(shape, "NodeKind", lambda _, v: isinstance(v, allowed))

    def _c_minCount(self, shape: Shape, parameter: Term) -> None:
        low = int(parameter.value)
        shape.demanding = shape.demanding or low > 0
        shape.checks.append(lambda data, focus, values: [(None, "MinCount")] if len(values) < low else ())
        shape.counts.append((low, math.inf, shape.checks[-1]))

    def _c_maxCount(self, shape: Shape, parameter: Term) -> None:
        high = int(parameter.value)
        shape.checks.append(lambda data, focus, values: [(None, "MaxCount")] if len(values) > high else ())
        shape.counts.append((0, high, shape.checks[-1]))

    def _range(self, shape: Shape, component: str, parameter: Term, accepted: tuple[int, ...]) -> None:
        @lru_cache(maxsize=4096)
        def within(v: Term) -> bool:
            return isinstance(v, Literal) and isinstance(parameter, Literal) and compare(v, parameter) in accepted

        self._each(shape, component, lambda _, v: within(v))

    def _c_minInclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MinInclusive", parameter, (0, 1))

    def _c_maxInclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MaxInclusive", parameter, (0, -1))

    def _c_minExclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MinExclusive", parameter, (1,))

    def _c_maxExclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MaxExclusive", parameter, (-1,))

    def _c_minLength(self, shape: Shape, parameter: Term) -> None:
        low = int(parameter.value)
        self._each(shape, "MinLength", lambda _, v: not isinstance(v, BlankNode) and len(v.value) >= low)

    def _c_maxLength(self, shape: Shape, parameter: Term) -> None:
        high = int(parameter.value)
        self._each(shape, "MaxLength", lambda _, v: not isinstance(v, BlankNode) and len(v.value) <= high)

    def _c_pattern(self, shape: Shape, parameter: Term) -> None:
        letters = "".join(flag.value for flag in self._get(shape.node, "flags"))
        flags = sum({"i": regex.I, "s": regex.S, "m": regex.M, "x": regex.X}.get(letter, 0) for letter in letters)
        expression = regex.compile(parameter.value, flags)
        self._each(
            shape, "Pattern", lambda _, v: not isinstance(v, BlankNode) and expression.search(v.value) is not None
        )

    def _c_languageIn(self, shape: Shape, parameter: Term) -> None:
        ranges = [item.value.lower() for item in self._list(parameter)]

        def holds(_: Data, v: Term) -> bool:
            tag = (v.language or "").lower() if isinstance(v, Literal) else ""
            return any(tag == one or tag.startswith(one + "-") for one in ranges)

        self._each(shape, "LanguageIn", holds)

    def _c_uniqueLang(self, shape: Shape, parameter: Term) -> None:
        if parameter.value != "true":
            return

        def check(_: Data, __: Term, values: list[Term]) -> list[tuple[Term | None, str]]:
            tags = [v.language.lower() for v in values if isinstance(v, Literal) and v.language]
            return [(None, "UniqueLang") for tag in sorted({tag for tag in tags if tags.count(tag) > 1})]

        shape.checks.append(check)

    def _c_equals(self, shape: Shape, parameter: Term) -> None:
        shape.demanding = True

        def check(data: Data, focus: Term, values: list[Term]) -> list[tuple[Term | None, str]]:
            others = data.values(focus, parameter)  # type: ignore[arg-type]
            return [
                (v, "Equals")
                for v in (*(v for v in values if v not in others), *(o for o in others if o not in values))
            ]

        shape.checks.append(check)

    def _c_disjoint(self, shape: Shape, parameter: Term) -> None:
        shape.checks.append(
            lambda data, focus, values: [(v, "Disjoint") for v in values if v in data.values(focus, parameter)]  # type: ignore[arg-type]
        )

    def _order(self, shape: Shape, component: str, parameter: Term, accepted: tuple[int, ...]) -> None:
        def check(data: Data, focus: Term, values: list[Term]) -> list[tuple[Term | None, str]]:
            others = data.values(focus, parameter)  # type: ignore[arg-type]
            return [
                (v, component) for v in values for o in others
                if not (isinstance(v, Literal) and isinstance(o, Literal) and compare(v, o) in accepted)
            ]  # fmt: skip

        shape.checks.append(check)

    def _c_lessThan(self, shape: Shape, parameter: Term) -> None:
        self._order(shape, "LessThan", parameter, (-1,))

    def _c_lessThanOrEquals(self, shape: Shape, parameter: Term) -> None:
        self._order(shape, "LessThanOrEquals", parameter, (-1, 0))

    def _c_not(self, shape: Shape, parameter: Term) -> None:
        inner = self.shape(parameter, shape.holder)
        self._each(shape, "Not", lambda data, v: not inner.conforms(data, v))

    def _c_and(self, shape: Shape, parameter: Term) -> None:
        inner = [self.shape(item, shape.holder) for item in self._list(parameter)]
        self._each(shape, "And", lambda data, v: all(one.conforms(data, v) for one in inner))

    def _c_or(self, shape: Shape, parameter: Term) -> None:
        inner = [self.shape(item, shape.holder) for item in self._list(parameter)]
        self._each(shape, "Or", lambda data, v: any(one.conforms(data, v) for one in inner))

    def _c_xone(self, shape: Shape, parameter: Term) -> None:
        inner = [self.shape(item, shape.holder) for item in self._list(parameter)]
        self._each(shape, "Xone", lambda data, v: sum(one.conforms(data, v) for one in inner) == 1)

    def _c_node(self, shape: Shape, parameter: Term) -> None:
        inner = self.shape(parameter, shape.holder)
        self._each(shape, "Node", lambda data, v: inner.conforms(data, v))

    def _c_property(self, shape: Shape, parameter: Term) -> None:
        shape.properties.append(self.shape(parameter, shape.holder))

    def _c_qualifiedValueShape(self, shape: Shape, parameter: Term) -> None:
        inner = self.shape(parameter, shape.holder)
        low = [int(v.value) for v in self._get(shape.node, "qualifiedMinCount")]
        high = [int(v.value) for v in self._get(shape.node, "qualifiedMaxCount")]
        siblings: list[Shape] = []
        shape.demanding = True
        if any(v.value == "true" for v in self._get(shape.node, "qualifiedValueShapesDisjoint")):
            for parent in self.graph.subjects(sh("property"), shape.node):
                for other in self._get(parent, "property"):
                    siblings += [self.shape(s) for s in self._get(other, "qualifiedValueShape") if s != parameter]

        def check(data: Data, _: Term, values: list[Term]) -> list[tuple[Term | None, str]]:
            count = sum(inner.conforms(data, v) and not any(s.conforms(data, v) for s in siblings) for v in values)
            found: list[tuple[Term | None, str]] = [(None, "QualifiedMinCount") for limit in low if count < limit]
            return found + [(None, "QualifiedMaxCount") for limit in high if count > limit]

        shape.checks.append(check)

    def _c_closed(self, shape: Shape, parameter: Term) -> None:
        if parameter.value != "true":
            return
        allowed = {path for inner in self._get(shape.node, "property") for path in self._get(inner, "path")}
        for ignored in self._get(shape.node, "ignoredProperties"):
            allowed |= set(self._list(ignored))

        def check(data: Data, _: Term, values: list[Term]) -> list[tuple[Term | None, str, Term]]:
            return [
                (o, "Closed", p)
                for v in values
                for p, objects in data.out.get(v, {}).items()
                if p not in allowed
                for o in objects
            ]

        shape.checks.append(check)

    def _c_sparql(self, shape: Shape, parameter: Term) -> None:
        """Keep a SPARQL constraint (section 5) for :func:`run_selects`; data in memory is not asked."""
        messages = tuple(m for m in self._get(parameter, "message") if isinstance(m, Literal))
        shape.selects += [(select.value, messages) for select in self._get(parameter, "select")]

    def _c_hasValue(self, shape: Shape, parameter: Term) -> None:
        shape.demanding = True
        shape.checks.append(lambda data, focus, values: () if parameter in values else [(None, "HasValue")])

    def _c_in(self, shape: Shape, parameter: Term) -> None:
        allowed = set(self._list(parameter))
        self._each(shape, "In", lambda _, v: v in allowed)

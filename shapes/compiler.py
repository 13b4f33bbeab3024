"""From a shapes graph to shapes that run: targets (section 2.1), property paths (2.3.1) and what a shape says of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Quad, Triple

from summitgraph.errors import InputError

from .components import Components
from .data import RDF, SH, TYPE, Data, Term, sh
from .engine import Path, Shape

_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_NOT_CONSTRAINTS = {
    *_TARGETS, "path", "message", "severity", "deactivated", "flags", "name", "description", "order", "group", "defaultValue",
    "ignoredProperties", "qualifiedMinCount", "qualifiedMaxCount", "qualifiedValueShapesDisjoint",
    "prefixes", "declare", "prefix", "namespace", "intent", "agentInstruction",
}  # fmt: skip


class Compiler(Components):
    """Turns a shapes graph into shapes.

    Raises:
        InputError: If the graph uses what is not SHACL Core, or is ill-formed; names shape and parameter.
    """

    def __init__(self, triples: Iterable[Quad | Triple]) -> None:
        self.graph = Data(triples)
        self._shapes: dict[Term, Shape] = {}

    def compile(self) -> list[Shape]:
        """Return the shapes that have targets."""
        found = {
            *self.graph.subjects(TYPE, sh("NodeShape")), *self.graph.subjects(TYPE, sh("PropertyShape")),
            *(subject for subject, out in self.graph.out.items() if any(sh(name) in out for name in _TARGETS)),
        }  # fmt: skip
        shapes = [self.shape(node) for node in sorted(found, key=str)]
        return [shape for shape in shapes if shape.targets]

    def shape(self, node: Term, holder: Term | None = None) -> Shape:
        """Return the compiled shape of *node*; shapes may refer to each other."""
        if node in self._shapes:
            return self._shapes[node]
        get = self._get
        shape = self._shapes[node] = Shape(node, holder=holder if isinstance(node, BlankNode) else node)
        shape.messages = tuple(m for m in get(node, "message") if isinstance(m, Literal))
        severity = get(node, "severity")
        shape.severity = severity[0].value.removeprefix(SH) if severity else "Violation"
        if paths := get(node, "path"):
            shape.path_node, shape.path = paths[0], self._path(paths[0])
            if holder is not None and holder in self._shapes and isinstance(paths[0], NamedNode):
                self._shapes[holder].predicates.add(paths[0].value)
        if any(isinstance(v, Literal) and v.value == "true" for v in get(node, "deactivated")):
            return shape
        self._targets(shape)
        parameters = self.graph.out.get(node, {})
        for predicate, values in parameters.items():
            name = predicate.value[len(SH) :] if predicate.value.startswith(SH) else ""
            if not name or name in _NOT_CONSTRAINTS:
                continue
            builder = getattr(self, f"_c_{name}", None)
            if builder is None:
                raise InputError(f"{node.value}: sh:{name} is not a constraint of SHACL Core")
            for parameter in values:
                builder(shape, parameter)
        return shape

    def _targets(self, shape: Shape) -> None:
        node = shape.node
        for kind in self._get(node, "targetClass"):
            shape.targets.append(_of_class(kind))
        kinds = {kind.value for kind in self.graph.values(node, TYPE)}
        if kinds & {"http://www.w3.org/2000/01/rdf-schema#Class", "http://www.w3.org/2002/07/owl#Class"}:
            shape.targets.append(lambda data: data.instances(node))
        for target in self._get(node, "targetNode"):
            shape.targets.append(_one(target))
        for predicate in self._get(node, "targetSubjectsOf"):
            shape.targets.append(_subjects_of(predicate))
        for predicate in self._get(node, "targetObjectsOf"):
            shape.targets.append(_objects_of(predicate))

    # Property paths (section 2.3.1).

    def _path(self, node: Term) -> Path:
        if isinstance(node, NamedNode):
            return lambda data, focus: data.values(focus, node)
        if self.graph.values(node, NamedNode(RDF + "first")):
            names = self._list(node)
            if all(isinstance(name, NamedNode) for name in names):
                return _chain([name for name in names if isinstance(name, NamedNode)])
            steps = [self._path(step) for step in names]

            def sequence(data: Data, focus: Term) -> list[Term]:
                here = [focus]
                for step in steps:
                    here = list(dict.fromkeys(value for one in here for value in step(data, one)))
                return here

            return sequence
        if inverse := self._get(node, "inversePath"):
            if not isinstance(inverse[0], NamedNode):
                raise InputError(f"{node.value}: sh:inversePath of a complex path is not supported")
            predicate = inverse[0]
            return lambda data, focus: data.subjects(predicate, focus)
        if alternative := self._get(node, "alternativePath"):
            choices = [self._path(choice) for choice in self._list(alternative[0])]
            return lambda data, focus: list(dict.fromkeys(v for choice in choices for v in choice(data, focus)))
        for name, zero, many in (
            ("zeroOrMorePath", True, True),
            ("oneOrMorePath", False, True),
            ("zeroOrOnePath", True, False),
        ):
            if inner := self._get(node, name):
                return _closure(self._path(inner[0]), zero=zero, many=many)
        raise InputError(f"{node.value}: not a property path")


def _of_class(kind: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda data: data.instances(kind)


def _one(target: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda _: (target,)


def _subjects_of(predicate: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda data: data.having(cast(NamedNode, predicate))


def _objects_of(predicate: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda data: list(data.by_object(cast(NamedNode, predicate)))


def _chain(names: list[NamedNode]) -> Path:
    """Return the path over one property after the other."""

    def walk(data: Data, focus: Term) -> list[Term]:
        out, here = data.out, [focus]
        for name in names:
            found: list[Term] = []
            for one in here:
                own = out.get(one)
                if own is not None and (values := own.get(name)) is not None:
                    found += values
            here = list(dict.fromkeys(found)) if len(found) > 1 else found
        return here

    return walk


def _closure(step: Path, *, zero: bool, many: bool) -> Path:
    def walk(data: Data, focus: Term) -> list[Term]:
        found: dict[Term, None] = {focus: None} if zero else {}
        todo = [focus]
        while todo:
            for one in step(data, todo.pop()):
                if one not in found:
                    found[one] = None
                    if many:
                        todo.append(one)
        return list(found)

    return walk

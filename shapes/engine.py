"""SHACL Core (W3C Recommendation, 20 July 2017, section 4) over an index of pyoxigraph terms: compiled once, run often.

The shapes are compiled to small checks that look up the data by subject and predicate, so a document costs as much as it has
triples. pySHACL is the oracle: tests compare the two on every shape's cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

import regex
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, Store, Triple

from summitgraph.errors import InputError

from .values import LANG_STRING, compare, value

SH = "http://www.w3.org/ns/shacl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SUBCLASS = NamedNode("http://www.w3.org/2000/01/rdf-schema#subClassOf")
TYPE = NamedNode(RDF + "type")

Term = NamedNode | BlankNode | Literal
Path = Callable[["Data", Term], list[Term]]


def _sh(name: str) -> NamedNode:
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


class Compiler:
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
            *self.graph.subjects(TYPE, _sh("NodeShape")), *self.graph.subjects(TYPE, _sh("PropertyShape")),
            *(subject for subject, out in self.graph.out.items() if any(_sh(name) in out for name in _TARGETS)),
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
        shape.severity = _text(severity[0]).removeprefix(SH) if severity else "Violation"
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
                raise InputError(f"{_text(node)}: sh:{name} is not a constraint of SHACL Core")
            for parameter in values:
                builder(shape, parameter)
        return shape

    def _get(self, node: Term, name: str) -> list[Term]:
        return self.graph.values(node, _sh(name))

    def _list(self, node: Term) -> list[Term]:
        items: list[Term] = []
        while node != NamedNode(RDF + "nil"):
            first = self.graph.values(node, NamedNode(RDF + "first"))
            rest = self.graph.values(node, NamedNode(RDF + "rest"))
            if not first or not rest:
                raise InputError(f"{_text(node)}: not a well-formed RDF list")
            items.append(first[0])
            node = rest[0]
        return items

    def _targets(self, shape: Shape) -> None:
        node = shape.node
        for kind in self._get(node, "targetClass"):
            shape.targets.append(_of_class(kind))
        kinds = {_text(kind) for kind in self.graph.values(node, TYPE)}
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
            steps = [self._path(step) for step in self._list(node)]

            def sequence(data: Data, focus: Term) -> list[Term]:
                here = [focus]
                for step in steps:
                    here = list(dict.fromkeys(value for one in here for value in step(data, one)))
                return here

            return sequence
        if inverse := self._get(node, "inversePath"):
            if not isinstance(inverse[0], NamedNode):
                raise InputError(f"{_text(node)}: sh:inversePath of a complex path is not supported")
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
        raise InputError(f"{_text(node)}: not a property path")

    # Constraint components, in the order of the specification.

    def _each(self, shape: Shape, component: str, holds: Callable[[Data, Term], bool]) -> None:
        shape.holds.append((holds, component))

    def _c_class(self, shape: Shape, parameter: Term) -> None:
        self._each(shape, "Class", lambda data, v: not isinstance(v, Literal) and data.is_a(v, parameter))

    def _c_datatype(self, shape: Shape, parameter: Term) -> None:
        wanted = _text(parameter)

        def holds(_: Data, v: Term) -> bool:
            return (
                isinstance(v, Literal)
                and v.datatype.value == wanted
                and (wanted == LANG_STRING or value(v) is not None)
            )

        self._each(shape, "Datatype", holds)

    def _c_nodeKind(self, shape: Shape, parameter: Term) -> None:
        allowed = _NODE_KINDS[_text(parameter)[len(SH) :]]
        self._each(shape, "NodeKind", lambda _, v: isinstance(v, allowed))

    def _c_minCount(self, shape: Shape, parameter: Term) -> None:
        low = int(_text(parameter))
        shape.checks.append(lambda data, focus, values: [(None, "MinCount")] if len(values) < low else [])

    def _c_maxCount(self, shape: Shape, parameter: Term) -> None:
        high = int(_text(parameter))
        shape.checks.append(lambda data, focus, values: [(None, "MaxCount")] if len(values) > high else [])

    def _range(self, shape: Shape, component: str, parameter: Term, accepted: tuple[int, ...]) -> None:
        self._each(
            shape,
            component,
            lambda _, v: (
                isinstance(v, Literal) and isinstance(parameter, Literal) and compare(v, parameter) in accepted
            ),
        )

    def _c_minInclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MinInclusive", parameter, (0, 1))

    def _c_maxInclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MaxInclusive", parameter, (0, -1))

    def _c_minExclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MinExclusive", parameter, (1,))

    def _c_maxExclusive(self, shape: Shape, parameter: Term) -> None:
        self._range(shape, "MaxExclusive", parameter, (-1,))

    def _c_minLength(self, shape: Shape, parameter: Term) -> None:
        low = int(_text(parameter))
        self._each(shape, "MinLength", lambda _, v: not isinstance(v, BlankNode) and len(v.value) >= low)

    def _c_maxLength(self, shape: Shape, parameter: Term) -> None:
        high = int(_text(parameter))
        self._each(shape, "MaxLength", lambda _, v: not isinstance(v, BlankNode) and len(v.value) <= high)

    def _c_pattern(self, shape: Shape, parameter: Term) -> None:
        letters = "".join(_text(flag) for flag in self._get(shape.node, "flags"))
        flags = sum({"i": regex.I, "s": regex.S, "m": regex.M, "x": regex.X}.get(letter, 0) for letter in letters)
        expression = regex.compile(_text(parameter), flags)
        self._each(
            shape, "Pattern", lambda _, v: not isinstance(v, BlankNode) and expression.search(v.value) is not None
        )

    def _c_languageIn(self, shape: Shape, parameter: Term) -> None:
        ranges = [_text(item).lower() for item in self._list(parameter)]

        def holds(_: Data, v: Term) -> bool:
            tag = (v.language or "").lower() if isinstance(v, Literal) else ""
            return any(tag == one or tag.startswith(one + "-") for one in ranges)

        self._each(shape, "LanguageIn", holds)

    def _c_uniqueLang(self, shape: Shape, parameter: Term) -> None:
        if _text(parameter) != "true":
            return

        def check(_: Data, __: Term, values: list[Term]) -> list[tuple[Term | None, str]]:
            tags = [v.language.lower() for v in values if isinstance(v, Literal) and v.language]
            return [(None, "UniqueLang") for tag in sorted({tag for tag in tags if tags.count(tag) > 1})]

        shape.checks.append(check)

    def _c_equals(self, shape: Shape, parameter: Term) -> None:
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
        low = [int(_text(v)) for v in self._get(shape.node, "qualifiedMinCount")]
        high = [int(_text(v)) for v in self._get(shape.node, "qualifiedMaxCount")]
        siblings: list[Shape] = []
        if any(_text(v) == "true" for v in self._get(shape.node, "qualifiedValueShapesDisjoint")):
            for parent in self.graph.subjects(_sh("property"), shape.node):
                for other in self._get(parent, "property"):
                    siblings += [self.shape(s) for s in self._get(other, "qualifiedValueShape") if s != parameter]

        def check(data: Data, _: Term, values: list[Term]) -> list[tuple[Term | None, str]]:
            count = sum(inner.conforms(data, v) and not any(s.conforms(data, v) for s in siblings) for v in values)
            found: list[tuple[Term | None, str]] = [(None, "QualifiedMinCount") for limit in low if count < limit]
            return found + [(None, "QualifiedMaxCount") for limit in high if count > limit]

        shape.checks.append(check)

    def _c_closed(self, shape: Shape, parameter: Term) -> None:
        if _text(parameter) != "true":
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
        shape.selects += [(_text(select), messages) for select in self._get(parameter, "select")]

    def _c_hasValue(self, shape: Shape, parameter: Term) -> None:
        shape.checks.append(lambda data, focus, values: [] if parameter in values else [(None, "HasValue")])

    def _c_in(self, shape: Shape, parameter: Term) -> None:
        allowed = set(self._list(parameter))
        self._each(shape, "In", lambda _, v: v in allowed)


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


_TARGETS = ("targetClass", "targetNode", "targetSubjectsOf", "targetObjectsOf")
_NOT_CONSTRAINTS = {
    *_TARGETS, "path", "message", "severity", "deactivated", "flags", "name", "description", "order", "group", "defaultValue",
    "ignoredProperties", "qualifiedMinCount", "qualifiedMaxCount", "qualifiedValueShapesDisjoint",
    "prefixes", "declare", "prefix", "namespace", "intent", "agentInstruction",
}  # fmt: skip
_NODE_KINDS: dict[str, tuple[type, ...]] = {
    "IRI": (NamedNode,), "BlankNode": (BlankNode,), "Literal": (Literal,), "BlankNodeOrIRI": (BlankNode, NamedNode),
    "BlankNodeOrLiteral": (BlankNode, Literal), "IRIOrLiteral": (NamedNode, Literal),
}  # fmt: skip


def _of_class(kind: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda data: data.instances(kind)


def _one(target: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda _: (target,)


def _subjects_of(predicate: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda data: data.having(cast(NamedNode, predicate))


def _objects_of(predicate: Term) -> Callable[[Data], Iterable[Term]]:
    return lambda data: list(data.by_object(cast(NamedNode, predicate)))


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


def _text(term: Term) -> str:
    return term.value

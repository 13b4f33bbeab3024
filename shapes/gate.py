"""The gate: SHACL over the quads of a document before they are stored, and evidence read back from the text.

The shapes run in :mod:`.engine`, some twenty times faster than pySHACL on our documents; pySHACL is the oracle of the tests.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import islice
from typing import cast

import pyoxigraph
from pyoxigraph import NamedNode, Quad, RdfFormat, Store

from summitgraph import ontology
from summitgraph.errors import InputError
from summitgraph.ontology import terms

from . import CROSS, GATE, paths
from .compiler import Compiler
from .data import SUBCLASS, TYPE, Data, Parts, Term
from .engine import Result, Shape, run, run_selects
from .report import Finding, Place, Report

_SG = "https://w3id.org/summitgraph/ontology#"
_OA = "http://www.w3.org/ns/oa#"
_PREDICATE, _SUBJECT = (
    NamedNode(f"http://www.w3.org/1999/02/22-rdf-syntax-ns#{name}") for name in ("predicate", "subject")
)


@cache
def compiled(modules: tuple[str, ...] = GATE) -> tuple[Shape, ...]:
    """Return the compiled shapes of *modules*.

    Raises:
        InputError: If a file is not Turtle, or no SHACL; names file and line.
    """
    triples: list[Quad] = []
    for path in paths(modules):
        try:
            triples += pyoxigraph.parse(path=str(path), format=RdfFormat.TURTLE, rename_blank_nodes=True)
        except SyntaxError as error:
            raise InputError(f"{path.name}:{error.lineno}: not valid Turtle: {error.msg}") from error
    return tuple(Compiler(triples).compile())


@cache
def _background() -> Data:
    """Return what the ontology says of classes and concepts, without which a class check cannot follow subclasses."""
    return Data(ontology.hierarchy())


def check(quads: Sequence[Quad], modules: tuple[str, ...] = GATE) -> Report:
    """Validate the quads of one document, or of several, together with what the ontology says of their classes.

    Raises:
        ValueError: If there is nothing to check; a gate that saw nothing must not pass.
    """
    if not quads:
        raise ValueError("nothing to validate: no quads were given")
    shapes = compiled(modules)
    known: Sequence[Parts] | None = getattr(quads, "triples", None)  # of graph.statements, which is above this folder
    data = Data(quads, _background()) if known is None else Data(known, _background(), distinct=True)
    results = run(shapes, data)
    findings = [*_findings(results, shapes, _Places(data).of), *evidence_findings(data)]
    return Report(tuple(findings), data.size - _background().size, len(shapes))


def check_across(store: Store) -> Report:
    """Compare the sources of a whole store: where they disagree, a person should look."""
    shapes = compiled(CROSS)
    merged = (
        Store()
    )  # each triple once, whichever sources state it: a query over their union would meet it once for each
    for name in _spoken_of(CROSS):
        merged.bulk_extend(
            Quad(q.subject, q.predicate, q.object) for q in store.quads_for_pattern(None, name, None, None)
        )
    data = Data(merged, distinct=True)
    results = [*run(shapes, data), *run_selects(shapes, merged, ontology.prefixes())]
    findings = _findings(results, shapes, lambda node, predicates: _places_in_store(store, node, predicates))
    return Report(tuple(findings), data.size, len(shapes))


@cache
def _spoken_of(modules: tuple[str, ...]) -> tuple[NamedNode, ...]:
    """Return the properties that the shapes of *modules* look at: what of a store has to be read for them."""
    quads = (quad for path in paths(modules) for quad in pyoxigraph.parse(path=str(path), format=RdfFormat.TURTLE))
    names: set[str] = set()
    for quad in quads:
        if isinstance(quad.object, NamedNode):
            names.add(quad.object.value.removeprefix(_SG))
        elif quad.predicate.value.endswith("#select"):
            names |= set(_PREFIXED.findall(_key(quad.object)))
    return (TYPE, SUBCLASS, *(NamedNode(_SG + name) for name in sorted(names & terms.PROPERTIES)))


_PREFIXED = re.compile(r"\bsg:(\w+)")
_ENOUGH = 500  # claims about a node that are looked through for words to show


def _places_in_store(store: Store, node: str, predicates: set[str]) -> tuple[Place, ...]:
    """Return the words behind a node, read from the store."""
    if not node.startswith("http"):
        return ()
    claims = store.quads_for_pattern(None, _SUBJECT, NamedNode(node), None)
    subjects = [NamedNode(node), *(quad.subject for quad in islice(claims, _ENOUGH))]
    near = [quad for subject in subjects for quad in store.quads_for_pattern(subject, None, None, None)]
    for name in (_EVIDENCE, _SELECTOR):
        ends = {quad.object for quad in near if quad.predicate == name}
        near += [quad for end in ends for quad in store.quads_for_pattern(cast(NamedNode, end), None, None, None)]
    return _Places(Data(near)).of(node, predicates)


def evidence_findings(data: Data) -> list[Finding]:
    """Return a Violation for every evidence whose words are not exactly at its place in the source text.

    And one for every quotation whose words are not in the text it is cited from, white space aside.
    """
    out = data.out
    texts = {_key(source): _key(out[source][_TEXT][0]) for source in data.having(_TEXT)}
    found = []
    for evidence in data.having(_SELECTOR):
        own = out[evidence]
        sources = own.get(_SOURCE, [])
        text = next((texts[key] for source in sources if (key := _key(source)) in texts), None)
        parts = [out[part] for part in own[_SELECTOR] if part in out]
        start, end = (
            next((_offset(_key(v)) for part in parts for v in part.get(name, ())), None) for name in (_START, _END)
        )
        exact = next((_key(v) for part in parts for v in part.get(_EXACT, ())), None)
        if text is None or start is None or end is None or exact is None:
            continue  # the shapes say what is missing or ill-formed
        if not 0 <= start < end <= len(text) or text[start:end] != exact:
            place = Place(_key(sources[0]).rsplit("/", 1)[-1], start, end, exact)
            found.append(_misquoted("EvidenceInText", _key(evidence), _EXACT.value, exact, _NOT_AT_ITS_PLACE, (place,)))
    quoting = data.having(_QUOTE)
    flat = {source: " ".join(text.split()) for source, text in texts.items()} if quoting else {}
    for statement in quoting:
        own = out[statement]
        cited = {_key(source) for evidence in own.get(_EVIDENCE, ()) for source in data.values(evidence, _SOURCE)}
        read = [flat[source] for source in sorted(cited) if source in flat]
        found += [
            _misquoted("QuoteInText", _key(statement), _QUOTE.value, quote, _NOT_IN_THE_TEXT)
            for quote in map(_key, own[_QUOTE])
            if read and not any(" ".join(quote.split()) in text for text in read)
        ]
    return found


_SELECTOR, _SOURCE, _START, _END, _EXACT = (
    NamedNode(_OA + name) for name in ("hasSelector", "hasSource", "start", "end", "exact")
)
_TEXT, _QUOTE, _EVIDENCE = (NamedNode(_SG + name) for name in ("text", "quote", "evidence"))
_NOT_AT_ITS_PLACE = {
    "en": "The words quoted as evidence do not stand at the place given; correct oa:start, oa:end or oa:exact.",
    "ar": "الألفاظ المستشهد بها ليست في الموضع المذكور من النص؛ صحّح oa:start أو oa:end أو oa:exact.",
    "fr": "Les mots cités comme preuve ne sont pas à la place indiquée ; corrigez oa:start, oa:end ou oa:exact.",
}
_NOT_IN_THE_TEXT = {
    "en": "The quotation is not in the text it is cited from; quote the words as they stand, or state them as sg:gist.",
    "ar": "الاقتباس ليس في النص المستشهد به؛ انقل الألفاظ كما وردت، أو اذكرها في sg:gist.",
    "fr": "La citation n’est pas dans le texte cité ; reprenez les mots tels quels, ou donnez-les comme sg:gist.",
}


def _misquoted(
    shape: str, node: str, path: str, words: str, messages: dict[str, str], places: tuple[Place, ...] = ()
) -> Finding:
    name = f"https://w3id.org/summitgraph/shapes#{shape}"
    return Finding("Violation", name, node, path, words, messages, places, "Evidence")


def _offset(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


class _Places:
    """Finds the words a node rests on, for the report; built only when there is something to report."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._by_subject: dict[str, dict[NamedNode, list[Term]]] | None = None

    def of(self, node: str, predicates: set[str]) -> tuple[Place, ...]:
        """Return the words behind a record, or behind the claims about an entity that *predicates* state."""
        if self._by_subject is None:
            out = self._data.out
            self._by_subject = {_key(subject): own for subject, own in out.items()}
            self._claims: dict[str, list[str]] = defaultdict(list)
            for claim in self._data.having(_SUBJECT):
                for subject in out[claim][_SUBJECT]:
                    self._claims[_key(subject)].append(_key(claim))
        claims = self._claims.get(node, [])
        telling = [claim for claim in claims if predicates.intersection(self._values(claim, _PREDICATE))]
        records = [node, *(telling or claims)[:3]]
        evidence = [value for record in records for value in self._values(record, _EVIDENCE)]
        if not evidence and self._values(node, _SELECTOR):
            evidence = [node]
        places = []
        for item in evidence[:3]:
            parts = self._values(item, _SELECTOR)
            start, end, exact = (
                [v for part in parts for v in self._values(part, name)] for name in (_START, _END, _EXACT)
            )
            source = self._values(item, _SOURCE)
            left, right = (_offset(values[0]) if values else None for values in (start, end))
            if left is not None and right is not None and exact and source:
                places.append(Place(source[0].rsplit("/", 1)[-1], left, right, exact[0]))
        return tuple(places)

    def _values(self, subject: str, predicate: NamedNode) -> list[str]:
        assert self._by_subject is not None
        return [_key(value) for value in self._by_subject.get(subject, {}).get(predicate, ())]


def _findings(
    results: Iterable[Result], shapes: Iterable[Shape], places: Callable[[str, set[str]], tuple[Place, ...]]
) -> list[Finding]:
    predicates = {shape.node: shape.predicates for shape in shapes}
    found = []
    for result in results:
        messages = {message.language or "en": message.value for message in result.messages}
        node = _key(result.focus)
        found.append(
            Finding(
                result.severity,
                _key(result.source),
                node,
                _key(result.path) if isinstance(result.path, NamedNode) else "",
                _key(result.value) if result.value is not None else "",
                messages,
                places(node, predicates.get(result.source, set())),
                result.component,
            )
        )
    return sorted(
        found, key=lambda finding: (finding.severity, finding.shape, finding.node, finding.path, finding.value)
    )


def _key(term: object) -> str:
    return str(getattr(term, "value", term))

"""What is generated from the Turtle files, so that it cannot disagree with them.

``python -m summitgraph.ontology.derived`` writes ``terms.py`` and ``context.jsonld``; tests tell whether
they are current. With ``--freeze`` it writes the file of a release, which is never changed afterwards.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from rdflib import OWL, RDF, RDFS, SKOS, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from . import IRI, NAMESPACE, PROPER, load, prefixes, version

_FOLDER = Path(__file__).resolve().parent
_WIDTH = 120


def _local(node: Node | None) -> str | None:
    """Return the local name of a term of the ontology, None for anything else."""
    return str(node)[len(NAMESPACE) :] if isinstance(node, URIRef) and str(node).startswith(NAMESPACE) else None


def _locals(nodes: Iterable[Node | None]) -> list[str]:
    return sorted(name for name in map(_local, nodes) if name is not None)


def _members(graph: Graph, node: Node | None) -> list[str]:
    """Return the names a domain or range stands for: a class, a union of classes, or a datatype as a CURIE."""
    if node is None:
        return []
    union = graph.value(node, OWL.unionOf)
    if union is not None:
        return _locals(Collection(graph, union))
    restricted = graph.value(node, OWL.onDatatype)
    name = _local(node)
    return [name if name is not None else graph.namespace_manager.curie(str(restricted or node))]


def _superclasses(graph: Graph, name: str) -> list[str]:
    reached = _locals(graph.transitive_objects(URIRef(NAMESPACE + name), RDFS.subClassOf))
    return [other for other in reached if other != name]


def _tuple(values: list[str]) -> str:
    quoted = [f'"{value}"' for value in values]
    return f"({quoted[0]},)" if len(quoted) == 1 else f"({', '.join(quoted)})"


def _mapping(name: str, entries: Mapping[str, list[str]]) -> list[str]:
    lines = [f"{name}: Final[Mapping[str, tuple[str, ...]]] = {{"]
    for key, values in entries.items():
        line = f'    "{key}": {_tuple(values)},'
        if len(line) <= _WIDTH:
            lines.append(line)
        else:
            lines += [f'    "{key}": (', *(f'        "{value}",' for value in values), "    ),"]
    return [*lines, "}"]


def _set(name: str, values: Iterable[str]) -> list[str]:
    return [f"{name}: Final = frozenset(", "    {", *(f'        "{value}",' for value in values), "    }", ")"]


def _offices(graph: Graph) -> list[Node]:
    return sorted(graph.subjects(SKOS.inScheme, URIRef(NAMESPACE + "Offices")), key=str)


def _office_names(graph: Graph) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for office in _offices(graph):
        labels = {
            str(label) for predicate in (SKOS.prefLabel, SKOS.altLabel) for label in graph.objects(office, predicate)
        }
        for label in labels:
            names.setdefault(label, []).extend(_locals([office]))
    return dict(sorted(names.items()))


def terms_source() -> str:
    """Return the source of ``terms.py`` as the Turtle files have it now."""
    graph = load(PROPER)
    classes = _locals(graph.subjects(RDF.type, OWL.Class))
    objects = _locals(graph.subjects(RDF.type, OWL.ObjectProperty))
    data = _locals(graph.subjects(RDF.type, OWL.DatatypeProperty))
    schemes = _locals(graph.subjects(RDF.type, SKOS.ConceptScheme))
    properties = sorted(objects + data)
    pairs = [(_local(a), _local(b)) for a, b in graph.subject_objects(OWL.inverseOf)]
    inverses = {a: b for a, b in pairs if a and b} | {b: a for a, b in pairs if a and b}

    def values(name: str, predicate: URIRef) -> list[str]:
        found = _members(graph, graph.value(URIRef(NAMESPACE + name), predicate))
        ranges = graph.objects(URIRef(NAMESPACE + name), URIRef("https://schema.org/rangeIncludes"))
        included = sorted(graph.namespace_manager.curie(str(datatype)) for datatype in ranges)
        return included if included and predicate == RDFS.range else found

    parts = [
        ['"""The names of the ontology as plain strings, for code that needs no RDF library.', ""],
        ["Generated from the Turtle files by ``python -m summitgraph.ontology.derived``; do not edit.", '"""', ""],
        ["from __future__ import annotations", ""],
        ["from collections.abc import Mapping", "from typing import Final", ""],
        [f'IRI: Final = "{IRI}"', f'NAMESPACE: Final = "{NAMESPACE}"', f'VERSION: Final = "{version()}"', ""],
        _set("CLASSES", classes),
        ["", "# Each class with all classes above it."],
        _mapping("SUPERCLASSES", {name: _superclasses(graph, name) for name in classes}),
        [""],
        _set("OBJECT_PROPERTIES", objects),
        [""],
        _set("DATATYPE_PROPERTIES", data),
        ["", "PROPERTIES: Final = OBJECT_PROPERTIES | DATATYPE_PROPERTIES", ""],
        ["# What a property may be said of; empty for anything."],
        _mapping("DOMAINS", {name: values(name, RDFS.domain) for name in properties}),
        ["", "# What its values may be: classes of the ontology, or datatypes as CURIEs; empty for anything."],
        _mapping("RANGES", {name: values(name, RDFS.range) for name in properties}),
        ["", "# Both directions."],
        ["INVERSES: Final[Mapping[str, str]] = {"],
        [f'    "{name}": "{inverses[name]}",' for name in sorted(inverses)],
        ["}", ""],
        _set("SYMMETRIC", _locals(graph.subjects(RDF.type, OWL.SymmetricProperty))),
        ["", "# Each concept scheme with its concepts; a concept may be in two."],
        _mapping(
            "CONCEPTS_BY_SCHEME",
            {name: _locals(graph.subjects(SKOS.inScheme, URIRef(NAMESPACE + name))) for name in schemes},
        ),
        ["", "CONCEPTS: Final = frozenset(name for names in CONCEPTS_BY_SCHEME.values() for name in names)"],
        ["", "# What offices are called, in all languages; one word may mean two."],
        _mapping("OFFICE_NAMES", _office_names(graph)),
        ["", "# Offices within a state: those narrower than another."],
        _set("STATE_OFFICES", _locals(office for office in _offices(graph) if graph.value(office, SKOS.broader))),
        ["", "# ISO 4217 codes, which are also the local names of the currencies."],
        ['CURRENCIES: Final = frozenset(CONCEPTS_BY_SCHEME["Currencies"])', ""],
    ]
    return "\n".join(line for part in parts for line in part)


# JSON needs one spelling of a value: what the properties of other vocabularies hold, so that a context can say it.
_FOREIGN: Mapping[str, str | None] = {
    "dct:title": None,
    "dct:language": None,
    "dct:source": None,
    "oa:hasSource": "@id",
    "oa:hasSelector": "@id",
    "oa:start": "xsd:integer",
    "oa:end": "xsd:integer",
    "oa:exact": None,
    "oa:prefix": None,
    "oa:suffix": None,
    "owl:sameAs": "@id",
    "prov:generatedAtTime": "xsd:dateTime",
    "prov:wasGeneratedBy": "@id",
    "rdf:object": None,
    "rdf:predicate": "@id",
    "rdf:subject": "@id",
}


def context() -> dict[str, object]:
    """Return the JSON-LD context for the whole vocabulary (JSON-LD 1.1, section 3.1).

    Terms are local names. A property whose values are things is typed ``@id``; one with a single datatype is typed
    with it; words stay untyped, since they carry a language. Classes, concepts and properties never share a name.
    """
    graph = load(PROPER)
    terms: dict[str, object] = {**prefixes(), "id": "@id", "type": "@type"}
    for name in _locals(graph.subjects(RDF.type, OWL.Class)) + _locals(graph.subjects(RDF.type, SKOS.Concept)):
        terms[name] = f"sg:{name}"
    for name in _locals(graph.subjects(RDF.type, OWL.ObjectProperty)):
        terms[name] = {"@id": f"sg:{name}", "@type": "@id"}
    for name in _locals(graph.subjects(RDF.type, OWL.DatatypeProperty)):
        values = _members(graph, graph.value(URIRef(NAMESPACE + name), RDFS.range))
        typed = values[0].startswith("xsd:")
        terms[name] = {"@id": f"sg:{name}", "@type": values[0]} if typed else {"@id": f"sg:{name}"}
    terms["label"] = {"@id": "rdfs:label", "@container": "@language"}
    terms["altLabel"] = {"@id": "skos:altLabel", "@container": ["@language", "@set"]}
    for curie, kind in _FOREIGN.items():
        name = {"dct:title": "documentTitle"}.get(curie, curie.partition(":")[2])
        terms[name] = {"@id": curie, "@type": kind} if kind else {"@id": curie}
    return {"@context": {"@version": 1.1, **terms}}


def context_source() -> str:
    """Return the text of ``context.jsonld`` as the Turtle files have it now."""
    return json.dumps(context(), indent=2, ensure_ascii=False) + "\n"


def write() -> list[Path]:
    """Write the generated files and return their paths."""
    texts = {"terms.py": terms_source(), "context.jsonld": context_source()}
    for name, text in texts.items():
        (_FOLDER / name).write_text(text, encoding="utf-8")
    return [_FOLDER / name for name in texts]


def released(number: str) -> Path:
    """Return where the frozen file of a version is, or would be."""
    return _FOLDER / "released" / number / "ontology.ttl"


def freeze() -> Path:
    """Write the ontology as one file under its version number, for good, and return the path.

    Raises:
        FileExistsError: If this version was released before; a change then needs a new number in ``core.ttl``.
    """
    path = released(version())
    path.parent.mkdir(parents=True, exist_ok=True)
    graph = load((*PROPER, "reification"))
    with path.open("x", encoding="utf-8") as file:
        file.write(graph.serialize(format="turtle"))
    return path


if __name__ == "__main__":
    if sys.argv[1:] == ["--freeze"]:
        freeze()
    elif not sys.argv[1:]:
        write()
    else:
        sys.exit("usage: python -m summitgraph.ontology.derived [--freeze]")

"""What the endpoint says of itself as RDF: service description, VoID, prefixes and example queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from . import catalogue
from .engine import Engine, known_prefixes
from .formats import RDF_FORMATS, Format, negotiate
from .magic import NAMESPACE
from .problems import Problem, not_acceptable
from .reply import Reply

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
SD = "http://www.w3.org/ns/sparql-service-description#"
VOID = "http://rdfs.org/ns/void#"
DCT = "http://purl.org/dc/terms/"
SH = "http://www.w3.org/ns/shacl#"
XSD = "http://www.w3.org/2001/XMLSchema#"
VOID_EXT = "http://ldf.fi/void-ext#"
FORMAT_IRI = "http://www.w3.org/ns/formats/"
_OX = {
    "turtle": ox.RdfFormat.TURTLE,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
    "nquads": ox.RdfFormat.N_QUADS,
    "trig": ox.RdfFormat.TRIG,
}
DUMPS = ("ttl", "trig", "nq", "nt", "jsonld", "rdf")  # suffixes of /dump/summitgraph.…
Triples = list[ox.Triple]
Node = ox.NamedNode | ox.BlankNode


def _iri(value: str) -> ox.NamedNode:
    return ox.NamedNode(value)


def _add(
    triples: Triples,
    subject: ox.NamedNode | ox.BlankNode,
    predicate: str,
    *objects: ox.NamedNode | ox.BlankNode | ox.Literal,
) -> None:
    triples.extend(ox.Triple(subject, _iri(predicate), value) for value in objects)


def _integer(value: int) -> ox.Literal:
    return ox.Literal(str(value), datatype=_iri(XSD + "integer"))


def choose_rdf(accept: str | None, formats: Sequence[Format] = RDF_FORMATS) -> Format:
    """Return the RDF format for an Accept header; raise the 406 Problem if none fits."""
    if chosen := negotiate(accept, formats):
        return chosen[0]
    raise not_acceptable([item.media_type for item in formats])


def serialise(triples: Iterable[ox.Triple], form: Format) -> bytes:
    """Return *triples* in a format, with the prefixes they use."""
    listed = list(triples)
    text = "".join(map(str, listed))
    used = {name: space for name, space in known_prefixes().items() if f"<{space}" in text}
    prefixes = used if form.name in ("turtle", "trig", "rdfxml") else None
    return ox.serialize(listed, format=_OX[form.name], prefixes=prefixes) or b""


def rdf_reply(triples: Iterable[ox.Triple], accept: str | None) -> Reply:
    """Return *triples* in the format asked for."""
    form = choose_rdf(accept)
    body = serialise(triples, form)
    return Reply(200, form.content_type, body, [("Vary", "Accept, Accept-Encoding")], size=len(body))


def service(endpoint: str, writable: bool, federated: bool = False) -> Triples:
    """Return the description of the service at *endpoint* (SPARQL 1.1 Service Description)."""
    triples: Triples = []
    node, dataset, graph = _iri(endpoint), ox.BlankNode("dataset"), ox.BlankNode("graph")
    kind = RDF + "type"
    _add(triples, node, kind, _iri(SD + "Service"))
    _add(triples, node, SD + "endpoint", node)
    languages = [SD + "SPARQL10Query", SD + "SPARQL11Query"] + ([SD + "SPARQL11Update"] if writable else [])
    _add(triples, node, SD + "supportedLanguage", *map(_iri, languages))
    _add(triples, node, SD + "feature", _iri(SD + "UnionDefaultGraph"), _iri(SD + "EmptyGraphs"))
    if federated:
        _add(triples, node, SD + "feature", _iri(SD + "BasicFederatedQuery"))
    _add(triples, node, SD + "propertyFeature", _iri(NAMESPACE + "matches"))
    results = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
    graphs = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD", "N-Quads", "TriG")
    _add(triples, node, SD + "resultFormat", *(_iri(FORMAT_IRI + name) for name in results + graphs))
    if writable:
        _add(triples, node, SD + "inputFormat", *(_iri(FORMAT_IRI + name) for name in graphs))
    _add(triples, node, SD + "defaultDataset", dataset)
    _add(triples, dataset, kind, _iri(SD + "Dataset"))
    _add(triples, dataset, SD + "defaultGraph", graph)
    _add(triples, graph, kind, _iri(SD + "Graph"))
    for name, namespace in sorted(known_prefixes().items()):
        declaration = ox.BlankNode(f"prefix-{name}")
        _add(triples, node, SH + "declare", declaration)
        _add(triples, declaration, SH + "prefix", ox.Literal(name))
        _add(triples, declaration, SH + "namespace", ox.Literal(namespace, datatype=_iri(XSD + "anyURI")))
    return triples


def examples(endpoint: str) -> Triples:
    """Return the example queries, each aimed at *endpoint*."""
    triples = catalogue.triples()
    for example in catalogue.examples():
        triples.append(ox.Triple(_iri(example.iri), _iri("https://schema.org/target"), _iri(endpoint)))
    return triples


def void(engine: Engine, site: str, *, by_class: bool = True) -> Triples:
    """Return the VoID description: size, how often each class and property is used, and *by_class* which goes with which."""
    triples: Triples = []
    dataset, kind = _iri(site + "/dataset"), RDF + "type"
    _add(triples, dataset, kind, _iri(VOID + "Dataset"), _iri("http://www.w3.org/ns/dcat#Dataset"))
    _add(triples, dataset, DCT + "title", ox.Literal("SummitGraph", language="en"))
    _add(triples, dataset, VOID + "sparqlEndpoint", _iri(site + "/sparql"))
    _add(triples, dataset, VOID + "dataDump", *(_iri(f"{site}/dump/summitgraph.{suffix}") for suffix in DUMPS))
    _add(triples, dataset, VOID + "uriSpace", ox.Literal(engine.settings.base_iri + "id/"))
    _add(triples, dataset, VOID + "vocabulary", _iri("https://w3id.org/summitgraph/ontology"))
    classes = engine.select(CLASSES)
    properties = engine.select(PROPERTIES)
    total = sum(int(row["n"]["value"]) for row in properties)
    _add(triples, dataset, VOID + "triples", _integer(total))
    _add(triples, dataset, VOID + "classes", _integer(len(classes)))
    _add(triples, dataset, VOID + "properties", _integer(len(properties)))
    parts = (
        (classes, "classPartition", "class", "entities"),
        (properties, "propertyPartition", "property", "triples"),
    )
    for rows, link, named, counted in parts:
        for number, row in enumerate(rows):
            part = ox.BlankNode(f"{named}-{number}")
            _add(triples, dataset, VOID + link, part)
            _add(triples, part, VOID + named, _iri(row["term"]["value"]))
            _add(triples, part, VOID + counted, _integer(int(row["n"]["value"])))
    if by_class:
        triples += _by_class(engine, [row["term"]["value"] for row in classes])
    return triples


def _by_class(engine: Engine, classes: Sequence[str]) -> Triples:
    """Return which properties the things of each class have and of what kind their values are, as editors ask for it.

    Too much to ask of a very large graph: then nothing is said.
    """
    triples: Triples = []
    try:
        rows = engine.select(BY_CLASS)
    except Problem:
        return triples
    parts: dict[tuple[str, str], ox.BlankNode] = {}
    for row in rows:
        kind, name, count = row["class"]["value"], row["property"]["value"], int(row["n"]["value"])
        if kind not in classes:
            continue
        part = parts.get((kind, name))
        if part is None:
            part = parts[kind, name] = ox.BlankNode(f"class-{classes.index(kind)}-property-{len(parts)}")
            _add(triples, ox.BlankNode(f"class-{classes.index(kind)}"), VOID + "propertyPartition", part)
            _add(triples, part, VOID + "property", _iri(name))
        if "range" not in row:
            continue
        values = ox.BlankNode(f"{part.value}-{row['range']['value'].replace('#', '/').rpartition('/')[2]}")
        of_texts = row["literal"]["value"] == "true"
        _add(triples, part, (VOID_EXT + "datatypePartition") if of_texts else VOID + "classPartition", values)
        _add(triples, values, (VOID_EXT + "datatype") if of_texts else VOID + "class", _iri(row["range"]["value"]))
        _add(triples, values, VOID + "triples", _integer(count))
    return triples


CLASSES = """SELECT ?term (COUNT(*) AS ?n) { { SELECT DISTINCT ?s ?term { ?s a ?term FILTER(isIRI(?term)) } } }
GROUP BY ?term ORDER BY DESC(?n) ?term LIMIT 500"""
PROPERTIES = "SELECT ?term (COUNT(*) AS ?n) { ?s ?term ?o } GROUP BY ?term ORDER BY DESC(?n) ?term LIMIT 1000"
BY_CLASS = """SELECT ?class ?property ?range ?literal (COUNT(*) AS ?n) {
  ?s a ?class ; ?property ?o FILTER(isIRI(?class) && ?property != <http://www.w3.org/1999/02/22-rdf-syntax-ns#type>)
  OPTIONAL { ?o a ?kind FILTER(isIRI(?kind)) }
  BIND(isLiteral(?o) AS ?literal) BIND(IF(?literal, DATATYPE(?o), ?kind) AS ?range)
} GROUP BY ?class ?property ?range ?literal ORDER BY ?class ?property ?range LIMIT 5000"""

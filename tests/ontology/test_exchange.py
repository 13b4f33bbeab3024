"""The graph as others read it: JSON-LD, schema.org and the shape of Wikidata's statements; and the alignments."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import OWL, RDF, RDFS, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from summitgraph import ontology
from summitgraph.ontology import derived, terms

FOLDER = ontology.paths()[0].parent
SG = Namespace(ontology.NAMESPACE)
SCHEMA = Namespace("https://schema.org/")
WD = Namespace("http://www.wikidata.org/entity/")
P = Namespace("http://www.wikidata.org/prop/")
PS = Namespace("http://www.wikidata.org/prop/statement/")
PQ = Namespace("http://www.wikidata.org/prop/qualifier/")
PR = Namespace("http://www.wikidata.org/prop/reference/")
PROV = Namespace("http://www.w3.org/ns/prov#")
ID = Namespace("https://w3id.org/summitgraph/id/")
QUERIES = sorted((FOLDER / "queries").glob("*.rq"))

MORE = """
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix sg: <https://w3id.org/summitgraph/ontology#> .
@prefix record: <https://w3id.org/summitgraph/id/record/> .
@prefix person: <https://w3id.org/summitgraph/id/person/> .
@prefix state: <https://w3id.org/summitgraph/id/state/> .
@prefix summit: <https://w3id.org/summitgraph/id/summit/> .

record:position-1 a sg:Position ; sg:heldBy person:narendra-modi ; sg:title "رئيس وزراء الهند"@ar ;
    sg:office sg:PrimeMinister ; sg:positionIn state:india .
record:claim-2 a sg:Claim ; rdf:subject summit:paris ; rdf:predicate rdf:type ; rdf:object sg:Summit .
record:claim-3 a sg:Claim ; rdf:subject summit:paris ; rdf:predicate sg:hasParticipant ;
    rdf:object person:narendra-modi .
record:participation-1 a sg:Participation ; sg:event summit:paris ; sg:actor person:narendra-modi ; sg:role sg:Speaker .
record:claim-4 a sg:Claim ; rdf:subject person:narendra-modi ; rdf:predicate sg:nationality ; rdf:object state:india .
person:narendra-modi a sg:Person .
record:claim-5 a sg:Claim ; rdf:subject record:declaration ; rdf:predicate sg:refusedBy ; rdf:object state:france .
record:expected a sg:FinancialCommitment ; sg:status sg:Expected ; sg:amount record:amount-1 .
"""


@cache
def document() -> Graph:
    return Graph().parse(Path(__file__).parents[1] / "shapes" / "document.ttl").parse(data=MORE, format="turtle")


def construct(name: str, data: Graph) -> Graph:
    """Return what a query builds over the data and the ontology, run by the engine that the server uses."""
    store = ox.Store()
    for graph in (data, ontology.load()):
        store.load(graph.serialize(format="nt", encoding="utf-8"), ox.RdfFormat.N_TRIPLES)
    answer = store.query((FOLDER / "queries" / name).read_text(encoding="utf-8"))
    assert isinstance(answer, ox.QueryTriples)
    text = answer.serialize(format=ox.RdfFormat.N_TRIPLES)
    assert text is not None
    return Graph().parse(data=text, format="nt")


def test_queries_are_found() -> None:
    assert [path.name for path in QUERIES] == ["schema-org.rq", "wikidata.rq"]


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_query_declares_prefixes_as_the_project_does(path: Path) -> None:
    declared = {
        line.split()[1].rstrip(":"): line.split()[2].strip("<>")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("PREFIX ")
    }

    assert declared
    assert declared.items() <= ontology.prefixes().items()


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_query_uses_terms_that_exist(path: Path) -> None:
    known = terms.CLASSES | terms.PROPERTIES | terms.CONCEPTS
    words = path.read_text(encoding="utf-8").replace("(", " ").replace(")", " ").replace("/", " ").split()
    used = {word.strip(";.,").removeprefix("sg:") for word in words if word.startswith("sg:")} - {""}

    assert used
    assert used <= known


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_query_over_nothing_builds_nothing_about_things(path: Path) -> None:
    built = construct(path.name, Graph())

    assert {str(subject) for subject in built.subjects()} <= {str(SG[name]) for name in terms.CONCEPTS}


def test_schema_org_has_events_people_and_what_they_said() -> None:
    built = construct("schema-org.rq", document())

    assert (ID["summit/paris"], RDF.type, SCHEMA.Event) in built
    assert (
        ID["summit/paris"],
        SCHEMA.startDate,
        Literal("2025-02-10", datatype=URIRef("http://www.w3.org/2001/XMLSchema#date")),
    ) in built
    assert (ID["person/emmanuel-macron"], SCHEMA.sameAs, WD.Q3052772) in built
    assert (ID["record/statement-1"], SCHEMA.text, Literal("Act now,", lang="en")) in built
    assert (ID["person/narendra-modi"], SCHEMA.memberOf, ID["record/position-1"]) in built
    assert all(str(term).startswith((str(SCHEMA), str(RDF))) for term in built.predicates())


def test_schema_org_takes_no_expectation_for_a_grant() -> None:
    built = construct("schema-org.rq", document())

    assert list(built.subjects(RDF.type, SCHEMA.MonetaryGrant)) == [ID["record/commitment-1"]]
    assert (ID["record/amount-1"], SCHEMA.currency, Literal("EUR")) in built


def test_wikidata_statement_has_value_and_reference() -> None:
    built = construct("wikidata.rq", document())
    statement = ID["record/claim-1"]

    assert (ID["summit/paris"], P.P488, statement) in built
    assert (statement, PS.P488, WD.Q3052772) in built
    reference = built.value(statement, PROV.wasDerivedFrom)
    assert built.value(reference, PR.P1683) == Literal("Emmanuel Macron chaired the Paris summit")


def test_wikidata_statement_has_class_office_role_and_country() -> None:
    built = construct("wikidata.rq", document())

    assert (ID["record/claim-2"], PS.P31, WD.Q1072326) in built
    assert (ID["record/position-1"], PS.P39, WD.Q14212) in built
    assert (ID["record/claim-3"], PQ.P3831, SG.Speaker) in built
    assert (ID["person/narendra-modi"], P.P27, ID["record/claim-4"]) in built


def test_wikidata_has_no_refusal() -> None:
    built = construct("wikidata.rq", document())

    assert (None, None, ID["record/claim-5"]) not in built


def test_context_is_current() -> None:
    assert (FOLDER / "context.jsonld").read_text(encoding="utf-8") == derived.context_source()


def test_context_names_every_term() -> None:
    entries = json.loads(derived.context_source())["@context"]

    assert set(entries) >= terms.CLASSES | terms.PROPERTIES | terms.CONCEPTS


def test_document_survives_json_ld() -> None:
    text = document().serialize(format="json-ld", context=derived.context()["@context"])
    triples = ox.parse(text, format=ox.RdfFormat.JSON_LD)
    again = Graph().parse(data=ox.serialize(triples, format=ox.RdfFormat.N_QUADS) or b"", format="nt")

    assert '"chairedBy"' in text
    assert isomorphic(again, document())


def test_alignments_are_complete_pairs_of_own_and_foreign() -> None:
    graph = ontology.load(("alignments",))
    relations = {RDFS.subClassOf, RDFS.subPropertyOf, SKOS.closeMatch, SKOS.exactMatch, SKOS.relatedMatch}
    pairs = [(own, other) for own, relation, other in graph if relation in relations]

    assert len(pairs) > 150
    assert all(str(own).startswith(SG) and not str(other).startswith(SG) for own, other in pairs)
    for vocabulary in ("schema", "sem", "lode", "org", "prov", "frapo", "eli", "wd", "wdt", "foaf"):
        assert any(str(other).startswith(ontology.prefixes()[vocabulary]) for _, other in pairs), vocabulary
    assert not any(str(other).endswith("frapo/Commitments") for _, other in pairs)


def test_no_refusal_is_aligned_with_a_signature() -> None:
    graph = ontology.load(("alignments",))

    assert list(graph.predicate_objects(SG.refusedBy)) == []


def test_core_does_not_depend_on_the_alignments() -> None:
    assert list(ontology.load(ontology.PROPER).objects(None, OWL.imports)) == []

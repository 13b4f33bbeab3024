"""What every term must have, what is generated from the terms, and those pitfalls of the OOPS! catalogue that show."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest
from rdflib import DCTERMS, OWL, RDF, RDFS, SKOS, VANN, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from summitgraph import ontology
from summitgraph.ontology import derived, terms
from tests.rdf import as_graph

SG = Namespace(ontology.NAMESPACE)
LANGUAGES = ["ar", "en", "fr"]
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, SKOS.ConceptScheme, SKOS.Concept)

NO_DOMAIN = {"about"}  # of anything
NO_RANGE = {
    "unit",  # a class as a value: OWL 2 DL has no class of classes
    "entity",  # any entity
    "candidate",  # an item of Wikidata, of which the ontology says nothing
}
NO_INVERSE = {
    # Asked from one side only: an inverse would double the triples and the claims without answering a new question.
    "about", "absent", "actor", "addressedTo", "adopted", "affiliatedWith", "amount", "announcedAt", "announcedBy",
    "beneficiary", "candidate", "chairedBy", "commissionedBy", "committedBy", "comparator", "currency", "decision",
    "develops", "document", "entity", "event", "evidence", "hasPrinciple", "hasTheme", "heldAt", "heldBy",
    "hostedBy", "inSeries", "incubatedBy", "launchedAt", "launchedBy", "ledBy", "locatedIn", "madeAt", "memberOf",
    "nationality", "office", "organizedBy", "partOf", "partner", "positionIn", "rivals", "role", "speaker",
    "statementKind", "status", "supportedBy", "tallyFor", "tallyOf",
    "findingKind", "unit",
}  # fmt: skip


@cache
def proper() -> Graph:
    return ontology.load(ontology.PROPER)


def own(kind: Node) -> set[str]:
    return {str(term).removeprefix(SG) for term in proper().subjects(RDF.type, kind) if str(term).startswith(SG)}


def every_term() -> list[str]:
    return sorted(set().union(*(own(kind) for kind in KINDS)))


def test_terms_are_found() -> None:
    assert len(own(OWL.Class)) > 50
    assert len(terms.PROPERTIES) > 70
    assert len(terms.CURRENCIES) > 150


@pytest.mark.parametrize("path", ontology.paths(), ids=lambda path: path.stem)
def test_module_parses_and_declares_the_prefixes_it_uses(path: object) -> None:
    """rdflib refuses an undeclared prefix; the project's own list must agree with those a file declares."""
    graph = Graph(bind_namespaces="none").parse(str(path), format="turtle")
    declared = {prefix: str(namespace) for prefix, namespace in graph.namespaces() if prefix}

    assert len(graph) > 0
    assert declared.items() <= ontology.prefixes().items()


@pytest.mark.parametrize("term", every_term())
def test_term_is_described_in_three_languages(term: str) -> None:
    """P08; rdfs:label at most once per language."""
    for predicate in (RDFS.label, SKOS.definition):
        values = [value for value in proper().objects(SG[term], predicate) if isinstance(value, Literal)]
        assert sorted(str(value.language) for value in values) == LANGUAGES
        assert all(value.strip() == str(value) != "" for value in values)
    assert list(proper().objects(SG[term], RDFS.isDefinedBy)) == [URIRef(ontology.IRI)]


@pytest.mark.parametrize("predicate", [SKOS.example, SKOS.scopeNote])
def test_notes_are_in_three_languages(predicate: URIRef) -> None:
    for term in set(proper().subjects(predicate)):
        languages = sorted(getattr(value, "language", None) or "" for value in proper().objects(term, predicate))
        assert languages in (LANGUAGES, [""])


def test_generated_names_are_current() -> None:
    assert (ontology.paths()[0].parent / "terms.py").read_text(encoding="utf-8") == derived.terms_source()


def test_generated_names_are_those_of_the_turtle() -> None:
    assert own(OWL.Class) == terms.CLASSES
    assert own(OWL.ObjectProperty) | own(OWL.DatatypeProperty) == terms.PROPERTIES
    assert own(SKOS.Concept) == terms.CONCEPTS


def test_no_name_serves_twice() -> None:
    assert terms.CLASSES.isdisjoint(terms.CONCEPTS)
    assert terms.PROPERTIES.isdisjoint(terms.CLASSES | terms.CONCEPTS)


def test_every_term_of_the_namespace_that_is_used_is_defined() -> None:
    graph = ontology.load()
    used = {node for triple in graph for node in triple if isinstance(node, URIRef) and node.startswith(SG)}

    assert {str(term).removeprefix(SG) for term in used} <= set(every_term())


def test_header_is_complete() -> None:
    """P38, P41."""
    header = URIRef(ontology.IRI)
    graph = proper()

    assert (header, RDF.type, OWL.Ontology) in graph
    assert (
        sorted(str(title.language) for title in graph.objects(header, DCTERMS.title) if isinstance(title, Literal))
        == LANGUAGES
    )
    assert graph.value(header, DCTERMS.license) == URIRef("https://www.apache.org/licenses/LICENSE-2.0")
    assert graph.value(header, DCTERMS.creator) is not None
    assert graph.value(header, OWL.versionIRI) == URIRef(f"{ontology.IRI}/{ontology.version()}")
    assert graph.value(header, VANN.preferredNamespacePrefix) == Literal("sg")
    assert graph.value(header, VANN.preferredNamespaceUri) == Literal(ontology.NAMESPACE)


def test_currency_notation_is_its_name() -> None:
    notations = {(str(code), str(term).removeprefix(SG)) for term, code in proper().subject_objects(SKOS.notation)}

    assert notations == {(code, code) for code in terms.CURRENCIES}
    assert all(re.fullmatch("[A-Z]{3}", code) for code in terms.CURRENCIES)


def test_concepts_form_trees() -> None:
    graph = proper()
    for concept in graph.subjects(RDF.type, SKOS.Concept):
        schemes = set(graph.objects(concept, SKOS.inScheme))
        parents = set(graph.objects(concept, SKOS.broader))
        assert schemes
        assert parents or set(graph.objects(concept, SKOS.topConceptOf)) == schemes
        assert all(schemes <= set(graph.objects(parent, SKOS.inScheme)) for parent in parents)
        assert concept not in set(graph.transitive_objects(next(iter(parents)), SKOS.broader)) if parents else True


def test_every_class_is_connected() -> None:
    """P04: each class is a domain, a range, a superclass or a subclass of another, or in an axiom with one."""
    used = set()
    for name in terms.CLASSES:
        used |= set(terms.SUPERCLASSES[name])
        if terms.SUPERCLASSES[name] or (SG[name], RDFS.subClassOf, SKOS.Concept) in proper():
            used.add(name)
    for value in (*terms.DOMAINS.values(), *terms.RANGES.values()):
        used |= set(value)

    assert terms.CLASSES - used == set()


def test_disjointness_is_declared() -> None:
    """P10."""
    groups = [set(Collection(proper(), members)) for members in proper().objects(None, OWL.members)]
    groups += [{first, second} for first, second in proper().subject_objects(OWL.disjointWith)]
    pairs = [("Person", "Organization"), ("Event", "Document"), ("Statement", "Commitment"), ("Endorsement", "Refusal")]

    for first, second in pairs:
        assert any({SG[first], SG[second]} <= group for group in groups), (first, second)


def test_domain_and_range_are_single_and_given() -> None:
    """P11 and P19: several domains would be an intersection, so alternatives are one owl:unionOf."""
    for name in terms.PROPERTIES:
        domains = list(proper().objects(SG[name], RDFS.domain))
        ranges = list(proper().objects(SG[name], RDFS.range))
        assert len(domains) == (0 if name in NO_DOMAIN else 1), name
        assert len(ranges) == (0 if name in NO_RANGE else 1), name


def test_inverses_are_declared_or_left_out_on_purpose() -> None:
    """P13, P25 and P26."""
    assert terms.OBJECT_PROPERTIES - set(terms.INVERSES) - terms.SYMMETRIC == NO_INVERSE
    assert all(name != inverse for name, inverse in terms.INVERSES.items())
    assert set(terms.INVERSES) & terms.SYMMETRIC == set()


def test_symmetric_and_transitive_properties_have_one_class_on_both_ends() -> None:
    """P28 and P29: what is said of one kind and leads to another cannot be either, except into a wider place."""
    transitive = own(OWL.TransitiveProperty)

    assert transitive == {"locatedIn", "partOf"}
    assert all(terms.DOMAINS[name] == terms.RANGES[name] for name in terms.SYMMETRIC)
    assert all(set(terms.RANGES[name]) <= set(terms.DOMAINS[name]) for name in transitive)


def test_names_follow_the_convention() -> None:
    """P21 and P22."""
    assert all(re.fullmatch("[A-Z][A-Za-z]+", name) for name in terms.CLASSES | terms.CONCEPTS)
    assert all(re.fullmatch("[a-z][A-Za-z0-9]+", name) for name in terms.PROPERTIES)
    assert not any(re.search("Other|Misc|Unknown|And|Or[A-Z]", name) for name in terms.CLASSES)


def test_no_class_is_defined_by_itself() -> None:
    """P06 and P24."""
    assert not any(name in terms.SUPERCLASSES[name] for name in terms.CLASSES)
    assert not any(first == second for first, second in proper().subject_objects(OWL.equivalentClass))


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_of_one_kind_differ(language: str) -> None:
    """P32: two classes, or two properties, are never called the same in one language."""
    for names in (terms.CLASSES, terms.PROPERTIES, *terms.CONCEPTS_BY_SCHEME.values()):
        labels = Counter(
            str(label).casefold()
            for name in names
            for label in proper().objects(SG[name], RDFS.label)
            if isinstance(label, Literal) and label.language == language
        )
        assert [label for label, count in labels.items() if count > 1] == []


def test_iri_has_no_file_extension() -> None:
    """P36."""
    assert not re.search(r"\.(ttl|owl|rdf|jsonld)\b", ontology.IRI)


def test_nothing_foreign_is_defined() -> None:
    """P40: terms of other vocabularies are declared and never described."""
    allowed = {RDF.type, OWL.imports}
    subjects = {node for node in proper().subjects() if not isinstance(node, BNode)}
    foreign = {node for node in subjects if not str(node).startswith((ontology.IRI, "https://w3id.org/summitgraph"))}

    assert foreign
    for term in foreign:
        assert set(proper().predicates(term)) <= allowed


def test_hierarchy_has_every_class_and_concept() -> None:
    graph = as_graph(ontology.hierarchy())

    assert all((SG[child], RDFS.subClassOf, None) in graph for child in terms.CLASSES if terms.SUPERCLASSES[child])
    assert (SG.Claim, RDFS.subClassOf, RDF.Statement) in graph
    assert all((SG[name], RDF.type, SKOS.Concept) in graph for name in terms.CONCEPTS)

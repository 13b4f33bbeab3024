"""Facts to quads: every fact with its evidence, nothing that was not stated, the same bytes every time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad

from summitgraph.graph import iris
from summitgraph.graph.convert import convert, date_literal
from summitgraph.graph.link import link
from summitgraph.graph.records import Concept, DateValue, Entity, EntityRef, Extraction, FactRef, Money, Text
from summitgraph.shapes import gate

from .build import entity, extraction, fact

SG = "https://w3id.org/summitgraph/ontology#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
OA = "http://www.w3.org/ns/oa#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
ALT = "http://www.w3.org/2004/02/skos/core#altLabel"
SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
XSD = "http://www.w3.org/2001/XMLSchema#"

TEXT = (
    "عقدت قمة العمل من أجل الذكاء الاصطناعي 2025 في باريس في 10 فبراير 2025 برئاسة إيمانويل ماكرون. "
    "تعهدت فرنسا بأكثر من 1.5 مليار يورو، منها 400 مليون يورو لمؤسسة «نور العالم». رفضت بريطانيا إعلان باريس."
)


@pytest.fixture(scope="module")
def summit() -> Extraction:
    """A summit with a chair, a date, two commitments and a refusal."""
    entities = (
        entity(TEXT, "e1", "Summit", "قمة العمل من أجل الذكاء الاصطناعي 2025", edition="2025"),
        entity(TEXT, "e2", "Person", "إيمانويل ماكرون", "ماكرون", reference="Q3052772", label="Emmanuel Macron"),
        entity(TEXT, "e3", "State", "فرنسا", reference="Q142"),
        entity(TEXT, "e4", "Foundation", "نور العالم"),
        entity(TEXT, "e5", "State", "بريطانيا", reference="Q145"),
        entity(TEXT, "e6", "Declaration", "إعلان باريس"),
        entity(TEXT, "e7", "City", "باريس", reference="Q90"),
    )
    euros = Money(Decimal("1.5E+9"), Decimal("1500000000"), "EUR", "MoreThan")
    part = Money(Decimal(400_000_000), Decimal(400_000_000), "EUR")
    pledged = Concept("Pledged")
    facts = (
        fact(TEXT, "f1", "chairedBy", "برئاسة إيمانويل ماكرون", subject=EntityRef("e1"), object=EntityRef("e2")),
        fact(TEXT, "f2", "startDate", "10 فبراير 2025", subject=EntityRef("e1"), object=DateValue("2025-02-10")),
        fact(
            TEXT, "f3", "FinancialCommitment", "تعهدت فرنسا بأكثر من 1.5 مليار يورو",
            committedBy=EntityRef("e3"), amount=euros, status=pledged,
        ),
        fact(
            TEXT, "f4", "FinancialCommitment", "400 مليون يورو",
            committedBy=EntityRef("e3"), amount=part, status=pledged, beneficiary=EntityRef("e4"), partOf=FactRef("f3"),
        ),
        fact(TEXT, "f5", "Refusal", "رفضت بريطانيا إعلان باريس", committedBy=EntityRef("e5"), document=EntityRef("e6")),
    )  # fmt: skip
    return extraction(TEXT, entities, facts)


@pytest.fixture(scope="module")
def quads(summit: Extraction) -> Sequence[Quad]:
    """Its graph."""
    return convert(summit, link(summit), "1.0")


def values(quads: Iterable[Quad], predicate: str, subject: NamedNode | None = None) -> set[str]:
    """Return the values of *predicate*, as IRIs or words."""
    return {
        q.object.value
        for q in quads
        if q.predicate.value == predicate and subject in (None, q.subject) and isinstance(q.object, NamedNode | Literal)
    }


def of_class(quads: Iterable[Quad], name: str) -> list[NamedNode]:
    return [q.subject for q in quads if q.predicate.value == RDF + "type" and q.object == iris.term(name)]  # type: ignore[misc]


def test_the_graph_passes_the_gate_and_has_no_blank_node(quads: Sequence[Quad], summit: Extraction) -> None:
    assert [f for f in gate.check(quads).findings if f.severity == "Violation"] == []
    assert not [q for q in quads if isinstance(q.subject, BlankNode) or isinstance(q.object, BlankNode)]
    assert {q.graph_name for q in quads} == {iris.document_graph(summit.document.id)}
    assert len(set(quads)) == len(quads)


def test_every_direct_triple_about_entities_has_a_claim(quads: Sequence[Quad]) -> None:
    summit = iris.entity("Summit", "AI Action Summit 2025")
    claims = of_class(quads, "Claim")
    claimed = {
        tuple(values(quads, RDF + part, claim).pop() for part in ("subject", "predicate", "object")) for claim in claims
    }

    for name, value in (("chairedBy", iris.entity("Person", "Emmanuel Macron").value), ("startDate", "2025-02-10")):
        assert values(quads, SG + name, summit) == {value}
        assert (summit.value, SG + name, value) in claimed
    for claim in claims:
        assert values(quads, SG + "evidence", claim)
        assert len(values(quads, SG + "confidence", claim)) == 1
        assert values(quads, "http://www.w3.org/ns/prov#wasGeneratedBy", claim)


def test_evidence_reads_back_from_the_text_with_its_surroundings(quads: Sequence[Quad]) -> None:
    evidence = of_class(quads, "Evidence")

    assert len(evidence) >= 5
    for node in evidence:
        selectors = [NamedNode(value) for value in values(quads, OA + "hasSelector", node)]
        start, end, exact, prefix, suffix = (
            next(v for s in selectors for v in values(quads, OA + name, s))
            for name in ("start", "end", "exact", "prefix", "suffix")
        )
        assert TEXT[int(start) : int(end)] == exact
        assert TEXT[: int(start)].endswith(prefix)
        assert TEXT[int(end) :].startswith(suffix)
        assert len(prefix) == min(32, int(start))


def test_the_type_of_an_entity_rests_on_its_names(quads: Sequence[Quad]) -> None:
    person = iris.entity("Person", "Emmanuel Macron")
    claim = next(
        c
        for c in of_class(quads, "Claim")
        if values(quads, RDF + "subject", c) == {person.value} and values(quads, RDF + "predicate", c) == {RDF + "type"}
    )
    words = {
        word
        for evidence in values(quads, SG + "evidence", claim)
        for selector in values(quads, OA + "hasSelector", NamedNode(evidence))
        for word in values(quads, OA + "exact", NamedNode(selector))
    }

    assert words == {"إيمانويل ماكرون", "ماكرون"}


def test_a_linked_entity_has_the_tables_labels_and_other_forms_beside_them(quads: Sequence[Quad]) -> None:
    person = iris.entity("Person", "Emmanuel Macron")

    assert values(quads, SAME_AS, person) == {"http://www.wikidata.org/entity/Q3052772"}
    labels = [q.object for q in quads if q.subject == person and q.predicate.value == LABEL]
    assert sorted(label.language or "" for label in labels if isinstance(label, Literal)) == ["ar", "en", "fr"]
    assert values(quads, ALT, person) == {"ماكرون"}


def test_an_amount_is_a_decimal_without_exponent_and_a_currency_of_the_ontology(quads: Sequence[Quad]) -> None:
    amounts = of_class(quads, "MonetaryAmount")
    minimums = [q.object for q in quads if q.predicate.value == SG + "minValue"]

    assert len(amounts) == 2
    assert {Literal("1500000000", datatype=NamedNode(XSD + "decimal"))} <= set(minimums)
    assert values(quads, SG + "currency") == {SG + "EUR"}
    assert SG + "MoreThan" in values(quads, SG + "comparator")


def test_a_part_points_at_the_commitment_it_is_part_of(quads: Sequence[Quad]) -> None:
    (whole,) = values(quads, SG + "partOf")

    assert NamedNode(whole) in of_class(quads, "FinancialCommitment")


def test_a_refusal_gives_the_direct_triple(quads: Sequence[Quad]) -> None:
    assert values(quads, SG + "refusedBy") == {iris.entity("State", "United Kingdom").value}


def test_a_declaration_has_the_iri_of_its_row_in_the_table() -> None:
    text = "Bletchley Declaration"
    read = extraction(text, [entity(text, "e1", "Declaration", text, language="en")], language="en")

    graph = convert(read, link(read), "1.0")

    assert of_class(graph, "Declaration") == [iris.entity("Declaration", "Bletchley Declaration")]


def test_what_is_not_settled_keeps_out_of_the_tables_iris() -> None:
    """ "The Rockefeller and Gates foundations": the family name is not the person."""
    text = "مؤسستا روكفلر وغيتس"
    read = extraction(text, [entity(text, "e1", "Person", "غيتس", reference="Q5284", label="Bill Gates")])

    graph = convert(read, link(read), "1.0")

    assert iris.entity("Person", "Bill Gates") not in {q.subject for q in graph}
    assert not values(graph, SAME_AS)
    assert values(graph, LABEL, of_class(graph, "Person")[0]) == {"غيتس"}
    assert values(graph, SG + "decision") == {SG + "NeedsReview"}


def test_a_thing_without_a_name_is_the_documents_own() -> None:
    text = "أعلنت شركة ناشئة"
    unnamed = entity(text, "e1", "Company", description="شركة ناشئة")
    graphs = [
        convert(
            extraction(t, [unnamed], [fact(t, "f1", "partnerOf", "أعلنت", subject=EntityRef("e1"), object=EntityRef("e1"))]), {}, "1"
        )
        for t in (text, text + ".")
    ]  # fmt: skip
    (one,), (other,) = (of_class(graph, "Company") for graph in graphs)

    assert one != other
    assert values(graphs[0], LABEL, one) == {"شركة ناشئة"}
    assert not values(graphs[0], SG + "partnerOf")  # nothing is its own partner


def test_the_order_of_entities_and_facts_changes_no_byte(summit: Extraction, quads: Sequence[Quad]) -> None:
    turned = replace(summit, entities=summit.entities[::-1], facts=summit.facts[::-1])

    assert [str(q) for q in convert(turned, link(turned), "1.0")] == [str(q) for q in quads]


def test_a_fact_of_the_wrong_kind_is_left_out_with_what_points_at_it() -> None:
    text = "باريس تعهدت بمليون يورو"
    city = entity(text, "e1", "City", "باريس", reference="Q90")
    money = Money(Decimal(1_000_000), Decimal(1_000_000), "EUR")
    topic = Entity("e2", "Topic", description="يورو")
    wrong = fact(text, "f1", "FinancialCommitment", "تعهدت", committedBy=EntityRef("e2"), amount=money)
    state = entity(text, "e3", "State", "تعهدت")
    right = fact(
        text, "f2", "FinancialCommitment", "تعهدت", committedBy=EntityRef("e3"), amount=money, partOf=FactRef("f1")
    )

    graph = convert(extraction(text, [city, topic, state], [wrong, right]), {}, "1")

    assert len(of_class(graph, "FinancialCommitment")) == 1
    assert not values(graph, SG + "partOf")


def test_two_rules_for_one_fact_give_one_claim_with_both(summit: Extraction) -> None:
    second = replace(summit.facts[0], id="f9", rule="other.rule", confidence=0.9)
    graph = convert(replace(summit, facts=(*summit.facts, second)), link(summit), "1.0")
    claim = next(c for c in of_class(graph, "Claim") if values(graph, RDF + "predicate", c) == {SG + "chairedBy"})

    assert values(graph, SG + "confidence", claim) == {"0.9"}
    assert len(values(graph, "http://www.w3.org/ns/prov#wasGeneratedBy", claim)) == 2


@pytest.mark.parametrize(("text", "datatype"), [("2025-02-10", "date"), ("2025-02", "gYearMonth"), ("2025", "gYear")])
def test_a_date_is_as_precise_as_its_text(text: str, datatype: str) -> None:
    assert date_literal(text) == Literal(text, datatype=NamedNode(XSD + datatype))


@pytest.mark.parametrize("text", ["", "25", "2025-2-1", "10/02/2025", "2025-02-10T00:00"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a date"):
        date_literal(text)


def test_text_is_tagged_with_its_language() -> None:
    text = "قال ماكرون: نريد ذكاء للجميع"
    person = entity(text, "e1", "Person", "ماكرون")
    said = fact(
        text, "f1", "Statement", text, speaker=EntityRef("e1"), statementKind=Concept("Said"), gist=Text("نريد ذكاء للجميع", "ar")
    )  # fmt: skip
    graph = convert(extraction(text, [person], [said]), {}, "1")

    assert Literal("نريد ذكاء للجميع", language="ar") in {q.object for q in graph}


def nodes_of(kind: str, name: str) -> set[str]:
    """Return the IRIs that an entity of *name* has in two documents."""
    found = set()
    for text in (f"{name} a", f"{name} b"):
        quads = convert(extraction(text, [entity(text, "e1", kind, name)]), {}, "1")
        found |= {str(quad.subject) for quad in quads if f"/id/{kind.lower()}/" in str(quad.subject)}
    return found


@pytest.mark.parametrize(
    ("kind", "name", "nodes"),
    [
        ("Summit", "Harbour Cities Summit", 2),  # summits come again under one name
        ("Summit", "Harbour Cities Summit 2031", 1),
        ("Person", "Okonkwo", 2),
        ("Person", "Ada Okonkwo", 2),  # two people may bear it: a name alone joins nothing
        ("Company", "Harbour Cranes", 2),
        ("Initiative", "Harbour Lights Initiative", 1),  # has the name it was given at its summit
        ("Declaration", "Lagos Declaration on Harbours", 1),
    ],
)
def test_a_name_that_many_bear_is_the_documents_own(kind: str, name: str, nodes: int) -> None:
    assert len(nodes_of(kind, name)) == nodes


def test_two_names_of_one_thing_have_one_decision_and_one_label() -> None:
    """The loaders told them apart, the linker did not."""
    text = "Indonesia and INDONESIA"
    found = extraction(text, [entity(text, "e1", "State", "Indonesia"), entity(text, "e2", "State", "INDONESIA")])
    links = link(found)
    sure = links["e1"]
    quads = convert(found, {"e1": sure, "e2": replace(sure, entity="e2", confidence=0.5)}, "1")
    said = [quad.predicate.value.rsplit("#")[-1] for quad in quads if "/id/link-decision/" in str(quad.subject)]

    assert said.count("confidence") == 1
    assert gate.check(quads).conforms

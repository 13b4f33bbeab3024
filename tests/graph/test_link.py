"""Links: what has the name, the kind and the context of a row is linked, and nothing else."""

from __future__ import annotations

import pytest

from summitgraph.graph.link import Link, link
from summitgraph.graph.records import Entity, EntityRef, Fact, Text

from .build import entity, extraction, fact


def decide(text: str, *entities: Entity, facts: tuple[Fact, ...] = ()) -> dict[str, Link]:
    return link(extraction(text, entities, facts))


def outcome(decisions: dict[str, Link], id: str = "e1") -> tuple[str, str] | None:
    return (decisions[id].outcome, decisions[id].row.qid) if id in decisions else None


@pytest.mark.parametrize(
    ("name", "language", "kind", "qid"),
    [
        ("إيمانويل ماكرون", "ar", "Person", "Q3052772"),
        ("ايمانويل ماكرون", "ar", "Person", "Q3052772"),  # without hamza
        ("EMMANUEL MACRON", "en", "Person", "Q3052772"),
        ("l'Union européenne", "fr", "InternationalOrganization", "Q458"),
        ("الاتّحاد الأوروبي", "ar", "InternationalOrganization", "Q458"),  # with diacritics
        ("لأمم المتحدة", "ar", "InternationalOrganization", "Q1065"),  # after the preposition li-
        ("معهد آلان تورينج", "ar", "AcademicInstitution", "Q16826821"),  # another letter for g
    ],
)
def test_a_name_of_the_table_is_linked_in_any_spelling(name: str, language: str, kind: str, qid: str) -> None:
    assert outcome(decide(name, entity(name, "e1", kind, name, language=language))) == ("Accepted", qid)


def test_a_state_named_by_its_adjective_is_linked() -> None:
    text = "الرئيس الفرنسي"

    assert outcome(decide(text, Entity("e1", "State", reference="Q142"))) == ("Accepted", "Q142")


@pytest.mark.parametrize(
    ("name", "language", "kind"),
    [("France", "en", "Person"), ("Claude", "en", "Person"), ("Jordan", "en", "Person"), ("Economist", "en", "Person")],
)
def test_a_name_of_another_kind_is_refused(name: str, language: str, kind: str) -> None:
    decision = outcome(decide(name, entity(name, "e1", kind, name, language=language)))

    assert decision is None or decision[0] == "Rejected"


@pytest.mark.parametrize("name", ["Emmanuel Macaron", "Emanuel Macron", "إيمانويل ماكروز"])
def test_likeness_alone_never_links(name: str) -> None:
    decision = outcome(decide(name, entity(name, "e1", "Person", name)))

    assert decision is None or decision[0] == "NeedsReview"


def test_a_likely_misspelling_is_shown_for_review() -> None:
    name = "Emanuel Macron"

    assert outcome(decide(name, entity(name, "e1", "Person", name, language="en"))) == ("NeedsReview", "Q3052772")


def test_one_name_of_a_place_and_an_organisation_is_told_apart_by_kind() -> None:
    text = "دافوس"

    assert outcome(decide(text, entity(text, "e1", "City", "دافوس"))) == ("Accepted", "Q68097")
    assert outcome(decide(text, entity(text, "e1", "InternationalOrganization", "دافوس"))) == ("Accepted", "Q170418")


def test_a_company_and_its_group_of_one_name_need_review() -> None:
    text = "Samsung"
    decision = decide(text, entity(text, "e1", "Company", "Samsung", language="en"))["e1"]

    assert decision.outcome == "NeedsReview"
    assert "Q20718" in decision.reason
    assert "Q20716" in decision.reason


def test_the_longest_form_decides_between_rows_of_one_short_name() -> None:
    text = "Samsung Electronics, Samsung"
    found = decide(text, entity(text, "e1", "Company", "Samsung Electronics", "Samsung", language="en"))

    assert outcome(found) == ("Accepted", "Q20718")


def test_a_bare_family_name_is_not_linked_without_an_office() -> None:
    text = "غوتيريش"

    assert outcome(decide(text, entity(text, "e1", "Person", "غوتيريش"))) == ("NeedsReview", "Q311440")


def test_a_bare_family_name_is_linked_by_the_office_named_with_it() -> None:
    text = "رئيس فرنسا ماكرون"
    state = entity(text, "e2", "State", "فرنسا", reference="Q142")
    office = fact(
        text, "f1", "Position", text, heldBy=EntityRef("e1"), title=Text("رئيس", "ar"), positionIn=EntityRef("e2")
    )

    found = decide(text, entity(text, "e1", "Person", "ماكرون"), state, facts=(office,))

    assert outcome(found) == ("Accepted", "Q3052772")


def test_the_office_of_another_country_stops_the_link() -> None:
    text = "رئيس غانا إيمانويل ماكرون"
    state = entity(text, "e2", "State", "غانا", reference="Q117")
    office = fact(
        text, "f1", "Position", text, heldBy=EntityRef("e1"), title=Text("رئيس", "ar"), positionIn=EntityRef("e2")
    )

    found = decide(text, entity(text, "e1", "Person", "إيمانويل ماكرون"), state, facts=(office,))

    assert outcome(found) == ("NeedsReview", "Q3052772")


@pytest.mark.parametrize(
    ("name", "language", "kind", "qid"),
    [
        ("مالي", "ar", "State", "Q912"),
        ("X", "en", "Technology", "Q918"),
        ("Signal", "en", "Technology", "Q19718090"),
        ("Total", "en", "Company", "Q154037"),
    ],
)
def test_a_short_form_with_other_meanings_needs_support(name: str, language: str, kind: str, qid: str) -> None:
    found = decide(name, entity(name, "e1", kind, name, language=language))

    assert outcome(found) == ("NeedsReview", qid)


def test_a_short_form_is_linked_where_the_text_states_something_of_it() -> None:
    text = "شاركت مالي في القمة"
    participant = fact(text, "f1", "hasParticipant", text, subject=EntityRef("e2"), object=EntityRef("e1"))

    found = decide(text, entity(text, "e1", "State", "مالي"), Entity("e2", "Summit"), facts=(participant,))

    assert outcome(found) == ("Accepted", "Q912")


def test_a_short_form_is_linked_beside_its_country() -> None:
    text = "Meta, United States"
    state = entity(text, "e2", "State", "United States", language="en", reference="Q30")

    assert outcome(decide(text, entity(text, "e1", "Company", "Meta", language="en"), state)) == ("Accepted", "Q380")


def test_a_known_thing_without_identifier_is_named_and_not_linked() -> None:
    text = "AI Action Summit 2025"
    decision = decide(text, entity(text, "e1", "Summit", text, language="en", edition="2025"))["e1"]

    assert decision.outcome == "Known"
    assert decision.row.labels["en"] == "AI Action Summit 2025"


def test_another_edition_is_not_the_known_summit() -> None:
    text = "AI Action Summit"

    assert outcome(decide(text, entity(text, "e1", "Summit", text, language="en", edition="2031"))) is None


def test_an_unknown_name_has_no_decision() -> None:
    text = "Zephyrine Quillfeather"

    assert decide(text, entity(text, "e1", "Person", text, language="en")) == {}

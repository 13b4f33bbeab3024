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


def test_a_name_in_arabic_letters_is_found_by_the_consonants_of_the_latin_one() -> None:
    text = "التقى رئيس الوزراء الألباني ايدي راما بالرئيس."
    albania = Entity("e2", "State", reference="Q222")
    rama = entity(text, "e1", "Person", "ايدي راما")
    assert outcome(decide(text, rama, albania)) == ("Accepted", "Q316901")

    text = "قال مارك كارنيه إن كندا مستعدة."  # a spelling the table does not have
    carney = entity(text, "e1", "Person", "مارك كارنيه")
    canada = entity(text, "e2", "State", "كندا", reference="Q16")
    assert outcome(decide(text, carney, canada)) == ("Accepted", "Q192533")
    assert outcome(decide(text, carney)) == ("NeedsReview", "Q192533")  # nothing supports it


def test_consonants_of_an_office_holder_of_another_country_need_review() -> None:
    text = "قال مارك كارنيه إن فرنسا مستعدة."
    carney, france = entity(text, "e1", "Person", "مارك كارنيه"), entity(text, "e2", "State", "فرنسا", reference="Q142")
    office = fact(text, "f1", "Position", "مارك كارنيه", heldBy=EntityRef("e1"), positionIn=EntityRef("e2"))

    assert outcome(decide(text, carney, france, facts=(office,))) == ("NeedsReview", "Q192533")


@pytest.mark.parametrize(
    ("name", "country", "qid"),
    [("Hamad ben Issa Al Khalifa", "Q398", "Q57352"), ("Abdellatif al-Zayani", "Q398", "Q4666152")],
)
def test_an_arab_name_in_another_latin_spelling_is_linked_where_its_country_is_in_the_text(
    name: str, country: str, qid: str
) -> None:
    text = f"{name} spoke."
    state = Entity("e2", "State", reference=country)

    assert outcome(decide(text, entity(text, "e1", "Person", name, language="fr"), state)) == ("Accepted", qid)
    assert outcome(decide(text, entity(text, "e1", "Person", name, language="fr"))) == ("NeedsReview", qid)


def test_two_spellings_of_america_are_one() -> None:
    name = "بنك التنمية للبلدان الأميركية"

    assert outcome(decide(name, entity(name, "e1", "InternationalOrganization", name))) == ("Accepted", "Q1153087")


@pytest.mark.parametrize(
    ("name", "place", "year", "expected"),
    [
        ("Cameron", "Q145", "2012", ("Accepted", "Q192")),  # in office then
        ("Cameron", "Q145", "2024", ("NeedsReview", "Q192")),  # out of office since 2016
        ("Cameron", "Q142", "2012", None),  # nobody of that name held an office of France
        ("Bush", "Q30", "2003", ("Accepted", "Q207")),
    ],
)
def test_a_family_name_is_who_held_the_office_named_with_it_at_the_time(
    name: str, place: str, year: str, expected: tuple[str, str] | None
) -> None:
    text = f"The leader {name} spoke at the summit."
    person, state = entity(text, "e1", "Person", name, language="en"), Entity("e2", "State", reference=place)
    summit = entity(text, "e3", "Summit", "summit", language="en", edition=year)
    office = fact(text, "f1", "Position", name, heldBy=EntityRef("e1"), positionIn=EntityRef("e2"))

    assert outcome(decide(text, person, state, summit, facts=(office,))) == expected


def test_a_family_name_alone_is_nobody() -> None:
    text = "Cameron spoke."

    assert outcome(decide(text, entity(text, "e1", "Person", "Cameron", language="en"))) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Michael Jordan sees it differently. He wrote about it.", "NeedsReview"),
        ("In Jordan they met, and in peace.", "Accepted"),
        ("A man of Jordan spoke.", "Accepted"),
    ],
)
def test_a_state_that_may_be_a_family_name_is_not_taken_out_of_a_longer_name(text: str, expected: str) -> None:
    state = entity(text, "e1", "State", "Jordan", language="en", reference="Q810")
    said = fact(text, "f1", "Statement", "Jordan", speaker=EntityRef("e1"))

    assert outcome(decide(text, state, facts=(said,))) == (expected, "Q810")


def test_a_state_of_the_family_name_of_somebody_in_the_text_needs_review() -> None:
    text = "Katie Jordan came first. She said more; then Jordan left, and a jordan is a river."
    person, state = (
        entity(text, "e1", "Person", "Katie Jordan", language="en"),
        entity(text, "e2", "State", "Jordan", language="en"),
    )
    said = fact(text, "f1", "Statement", "Jordan", speaker=EntityRef("e2"))

    assert outcome(decide(text, person, state, facts=(said,)), "e2") == ("NeedsReview", "Q810")


@pytest.mark.parametrize(("name", "language"), [("Samsung", "en"), ("Samsung", "fr"), ("سامسونغ", "ar")])
def test_the_short_name_of_samsung_shows_both_companies(name: str, language: str) -> None:
    decision = decide(name, entity(name, "e1", "Company", name, language=language))["e1"]

    assert decision.outcome == "NeedsReview"
    assert {decision.row.qid, *(other.row.qid for other in decision.others)} == {"Q20716", "Q20718"}

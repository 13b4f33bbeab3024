"""A text in several languages loses nothing: each paragraph is read in its own, offsets stay, known things are one."""

from __future__ import annotations

import pytest

from summitgraph.graph.records import Document, EntityRef, Extraction
from summitgraph.loaders import extract
from summitgraph.loaders.language import detect, paragraph_language
from summitgraph.workers import read

AR = "عقدت قمة سيول للذكاء الاصطناعي في سيول، كوريا الجنوبية، يومي 21 و22 مايو 2024. وترأس القمة رئيس الوزراء البريطاني ريشي سوناك."
EN = "The AI Seoul Summit was chaired by British Prime Minister Rishi Sunak. " + (
    "The United Kingdom and France signed the Seoul Declaration at the summit."
)
FR = "Le sommet de Séoul sur l'IA s'est tenu à Séoul les 21 et 22 mai 2024. " + (
    "La France et le Canada ont signé la déclaration de Séoul lors de ce sommet."
)


def kinds(extraction: Extraction) -> set[str]:
    return {fact.kind for fact in extraction.facts}


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [(AR, EN, "ar"), (EN, AR, "en"), (FR, EN, "fr"), (EN, FR, "en"), (AR, FR, "ar"), (FR, AR, "fr")],
)
def test_each_paragraph_is_read_in_its_language(first: str, second: str, code: str) -> None:
    text = f"{first}\n\n{second}\n"

    both = extract(Document(text, code))
    alone = [extract(Document(part, detect(part))) for part in (first, second)]

    assert kinds(both) >= kinds(alone[0]) | kinds(alone[1])
    for fact in both.facts:
        for span in fact.evidence:
            assert text[span.start : span.end].strip() == text[span.start : span.end]
            assert "\n" not in text[span.start : span.end]
    for entity in both.entities:
        for name in entity.names:
            assert text[name.span.start : name.span.end] == name.text
    assert read(Document(text, code)).result.outcome == "stored"


def test_known_things_of_two_languages_are_one_entity() -> None:
    both = extract(Document(f"{AR}\n\n{EN}\n", "ar"))

    people = [entity for entity in both.entities if entity.kind == "Person"]
    chairs = [fact for fact in both.facts if fact.kind == "chairedBy"]

    assert len(people) == 1
    assert {name.language for name in people[0].names} == {"ar", "en"}
    assert {value for fact in chairs for value in fact.roles["object"]} == {EntityRef(people[0].id)}


def test_a_text_in_one_language_is_not_taken_apart() -> None:
    text = f"{EN}\n\nThe communiqué de presse was published in the Journal officiel de la République.\n\nParis, le 11 février\n"

    assert extract(Document(text, "en")).document.text == text
    assert {name.language for entity in extract(Document(text, "en")).entities for name in entity.names} == {"en"}


@pytest.mark.parametrize(
    ("text", "code"), [(AR, "ar"), (EN, "en"), (FR, "fr"), ("Paris, 11", ""), ("Macron Modi Vance Altman " * 5, "")]
)
def test_the_language_of_a_paragraph(text: str, code: str) -> None:
    assert paragraph_language(text) == code

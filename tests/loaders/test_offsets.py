"""Offsets survive every step: whatever is in the text, evidence reads back from it exactly."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from summitgraph.graph.records import Document, EntityRef
from summitgraph.loaders import extract
from summitgraph.loaders.normalise import fold, fold_with_offsets
from summitgraph.loaders.segment import segment

MARKS = "\u064b\u0651\u0640\u200f\u202b\u202c\u00a0\u0301\ufeff"


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(MARKS + "أإآىة٣۵“”«»’")), max_size=200))
def test_every_folded_character_knows_the_one_it_came_from(text: str) -> None:
    folded = fold_with_offsets(text)

    assert len(folded.offsets) == len(folded.text)
    for place, offset in enumerate(folded.offsets):
        assert fold(text[offset]) == folded.text[place]


@given(st.text(max_size=300))
def test_sentences_stand_in_order_and_inside_the_text(text: str) -> None:
    position = 0
    for sentence in segment(text):
        assert position <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end].strip() == text[sentence.start : sentence.end]
        position = sentence.end


ARTICLE = (
    "عقدت قمة العمل من أجل الذكاء الاصطناعي في باريس، فرنسا، يومي ١٠ و١١ فبراير ٢٠٢٥. "
    "وترأس القمة الرئيس الفرنسي إيمانويل ماكرون ورئيس الوزراء الهندي ناريندرا مودي."
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_marks_strewn_into_a_text_change_no_fact_and_every_name_reads_back(data: st.DataObject) -> None:
    """Diacritics, tatweel and bidi marks carry no meaning for the extractor; offsets still point at the text as loaded."""
    places = data.draw(st.lists(st.integers(1, len(ARTICLE) - 1), max_size=8))
    text = ARTICLE
    for place in sorted(places, reverse=True):
        if text[place - 1].isalpha() and text[place - 1 : place] not in "0123456789":
            text = text[:place] + data.draw(st.sampled_from("\u0640\u064e\u0651\u200f")) + text[place:]

    extraction = extract(Document(text, "ar"))

    entities = {entity.id: entity for entity in extraction.entities}
    chairs = {
        fold(entities[value.id].names[0].text)
        for fact in extraction.facts
        if fact.kind == "chairedBy"
        for value in fact.roles["object"]
        if isinstance(value, EntityRef)
    }
    assert chairs == {fold("إيمانويل ماكرون"), fold("ناريندرا مودي")}
    for entity in extraction.entities:
        for name in entity.names:
            assert text[name.span.start : name.span.end] == name.text
    for fact in extraction.facts:
        for span in fact.evidence:
            assert 0 <= span.start < span.end <= len(text)


def test_decomposed_letters_fold_like_composed_ones() -> None:
    assert fold(unicodedata.normalize("NFD", "Élysée")) == fold("Élysée") == "elysee"


def test_a_day_of_a_year_nobody_names_is_not_stated() -> None:
    extraction = extract(
        Document("عقدت القمة العربية في شرم الشيخ يوم 28 مارس. وحضرها رئيس الوزراء الهندي ناريندرا مودي.", "ar")
    )

    assert extraction.entities
    assert not any("--" in repr(fact) for fact in extraction.facts)

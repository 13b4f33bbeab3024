"""Offsets survive every step: whatever is in the text, evidence reads back from it exactly."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from summitgraph.graph.records import Document, EntityRef
from summitgraph.loaders import extract
from summitgraph.loaders.markup import html
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
    "عقدت في باريس، فرنسا، قمة العمل من أجل الذكاء الاصطناعي يومي ١٠ و١١ فبراير ٢٠٢٥. "
    "وترأس القمة رئيس الوزراء الهندي ناريندرا مودي والرئيس الفرنسي إيمانويل ماكرون."
)


@settings(max_examples=60)
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


LETTERS = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
DIGITS = {
    "ascii": str.maketrans("", ""),
    "arabic": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"),
    "persian": str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"),
}
WRITTEN = (
    "عقدت في باريس، فرنسا، قمة العمل من أجل الذكاء الاصطناعي يومي 10 و11 فبراير 2025. وحضر القمة أكثر من 1000 مشارك. "
    "وقال الرئيس الفرنسي إيمانويل ماكرون: «لن ننتظر أحدا». ووقعت فرنسا والهند والصين على إعلان باريس في القمة. "
    "وأعلنت فرنسا استثمار 109 مليار يورو. وحضرت القمة شركة OpenAI وMicrosoft."
)


def stated(text: str, code: str) -> set[tuple[str, ...]]:
    """Return the facts of *text* as folded words, after checking that all that is cited reads back exactly."""
    extraction = extract(Document(text, code))
    names = {}
    for entity in extraction.entities:
        for name in entity.names:
            assert text[name.span.start : name.span.end] == name.text
        names[entity.id] = fold(entity.label or (entity.names[0].text if entity.names else entity.description))
    facts = set()
    for fact in extraction.facts:
        for span in fact.evidence:
            words = text[span.start : span.end]
            assert words
            assert words.strip("\u200f\u200e\u202b\u202c \u00a0") == words.strip()
        shown = [fact.kind]
        for role in sorted(fact.roles):
            for value in fact.roles[role]:
                if isinstance(value, EntityRef):
                    shown.append(names[value.id])
                else:
                    shown.append(
                        fold(str(getattr(value, "value", getattr(value, "name", getattr(value, "maximum", "")))))
                    )
        facts.add(tuple(shown))
    return facts


@settings(max_examples=40)
@given(st.data())
def test_however_it_is_written_the_same_facts_are_read_and_everything_cited_reads_back(data: st.DataObject) -> None:
    """Digits of three scripts, tatweel, diacritics, bidi marks, no-break spaces, no space behind full stops."""
    text = WRITTEN.translate(DIGITS[data.draw(st.sampled_from(sorted(DIGITS)))])
    if data.draw(st.booleans()):
        text = text.replace(". و", ".و")
    text = text.replace("باريس", data.draw(st.sampled_from(["باريس", "بَاريس", "بـاريـس"])))
    space = data.draw(st.sampled_from([" ", "\u00a0", "\u202f"]))
    text = text.replace(" مليار ", f"{space}مليار{space}")
    for place in sorted(data.draw(st.lists(st.integers(1, len(text) - 2), max_size=10)), reverse=True):
        if text[place - 1] in LETTERS and text[place] in LETTERS:
            text = text[:place] + data.draw(st.sampled_from(["\u0640", "\u064e", "\u0651", "\u0650"])) + text[place:]
        elif text[place] == " ":
            text = text[:place] + data.draw(st.sampled_from(["\u200f", "\u200e"])) + text[place:]

    assert stated(text, "ar") == stated(WRITTEN, "ar")


def test_the_text_the_facts_are_compared_on_states_enough() -> None:
    kinds = {fact[0] for fact in stated(WRITTEN, "ar")}

    assert {"startDate", "Endorsement", "FinancialCommitment", "Statement", "heldAt"} <= kinds


@settings(max_examples=30)
@given(
    st.sampled_from(["", "<b>", "<a href='/x'>", '<em class="a">']),
    st.sampled_from(["&nbsp;", " ", "\n   "]),
    st.booleans(),
)
def test_a_page_states_what_its_text_states(tag: str, space: str, entities: bool) -> None:
    closing = f"</{tag[1:].split()[0].rstrip('>')}>" if tag else ""
    sentences = (
        "The AI Seoul Summit was held in Seoul, South Korea, on 21 and 22 May 2024.",
        "It was chaired by British Prime Minister Rishi Sunak, and France & Canada signed the Seoul Declaration at the summit.",
    )
    body = "".join(f"<p>{sentence.replace('&', '&amp;' if entities else '&#38;')}</p>" for sentence in sentences)
    body = body.replace("Rishi Sunak", f"{tag}Rishi Sunak{closing}").replace("Seoul, South", f"Seoul,{space}South")
    page = f"<html lang='en'><body><nav><a href='/'>Home</a></nav><article><h1>Seoul</h1>{body}</article></body></html>"

    text, _ = html(page)

    assert {fact for fact in stated(text, "en") if fact[0] in ("chairedBy", "startDate", "Endorsement")} == {
        fact for fact in stated("\n".join(sentences), "en") if fact[0] in ("chairedBy", "startDate", "Endorsement")
    }


@settings(max_examples=60)
@given(
    st.text(alphabet=st.one_of(st.characters(), st.sampled_from(MARKS + "«»“”()[].،؛ \n")), max_size=80),
    st.integers(0, len(WRITTEN)),
)
def test_whatever_stands_in_a_text_it_is_read_and_cited_exactly(noise: str, place: int) -> None:
    stated(WRITTEN[:place] + noise + WRITTEN[place:], "ar")

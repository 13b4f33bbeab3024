"""The prefilter never hides a match: what it asks for is in every text an expression matches."""

from __future__ import annotations

from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from summitgraph.graph.records import Document
from summitgraph.loaders import annotate, extract, patterns
from summitgraph.loaders.items import CODE, Item
from summitgraph.loaders.normalise import fold
from summitgraph.loaders.prefilter import Prefilter, needs
from summitgraph.loaders.values import grammar

SAMPLES = Path(patterns.FOLDER).parent / "samples"

SUMMIT, PERSON = CODE["Summit"], CODE["Person"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("signed by", [{"signed by"}]),
        ("(?:signed|backed)(?: the)? pact", [{"signed pact", "signed the pact", "backed pact", "backed the pact"}]),
        ("colou?red", [{"colored", "coloured"}]),
        ("(?:signed)?", []),
        ("(?:signed|by)", [{"signed", "by"}]),
        ("(?:signed|x)", []),  # too short to tell
        ("(?:signed){0,2} pact", [{" pact"}]),
        (f"[{SUMMIT}{PERSON}] was", [{f"{SUMMIT} was", f"{PERSON} was"}]),
        (f"[{SUMMIT}][,;] (?:was|is)", [{f"{SUMMIT}{c} {v}" for c in ",;" for v in ("was", "is")}]),
        (f"[^{SUMMIT}]|x", []),
        (r"(?<!\w)(?:held)(?!\w)", [{"held"}]),
        (r"(?:signed|signedly)", [{"signed"}]),  # what has the longer one has the shorter
        (r"(?=ahead)\p{Lu}\w+ (?P<a>signs)", [{"ahead"}, {" signs"}]),
        (r"(?<=held in )(?P<a>Rome)", [{"held in Rome"}]),
        (r"(?P<a>held)(?<=[eld]+) there", [{"held there"}]),
        (r"(?P<a>\w+) held(?= there)", [{" held"}, {" there"}]),
        (r"(?P<a>\w+) held(?! there)", [{" held"}]),
        (r"(?<!\w)[wf]?\K(?:said)", [{"said"}]),
        (r"(a)\1 signed", []),  # a construct it does not read: always tried
        ("(unclosed", []),
    ],
)
def test_what_an_expression_cannot_do_without(expression: str, expected: list[set[str]]) -> None:
    assert sorted(map(sorted, needs(expression))) == sorted(map(sorted, expected))


PIECES = st.sampled_from(
    [
        "signed",
        "pact",
        "by ",
        "(?:",
        ")",
        "|",
        "?",
        "*",
        "+?",
        "{0,2}",
        "{2}",
        "[ab]",
        "(?=",
        "(?<=",
        "(?<!",
        r"\K",
        r"\w",
        ".",
        "(?!x)",
        " ",
        SUMMIT,
        "s",
    ]
)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=9).map("".join), st.data())
def test_a_text_that_matches_has_the_bits(expression: str, data: st.DataObject) -> None:
    try:
        compiled = regex.compile(expression)
    except regex.error:
        return
    text = data.draw(
        st.lists(st.sampled_from(["signed", "pact", "by ", " ", "a", SUMMIT, "x"]), max_size=8).map("".join)
    )
    prefilter = Prefilter()
    bits = prefilter.require(expression)

    if compiled.search(text):
        assert prefilter.present(text) & bits == bits


@pytest.mark.parametrize("code", patterns.languages())
def test_no_pattern_is_kept_from_an_example(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sentence of the examples, in every state the name patterns bring it to."""
    knowledge = patterns.load(code)
    hidden: list[tuple[str, str]] = []
    checked = 0
    refresh = annotate.Annotated.replace

    def watch(sentence: annotate.Annotated) -> None:
        nonlocal checked
        for pattern in (*knowledge.names, *knowledge.frames):
            if pattern.clause is None and annotate.matches(pattern, sentence) is not None:
                checked += 1
                if pattern.requires & sentence.present != pattern.requires:
                    hidden.append((pattern.id, sentence.text))

    def watched(sentence: annotate.Annotated, start: int, end: int, item: Item) -> None:
        refresh(sentence, start, end, item)
        watch(sentence)

    monkeypatch.setattr(annotate.Annotated, "replace", watched)
    context = str(knowledge.settings.get("example_context", ""))
    for pattern in (*knowledge.names, *knowledge.frames)[:80]:
        extract(Document(context + pattern.example, code))

    assert hidden == []
    assert checked


@pytest.mark.parametrize("code", patterns.languages())
def test_values_are_found_as_they_are_without_looking_around_telling_words_only(code: str) -> None:
    text = fold("\n".join(path.read_text("utf-8") for path in sorted((SAMPLES / code).glob("*.txt"))))
    ours = grammar(patterns.load(code))
    everywhere = [(0, len(text))]
    around = ours._anchors.find(text)

    for kind, find in (("money", ours._money), ("date", ours._dates), ("period", ours._periods), ("year", ours._years)):
        assert list(find(text, around[kind])) == list(find(text, everywhere)), kind
    assert list(ours._counts(text, around["count"], around["dual"])) == list(ours._counts(text, everywhere, everywhere))

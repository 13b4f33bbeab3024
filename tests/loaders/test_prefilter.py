"""The prefilter never hides a match: what it asks for is in every text an expression matches."""

from __future__ import annotations

import sys

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from summitgraph.graph.records import Document
from summitgraph.loaders import annotate, extract, patterns
from summitgraph.loaders.items import CODE
from summitgraph.loaders.prefilter import Prefilter, needs

SUMMIT, PERSON = CODE["Summit"], CODE["Person"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("signed by", [{"signed by"}]),
        ("(?:signed|backed)(?: the)? pact", [{"pact"}, {"signed", "backed"}]),
        ("colou?red", [{"colo"}, {"red"}]),
        ("(?:signed)?", []),
        ("(?:signed|by)", []),  # too short to tell
        ("(?:signed){0,2} pact", [{"pact"}]),
        (f"[{SUMMIT}{PERSON}] was", [{SUMMIT, PERSON}, {"was"}]),
        (f"[^{SUMMIT}]|x", []),
        (r"(?<!\w)(?:held)(?!\w)", [{"held"}]),
        (r"(?=ahead)\p{Lu}\w+ (?P<a>signs)", [{"signs"}]),
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
        r"\w",
        ".",
        "(?!x)",
        " ",
        SUMMIT,
        "s",
    ]
)


@settings(max_examples=400, deadline=None)
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
    seen: list[tuple[patterns.Pattern, str]] = []
    real = annotate.applies

    def watched(pattern: patterns.Pattern, sentence: annotate.Annotated) -> bool:
        applied = real(pattern, sentence)
        if not applied and pattern.clause is None and pattern.regex.search(sentence.text):
            seen.append((pattern, sentence.text))
        return applied

    monkeypatch.setattr(annotate, "applies", watched)
    monkeypatch.setattr(sys.modules[extract.__module__], "applies", watched)
    for pattern in (*knowledge.names, *knowledge.frames)[:60]:
        extract(Document(str(knowledge.settings.get("example_context", "")) + pattern.example, code))

    assert seen == []

"""What a person should look at in a text: kept as it stands and reported, never corrected.

A stated number that the list beside it does not bear out, and a sentence that breaks off, are found in any language; an actor left
unnamed is found by patterns (``Finding`` in ``emit``), as it takes words to say so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import regex

from summitgraph.graph.records import Finding, Span

from .annotate import Annotated
from .items import CODE, GROUPS
from .rules import Language
from .templates import fold_template
from .values import Count

COUNT, ACTOR, SENTENCE = "CountDiffersFromList", "UnnamedActor", "CutSentence"
MESSAGES = {
    COUNT: "the text states {stated} and lists {listed}; both are kept",
    ACTOR: "the text does not name who did this",
    SENTENCE: "the sentence breaks off; something may be missing",
}
_LIST = 3  # members from which items side by side are a list
_NEAR = 60  # cells between a number and its list
_SHORT = 40  # characters below which a paragraph is a heading, a caption or a signature
_ENDS = regex.compile(r"[.!?؟…:;؛][\s\"'”»’)\]\d\[]*$|[\"”»)\]]\s*$")
_COUNTED = {
    "State": ("State",),
    "Person": ("Person",),
    "City": ("City",),
    "Company": ("Company",),
    "Organization": GROUPS["Org"],
    "InternationalOrganization": GROUPS["Org"],
}

Original = Callable[[int, int], tuple[int, int]]


def counts(sentences: Sequence[Annotated], language: Language, original: Original) -> list[Finding]:
    """Return every exact number that the list behind it contradicts: more members than stated, or fewer behind a colon."""
    separator = fold_template(str(language.settings["list_separator"]))
    found = []
    for sentence in sentences:
        for cell, item in enumerate(sentence.items):
            if item is None or not isinstance(item.value, Count) or item.value.comparator != "Exactly":
                continue
            kinds = "".join(CODE[kind] for kind in _COUNTED.get(item.value.unit, ()))
            if not kinds:
                continue
            members = _list(sentence, cell + 1, kinds, separator)
            if members is None:
                continue
            start, end, whole = members
            listed = sum(other is not None for other in sentence.items[start:end])
            if listed > item.value.number or (whole and listed < item.value.number):
                words = Span(*original(item.start, sentence.ends[end - 1]))
                message = MESSAGES[COUNT].format(stated=item.value.number, listed=listed)
                found.append(Finding(COUNT, message, (words,)))
    return found


_STOP = regex.compile(r"[.;]")


def _list(sentence: Annotated, start: int, kinds: str, separator: str) -> tuple[int, int, bool] | None:
    """Return the first list of *kinds* near *start*: its cells, and whether a colon says that it is the whole of them."""
    expression = _expression(kinds, separator)
    match = expression.search(sentence.text, start)
    if match is None or match.start() - start > _NEAR:
        return None
    between = sentence.text[start : match.start()]
    if any(isinstance(item.value, Count) for item in sentence.items[start : match.start()] if item is not None):
        return None  # another number stands nearer
    if _STOP.search(between):
        return None
    return match.start(), match.end(), between.rstrip().endswith(":")


@functools.lru_cache(maxsize=64)
def _expression(kinds: str, separator: str) -> Any:
    return regex.compile(f"[{kinds}](?:(?:{separator})[{kinds}]){{{_LIST - 1},}}")


def cut_sentences(text: str, sentences: Sequence[Annotated], original: Original) -> list[Finding]:
    """Return the paragraphs that end without an end, in a text whose paragraphs otherwise have one."""
    last: dict[int, Annotated] = {}
    for sentence in sentences:
        if sentence.chars and not sentence.heading and sentence.paragraph > 0:  # the first may be a title
            last[sentence.paragraph] = sentence
    ends: list[tuple[Span, bool]] = []
    for sentence in last.values():
        start, end = original(sentence.starts[0], sentence.ends[-1])
        stop = text.find("\n", end)
        words = text[start : stop if stop >= 0 else len(text)].rstrip()
        if len(words) >= _SHORT:
            left = start + max(0, words.rfind(" ", 0, max(1, len(words) - 25)) + 1)
            ends.append((Span(left, start + len(words)), _ENDS.search(words) is not None))
    cut = [span for span, whole in ends if not whole]
    if len(cut) * 2 > len(ends):  # this text is written without full stops
        return []
    return [Finding(SENTENCE, MESSAGES[SENTENCE], (span,)) for span in cut]

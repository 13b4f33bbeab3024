"""Cut a text into paragraphs and sentences with offsets; a heading is a short paragraph without a full stop."""

from __future__ import annotations

from dataclasses import dataclass

import regex

# A full stop ends a sentence also when no space follows and an Arabic letter does ("”.وفي"), but not inside a number,
# an abbreviation of single letters (U.S.), or a domain name (Fortune.com).
_END = regex.compile(
    r"""
      (?<![\s.]\p{Lu}|^\p{Lu}|\b(?:Mr|Ms|Dr|St|vs|No|etc|al|Inc|Ltd|Corp|Jr|Sr|Gen|Sen|Gov|Rep|Prof|Mme|Mlle|MM?|Art|Fig|approx))
      \.(?!\d|\p{Ll}|\w+\.\w)["'”»’)\]]*(?:\[\d+\]?|\[)*(?=\s|\p{Arabic}|\p{Lu}|["“«]|$)
    | [!?؟…][ \u00a0]?["'”»’)\]]*(?:\[\d+\])*(?=\s|\p{Arabic}|\p{Lu}|$)
    | (?<=[!?؟.]["'”»])\s+(?=\p{Lu}|\p{Arabic})
    """,
    regex.VERBOSE,
)
_PARAGRAPH = regex.compile(r"[^\n]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or heading; offsets into the original text."""

    start: int
    end: int
    paragraph: int
    heading: bool = False


def segment(text: str) -> list[Sentence]:
    """Return the sentences of *text* in order; blank lines give none."""
    sentences: list[Sentence] = []
    for number, paragraph in enumerate(_PARAGRAPH.finditer(text)):
        start, stop = _trim(text, paragraph.start(), paragraph.end())
        if start >= stop:
            continue
        content = text[start:stop]
        heading = content.startswith("#") or (
            len(content) <= 90 and content[-1] not in '.!?؟…:;؛،,"”»)' and len(content.split()) <= 12
        )
        position = start
        for match in _END.finditer(text, start, stop):
            if _inside_quotes(text, position, match.start()):
                continue
            left, right = _trim(text, position, match.end())
            if left < right:
                sentences.append(Sentence(left, right, number, heading))
            position = match.end()
        left, right = _trim(text, position, stop)
        if left < right:
            sentences.append(Sentence(left, right, number, heading))
    return sentences


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _inside_quotes(text: str, start: int, end: int) -> bool:
    """Tell whether a quotation opened after *start* is still open at *end* (a sentence may hold a long quotation)."""
    opened = text.count("“", start, end) - text.count("”", start, end)
    opened += text.count("«", start, end) - text.count("»", start, end)
    if opened > 0:
        # A mark that is never closed must not swallow the rest of the paragraph.
        stop = text.find("\n", end)
        rest = text[end : stop if stop >= 0 else len(text)]
        return ("”" in rest or "»" in rest) and len(rest) < 1200
    return False

"""Cut a text into paragraphs and sentences with offsets; a heading is a short paragraph without a full stop.

The items of a list belong to the line that announces them: "Signatories:" and its bullets are one sentence.
"""

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
BULLET = regex.compile(r"(?:[-*•–·‣▪]|\d{1,2}[.)])[ \u00a0\t]+(?=\S)")
_LONGEST_ITEM = 120  # characters; what is longer is a sentence of its own
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
    return _with_lists(text, sentences)


def _with_lists(text: str, sentences: list[Sentence]) -> list[Sentence]:
    """Put short list items and the heading or the colon they stand under together."""
    kept: list[Sentence] = []
    position = 0
    while position < len(sentences):
        lead = sentences[position]
        stop = position + 1
        if (lead.heading or text[lead.end - 1] in ":：") and BULLET.match(text[lead.start : lead.end]) is None:
            while stop < len(sentences) and _is_list_item(text, sentences, stop):
                stop += 1
        if stop - position > 2:
            kept.append(Sentence(lead.start, sentences[stop - 1].end, lead.paragraph))
            position = stop
        else:
            kept.append(lead)
            position += 1
    return kept


def _is_list_item(text: str, sentences: list[Sentence], number: int) -> bool:
    item = sentences[number]
    alone = number + 1 == len(sentences) or sentences[number + 1].paragraph != item.paragraph
    return alone and item.end - item.start <= _LONGEST_ITEM and BULLET.match(text[item.start : item.end]) is not None


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

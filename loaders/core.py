"""The core of a sentence: what is left without its asides, so that a subject, its verb and the members of a list stand side by side.

"Georgieva, the head of the IMF, and Schwab, who founded the WEF, will speak" says of two people that they will speak. What an aside
is, each language says (``asides`` in ``language.yaml``); frames are tried on the whole sentence first, then on its core.
"""

from __future__ import annotations

from .annotate import Annotated
from .rules import Language


def core(sentence: Annotated, language: Language) -> Annotated | None:
    """Return *sentence* without its asides, or None if it has none; the spans of what is left stay those of the text."""
    spans: list[tuple[int, int]] = []
    for expression in language.asides:
        spans += [found.span("aside") for found in expression.finditer(sentence.text)]
    if not spans:
        return None
    bare = Annotated(
        sentence.number,
        sentence.paragraph,
        sentence.heading,
        list(sentence.chars),
        list(sentence.starts),
        list(sentence.ends),
        list(sentence.items),
    )
    stop = len(bare.chars)
    for start, end in sorted(spans, key=lambda span: (-span[1], span[0])):
        if end <= stop:
            bare.drop(start, end)
            stop = start
    bare.full = sentence.text
    bare.prefilter = language.prefilter
    return bare

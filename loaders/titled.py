"""The heading that is a name: words that stand over a text and are what its first sentence speaks of.

"World summit on dry forests" over "The world summit on dry forests was held ..." is a name whatever its case and form; no grammar of names
has to know it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import regex

from .entities import Draft, EntityTable
from .rules import Language
from .segment import Sentence
from .source import Source

_BREAK = regex.compile(r" ?(?:[:|;,(]| - ).*$")
_MARK = regex.compile(r"^[#*\s]+")
_WORD = regex.compile(r"\w+")
_REACH = 60  # characters of the first sentence before the name
_LONGEST = 12  # words


def titled_summit(source: Source, table: EntityTable, sentences: Sequence[Sentence]) -> tuple[str, Draft] | None:
    """Return the folded name and the summit that the first heading names and the first sentence speaks of, or None."""
    if len(sentences) < 2 or sentences[0].paragraph == sentences[1].paragraph:
        return None
    title, first = sentences[0], sentences[1]
    noun, article = _expressions(source.language)
    heading = _folded(source, title)
    body = _folded(source, first)
    for text in dict.fromkeys((heading, _BREAK.sub("", heading))):
        name = article.sub("", _MARK.sub("", text)).strip(" .:")
        words = _WORD.findall(name)
        if not 2 <= len(words) <= _LONGEST or noun.search(name) is None:
            continue
        place = body.find(name)
        end = place + len(name)
        if 0 <= place <= _REACH and not body[end : end + 1].isalnum():
            start = source.folded.text.index(name)
            return name, table.named(source.words(start, start + len(name)), "Summit")
    return None


def _folded(source: Source, sentence: Sentence) -> str:
    start = source.to_folded(sentence.start)
    return " ".join(source.folded.text[start : source.to_folded(sentence.end - 1) + 1].split())


@functools.lru_cache(maxsize=8)
def _expressions(language: Language) -> tuple[Any, Any]:
    """Return what a meeting is called, and what a name does not begin with."""
    noun = language.expand(str(language.settings.get("event_noun", r"(?!)")))
    article = language.expand(str(language.settings.get("article", r"(?!)")))
    return regex.compile(rf"(?<!\w)(?:{noun})(?!\w)"), regex.compile(rf"^(?:{article})")

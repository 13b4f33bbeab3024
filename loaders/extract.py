"""The extractor: a document in, its entities and facts out."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import regex

from summitgraph.graph.records import Document, Extraction

from . import language as languages
from . import mixed, patterns
from .normalise import fold
from .reading import Reader
from .rules import Language
from .templates import fold_template


def extract(document: Document) -> Extraction:
    """Return every entity and fact *document* states about summits; a text about no summit gives none.

    The language is the document's, or detected where it is ``und``.
    """
    code = document.language.split("-")[0].lower()
    if code not in patterns.languages():
        code = languages.detect(document.text)
    if code not in patterns.languages():
        return Extraction(document)
    folded = fold(document.text)
    if not any(_summit_words(patterns.load(c)).search(folded) for c in mixed.candidates(document.text, code)):
        return Extraction(document)
    found = []
    for part, text in mixed.parts(document.text, code).items():
        language = patterns.load(part)
        if speaks_of_summits(text, language):
            own = document if text is document.text else replace(document, text=text, language=part)
            found.append(Reader(own, language).read())
    if not found:
        return Extraction(document)
    return found[0] if found[0].document is document else mixed.joined(document, found)


def warm() -> None:
    """Load all that any text needs, once in the life of a process."""
    for code in patterns.languages():
        context = str(patterns.load(code).settings.get("example_context", ""))
        extract(Document(f"{context}.", code))


def speaks_of_summits(text: str, language: Language) -> bool:
    """Tell whether *text* has a word that only texts about summits have; a quick look before the real reading."""
    return _summit_words(language).search(fold(text)) is not None


@functools.lru_cache(maxsize=8)
def _summit_words(language: Language) -> Any:
    return regex.compile(fold_template(str(language.settings["summit_words"])))

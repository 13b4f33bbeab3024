"""The text that is being read, in the two forms every step needs: as loaded and folded."""

from __future__ import annotations

import functools
from typing import Any

import regex

from summitgraph.graph.records import Document

from .normalise import fold_with_offsets
from .recognise import to_folded
from .rules import Language


class Source:
    """A document in one language; offsets that go in are of the folded text."""

    def __init__(self, document: Document, language: Language) -> None:
        self.document = document
        self.language = language
        self.folded = fold_with_offsets(document.text)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return folded [start, end) in offsets of the text as loaded."""
        return self.folded.original(start, end)

    def before(self, start: int, end: int, characters: int) -> str:
        """Return up to *characters* of the text before folded [start, end)."""
        left, _ = self.folded.original(start, end)
        return self.document.text[max(0, left - characters) : left]

    def words(self, start: int, end: int) -> str:
        """Return the words of folded [start, end) as they stand in the text."""
        left, right = self.folded.original(start, end)
        return self.document.text[left:right]

    def to_folded(self, offset: int) -> int:
        """Return the folded offset of an offset of the text as loaded."""
        return to_folded(self.folded, offset)

    def from_word(self, start: int, end: int, characters: int) -> int:
        """Return the folded offset *characters* of the original text behind *start*."""
        return to_folded(self.folded, self.folded.original(start, end)[0] + characters)

    def without_article(self, start: int, end: int) -> tuple[str, int]:
        """Return the words of folded [start, end) without an article before them, and where they start."""
        words = self.words(start, end)
        article = _article(self.language).match(words)
        if article is None or article.end() >= len(words):
            return words, start
        return words[article.end() :], self.from_word(start, end, article.end())


@functools.lru_cache(maxsize=8)
def _article(language: Language) -> Any:
    """Return what a name does not begin with ("the "); nothing where the article is part of the word."""
    return regex.compile(str(language.settings.get("article", r"(?!)")))

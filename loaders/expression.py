"""Regular expressions that are compiled when they are first used: a language has hundreds, a text needs some of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import regex

from summitgraph.errors import PatternError

_METHODS = ("search", "match", "fullmatch", "finditer", "findall", "sub", "split", "groupindex")


class Expression:
    """Stands for a compiled ``regex.Pattern`` and becomes one on first use.

    Args:
        pattern: The expression.
        place: File, line and pattern, for the message where it does not compile.
    """

    def __init__(self, pattern: str, place: str) -> None:
        self.pattern = pattern
        self.place = place

    def compile(self) -> Any:
        """Compile it.

        Raises:
            PatternError: If it is not valid; names file, line and pattern.
        """
        try:
            compiled = regex.compile(with_trees(self.pattern))
        except regex.error as error:
            raise PatternError(f"{self.place}: the template does not compile: {error}") from error
        self.__dict__.update({name: getattr(compiled, name) for name in _METHODS})  # from now on as fast as itself
        return compiled

    def __getattr__(self, name: str) -> Any:
        """Return what a compiled expression has; called only until it is compiled."""
        if name not in _METHODS:
            raise AttributeError(name)
        return getattr(self.compile(), name)


# A group of words and nothing else: a word class, written out.
_WORDS = re.compile(r"\(\?:((?:[^\\()\[\]{}.*+?^$|]+\|){3,}[^\\()\[\]{}.*+?^$|]+)\)")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?<[=!]|[()]", re.DOTALL)


def with_trees(expression: str) -> str:
    """Return *expression* with its word classes as trees of letters: it matches the same, and leaves a class at the first wrong letter.

    Not inside what looks behind, which is read from its end.

    >>> with_trees("(?:signed|signs|sign|sealed) it")
    '(?:s(?:ign(?:ed|s)?|ealed)) it'
    """
    behind = list(_looks_behind(expression))

    def tree(words: re.Match[str]) -> str:
        if any(start <= words.start() < end for start, end in behind):
            return words[0]
        return _tree(words[1].split("|")) or words[0]

    return _WORDS.sub(tree, expression)


def _looks_behind(expression: str) -> Iterator[tuple[int, int]]:
    opened: list[tuple[bool, int]] = []
    for token in _TOKEN.finditer(expression):
        if token[0][0] == "(":
            opened.append((len(token[0]) > 1, token.start()))
        elif token[0] == ")":
            looks_behind, start = opened.pop()
            if looks_behind:
                yield start, token.end()


def _tree(words: Sequence[str]) -> str:
    """Return the tree of *words*; empty where a word comes before a longer one that begins with it, which it would hide."""
    root: dict[str, Any] = {}
    for word in words:
        node = root
        for letter in word:
            if "" in node:
                return ""
            node = node.setdefault(letter, {})
        node[""] = {}
    return f"(?:{_branches(root)})"


def _branches(node: dict[str, Any]) -> str:
    branches = [letter + _branches(below) for letter, below in node.items() if letter]
    if not branches:
        return ""
    if len(branches) == 1 and "" not in node:
        return branches[0]
    return f"(?:{'|'.join(branches)})" + ("?" if "" in node else "")

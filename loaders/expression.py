"""Regular expressions that are compiled when they are first used: a language has hundreds, a text needs some of them."""

from __future__ import annotations

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
            compiled = regex.compile(self.pattern)
        except regex.error as error:
            raise PatternError(f"{self.place}: the template does not compile: {error}") from error
        self.__dict__.update({name: getattr(compiled, name) for name in _METHODS})  # from now on as fast as itself
        return compiled

    def __getattr__(self, name: str) -> Any:
        """Return what a compiled expression has; called only until it is compiled."""
        if name not in _METHODS:
            raise AttributeError(name)
        return getattr(self.compile(), name)

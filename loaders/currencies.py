"""Which currency a bare noun means: "kroner" is Norway's or Denmark's, as the text has just spoken of the one or the other.

``bare_currencies`` in ``values.yaml`` holds for each such noun the codes (ISO 4217) it can mean and the words that tell: the state, its
adjective, its capital.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import regex

from .normalise import fold

_REACH = 300  # characters before and behind the sum in which a state is looked for
_SENTENCE_END = regex.compile(r"[.!?؟]\s")


class BareCurrencies:
    """The nouns of a language that several currencies share."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._tellers: dict[str, tuple[tuple[str, Any], ...]] = {
            fold(str(noun)): tuple((str(code), _any_of(words)) for code, words in codes.items())
            for noun, codes in values.get("bare_currencies", {}).items()
        }

    @property
    def nouns(self) -> tuple[str, ...]:
        """The nouns, folded."""
        return tuple(self._tellers)

    def code(self, noun: str, folded: str, start: int, end: int) -> str:
        """Return the ISO 4217 code of *noun* for a sum: of the state named last before it, else first behind; or nothing."""
        tellers = self._tellers.get(noun, ())
        before = folded[max(0, start - _REACH) : start]
        last = max(((found.start(), code) for code, words in tellers for found in words.finditer(before)), default=None)
        if last is not None:
            return last[1]
        stop = _SENTENCE_END.search(folded, end, end + _REACH)
        behind = folded[end : stop.start() if stop else end + _REACH]
        first = min(
            ((found.start(), code) for code, words in tellers for found in words.finditer(behind)), default=None
        )
        return first[1] if first is not None else ""


def _any_of(words: object) -> Any:
    listed = words if isinstance(words, list) else [words]
    return regex.compile(r"(?<!\w)(?:" + "|".join(regex.escape(fold(str(word))) for word in listed) + r")(?!\w)")

"""Fold text for look-up and keep the way back to the original offsets.

Folding maps one character to one character or to nothing, never to more, so that an offset in folded text always has
exactly one original offset.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_QUOTES = {**dict.fromkeys("“”„‟«»〝〞＂", '"'), **dict.fromkeys("‘’‛‹›ʼ`´", "'")}
_DASHES = dict.fromkeys("‐‑‒–—―−", "-")
_ARABIC = {
    **dict.fromkeys("أإآٱٲٳ", "ا"),
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ة": "ه",
    "ۀ": "ه",
    "ؤ": "و",
    "ئ": "ي",
    "ک": "ك",
    "ڤ": "ف",
    "چ": "ج",
    "گ": "ج",
    "پ": "ب",
    "٫": ".",
    "٬": ",",
    "٪": "%",
    "؟": "?",
    "…": ".",
}
_DELETED_RANGES = (
    (0x0300, 0x036F),  # combining marks of decomposed Latin
    (0x0610, 0x061A),
    (0x064B, 0x065F),  # tashkeel
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x0640, 0x0640),  # tatweel
    (0x200B, 0x200F),  # zero width and bidi marks
    (0x202A, 0x202E),
    (0x2060, 0x2069),
    (0xFEFF, 0xFEFF),
    (0x00AD, 0x00AD),  # soft hyphen
)


def _table() -> dict[int, str | None]:
    table: dict[int, str | None] = {}
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0x370, 0x530)):
        lowered = chr(code).lower()
        base = unicodedata.normalize("NFD", lowered)[:1]
        if len(base) == 1:
            table[code] = base
    for code in (*range(0x0660, 0x066A), *range(0x06F0, 0x06FA), *range(0xFF10, 0xFF1A)):
        table[code] = str(unicodedata.digit(chr(code)))
    spaces = (0x09, 0x0B, 0x0C, 0x0D, *range(0x1C, 0x20), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x202F)
    for code in (*spaces, 0x205F, 0x3000):
        table[code] = " "
    for pairs in (_QUOTES, _DASHES, _ARABIC):
        table.update({ord(source): target for source, target in pairs.items()})
    # Arabic presentation forms that stand for one letter; ligatures keep their form rather than shift offsets.
    for code in range(0xFE70, 0xFF00):
        letter = unicodedata.normalize("NFKC", chr(code))
        if len(letter) == 1:
            table[code] = _ARABIC.get(letter, letter)
    for start, end in _DELETED_RANGES:
        table.update(dict.fromkeys(range(start, end + 1)))
    return table


_TABLE = _table()


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and, for each of its characters, the offset of the original one."""

    text: str
    offsets: Sequence[int]  # range when nothing was deleted

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the original span of the folded span [start, end), end exclusive; start < end."""
        return self.offsets[start], self.offsets[end - 1] + 1


def fold(text: str) -> str:
    """Return *text* in lower case, without diacritics, with variants of letters, digits, quotes and dashes unified."""
    return text.translate(_TABLE)


def fold_with_offsets(text: str) -> Folded:
    """Fold *text* and keep the original offset of every character that stays.

    >>> fold_with_offsets("قِمّة").text
    'قمه'
    """
    folded = text.translate(_TABLE)
    if len(folded) == len(text):
        return Folded(folded, range(len(text)))
    return Folded(folded, [i for i, char in enumerate(text) if _TABLE.get(ord(char), "") is not None])

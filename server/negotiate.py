"""Choose a media type by the Accept header: quality first, then how specific the range is (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Range:
    """One media range of an Accept header; 0 <= quality <= 1."""

    type: str
    subtype: str
    parameters: frozenset[tuple[str, str]]
    quality: float

    def specificity(self, media_type: str) -> int:
        """Return how closely the range names *media_type*: 0 not at all, 1 ``*/*``, 2 ``a/*``, 3 ``a/b``, 4 more."""
        main, _, subtype = media_type.partition("/")
        if self.type == "*":
            return 1 if self.subtype == "*" else 0
        if self.type != main or self.subtype not in ("*", subtype):
            return 0
        if self.subtype == "*":
            return 2
        # A charset is not part of what we offer: everything is UTF-8, which all our clients can read.
        return 4 if self.parameters - {("charset", "utf-8")} else 3


@lru_cache(maxsize=512)
def parse_accept(header: str) -> tuple[Range, ...]:
    """Return the ranges of *header*; what cannot be read is left out, an empty header accepts everything.

    >>> [(r.subtype, r.quality) for r in parse_accept("text/csv;q=0.5, text/*")]
    [('csv', 0.5), ('*', 1.0)]
    """
    ranges = []
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        main, slash, subtype = name.partition("/")
        if not slash and name == "*":  # sent by old Java clients
            main, slash, subtype = "*", "/", "*"
        if not (main and slash and subtype):
            continue
        quality = 1.0
        kept = set()
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip() == "q":
                quality = _quality(value.strip())
            elif key:
                kept.add((key.strip(), value.strip().strip('"')))
        ranges.append(Range(main, subtype, frozenset(kept), quality))
    return tuple(ranges) if ranges or header.strip() else (Range("*", "*", frozenset(), 1.0),)


def _quality(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def quality(ranges: Sequence[Range], media_type: str) -> tuple[float, int]:
    """Return quality and specificity of the most specific range that names *media_type*; (0, 0) if none does."""
    best, best_quality = 0, 0.0
    for accepted in ranges:
        specificity = accepted.specificity(media_type)
        if specificity > best or (specificity == best and specificity and accepted.quality > best_quality):
            best, best_quality = specificity, accepted.quality
    return best_quality, best


def choose(header: str | None, offers: Sequence[str]) -> str | None:
    """Return the offer the client likes best, the earlier one of equals; None if it accepts none.

    >>> choose("text/*;q=0.5, text/csv;q=0.1, application/json;q=0.3", ["application/json", "text/csv", "text/html"])
    'text/html'
    >>> choose("image/png", ["text/html"]) is None
    True
    """
    ranges = parse_accept(header or "")
    best: tuple[float, int] = (0.0, 0)
    chosen = None
    for offer in offers:
        score = quality(ranges, offer)
        if score[0] > 0 and score > best:
            best, chosen = score, offer
    return chosen


def choose_language(header: str | None, offers: Sequence[str], default: str) -> str:
    """Return the offered language (BCP 47 primary tags) the Accept-Language header likes best.

    >>> choose_language("de, ar-EG;q=0.8, en;q=0.5", ["en", "ar", "fr"], "en")
    'ar'
    """
    best, chosen = 0.0, default
    for part in (header or "").lower().split(","):
        tag, _, parameter = part.partition(";")
        score = _quality(parameter.partition("=")[2].strip()) if parameter.strip().startswith("q=") else 1.0
        primary = tag.strip().partition("-")[0]
        if primary in offers and score > best:
            best, chosen = score, primary
    return chosen


def choose_region(header: str | None, language: str) -> str:
    """Return the region the Accept-Language header likes best for *language*, in capitals; empty where it names none.

    >>> choose_region("fr, en-GB;q=0.8, en-US;q=0.7", "en"), choose_region("en, zh-Hant-TW", "en")
    ('GB', '')
    """
    best, chosen = 0.0, ""
    for part in (header or "").lower().split(","):
        tag, _, parameter = part.partition(";")
        score = _quality(parameter.partition("=")[2].strip()) if parameter.strip().startswith("q=") else 1.0
        primary, *rest = tag.strip().split("-")
        region = next((item for item in rest if len(item) == 2 and item.isalpha()), "")
        if primary == language and region and score > best:
            best, chosen = score, region.upper()
    return chosen

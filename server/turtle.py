"""Turtle with prefixes, made of what the engine writes without any: its own way with prefixes writes all of them, used or not.

Each triple would have to come into Python and go back for that, which takes longer than to find it. The engine's Turtle has
no prefixed names, texts only in double quotes, and no line break within a text or an IRI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from .spool import Spool

_TEXT = rb'"(?:[^"\\]|\\.)*+"'
_ANY_TEXT = re.compile(_TEXT, re.DOTALL)
# Characters a local name may hold wherever it stands (Turtle 1.1, PN_CHARS_U and digits), in UTF-8; others keep their IRI.
_CHAR = (
    rb"(?:[A-Za-z0-9_]|\xc3[\x80-\x96\x98-\xb6\xb8-\xbf]|[\xc4-\xcb\xce-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]"
    rb"|\xe1[\x80-\xbf]{2}|[\xe4-\xec][\x80-\xbf]{2})"
)
_LOCAL = rb"(?:%b(?:[.-]*%b)*+-*+)?+" % (_CHAR, _CHAR)
_PIECE = 1_048_576


def write_turtle(triples: object, prefixes: Mapping[str, str], spool: Spool) -> int:
    """Write the result *triples* of the engine with those of *prefixes* (name to namespace) that are used; return how many."""
    import pyoxigraph as ox

    full = Spool(spool.limit)
    triples.serialize(full, format=ox.RdfFormat.TURTLE)  # type: ignore[attr-defined]
    known = _known(prefixes)
    used: set[bytes] = set()
    if full.file is None:
        data = b"".join(full.chunks)
        count = _count(data)
        data = _shorten(data, known, used)
        spool.write(_head(known, used) + data)
        return count
    count = 0
    body = Spool(spool.limit)
    for piece in _pieces(full):
        count += _count(piece)
        body.write(_shorten(piece, known, used))
    full.close()
    spool.write(_head(known, used))
    for piece in _pieces(body):
        spool.write(piece)
    body.close()
    return count


def _known(prefixes: Mapping[str, str]) -> Mapping[bytes, bytes]:
    """Return namespace to prefix with its colon; most results come with the same *prefixes*."""
    global _last
    if _last[0] is not prefixes:
        _last = (prefixes, {space.encode(): name.encode() + b":" for name, space in prefixes.items()})
    return _last[1]


_last: tuple[Mapping[str, str], Mapping[bytes, bytes]] = ({}, {})


def _pieces(spool: Spool) -> Iterator[bytes]:
    """Yield what is in *spool*, in pieces of whole lines."""
    if spool.file is None:
        yield from spool.chunks
        return
    spool.file.seek(0)
    while piece := spool.file.read(_PIECE):
        yield piece + spool.file.readline()


def _count(data: bytes) -> int:
    """Return how many triples are in *data*: a line each, and one for each comma between two objects."""
    commas = data.count(b" , ")
    return data.count(b"\n") + (_ANY_TEXT.sub(b"", data).count(b" , ") if commas else 0)


def _shorten(data: bytes, known: Mapping[bytes, bytes], used: set[bytes]) -> bytes:
    """Return *data* with prefixed names where a namespace is *known*; add those to *used*."""

    def shorten(match: re.Match[bytes]) -> bytes:
        space = match[1]
        if space is None:
            return match[0]
        used.add(space)
        return known[space] + match[2]

    return _pattern(frozenset(known)).sub(shorten, data) if known else data


@lru_cache(maxsize=64)
def _pattern(spaces: frozenset[bytes]) -> re.Pattern[bytes]:
    """Return what finds texts, and IRIs in one of *spaces* as two groups."""
    return re.compile(_TEXT + rb"|<(%b)(%b)>" % (_one_of(sorted(spaces)), _LOCAL), re.DOTALL)


def _one_of(words: Sequence[bytes]) -> bytes:
    """Return a pattern for each of the sorted *words*, the longest where one begins with another; it reads no byte twice."""
    first, last = words[0], words[-1]
    same = next((place for place, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    ends = [word[same:] for word in words]
    branches = [_one_of(list(group)) for byte, group in groupby(ends, key=lambda end: end[:1]) if byte]
    return re.escape(first[:same]) + (b"(?:%b)" % b"|".join(branches) + b"?" * (not ends[0]) if branches else b"")


def _head(known: Mapping[bytes, bytes], used: set[bytes]) -> bytes:
    """Return the declarations of the prefixes that are *used*."""
    lines = [b"@prefix %b <%b> .\n" % (known[space], space) for space in used]
    return b"".join(sorted(lines))

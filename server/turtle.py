"""Turtle with prefixes, made of what the engine writes without any: its own way with prefixes writes all of them, used or not.

Each triple would have to come into Python and go back for that, which takes longer than to find it. The engine's Turtle has
no prefixed names, texts only in double quotes, and no line break within a text or an IRI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from .spool import Spool

_TEXT = rb'"(?:[^"\\]|\\.)*+"'
_TEXT_OR_IRI = re.compile(_TEXT + rb"|<[^>]*+>", re.DOTALL)
_NAMESPACE = re.compile(rb"<([^<>\"\s]*[/#])")
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
    """Return how many triples end in *data*: each is followed by a comma, a semicolon or a full stop."""
    bare = _TEXT_OR_IRI.sub(b"", data)
    return bare.count(b" ,") + bare.count(b" ;") + bare.count(b" .\n")


def _shorten(data: bytes, known: Mapping[bytes, bytes], used: set[bytes]) -> bytes:
    """Return *data* with prefixed names where a namespace is *known*; add those to *used*."""
    found = known.keys() & set(_NAMESPACE.findall(data))
    if not found:
        return data

    def shorten(match: re.Match[bytes]) -> bytes:
        space = match[1]
        if space is None:
            return match[0]
        used.add(space)
        return known[space] + match[2]

    return _pattern(frozenset(found)).sub(shorten, data)


@lru_cache(maxsize=256)
def _pattern(spaces: frozenset[bytes]) -> re.Pattern[bytes]:
    """Return what finds texts, and IRIs in one of *spaces* as two groups."""
    longest_first = sorted(spaces, key=lambda space: (-len(space), space))
    return re.compile(_TEXT + rb"|<(%b)(%b)>" % (b"|".join(map(re.escape, longest_first)), _LOCAL), re.DOTALL)


def _head(known: Mapping[bytes, bytes], used: set[bytes]) -> bytes:
    """Return the declarations of the prefixes that are *used*."""
    lines = [b"@prefix %b <%b> .\n" % (known[space], space) for space in used]
    return b"".join(sorted(lines))

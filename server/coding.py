"""Content codings of replies: zstd and gzip, by Accept-Encoding (RFC 9110, 12.5.3; RFC 8878)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

import zstandard

CODINGS = ("zstd", "gzip")  # where a client likes several equally, the first
COMPRESS_FROM = 1024  # bytes; shorter bodies go as they are
_GZIP = 31  # zlib's number for the gzip format


@lru_cache(maxsize=256)
def choose_coding(header: str | None) -> str:
    """Return the coding an Accept-Encoding header likes best, empty for none.

    >>> choose_coding("gzip, zstd"), choose_coding("br, gzip;q=0.5"), choose_coding("gzip;q=0"), choose_coding(None)
    ('zstd', 'gzip', '', '')
    """
    qualities: dict[str, float] = {}
    for part in (header or "").lower().split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.partition("=")
        try:
            qualities[name.strip()] = float(value) if key.strip() == "q" else 1.0
        except ValueError:
            qualities[name.strip()] = 0.0
    rest = qualities.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: qualities.get(coding, rest))
    quality = qualities.get(best, rest)
    return best if quality > 0 and quality >= qualities.get("identity", 0.0) else ""


def compress(body: bytes, coding: str) -> bytes:
    """Return *body* in *coding*, the same bytes each time (no time stamp)."""
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=3).compress(body)
    packer = zlib.compressobj(5, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def compressed(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield *chunks* in *coding*, cheaply: a long result is worth no more than the network takes."""
    packer = (
        zstandard.ZstdCompressor(level=1).compressobj()
        if coding == "zstd"
        else zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    )
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()

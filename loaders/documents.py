"""Read articles from files, folders, archives and standard input into documents; bad input is named, never swallowed."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import regex

from summitgraph.errors import InputError
from summitgraph.graph.records import Document

from . import markup
from .language import language_shares
from .patterns import languages

MAX_CHARACTERS = 5_000_000
MAX_BYTES = 20_000_000
MAX_UNPACKED = 2_000_000_000  # bytes of one archive
Stream = IO[bytes] | gzip.GzipFile
_LINES = {".jsonl", ".ndjson"}
SUFFIXES = {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".jsonl", ".ndjson", ".pdf", ".docx"}
_PACKED = {".gz", ".zip"}
_UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)
_PLACE = regex.compile(r"(?:(?<=\.zip)!.+|(?::\d+))$", regex.IGNORECASE)  # of an origin: what stands behind the path
_MARKS = (
    (b"<!doctype html", ".html"),
    (b"<html", ".html"),
    (b"%pdf-", ".pdf"),
    (b"pk\x03\x04", ".docx"),
    (b"\x1f\x8b", ".gz"),
    (b"{", ".jsonl"),
)
_SURROGATE = regex.compile(r"[\ud800-\udfff]")
_TAG = regex.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_PLAUSIBLE = 0.2  # share of the words


@dataclass(frozen=True, slots=True)
class Failure:
    """An article that could not be read, and why; the others go on."""

    source: str
    reason: str
    origin: str = ""  # as :attr:`Document.origin`


def read(paths: Iterable[str]) -> Iterator[Document | Failure]:
    """Yield a document for each article of files, folders (searched through), ``.gz``, ``.zip`` and ``-`` (standard input).

    Raises:
        InputError: If a path named by the user does not exist, or a folder holds nothing that can be read.
    """
    for path in paths:
        if path == "-":
            yield from _standard_input()
            continue
        for file in _files(path):
            yield from _file(file)


def again(origins: Iterable[str]) -> Iterator[Document | Failure]:
    """Yield only the articles at *origins*, as :attr:`Document.origin` names them; those that are gone are failures."""
    wanted = dict.fromkeys(origins)
    for place in dict.fromkeys(_PLACE.sub("", origin) for origin in wanted):
        found = set()
        if Path(place).is_file():
            for document in _file(Path(place)):
                if document.origin in wanted:
                    found.add(document.origin)
                    yield document
        for origin in wanted:
            if _PLACE.sub("", origin) == place and origin not in found:
                yield Failure(origin, "it is not there any more", origin)


def count(paths: Iterable[str]) -> int:
    """Return how many articles *paths* hold, for a progress bar; what cannot be read counts as one."""
    total = 0
    for path in paths:
        total += 1 if path == "-" else sum(_articles(file) for file in _files(path))
    return total


def _files(path: str) -> list[Path]:
    place = Path(path)
    if not place.exists():
        raise InputError(f"{path}: no such file or folder; check the path")
    if not place.is_dir():
        return [place]
    files = sorted(p for p in place.rglob("*") if p.is_file() and _readable(p))
    if not files:
        raise InputError(f"{path}: the folder holds no article; expected {', '.join(sorted(SUFFIXES | _PACKED))} files")
    return files


def _readable(path: Path) -> bool:
    return (
        path.suffix.lower() in SUFFIXES | _PACKED and not path.name.startswith(".") and path.name.lower() != "readme.md"
    )


def _articles(path: Path) -> int:
    try:
        suffix = path.suffix.lower()
        if suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                total = 0
                for info in archive.infolist():
                    kind = Path(info.filename).suffix.lower()
                    if kind in _LINES and info.file_size <= MAX_BYTES:
                        with archive.open(info) as stream:
                            total += _count_lines(stream)
                    elif kind in SUFFIXES:
                        total += 1
                return total
        if suffix == ".gz" and Path(path.stem).suffix.lower() in _LINES:
            with gzip.open(path) as stream:
                return _count_lines(stream)
        if suffix in _LINES:
            with path.open("rb") as stream:
                return _count_lines(stream)
    except _UNREADABLE:
        pass  # reading it will say so
    return 1


def _count_lines(stream: Stream) -> int:
    return sum(1 for line in _bounded(stream) if line.strip())


def _bounded(stream: Stream) -> Iterator[bytes]:
    """Yield the lines of *stream*, none longer than what is read of an article at most."""
    while line := stream.readline(MAX_BYTES + 1):
        yield line
        while len(line) > MAX_BYTES and not line.endswith(b"\n"):  # the rest of a line that is too long anyway
            line = stream.readline(MAX_BYTES + 1)


def _standard_input() -> Iterator[Document | Failure]:
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    head = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((kind for mark, kind in _MARKS if head.startswith(mark)), ".txt")
    now = datetime.now(UTC)
    if kind == ".gz":
        try:
            with gzip.open(io.BytesIO(content)) as stream:
                content = stream.read(MAX_BYTES + 1)
        except _UNREADABLE as error:
            yield Failure("standard input", f"cannot be unpacked: {error}")
            return
        kind = ".html" if content[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")) else ".txt"
    if kind == ".jsonl" and _is_json(content):
        yield from _lines("standard input", io.BytesIO(content), now, "")
    else:
        yield from _content("standard input", ".txt" if kind == ".jsonl" else kind, content, now, "")


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content.lstrip().split(b"\n", 1)[0]), dict)
    except ValueError:
        return False


def _file(path: Path) -> Iterator[Document | Failure]:
    origin = str(path)
    try:
        size = path.stat().st_size
        modified = _time(path)
        suffix = path.suffix.lower()
        if suffix == ".zip":
            yield from _zip(path, modified)
        elif suffix in _LINES:
            with path.open("rb") as stream:
                yield from _lines(path.name, stream, modified, origin)
        elif size > MAX_BYTES and suffix != ".gz":
            yield Failure(origin, _too_large(size), origin)
        elif suffix == ".gz":
            with gzip.open(path) as packed:
                if Path(path.stem).suffix.lower() in _LINES:
                    yield from _lines(path.stem, packed, modified, origin)
                else:
                    content = packed.read(MAX_BYTES + 1)
                    yield from _content(path.stem, Path(path.stem).suffix.lower(), content, modified, origin)
        else:
            yield from _content(path.name, suffix, path.read_bytes(), modified, origin)
    except PermissionError:
        yield Failure(origin, "no permission to read it", origin)
    except _UNREADABLE as error:
        yield Failure(origin, f"cannot be read: {error}", origin)


def _zip(path: Path, modified: datetime) -> Iterator[Document | Failure]:
    with zipfile.ZipFile(path) as archive:
        unpacked = 0
        for info in archive.infolist():
            suffix = Path(info.filename).suffix.lower()
            if info.is_dir() or suffix not in SUFFIXES:
                continue
            source, origin = f"{path.name}/{info.filename}", f"{path}!{info.filename}"
            unpacked += info.file_size
            if info.file_size > MAX_BYTES:
                yield Failure(source, _too_large(info.file_size), origin)
                continue
            if unpacked > MAX_UNPACKED:
                yield Failure(source, f"the archive unpacks to more than {MAX_UNPACKED / 1e9:.0f} GB; split it", origin)
                return
            try:
                content = archive.read(info)
            except (*_UNREADABLE, RuntimeError) as error:  # damaged, encrypted, or packed in a way Python does not know
                yield Failure(source, f"cannot be unpacked: {error}", origin)
                continue
            if suffix in _LINES:
                yield from _lines(source, io.BytesIO(content), modified, origin)
            else:
                yield from _content(source, suffix, content, modified, origin)


def _content(source: str, suffix: str, content: bytes, modified: datetime, origin: str) -> Iterator[Document | Failure]:
    if len(content) > MAX_BYTES:
        yield Failure(source, _too_large(len(content)), origin)
        return
    try:
        metadata: dict[str, Any] = {}
        if suffix in (".pdf", ".docx"):
            text, metadata = markup.office(content, suffix)
        elif suffix in (".html", ".htm"):
            text, metadata = markup.html(_decode(content, markup.charset(content)))
        else:
            text = _decode(content)
            if suffix in (".md", ".markdown"):
                text, metadata = markup.front_matter(text)
        yield _document(text, source, metadata, modified, origin)
    except InputError as error:
        yield Failure(source, str(error), origin)


def _lines(source: str, stream: Stream, modified: datetime, origin: str) -> Iterator[Document | Failure]:
    """Yield an article a line: JSON objects with ``text`` and, where known, ``title``, ``url``, ``date``, ``language``."""
    for number, line in enumerate(_bounded(stream), 1):
        if not line.strip():
            continue
        place, here = f"{source}:{number}", f"{origin}:{number}"
        try:
            if len(line) > MAX_BYTES:
                raise InputError(_too_large(len(line)))
            entry = json.loads(_decode(line))
            text = (entry.get("text") or entry.get("content")) if isinstance(entry, dict) else None
            if not isinstance(text, str):
                raise InputError('expected a JSON object with the article in "text"')
            yield _document(text, str(entry.get("url") or entry.get("source") or place), entry, modified, here)
        except InputError as error:
            yield Failure(place, str(error), here)
        except (json.JSONDecodeError, RecursionError) as error:
            yield Failure(place, f"not valid JSON: {error}", here)


def _document(text: str, source: str, metadata: dict[str, Any], modified: datetime, origin: str) -> Document:
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InputError("it is empty; expected the text of an article")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"it has {len(text):,} characters; articles of at most {MAX_CHARACTERS:,} are read. Split it, one article a file"
        )
    if (broken := _SURROGATE.search(text)) is not None:
        raise InputError(f"it holds half a character (a lone surrogate) at offset {broken.start()}; encode it again")
    return Document(
        text=text,
        language=_language(text, str(metadata.get("language") or metadata.get("lang") or "")),
        title=str(metadata.get("title") or _title(text)),
        source=str(metadata.get("url") or source),
        published=_date(metadata.get("date")),
        generated_at=modified,
        origin=origin,
    )


def _language(text: str, declared: str) -> str:
    """Return the language that the metadata declare, unless it is no tag or plainly not that of the text."""
    shares = language_shares(text[:20_000])
    found = max(shares, key=lambda code: shares[code]) if shares else "und"
    code = declared.replace("_", "-").split("-")[0].lower()
    if _TAG.fullmatch(declared) is None or (code in languages() and shares and shares.get(code, 0.0) < _PLAUSIBLE):
        return found
    return declared.replace("_", "-")


def _decode(content: bytes, declared: str = "") -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise InputError(f"it begins as UTF-16 and is not (byte {error.start}); save it as UTF-8") from error
    if b"\x00" in content[:4096]:
        raise InputError("it is binary, not text; expected UTF-8 text")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        try:
            if declared:
                return content.decode(declared)
        except (LookupError, UnicodeDecodeError):
            pass
        raise InputError(
            f"it is not UTF-8 (byte {error.start}); convert it first, for instance: iconv -f WINDOWS-1256 -t UTF-8"
        ) from error


def _title(text: str) -> str:
    first = text.lstrip().split("\n", 1)[0].strip().lstrip("# ")
    return first if len(first) <= 150 else first[:147].rsplit(" ", 1)[0] + "…"


def _date(value: Any) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _time(path: Path) -> datetime:
    """Return when the file was last changed, or SOURCE_DATE_EPOCH where that is set: never the clock, so that loading repeats."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    seconds = int(epoch) if epoch and epoch.isdigit() else int(path.stat().st_mtime)
    return datetime.fromtimestamp(seconds, UTC)


def _too_large(size: int) -> str:
    return f"it has {size / 1e6:.0f} MB; articles of at most {MAX_BYTES / 1e6:.0f} MB are read. Split it, one article a file"

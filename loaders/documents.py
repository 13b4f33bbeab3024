"""Read articles from files, folders, archives and standard input into documents; bad input is named, never swallowed."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from summitgraph.errors import InputError
from summitgraph.graph.records import Document

from . import markup
from .language import detect

MAX_CHARACTERS = 5_000_000
MAX_BYTES = 20_000_000
SUFFIXES = {".txt", ".text", ".md", ".markdown", ".html", ".htm", ".jsonl", ".ndjson", ".pdf", ".docx"}
_PACKED = {".gz", ".zip"}


@dataclass(frozen=True, slots=True)
class Failure:
    """An article that could not be read, and why; the others go on."""

    source: str
    reason: str


def read(paths: Iterable[str]) -> Iterator[Document | Failure]:
    """Yield a document for each article of files, folders (searched through), ``.gz``, ``.zip`` and ``-`` (standard input).

    Raises:
        InputError: If a path named by the user does not exist, or a folder holds nothing that can be read.
    """
    for path in paths:
        if path == "-":
            yield from _content("standard input", ".txt", sys.stdin.buffer.read(MAX_BYTES + 1), datetime.now(UTC))
            continue
        place = Path(path)
        if not place.exists():
            raise InputError(f"{path}: no such file or folder; check the path")
        if place.is_dir():
            files = sorted(p for p in place.rglob("*") if p.is_file() and _readable(p))
            if not files:
                raise InputError(
                    f"{path}: the folder holds no article; expected {', '.join(sorted(SUFFIXES | _PACKED))} files"
                )
            for file in files:
                yield from _file(file)
        else:
            yield from _file(place)


def count(paths: Iterable[str]) -> int:
    """Return how many files *paths* come to, for a progress bar; an archive or JSON Lines file counts as one."""
    total = 0
    for path in paths:
        place = Path(path)
        total += sum(1 for p in place.rglob("*") if p.is_file() and _readable(p)) if place.is_dir() else 1
    return total


def _readable(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return (
        bool(suffixes)
        and not path.name.startswith(".")
        and (suffixes[-1] in SUFFIXES | _PACKED)
        and path.name.lower() != "readme.md"
    )


def _file(path: Path) -> Iterator[Document | Failure]:
    try:
        size = path.stat().st_size
        modified = _time(path)
        if path.suffix.lower() == ".zip":
            yield from _zip(path, modified)
            return
        if size > MAX_BYTES and path.suffix.lower() not in (".jsonl", ".ndjson"):
            yield Failure(str(path), _too_large(size))
            return
        if path.suffix.lower() in (".jsonl", ".ndjson"):
            with path.open("rb") as stream:
                yield from _lines(path.name, stream, modified)
            return
        content = path.read_bytes()
        name = path.name
        if path.suffix.lower() == ".gz":
            with gzip.open(io.BytesIO(content)) as stream:
                if Path(path.stem).suffix.lower() in (".jsonl", ".ndjson"):
                    yield from _lines(path.stem, stream, modified)
                    return
                content, name = stream.read(MAX_BYTES + 1), path.stem
        yield from _content(name, Path(name).suffix.lower(), content, modified)
    except PermissionError:
        yield Failure(str(path), "no permission to read it")
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        yield Failure(str(path), f"cannot be read: {error}")


def _zip(path: Path, modified: datetime) -> Iterator[Document | Failure]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            suffix = Path(info.filename).suffix.lower()
            if info.is_dir() or suffix not in SUFFIXES:
                continue
            source = f"{path.name}/{info.filename}"
            if info.file_size > MAX_BYTES:
                yield Failure(source, _too_large(info.file_size))
                continue
            content = archive.read(info)
            if suffix in (".jsonl", ".ndjson"):
                yield from _lines(source, io.BytesIO(content), modified)
            else:
                yield from _content(source, suffix, content, modified)


def _content(source: str, suffix: str, content: bytes, modified: datetime) -> Iterator[Document | Failure]:
    if len(content) > MAX_BYTES:
        yield Failure(source, _too_large(len(content)))
        return
    try:
        if suffix in (".pdf", ".docx"):
            text, metadata = markup.office(content, suffix)
        else:
            text, metadata = _decode(content), {}
            if suffix in (".html", ".htm"):
                text, metadata = markup.html(text)
            elif suffix in (".md", ".markdown"):
                text, metadata = markup.front_matter(text)
        yield _document(text, source, metadata, modified)
    except InputError as error:
        yield Failure(source, str(error))


def _lines(source: str, stream: Iterable[bytes], modified: datetime) -> Iterator[Document | Failure]:
    """Yield an article a line: JSON objects with ``text`` and, where known, ``title``, ``url``, ``date``, ``language``."""
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        place = f"{source}:{number}"
        try:
            entry = json.loads(_decode(line))
            if not isinstance(entry, dict) or not isinstance(entry.get("text") or entry.get("content"), str):
                raise InputError('expected a JSON object with the article in "text"')
            text = entry.get("text") or entry["content"]
            yield _document(text, entry.get("url") or entry.get("source") or place, entry, modified)
        except InputError as error:
            yield Failure(place, str(error))
        except (json.JSONDecodeError, RecursionError) as error:
            yield Failure(place, f"not valid JSON: {error}")


def _document(text: str, source: str, metadata: dict[str, Any], modified: datetime) -> Document:
    if text.startswith("\ufeff"):
        text = text[1:]
    if not text.strip():
        raise InputError("it is empty; expected the text of an article")
    if len(text) > MAX_CHARACTERS:
        raise InputError(
            f"it has {len(text):,} characters; articles of at most {MAX_CHARACTERS:,} are read. Split it, one article a file"
        )
    language = str(metadata.get("language") or metadata.get("lang") or detect(text))
    return Document(
        text=text,
        language=language,
        title=str(metadata.get("title") or _title(text)),
        source=str(metadata.get("url") or source),
        published=_date(metadata.get("date")),
        generated_at=modified,
    )


def _decode(content: bytes) -> str:
    if b"\x00" in content[:4096] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("it is binary, not text; expected UTF-8 text")
    try:
        if content.startswith((b"\xff\xfe", b"\xfe\xff")):
            return content.decode("utf-16")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
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

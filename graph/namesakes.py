"""One name in two documents: which unlinked people and bodies are one, as people decided. ``namesakes.csv`` in the store.

A name joins nothing by itself (docs/decisions/0010-same-name.md). :func:`waiting` lists what bears one name in two documents, as lines of
that file that only lack who decides; a line taken into the store joins the two under one IRI whenever the text is read, and one that
withdraws it parts them again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path

import regex
from pyoxigraph import Store

from summitgraph.errors import InputError

from . import iris, snapshots
from .decisions import asker
from .nodes import NAMESAKES

FILE = "namesakes.csv"
COLUMNS = ("decided_at", "reviewer", "document", "entity", "same_as", "decision", "note")
ACCEPTED, WITHDRAWN = "Accepted", "Withdrawn"
_QUERY = Path(__file__).parent / "queries" / "namesakes.rq"
_DOCUMENT = regex.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Same:
    """One line: who decided when that *entity* of *document* is *same_as*, an entity of another document."""

    decided_at: str  # ISO 8601 with time zone
    reviewer: str
    document: str  # 16 hexadecimal digits
    entity: str
    same_as: str
    decision: str
    note: str = ""


def read(folder: Path) -> tuple[Same, ...]:
    """Return the lines kept in the store at *folder*, none where there are none."""
    path = folder / FILE
    return read_file(path) if path.exists() else ()


def read_file(path: Path) -> tuple[Same, ...]:
    """Return the lines of a file.

    Raises:
        InputError: If one is malformed, contradicts an earlier one or withdraws what does not stand; names file and line.
    """
    try:
        reader = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True)
        rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path.name}: cannot be read: {error}") from error
    if not rows or tuple(rows[0][1]) != COLUMNS:
        raise InputError(f"{path.name}:1: expected the columns {','.join(COLUMNS)}")
    for number, cells in rows[1:]:
        if len(cells) != len(COLUMNS):
            raise InputError(f"{path.name}:{number}: {len(cells)} fields, expected {len(COLUMNS)}")
    lines = tuple(Same(*cells) for _, cells in rows[1:])
    joined(lines, path.name)
    return lines


def joined(lines: Iterable[Same], name: str = FILE) -> dict[str, str]:
    """Return the IRI that each entity somebody decided about has now.

    Raises:
        InputError: If a line is malformed or contradicts an earlier one; line 1 is the header.
    """
    standing: dict[str, str] = {}
    for number, line in enumerate(lines, 2):
        place = f"{name}:{number}"
        _check(line, place)
        if line.decision == WITHDRAWN:
            if standing.pop(line.entity, None) != line.same_as:
                raise InputError(f"{place}: withdraws a decision about {line.entity} that does not stand")
        elif standing.setdefault(line.entity, line.same_as) != line.same_as:
            raise InputError(
                f"{place}: {line.entity} is {standing[line.entity]} by an earlier row; withdraw one of them"
            )
    return {entity: _end(entity, standing, name) for entity in standing}


def _end(entity: str, standing: Mapping[str, str], name: str) -> str:
    seen = {entity}
    while (entity := standing[entity]) in standing:
        if entity in seen:
            raise InputError(f"{name}: {entity} is the same as itself over others; withdraw one of the rows")
        seen.add(entity)
    return entity


def _check(line: Same, place: str) -> None:
    try:
        aware = datetime.fromisoformat(line.decided_at).tzinfo is not None
    except ValueError:
        aware = False
    kinds = [regex.sub(r"/[^/]*$", "", text) for text in (line.entity, line.same_as)]
    problems = (
        (not aware, f"{line.decided_at!r} is not a time such as 2026-11-25T10:00:00+00:00"),
        (not line.reviewer.strip(), "the reviewer is missing"),
        (not _DOCUMENT.fullmatch(line.document), f"{line.document!r} is not a document (16 hexadecimal digits)"),
        (not line.entity.endswith(f"-{line.document}"), f"{line.entity!r} is no entity of document {line.document}"),
        (kinds[0] != kinds[1] or line.entity == line.same_as, f"{line.same_as!r} is not another entity of its kind"),
        (line.decision not in (ACCEPTED, WITHDRAWN), f"{line.decision!r} is not one of {ACCEPTED}, {WITHDRAWN}"),
    )
    for wrong, message in problems:
        if wrong:
            raise InputError(f"{place}: {message}")


def to_csv(lines: Iterable[Same]) -> str:
    """Return the file that holds *lines*."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(astuple(line) for line in lines)
    return stream.getvalue()


def write(folder: Path, lines: Iterable[Same]) -> None:
    """Keep *lines* in the store at *folder*, whole or not at all."""
    snapshots.replace_file(folder / FILE, to_csv(lines))


def waiting(store: Store, decided_at: datetime, reviewer: str) -> list[Same]:
    """Return what bears one name in two documents and nobody has joined, as lines to accept: each with the first that bears it."""
    wanted = ", ".join(f"<{iris.term(kind).value}>" for kind in sorted(NAMESAKES))
    groups: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for row in asker(store)(_QUERY.read_text("utf-8").replace("$types", wanted)):
        document, entity = row["graph"].rpartition("/")[2], row["entity"]
        if entity.endswith(f"-{document}"):
            group = groups.setdefault((entity.rpartition("/")[0], iris.slug(row["name"])), {})
            group.setdefault(entity, (document, row["name"]))
    at = decided_at.isoformat(timespec="seconds")
    found: dict[str, Same] = {}
    for group in groups.values():
        first, *others = sorted(group)
        for entity in others:
            document, name = group[entity]
            found.setdefault(entity, Same(at, reviewer, document, entity, first, ACCEPTED, name))
    return [found[entity] for entity in sorted(found)]

"""The reference table: Wikidata identifiers with names in three languages, read from CSV and checked row by row.

The project's own table comes first, then those of the folders in ``SUMMITGRAPH_REFERENCE``, then that of the store in use.
A later table adds rows, and fills names that an earlier one lacks; it never takes anything away, but ``changes.csv`` tells what
Wikidata itself has merged or deleted.
"""

from __future__ import annotations

import contextlib
import csv
import gc
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import regex
from pyoxigraph import NamedNode

from summitgraph.errors import InputError

from . import iris

FOLDER = Path(__file__).parent / "reference"
LANGUAGES = ("ar", "en", "fr")
KINDS = {
    "AcademicInstitution",
    "City",
    "CivilSocietyOrganization",
    "Coalition",
    "Company",
    "Currency",
    "Declaration",
    "Document",
    "Foundation",
    "GovernmentBody",
    "Initiative",
    "InternationalOrganization",
    "MediaOrganization",
    "OccupationOrOffice",
    "Organization",
    "Person",
    "Report",
    "State",
    "Summit",
    "Technology",
    "Topic",
    "Venue",
}
_QID = regex.compile(r"Q[1-9]\d*")
COLUMNS = (
    "qid", "kind", "label_en", "label_ar", "label_fr", "aliases_en", "aliases_ar", "aliases_fr", "part_of_or_country_qid",
    "evidence",
)  # fmt: skip
CHANGES = ("qid", "change", "to", "seen_at")
DESCRIPTIONS = ("qid", "lang", "text")
OWN = "reference"  # folder in a store: what was looked up for it
LOOKED_UP = "looked up: "  # begins the evidence of a row that was found by its name


def is_qid(text: str) -> bool:
    """Tell whether *text* is an identifier of an item of Wikidata."""
    return _QID.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """One known thing; ``qid`` is empty where no identifier was seen, and then it is never linked."""

    qid: str
    kind: str
    labels: Mapping[str, str]
    aliases: Mapping[str, tuple[str, ...]]
    parent: str
    evidence: str
    place: str  # file:row, for messages
    shared: bool = False  # another row of its kind has its label: the identifier tells their IRIs apart
    deleted: bool = False  # Wikidata has deleted the item

    @property
    def looked_up(self) -> bool:
        """Tell whether the row was found by searching for its name: only context can say that it is what a text means."""
        return self.evidence.startswith(LOOKED_UP)

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield language and name, labels first."""
        for language in LANGUAGES:
            if self.labels[language]:
                yield language, self.labels[language]
        for language in LANGUAGES:
            for name in self.aliases[language]:
                yield language, name


@dataclass(frozen=True, slots=True)
class Demonym:
    """An adjective of a place: ``فرنسي`` for Q142."""

    qid: str
    lang: str
    form: str


@dataclass(frozen=True, eq=False)
class Reference:
    """The whole table."""

    rows: tuple[Row, ...]
    demonyms: tuple[Demonym, ...]
    ambiguous: frozenset[tuple[str, str]] = frozenset()  # language and short form that is also a word or another name
    descriptions: Mapping[tuple[str, str], str] = field(default_factory=dict)  # by identifier and language

    @cached_property
    def _by_qid(self) -> Mapping[str, Row]:
        return {row.qid: row for row in self.rows if row.qid}

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[Row, ...]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.kind, []).append(row)
        return {kind: tuple(rows) for kind, rows in found.items()}

    def by_qid(self) -> Mapping[str, Row]:
        """Return the rows that have an identifier, by it."""
        return self._by_qid

    def of_kind(self, *kinds: str) -> Iterator[Row]:
        """Yield the rows of some kinds."""
        for kind in kinds:
            yield from self._by_kind.get(kind, ())


_listeners: list[Callable[[], object]] = []
_own: dict[str, object] = {"folder": None, "state": ()}


def on_change(clear: Callable[[], object]) -> None:
    """Have *clear* called whenever another table is in use: for what was made from the table and kept."""
    _listeners.append(clear)


def use(store: Path | None) -> None:
    """Use the table of the store at *store* too, as it stands now; None for no store's."""
    folder = store / OWN if store is not None and (store / OWN).is_dir() else None
    state = (
        [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.glob("*.csv"))]
        if folder
        else ()
    )
    if folder == _own["folder"] and state == _own["state"]:
        return
    _own.update(folder=folder, state=state)
    _loaded.cache_clear()
    for clear in _listeners:
        clear()


def in_use() -> Path | None:
    """Return the store whose own table is in use, None where none is: for processes that are to use the same."""
    folder = _own["folder"]
    return folder.parent if isinstance(folder, Path) else None


def folders() -> tuple[Path, ...]:
    """Return the folders of the tables in use, the project's own first.

    Raises:
        InputError: If ``SUMMITGRAPH_REFERENCE`` names something that is not a folder.
    """
    named = [Path(name) for name in os.environ.get("SUMMITGRAPH_REFERENCE", "").split(os.pathsep) if name]
    if wrong := [path for path in named if not path.is_dir()]:
        raise InputError(f"SUMMITGRAPH_REFERENCE: {wrong[0]} is not a folder; `summitgraph reference import` makes one")
    own = _own["folder"]
    return (FOLDER, *named, *([own] if isinstance(own, Path) else ()))


def files() -> list[Path]:
    """Return the files of the tables in use."""
    return [path for folder in folders() for path in sorted(folder.glob("*.csv"))]


def load(folder: Path | None = None) -> Reference:
    """Return the tables in use as one, or the one in *folder*.

    Raises:
        InputError: If a row is malformed, or two rows of a table claim one identifier; names file and row. Nothing is half read.
    """
    if folder is not None:
        return _unique(read(folder))
    return _loaded(folders())


@contextlib.contextmanager
def many_objects() -> Iterator[None]:
    """Keep the garbage collector from going through objects again and again while very many are made, none of them garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@cache
def _loaded(wanted: tuple[Path, ...]) -> Reference:
    with many_objects():
        table = _unique(read(wanted[0]))
        for folder in wanted[1:]:
            table = _merged(table, _unique(read(folder)), _changes(folder / "changes.csv"))
    return table


def read(folder: Path) -> Reference:
    """Read ``wikidata.csv``, ``unlinked.csv``, ``demonyms.csv``, ``ambiguous.csv`` and ``descriptions.csv`` of *folder*.

    Only the project's own folder has to have all but the last.

    Raises:
        InputError: If a row is malformed; names file and row.
    """
    whole = folder == FOLDER or (folder / "demonyms.csv").exists()

    def there(name: str) -> bool:
        return (whole and name != "descriptions.csv") or (folder / name).exists()

    rows: list[Row] = []
    for name, qid in (("wikidata.csv", True), ("unlinked.csv", False)):
        if there(name):
            rows += _rows(folder / name, qid=qid)
    demonyms, ambiguous, descriptions = [], set(), {}
    known = ", ".join(LANGUAGES)
    for number, entry in read_csv(folder / "demonyms.csv", ("qid", "lang", "form")) if there("demonyms.csv") else ():
        if not is_qid(entry["qid"]) or entry["lang"] not in LANGUAGES or not entry["form"]:
            raise InputError(
                f"demonyms.csv:{number}: expected a QID, one of {known} and a form, got {list(entry.values())}"
            )
        demonyms.append(Demonym(entry["qid"], entry["lang"], entry["form"]))
    for number, entry in read_csv(folder / "ambiguous.csv", ("lang", "form", "also")) if there("ambiguous.csv") else ():
        if entry["lang"] not in LANGUAGES or not entry["form"]:
            raise InputError(f"ambiguous.csv:{number}: expected one of {known} and a form, got {list(entry.values())}")
        ambiguous.add((entry["lang"], entry["form"]))
    for number, entry in read_csv(folder / "descriptions.csv", DESCRIPTIONS) if there("descriptions.csv") else ():
        if not is_qid(entry["qid"]) or entry["lang"] not in LANGUAGES:
            raise InputError(
                f"descriptions.csv:{number}: expected a QID and one of {known}, got {list(entry.values())}"
            )
        descriptions[entry["qid"], entry["lang"]] = entry["text"]
    return Reference(tuple(rows), tuple(demonyms), frozenset(ambiguous), descriptions)


def _unique(table: Reference) -> Reference:
    """Return *table*; refuse it where two rows claim one identifier: nobody could say which is right."""
    seen: dict[str, Row] = {}
    for row in table.rows:
        if row.qid and seen.setdefault(row.qid, row) is not row:
            first = seen[row.qid]
            raise InputError(
                f"{row.place}: {row.labels['en']!r} claims {row.qid}, which is {first.labels['en']!r} at {first.place}; "
                "one identifier is one thing"
            )
    return table


def _changes(path: Path) -> dict[str, str]:
    """Return what Wikidata has merged (to which item) or deleted (an empty text), by identifier."""
    found = {}
    for number, entry in read_csv(path, CHANGES) if path.exists() else ():
        redirected = entry["change"] == "redirect" and is_qid(entry["to"])
        if not is_qid(entry["qid"]) or not (redirected or (entry["change"] == "deleted" and not entry["to"])):
            raise InputError(
                f"{_named(path)}:{number}: expected a QID and a redirect to another, or deleted, got {list(entry.values())}"
            )
        found[entry["qid"]] = entry["to"]
    return found


def _merged(table: Reference, more: Reference, changes: Mapping[str, str]) -> Reference:
    """Return *table* with what *more* adds to it, and *changes* made."""
    rows: dict[str, Row] = {}
    unlinked = [row for row in (*table.rows, *more.rows) if not row.qid]
    for row in (*table.rows, *more.rows):
        if not row.qid:
            continue
        qid = row.qid
        if qid in changes:
            row = replace(row, qid=changes[qid] or qid, deleted=not changes[qid])
        rows[row.qid] = _filled(rows[row.qid], row) if row.qid in rows else row
    labels: set[tuple[str, str]] = set()
    told_apart = []
    for row in (*rows.values(), *unlinked):
        key = (row.kind, iris.slug(row.labels["en"]))
        told_apart.append(replace(row, shared=True) if key in labels and row.qid else row)
        labels.add(key)
    return Reference(
        tuple(told_apart),
        (*table.demonyms, *more.demonyms),
        table.ambiguous | more.ambiguous,
        {**table.descriptions, **more.descriptions},
    )


def _filled(row: Row, more: Row) -> Row:
    """Return *row* with the names it lacks taken from *more*."""
    labels = {lang: row.labels[lang] or more.labels[lang] for lang in LANGUAGES}
    aliases = {lang: row.aliases[lang] or more.aliases[lang] for lang in LANGUAGES}
    return replace(row, labels=labels, aliases=aliases, parent=row.parent or more.parent)


def problems(table: Reference) -> list[str]:
    """Return what is wrong with the table as a whole: an identifier twice, one label of one kind on two items."""
    found = []
    seen: dict[str, Row] = {}
    labels: dict[tuple[str, str, str], Row] = {}
    for row in table.rows:
        if row.qid and row.qid in seen:
            found.append(f"{row.place}: {row.qid} stands already at {seen[row.qid].place}")
        seen[row.qid] = row
        for language in LANGUAGES:
            key = (row.kind, language, row.labels[language].casefold())
            if key[2] and key in labels and labels[key].qid != row.qid:
                found.append(
                    f"{row.place}: label {row.labels[language]!r} is also that of {labels[key].qid or 'an unlinked row'} ({labels[key].place})"  # noqa: E501
                )
            labels[key] = row
    return found


def _named(path: Path) -> str:
    """Return how a message names a table: by its name alone where it is the project's own."""
    return path.name if path.parent == FOLDER else str(path)


def _rows(path: Path, *, qid: bool) -> Iterator[Row]:
    for number, entry in read_csv(path, COLUMNS):
        place = f"{_named(path)}:{number}"
        if qid != bool(_QID.fullmatch(entry["qid"])) or (not qid and entry["qid"]):
            raise InputError(f"{place}: {entry['qid']!r} is not {'a Wikidata identifier (Q123)' if qid else 'empty'}")
        if entry["kind"] not in KINDS:
            raise InputError(f"{place}: unknown kind {entry['kind']!r}; known: {', '.join(sorted(KINDS))}")
        if not entry["label_en"]:
            raise InputError(f"{place}: the English label is missing")
        if qid and not entry["evidence"]:
            raise InputError(f"{place}: no evidence for {entry['qid']}; an identifier enters only with a sighting")
        aliases = {
            lang: tuple(filter(None, text.split("|"))) if (text := entry[f"aliases_{lang}"]) else ()
            for lang in LANGUAGES
        }
        labels = {lang: entry[f"label_{lang}"] for lang in LANGUAGES}
        yield Row(
            entry["qid"], entry["kind"], labels, aliases, entry["part_of_or_country_qid"], entry["evidence"], place
        )


def read_csv(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV by column, each with its number in the file; the header is row 1.

    Raises:
        InputError: If the file cannot be read, has other columns, or a row has another number of fields.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream)
            if tuple(next(reader, ())) != columns:
                raise InputError(f"{_named(path)}:1: expected the columns {','.join(columns)}")
            for number, cells in enumerate(reader, 2):
                if len(cells) != len(columns):
                    if not cells:
                        continue
                    raise InputError(f"{_named(path)}:{number}: expected {len(columns)} fields")
                yield number, dict(zip(columns, map(str.strip, cells), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def iri(row: Row) -> NamedNode:
    """Return the IRI of the entity a row describes, the same for every language and document."""
    return iris.entity(row.kind, f"{row.labels['en']} {row.qid}" if row.shared else row.labels["en"])


def taken() -> frozenset[NamedNode]:
    """Return the IRIs that belong to rows: nothing else may be called by them."""
    return _taken(iris.base())


@cache
def _taken(_: str) -> frozenset[NamedNode]:
    return frozenset(iri(row) for row in load().rows)


on_change(_taken.cache_clear)

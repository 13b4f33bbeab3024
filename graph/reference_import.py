"""A larger reference table from Wikidata's own data: a JSON dump, or the result of a query as RDF or CSV. Memory stays flat.

What is written is a folder like the project's own (``wikidata.csv``, ``descriptions.csv``), which ``SUMMITGRAPH_REFERENCE`` names.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zlib import error as ZlibError

import pyoxigraph
import regex
from pyoxigraph import Literal, NamedNode, RdfFormat

from summitgraph.errors import InputError

from . import reference, wikidata_items
from .iris import WIKIDATA
from .reference import COLUMNS, DESCRIPTIONS, KINDS, LANGUAGES
from .wikidata_items import Entry

_RDF: Mapping[str, RdfFormat] = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
}
_LABELS = {"http://www.w3.org/2000/01/rdf-schema#label", "http://schema.org/name"}
_PREFERRED = "http://www.w3.org/2004/02/skos/core#prefLabel"
_ALT = "http://www.w3.org/2004/02/skos/core#altLabel"
_DESCRIPTIONS = {"http://schema.org/description", "https://schema.org/description"}
_DIRECT = "http://www.wikidata.org/prop/direct/"
_ITEM_COLUMNS = ("item", "qid", "id", "entity")
_CLASS_COLUMNS = ("class", "instance_of", "instanceof", "p31", "type")
_COUNTRY_COLUMNS = ("country", "part_of_or_country_qid", "p17", "p27")
_QID_AT_END = regex.compile(r"(?:^|/)(Q[1-9]\d*)$")
PROGRESS_EVERY = 10_000


@dataclass
class Imported:
    """What became of a file."""

    read: int = 0  # entities
    written: int = 0
    other_class: int = 0  # of no class that is wanted
    nameless: int = 0  # without a name in our languages
    known: int = 0  # of the project's own table, which goes first

    def __str__(self) -> str:
        return (
            f"{self.read:,} entities read, {self.written:,} rows written; left out: {self.other_class:,} of other classes, "
            f"{self.nameless:,} without a name in {', '.join(LANGUAGES)}, {self.known:,} in the project's table already"
        )


def load(
    path: Path,
    target: Path,
    *,
    classes: Mapping[str, str] | None = None,
    kind: str = "",
    progress: Callable[[Imported], object] | None = None,
) -> Imported:
    """Make the folder *target* of the entities in *path*, whole or not at all.

    Args:
        path: A Wikidata JSON dump (``.json``), or a query result as CSV, TSV or RDF; each may be ``.gz`` or ``.bz2``.
        target: A new folder, or one that an import made, which is then replaced.
        classes: Kinds by class; those of ``graph/reference/classes.csv`` by default. Entities of other classes are left out.
        kind: The kind of all entities, for a query result that tells no classes.
        progress: Called every ten thousand entities.

    Raises:
        InputError: If the file cannot be read; names file and row.
    """
    if target.exists() and not (target / "wikidata.csv").exists() and any(target.iterdir()):
        raise InputError(f"{target}: not a folder that an import made; name a new one")
    if kind and kind not in KINDS:
        raise InputError(f"unknown kind {kind!r}; known: {', '.join(sorted(KINDS))}")
    known = wikidata_items.kinds() if classes is None else classes
    work = target.with_name(f".{target.name}.new")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    count = Imported()
    try:
        _write(_entries(path, known, kind, count), work, count, progress)
        if not count.written:
            raise InputError(f"{path}: nothing to import ({count})")
        shutil.rmtree(target, ignore_errors=True)
        work.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return count


Described = tuple[Entry, dict[str, str]]


def _write(
    entries: Iterator[Described], folder: Path, count: Imported, progress: Callable[[Imported], object] | None
) -> None:
    own = reference.load(reference.FOLDER).by_qid()
    seen: set[int] = set()  # numbers take a fifth of the room of texts
    with (
        (folder / "wikidata.csv").open("w", encoding="utf-8", newline="") as rows,
        (folder / "descriptions.csv").open("w", encoding="utf-8", newline="") as texts,
    ):
        table, described = csv.writer(rows, lineterminator="\n"), csv.writer(texts, lineterminator="\n")
        table.writerow(COLUMNS)
        described.writerow(DESCRIPTIONS)
        for entry, words in entries:
            qid = entry["qid"]
            if qid in own or int(qid[1:]) in seen:
                count.known += qid in own
                continue
            seen.add(int(qid[1:]))
            table.writerow([entry[column] for column in COLUMNS])
            described.writerows((qid, lang, text) for lang, text in words.items())
            count.written += 1
            if progress and count.written % PROGRESS_EVERY == 0:
                progress(count)


def _entries(path: Path, classes: Mapping[str, str], kind: str, count: Imported) -> Iterator[Described]:
    name = path.name.lower()
    for ending in (".gz", ".bz2"):
        name = name.removesuffix(ending)
    suffix = Path(name).suffix
    try:
        if suffix in (".json", ".ndjson", ".jsonl"):
            yield from _dump(path, classes, kind, count)
        elif suffix in (".csv", ".tsv"):
            yield from _table(path, "\t" if suffix == ".tsv" else ",", classes, kind, count)
        elif suffix in _RDF:
            yield from _graph(path, _RDF[suffix], classes, kind, count)
        else:
            endings = ", ".join((".json", ".csv", ".tsv", *_RDF))
            raise InputError(f"{path}: unknown kind of file; expected {endings}, each also with .gz or .bz2")
    except (OSError, EOFError, ZlibError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def _open(path: Path) -> IO[bytes]:
    name = path.name.lower()
    if name.endswith(".gz"):
        return gzip.open(path)  # type: ignore[return-value]
    if name.endswith(".bz2"):
        return bz2.open(path)
    return path.open("rb")


# A dump: a JSON array with one entity a line.


def _dump(path: Path, classes: Mapping[str, str], kind: str, count: Imported) -> Iterator[Described]:
    # Most entities of a dump are of other classes: those in whose bytes no wanted class stands are not parsed at all.
    wanted = regex.compile(rb'"id":"(?:%s)"' % b"|".join(sorted(name.encode() for name in classes)))
    loads = json.loads
    with _open(path) as stream:
        for number, line in enumerate(stream, 1):
            line = line.strip().rstrip(b",")
            if len(line) < 3:
                continue
            count.read += 1
            if line[:1] != b"{" or line[-1:] != b"}":
                raise InputError(f"{path.name}:{number}: not the JSON of an entity: {line[:40]!r} …")
            if not kind and b": " not in line[:40] and wanted.search(line) is None:
                count.other_class += 1
                continue
            try:
                item = loads(line)
            except ValueError as error:
                raise InputError(f"{path.name}:{number}: not the JSON of an entity: {error}") from error
            if not isinstance(item, dict) or not reference.is_qid(str(item.get("id", ""))):
                if isinstance(item, dict) and str(item.get("id", ""))[:1] in ("P", "L"):
                    count.other_class += 1  # properties and lexemes
                    continue
                raise InputError(f"{path.name}:{number}: no identifier of an item (Q123)")
            found = kind or wikidata_items.kind_of(wikidata_items.classes_of(item), classes)
            if not found:
                count.other_class += 1
                continue
            revision = f", revision {item['lastrevid']}" if "lastrevid" in item else ""
            made = wikidata_items.entry(item, found, f"Wikidata dump {path.name}{revision}")
            if made is None:
                count.nameless += 1
            else:
                yield made, wikidata_items.descriptions(item)


# A query result as CSV: item, itemLabel or label_en …, class, country.


def _table(path: Path, delimiter: str, classes: Mapping[str, str], kind: str, count: Imported) -> Iterator[Described]:
    with _open(path) as binary:
        lines = (line.decode("utf-8-sig" if number == 0 else "utf-8") for number, line in enumerate(binary))
        reader = csv.reader(lines, delimiter=delimiter)
        try:
            names = [name.strip().lstrip("?").lower() for name in next(reader, [])]
            item = _column(names, _ITEM_COLUMNS)
            if item is None:
                raise InputError(f"{path.name}:1: no column {' or '.join(_ITEM_COLUMNS)}; found {', '.join(names)}")
            for cells in reader:
                place = f"{path.name}:{reader.line_num}"
                if len(cells) != len(names):
                    raise InputError(f"{place}: {len(cells)} fields, expected {len(names)}")
                count.read += 1
                yield from _of_table(
                    path.name, place, dict(zip(names, cells, strict=True)), names[item], classes, kind, count
                )
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{path.name}:{reader.line_num}: {error}") from error


def _of_table(
    name: str, place: str, cells: Mapping[str, str], item: str, classes: Mapping[str, str], kind: str, count: Imported
) -> Iterator[Described]:
    qid = _qid(cells[item])
    if not qid:
        raise InputError(f"{place}: {cells[item]!r} is not a Wikidata identifier (Q123)")
    labels = {lang: _first(cells, f"label_{lang}", f"{item}label_{lang}", f"{lang}") for lang in LANGUAGES}
    labels["en"] = labels["en"] or _first(cells, f"{item}label", "label") or labels["fr"] or labels["ar"]
    if labels["en"] in ("", qid):
        count.nameless += 1
        return
    found = (
        kind
        or _first(cells, "kind")
        or wikidata_items.kind_of(filter(None, [_qid(_first(cells, *_CLASS_COLUMNS))]), classes)
    )
    if not found:
        count.other_class += 1
        return
    if found not in KINDS:
        raise InputError(f"{place}: unknown kind {found!r}; known: {', '.join(sorted(KINDS))}")
    aliases = {lang: _first(cells, f"aliases_{lang}", f"altlabel_{lang}").split("|") for lang in LANGUAGES}
    aliases["en"] += _first(cells, f"{item}altlabel").split(", ")
    country = _qid(_first(cells, *_COUNTRY_COLUMNS))
    evidence = _first(cells, "evidence") or f"Wikidata query result {name}"
    words = {lang: text for lang in LANGUAGES if (text := _first(cells, f"description_{lang}"))}
    if text := _first(cells, f"{item}description"):
        words.setdefault("en", text)
    yield wikidata_items.row(qid, found, labels, aliases, country, evidence), words


def _column(names: list[str], wanted: tuple[str, ...]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _first(cells: Mapping[str, str], *names: str) -> str:
    return next((cells[name].strip() for name in names if cells.get(name, "").strip()), "")


def _qid(text: str) -> str:
    found = _QID_AT_END.search(text.strip().strip("<>"))
    return found[1] if found else ""


# A query result as RDF: labels, aliases, classes (wdt:P31) and country of each item, its triples one after the other.


def _graph(path: Path, form: RdfFormat, classes: Mapping[str, str], kind: str, count: Imported) -> Iterator[Described]:
    with _open(path) as stream:
        current, held = "", _Held()
        try:
            for quad in pyoxigraph.parse(stream, format=form):
                subject = quad.subject
                if not isinstance(subject, NamedNode) or not subject.value.startswith(WIKIDATA):
                    continue
                if subject.value != current:
                    yield from held.finish(path.name, classes, kind, count)
                    current, held = subject.value, _Held(_qid(subject.value))
                held.take(quad.predicate.value, quad.object)
        except SyntaxError as error:
            raise InputError(f"{path.name}: not valid RDF: {error}") from error
        yield from held.finish(path.name, classes, kind, count)


class _Held:
    """The triples of one item, while they come."""

    def __init__(self, qid: str = "") -> None:
        self.qid = qid
        self.labels: dict[str, str] = {}
        self.aliases: dict[str, list[str]] = {}
        self.descriptions: dict[str, str] = {}
        self.classes: list[str] = []
        self.country = ""

    def take(self, predicate: str, value: Any) -> None:
        if isinstance(value, Literal):
            lang = (value.language or "").lower()
            if lang not in LANGUAGES:
                return
            if predicate in _LABELS or predicate == _PREFERRED:
                self.labels.setdefault(lang, value.value)
            elif predicate == _ALT:
                self.aliases.setdefault(lang, []).append(value.value)
            elif predicate in _DESCRIPTIONS:
                self.descriptions.setdefault(lang, value.value)
        elif isinstance(value, NamedNode) and predicate.startswith(_DIRECT) and (qid := _qid(value.value)):
            prop = predicate.removeprefix(_DIRECT)
            if prop == "P31":
                self.classes.append(qid)
            elif prop in ("P17", "P27"):
                self.country = self.country or qid

    def finish(self, name: str, classes: Mapping[str, str], kind: str, count: Imported) -> Iterator[Described]:
        if not self.qid:
            return
        count.read += 1
        found = kind or wikidata_items.kind_of(self.classes, classes)
        english = self.labels.get("en") or self.labels.get("fr") or self.labels.get("ar")
        if not found:
            count.other_class += 1
        elif not english:
            count.nameless += 1
        else:
            labels = {**self.labels, "en": english}
            yield (
                wikidata_items.row(
                    self.qid, found, labels, self.aliases, self.country, f"Wikidata query result {name}"
                ),
                self.descriptions,
            )

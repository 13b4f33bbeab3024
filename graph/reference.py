"""The reference table: verified Wikidata identifiers with names in three languages, read from CSV and checked row by row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import regex
from pyoxigraph import Literal, NamedNode, Quad

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
    "Document",
    "Foundation",
    "GovernmentBody",
    "Initiative",
    "InternationalOrganization",
    "MediaOrganization",
    "OccupationOrOffice",
    "Organization",
    "Person",
    "State",
    "Summit",
    "Technology",
    "Topic",
    "Venue",
}
_QID = regex.compile(r"Q[1-9]\d*")
_RDF_TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_LABEL = NamedNode("http://www.w3.org/2000/01/rdf-schema#label")
_ALT = NamedNode("http://www.w3.org/2004/02/skos/core#altLabel")
_EXACT = NamedNode("http://www.w3.org/2004/02/skos/core#exactMatch")
_HIDDEN = NamedNode("http://www.w3.org/2004/02/skos/core#hiddenLabel")
_PLACES = ("City", "Venue", "Place")
_SOURCE = NamedNode("http://purl.org/dc/terms/source")


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

    def by_qid(self) -> Mapping[str, Row]:
        """Return the rows that have an identifier, by it."""
        return {row.qid: row for row in self.rows if row.qid}


@cache
def load(folder: Path = FOLDER) -> Reference:
    """Read ``wikidata.csv``, ``unlinked.csv``, ``demonyms.csv`` and ``ambiguous.csv`` of *folder*.

    Raises:
        InputError: If a row is malformed; names file and row. Nothing is half read.
    """
    rows = [*_rows(folder / "wikidata.csv", qid=True), *_rows(folder / "unlinked.csv", qid=False)]
    demonyms = []
    for number, entry in _csv(folder / "demonyms.csv", ("qid", "lang", "form")):
        if not _QID.fullmatch(entry["qid"]) or entry["lang"] not in LANGUAGES or not entry["form"]:
            raise InputError(
                f"demonyms.csv:{number}: expected a QID, one of {', '.join(LANGUAGES)} and a form, got {list(entry.values())}"
            )
        demonyms.append(Demonym(entry["qid"], entry["lang"], entry["form"]))
    ambiguous = set()
    for number, entry in _csv(folder / "ambiguous.csv", ("lang", "form", "also")):
        if entry["lang"] not in LANGUAGES or not entry["form"]:
            raise InputError(
                f"ambiguous.csv:{number}: expected one of {', '.join(LANGUAGES)} and a form, got {list(entry.values())}"
            )
        ambiguous.add((entry["lang"], entry["form"]))
    return Reference(tuple(rows), tuple(demonyms), frozenset(ambiguous))


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


def _rows(path: Path, *, qid: bool) -> Iterator[Row]:
    columns = (
        "qid",
        "kind",
        "label_en",
        "label_ar",
        "label_fr",
        "aliases_en",
        "aliases_ar",
        "aliases_fr",
        "part_of_or_country_qid",
        "evidence",
    )
    for number, entry in _csv(path, columns):
        place = f"{path.name}:{number}"
        if qid != bool(_QID.fullmatch(entry["qid"])) or (not qid and entry["qid"]):
            raise InputError(f"{place}: {entry['qid']!r} is not {'a Wikidata identifier (Q123)' if qid else 'empty'}")
        if entry["kind"] not in KINDS:
            raise InputError(f"{place}: unknown kind {entry['kind']!r}; known: {', '.join(sorted(KINDS))}")
        if not entry["label_en"]:
            raise InputError(f"{place}: the English label is missing")
        if qid and not entry["evidence"]:
            raise InputError(f"{place}: no evidence for {entry['qid']}; an identifier enters only with a sighting")
        aliases = {lang: tuple(name for name in entry[f"aliases_{lang}"].split("|") if name) for lang in LANGUAGES}
        labels = {lang: entry[f"label_{lang}"] for lang in LANGUAGES}
        yield Row(
            entry["qid"], entry["kind"], labels, aliases, entry["part_of_or_country_qid"], entry["evidence"], place
        )


def _csv(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if tuple(reader.fieldnames or ()) != columns:
                raise InputError(f"{path.name}:1: expected the columns {','.join(columns)}")
            for number, entry in enumerate(reader, 2):
                if None in entry or None in entry.values():
                    raise InputError(f"{path.name}:{number}: expected {len(columns)} fields")
                yield number, {key: value.strip() for key, value in entry.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error


def iri(row: Row) -> NamedNode:
    """Return the IRI of the entity a row describes, the same for every language and document."""
    return iris.entity(row.kind, row.labels["en"])


def taken() -> frozenset[NamedNode]:
    """Return the IRIs that belong to rows: nothing else may be called by them."""
    return _taken(iris.base())


@cache
def _taken(_: str) -> frozenset[NamedNode]:
    return frozenset(iri(row) for row in load().rows)


def quads() -> Iterator[Quad]:
    """Yield the graph ``…/graph/reference``: types, names, demonyms, the state of each place, identifiers (``skos:exactMatch``).

    ``owl:sameAs`` is not among them: it is stated only where a document's own link decision was accepted.
    """
    table = load()
    graph = iris.graph("reference")
    by_qid = table.by_qid()
    forms: dict[str, list[Demonym]] = {}
    for demonym in table.demonyms:
        forms.setdefault(demonym.qid, []).append(demonym)
    for row in table.rows:
        if row.kind in ("Currency", "OccupationOrOffice"):
            continue  # concepts of the ontology
        subject = iri(row)
        yield Quad(subject, _RDF_TYPE, iris.term(row.kind), graph)
        for language in LANGUAGES:
            if row.labels[language]:
                yield Quad(subject, _LABEL, Literal(row.labels[language], language=language), graph)
            for name in dict.fromkeys(row.aliases[language]):
                yield Quad(subject, _ALT, Literal(name, language=language), graph)
        around = by_qid.get(row.parent)
        if around is not None and row.kind in _PLACES and around.kind in (*_PLACES, "State"):
            yield Quad(subject, iris.term("locatedIn"), iri(around), graph)
        if row.qid:
            yield Quad(subject, _EXACT, iris.wikidata(row.qid), graph)
            yield Quad(subject, _SOURCE, Literal(row.evidence), graph)
            for demonym in forms.get(row.qid, ()):
                yield Quad(subject, _HIDDEN, Literal(demonym.form, language=demonym.lang), graph)

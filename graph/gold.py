"""Gold files: the facts a text states, annotated by hand, and the traps in it. Read here, scored in ``evaluation.py``."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import regex

from summitgraph.errors import InputError

from .records import Span

_RELATIONS = """startDate endDate venue location chairedBy hostedBy organizedBy absent previousEdition nextEdition attendance
    signatoryCount supporterCount participant theme principle purpose position nationality affiliation member statement
    financialCommitment partOf signed refusedToSign adopted publishedOn commissionedBy launched leads supports incubates partnership
    produces rivals type"""
RELATIONS = frozenset(_RELATIONS.split())
_COLUMNS = "relation subject subject_aliases object object_aliases qualifiers char_start char_end difficulty"
_TRAP_COLUMNS = "kind description char_start char_end"
_LINK_COLUMNS = "label kind qid"
NO_ITEM = "-"  # in the place of a QID: there is none, so any link is wrong
TRAP_KINDS = frozenset({"trap", "anomaly", "noise"})

_QID = regex.compile(r"Q[1-9]\d*")
_FIRST = regex.compile(r"# text: (?P<name>.+?) \| sha256: (?P<sha>[0-9a-f]{64}) \| chars: (?P<chars>\d+)")
_LANGUAGE = regex.compile(r"\.([a-z]{2,3})\.[a-z]+$")
_FOLD = str.maketrans({"ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": None})
_ARABIC_MARKS = regex.compile(r"[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\p{Cf}]")
_PUNCTUATION = regex.compile(r"[\p{P}\p{S}\s]+")
_ARABIC_ARTICLE = regex.compile(r"^(?:وال|بال|كال|فال|ال|لل)(?=\p{Arabic}{2})")
_ARTICLES = frozenset({"the", "le", "la", "les"})


@lru_cache(maxsize=65536)
def normalise(name: str) -> str:
    """Return *name* as names are compared: NFKC, lower case, no diacritics, one form of each Arabic letter, no punctuation or articles.

    >>> normalise("الرئيسُ  الفرنسي"), normalise("L’Élysée, the"), normalise("وال")
    ('رييس فرنسي', 'l elysee', 'وال')
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).lower())
    text = _ARABIC_MARKS.sub("", text).translate(_FOLD)  # NFKD has taken hamza and madda off their letters
    words = (_ARABIC_ARTICLE.sub("", word) for word in _PUNCTUATION.split(unicodedata.normalize("NFC", text)))
    return " ".join(word for word in words if word and word not in _ARTICLES)


@dataclass(frozen=True)
class Row:
    """One gold fact. Names are normalised in ``subject_names`` and ``object_names``; qualifier values are split at ``|``."""

    relation: str
    subject: str
    object: str
    subject_names: frozenset[str]
    object_names: frozenset[str]
    qualifiers: Mapping[str, tuple[str, ...]]
    span: Span
    difficulty: int
    line: int

    @property
    def optional(self) -> bool:
        """Tell whether the row is defensible but not required."""
        return self.qualifiers.get("optional") == ("yes",)

    def has(self, key: str, value: str) -> bool:
        """Tell whether *value* is among those of the qualifier *key*."""
        return value in self.qualifiers.get(key, ())


@dataclass(frozen=True, slots=True)
class Trap:
    """A place in the text that invites a false fact (``trap``), holds an oddity (``anomaly``) or no text at all (``noise``)."""

    kind: str
    description: str
    span: Span


@dataclass(frozen=True, slots=True)
class GoldLink:
    """The item of Wikidata that something is, empty where it is none; and its kind."""

    kind: str
    qid: str


@dataclass(frozen=True)
class Gold:
    """The gold of one text; ``known`` gives the normalised names of everything a row names, by each of its labels."""

    name: str
    sha256: str
    characters: int
    rows: tuple[Row, ...]
    traps: tuple[Trap, ...] = ()
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    links: Mapping[str, GoldLink] = field(default_factory=dict)  # by normalised label

    @property
    def language(self) -> str:
        """Return the language in the text's file name (``paris.ar.txt``), empty where there is none."""
        found = _LANGUAGE.search(self.name)
        return found[1] if found else ""

    def names(self, label: str) -> frozenset[str]:
        """Return the normalised names of what is labelled *label*: its own, and the aliases any row gives it."""
        own = normalise(label)
        return self.known.get(own, frozenset({own}))


def read(paths: Iterable[Path]) -> list[Gold]:
    """Read gold files, each with the traps beside it (``x.gold.tsv``, ``x.traps.tsv``); one that is a trap file is not read twice.

    Raises:
        InputError: If a file is not of the format, two are about one text, or there is none; says file, line and what was expected.
    """
    golds: dict[str, Gold] = {}
    for path in paths:
        if path.name.endswith((".traps.tsv", ".links.tsv")):
            continue
        gold = read_file(path)
        if gold.sha256 in golds:
            raise InputError(f"{path}: a second gold file about the text {gold.name}")
        golds[gold.sha256] = gold
    if not golds:
        raise InputError("no gold file given; expected at least one NAME.gold.tsv")
    return list(golds.values())


def read_file(path: Path) -> Gold:
    """Read one gold file and the traps beside it."""
    name, sha, characters, lines = _table(path, _COLUMNS)
    rows = tuple(_row(cells, f"{path}:{number}", number, characters) for number, cells in lines)
    if not rows:
        raise InputError(f"{path}: no facts; a text without any needs no gold file")
    traps: tuple[Trap, ...] = ()
    beside = path.with_name(path.name.replace(".gold.tsv", ".traps.tsv"))
    if beside != path and beside.exists():
        _, other, _, trap_lines = _table(beside, _TRAP_COLUMNS)
        if other != sha:
            raise InputError(f"{beside}: about another text than {path.name}")
        traps = tuple(_trap(cells, f"{beside}:{number}", characters) for number, cells in trap_lines)
    return Gold(name, sha, characters, rows, traps, _known(rows), _links(path, name, sha))


def _links(path: Path, name: str, sha: str) -> dict[str, GoldLink]:
    """Return what stands in the links beside a gold file (``x.links.tsv``): the QID of each thing, once for each label."""
    beside = path.with_name(path.name.replace(".gold.tsv", ".links.tsv"))
    if beside == path or not beside.exists():
        return {}
    _, other, _, lines = _table(beside, _LINK_COLUMNS)
    if other != sha:
        raise InputError(f"{beside}: about another text than {name}")
    found: dict[str, GoldLink] = {}
    for number, cells in lines:
        if len(cells) != 3 or not cells[0] or not (cells[2] == NO_ITEM or _QID.fullmatch(cells[2])):
            raise InputError(f"{beside}:{number}: expected a label, a kind and a QID or {NO_ITEM!r}, got {cells}")
        label, link = normalise(cells[0]), GoldLink(cells[1], "" if cells[2] == NO_ITEM else cells[2])
        if found.setdefault(label, link) != link:
            raise InputError(f"{beside}:{number}: {cells[0]!r} has another QID above")
    return found


def _table(path: Path, columns: str) -> tuple[str, str, int, Iterator[tuple[int, list[str]]]]:
    try:
        lines = path.read_bytes().decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8: {error}") from error
    first = _FIRST.fullmatch(lines[0].rstrip("\r"))
    if not first:
        raise InputError(f"{path}:1: expected '# text: NAME | sha256: HEX | chars: N', found {lines[0]!r}")
    header = lines[1].rstrip("\r").split("\t") if len(lines) > 1 else []
    if header not in (columns.split(), [*columns.split(), "qid"], [*columns.split(), "qid", "object_qid"]):
        raise InputError(f"{path}:2: expected the columns {columns}, separated by tabs")
    cells = ((number, line.rstrip("\r").split("\t")) for number, line in enumerate(lines[2:], 3) if line.strip())
    if columns == _COLUMNS and header[-1] in ("qid", "object_qid"):
        cells = ((number, _qid_among_aliases(line)) for number, line in cells)
    return first["name"], first["sha"], int(first["chars"]), cells


def _qid_among_aliases(cells: list[str]) -> list[str]:
    """Return a line without its columns for QIDs, of the subject and of the object, which are put where QIDs stand otherwise."""
    if len(cells) not in (10, 11):
        return cells
    subject, object_ = (f"{cells[place]}|{qid}" for place, qid in zip((2, 4), [*cells[9:], ""], strict=False))
    return [*cells[:2], subject, cells[3], object_, *cells[5:9]]


def _span(start: str, end: str, place: str, characters: int) -> Span:
    try:
        span = Span(int(start), int(end))
    except ValueError as error:
        raise InputError(f"{place}: {error}") from error
    if span.end > characters:
        raise InputError(f"{place}: evidence ends at {span.end}, the text has {characters} characters")
    return span


def _row(cells: list[str], place: str, line: int, characters: int) -> Row:
    if len(cells) != 9:
        raise InputError(f"{place}: {len(cells)} columns, expected 9")
    relation, subject, subject_aliases, object_, object_aliases, packed, start, end, difficulty = cells
    if relation not in RELATIONS:
        raise InputError(f"{place}: unknown relation {relation!r}; known: {', '.join(sorted(RELATIONS))}")
    if difficulty not in ("1", "2", "3"):
        raise InputError(f"{place}: difficulty {difficulty!r}; expected 1, 2 or 3")
    qualifiers: dict[str, tuple[str, ...]] = {}
    for part in filter(None, packed.split(";")):
        key, equals, value = part.partition("=")
        if not equals or key in qualifiers:
            raise InputError(f"{place}: qualifier {part!r}; expected key=value, each key once")
        qualifiers[key] = tuple(value.split("|"))
    return Row(
        relation,
        subject,
        object_,
        _names(subject, subject_aliases, qualifiers.get("altSubject", ())),
        _names(object_, object_aliases, qualifiers.get("altObject", ())),
        qualifiers,
        _span(start, end, place, characters),
        int(difficulty),
        line,
    )


def _names(label: str, aliases: str, alternatives: Iterable[str]) -> frozenset[str]:
    names = (label, *aliases.split("|"), *(name for name in alternatives if name != "any"))
    return frozenset(filter(None, map(normalise, names)))


def _trap(cells: list[str], place: str, characters: int) -> Trap:
    if len(cells) != 4 or cells[0] not in TRAP_KINDS:
        raise InputError(f"{place}: expected {_TRAP_COLUMNS}, the kind one of {', '.join(sorted(TRAP_KINDS))}")
    return Trap(cells[0], cells[1], _span(cells[2], cells[3], place, characters))


def _known(rows: Iterable[Row]) -> dict[str, frozenset[str]]:
    """Return the names of each thing by its label; alternatives are left out, they may be other things."""
    known: dict[str, set[str]] = {}
    for row in rows:
        for label, names, alternatives in (
            (row.subject, row.subject_names, "altSubject"),
            (row.object, row.object_names, "altObject"),
        ):
            others = {normalise(name) for name in row.qualifiers.get(alternatives, ())}
            known.setdefault(normalise(label), set()).update((names - others) | {normalise(label)})
    return {label: frozenset(names) for label, names in known.items()}

"""The full-text index of a view: one SQLite file beside it, over texts folded the way names are when they are linked.

SQLite's FTS5 does the inverted lists. Texts are numbered in the order of their worth (weight of the property, then
length), so that the first rows of a list are the best candidates and no query has to rank all of its matches.
"""

from __future__ import annotations

import sqlite3
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from summitgraph.graph import names

_DIGITS = {code: str(unicodedata.digit(chr(code))) for code in (*range(0x0660, 0x066A), *range(0x06F0, 0x06FA))}
# And, with, like, so, for: written in one word with the article that follows them.
_CLITICS = ("وال", "بال", "كال", "فال", "ال", "لل")
_FIRST = frozenset(clitic[0] for clitic in _CLITICS)
_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_STEM = 3  # letters that have to be left of a word
_LAYOUT = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 8192;
CREATE TABLE texts (id INTEGER PRIMARY KEY, iri TEXT, property INTEGER, lang TEXT, text TEXT, type INTEGER);
CREATE TABLE types (id INTEGER PRIMARY KEY, iri TEXT UNIQUE);
CREATE VIRTUAL TABLE inverted USING fts5(words, facets, content='', prefix='1 2 3', tokenize='unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE vocabulary USING fts5vocab(inverted, 'col');
CREATE TABLE terms (term TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Property:
    """A property whose texts are indexed; ``weight`` is what a match counts, ``name`` that it names its subject."""

    iri: str
    weight: float
    name: bool = False


@lru_cache(maxsize=1)
def properties() -> Sequence[Property]:
    """Return the indexed properties, those that weigh most first (``fulltext.toml``)."""
    text = (resources.files("summitgraph.server") / "fulltext.toml").read_text("utf-8")
    listed = [Property(row["iri"], row["weight"], row.get("name", False)) for row in tomllib.loads(text)["property"]]
    return tuple(sorted(listed, key=lambda item: -item.weight))


def words(text: str) -> list[str]:
    """Return the words of *text* folded: no case, accents, articles; Arabic spellings and digits unified.

    >>> words("L’Élysée, القِمّة ٢٠٢٥")
    ['elysee', 'قمه', '2025']
    """
    return names.fold.__wrapped__(text.replace("’", " ").translate(_DIGITS)).split()


def stem(word: str) -> str:
    """Return an Arabic *word* without the particles and the article it begins with, any other word as it is.

    >>> stem("وبيان"), stem("والقمه"), stem("للقمه")
    ('وبيان', 'قمه', 'قمه')
    """
    for clitic in _CLITICS if word[:1] in _FIRST else ():
        if word.startswith(clitic) and len(word) >= len(clitic) + _STEM:
            return word[len(clitic) :]
    return word


def _indexed(text: str) -> str:
    """Return what is indexed of *text*: its words, and after them those that have another stem."""
    found = words(text)
    return " ".join([*found, *(short for word in found if (short := stem(word)) != word)])


def build(store: Any, path: Path) -> int:
    """Write the index of *store* (a pyoxigraph store whose default graph is the union) to *path*; count its texts.

    Raises:
        OSError: If it cannot be written.
    """
    try:
        connection = sqlite3.connect(path)
        try:
            connection.executescript(_LAYOUT)
            count = _fill(connection, store)
            connection.commit()
        finally:
            connection.close()
        return count
    except sqlite3.Error as error:
        raise OSError(f"the full-text index {path} cannot be written: {error}") from error


def _fill(connection: sqlite3.Connection, store: Any) -> int:
    kinds = _Kinds(store)
    rows = sorted(_texts(store), key=lambda row: (row[1], len(row[3]), row[3]))
    _insert(connection, rows, kinds.of({row[0] for row in rows}), {})
    connection.executemany("INSERT INTO types VALUES (?, ?)", ((number, iri) for iri, number in kinds.numbers.items()))
    connection.execute("INSERT INTO inverted (inverted) VALUES ('optimize')")
    connection.execute("INSERT INTO terms SELECT term FROM vocabulary WHERE col = 'words' ORDER BY term")
    connection.execute("CREATE INDEX by_iri ON texts (iri)")
    return len(rows)


_Row = tuple[str, int, str, str]  # subject, number of the property, language, text
_Kind = tuple[tuple[int, ...], int]  # numbers of a thing's classes, and of its most special one


def _insert(
    connection: sqlite3.Connection, rows: Sequence[_Row], kinds: Mapping[str, _Kind], last: dict[int, int]
) -> None:
    """Add texts. *last*: the highest number given so far in each class of worth; counted on."""
    numbered = []
    for row in rows:
        worth = _worth(row[1], row[3])
        last[worth] = last.get(worth, worth) + 1
        numbered.append((last[worth], row))
    connection.executemany(
        "INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?)",
        ((number, *row, kinds.get(row[0], ((), 0))[1]) for number, row in numbered),
    )
    connection.executemany(
        "INSERT INTO inverted (rowid, words, facets) VALUES (?, ?, ?)",
        (
            (number, _indexed(text), _facets(lang, kinds.get(iri, ((), 0))[0]))
            for number, (iri, _, lang, text) in numbered
        ),
    )


def _worth(number: int, text: str) -> int:
    """Return below which number the texts are numbered that are worth as much: by property, then length, with room for more."""
    return (number << 16 | min(len(text), 0xFFFF)) << 28


def change(path: Path, last: Path, merged: Any, subjects: Collection[str]) -> None:
    """Bring the index *path*, which is the view *last*'s, up to date with the store *merged* for these *subjects*.

    Raises:
        OSError: If it cannot be written.
    """
    import pyoxigraph as ox

    try:
        connection = sqlite3.connect(path)
        try:
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            numbers = {iri: number for number, iri in connection.execute("SELECT id, iri FROM types")}
            before, after = _Kinds(ox.Store.read_only(str(last)), numbers), _Kinds(merged, numbers)
            were = before.of_few(subjects)
            for iri in subjects:
                _remove(connection, iri, were.get(iri, ((), 0))[0])
            rows = [row for iri in sorted(subjects) for row in _texts_of(merged, iri)]
            rows.sort(key=lambda row: (row[1], len(row[3]), row[3]))
            kinds = after.of_few(subjects)
            highest = "SELECT MAX(id) FROM texts WHERE id BETWEEN ? AND ?"
            last_numbers: dict[int, int] = {}
            for worth in {_worth(row[1], row[3]) for row in rows}:
                found = connection.execute(highest, (worth, worth + (1 << 28) - 1)).fetchone()[0]
                last_numbers[worth] = found or worth
            _insert(connection, rows, kinds, last_numbers)
            new = ((number, iri) for iri, number in numbers.items())
            connection.executemany("INSERT OR IGNORE INTO types VALUES (?, ?)", new)
            terms = {(word,) for row in rows for word in _indexed(row[3]).split()}
            connection.executemany("INSERT OR IGNORE INTO terms VALUES (?)", terms)
            connection.commit()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise OSError(f"the full-text index {path} cannot be changed: {error}") from error


def _remove(connection: sqlite3.Connection, iri: str, kinds: tuple[int, ...]) -> None:
    """Take the texts of a thing out, which was of these classes; the inverted lists have to be told what they hold."""
    rows = connection.execute("SELECT id, lang, text FROM texts WHERE iri = ?", (iri,)).fetchall()
    connection.executemany(
        "INSERT INTO inverted (inverted, rowid, words, facets) VALUES ('delete', ?, ?, ?)",
        [(number, _indexed(text), _facets(lang, kinds)) for number, lang, text in rows],
    )
    connection.execute("DELETE FROM texts WHERE iri = ?", (iri,))


@lru_cache(maxsize=4096)
def _facets(lang: str, types: tuple[int, ...]) -> str:
    return " ".join([language_facet(lang), *map(type_facet, types)])


def language_facet(lang: str) -> str:
    """Return the word that stands for a language (BCP 47, its first part) in the column of facets."""
    return "l" + "".join(char for char in lang.partition("-")[0].lower() if char.isalnum())


def type_facet(number: int) -> str:
    """Return the word that stands for a class in the column of facets."""
    return f"t{number}"


def _texts_of(store: Any, iri: str) -> Iterator[_Row]:
    """Yield what is indexed of one thing."""
    import pyoxigraph as ox

    return _texts(store, ox.NamedNode(iri))


def _texts(store: Any, subject: Any = None) -> Iterator[_Row]:
    """Yield subject, number of the property, language and text of all that is indexed, or of one *subject*."""
    import pyoxigraph as ox

    for number, item in enumerate(properties()):
        for quad in store.quads_for_pattern(subject, ox.NamedNode(item.iri), None, ox.DefaultGraph()):
            value = quad.object
            if isinstance(value, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value, number, value.language or "", value.value


class _Kinds:
    """The classes of things, with the classes above them, each with a number."""

    def __init__(self, store: Any, numbers: dict[str, int] | None = None) -> None:
        self.store = store
        self.numbers = {} if numbers is None else numbers  # more are added
        self.above: dict[str, set[str]] = {}
        for subject, value in self._pairs("http://www.w3.org/2000/01/rdf-schema#subClassOf"):
            self.above.setdefault(subject, set()).add(value)

    def _pairs(self, predicate: str, subject: str = "") -> Iterator[tuple[str, str]]:
        import pyoxigraph as ox

        of = ox.NamedNode(subject) if subject else None
        for quad in self.store.quads_for_pattern(of, ox.NamedNode(predicate), None, ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
                yield quad.subject.value, quad.object.value

    def of(self, wanted: set[str]) -> Mapping[str, _Kind]:
        """Return for each thing of *wanted* the numbers of its classes and of its most special one."""
        stated: dict[str, set[str]] = {}
        for subject, value in self._pairs(_TYPE):
            if subject in wanted:
                stated.setdefault(subject, set()).add(value)
        return self._combined(stated)

    def of_few(self, wanted: Collection[str]) -> Mapping[str, _Kind]:
        """Return the same as ``of``, looking up thing by thing; what has no class is left out."""
        stated = {subject: {value for _, value in self._pairs(_TYPE, subject)} for subject in wanted}
        return self._combined({subject: kinds for subject, kinds in stated.items() if kinds})

    def _combined(self, stated: Mapping[str, set[str]]) -> Mapping[str, _Kind]:
        combined = {kinds: self._closed(kinds) for kinds in set(map(frozenset, stated.values()))}
        return {subject: combined[frozenset(kinds)] for subject, kinds in stated.items()}

    def _closed(self, kinds: frozenset[str]) -> tuple[tuple[int, ...], int]:
        heights: dict[str, set[str]] = {}
        for kind in kinds:
            reached, waiting = {kind}, [kind]
            while waiting:
                new = self.above.get(waiting.pop(), set()) - reached
                reached |= new
                waiting += new
            heights[kind] = reached
        special = max(sorted(kinds), key=lambda kind: len(heights[kind]))
        everything = sorted(set().union(*heights.values()))
        numbers = tuple(self.numbers.setdefault(kind, len(self.numbers) + 1) for kind in everything)
        return numbers, self.numbers[special]

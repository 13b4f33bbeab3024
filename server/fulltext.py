"""The full-text index of a view: one SQLite file beside it, over texts folded the way names are when they are linked.

SQLite's FTS5 does the inverted lists. Texts are numbered in the order of their worth (weight of the property, then
length), so that the first rows of a list are the best candidates and no query has to rank all of its matches.
"""

from __future__ import annotations

import sqlite3
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
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
    of = kinds.of({row[0] for row in rows})
    connection.executemany(
        "INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?)",
        ((number, *row, of.get(row[0], ((), 0))[1]) for number, row in enumerate(rows, 1)),
    )
    connection.executemany(
        "INSERT INTO inverted (rowid, words, facets) VALUES (?, ?, ?)",
        (
            (number, _indexed(text), _facets(lang, of.get(iri, ((), 0))[0]))
            for number, (iri, _, lang, text) in enumerate(rows, 1)
        ),
    )
    connection.executemany("INSERT INTO types VALUES (?, ?)", ((number, iri) for iri, number in kinds.numbers.items()))
    connection.execute("INSERT INTO inverted (inverted) VALUES ('optimize')")
    connection.execute("INSERT INTO terms SELECT term FROM vocabulary WHERE col = 'words' ORDER BY term")
    connection.execute("CREATE INDEX by_iri ON texts (iri)")
    return len(rows)


@lru_cache(maxsize=4096)
def _facets(lang: str, types: tuple[int, ...]) -> str:
    return " ".join([language_facet(lang), *map(type_facet, types)])


def language_facet(lang: str) -> str:
    """Return the word that stands for a language (BCP 47, its first part) in the column of facets."""
    return "l" + "".join(char for char in lang.partition("-")[0].lower() if char.isalnum())


def type_facet(number: int) -> str:
    """Return the word that stands for a class in the column of facets."""
    return f"t{number}"


def _texts(store: Any) -> Iterator[tuple[str, int, str, str]]:
    """Yield subject, number of the property, language and text of all that is indexed."""
    import pyoxigraph as ox

    for number, item in enumerate(properties()):
        for quad in store.quads_for_pattern(None, ox.NamedNode(item.iri), None, ox.DefaultGraph()):
            value = quad.object
            if isinstance(value, ox.Literal) and isinstance(quad.subject, ox.NamedNode):
                yield quad.subject.value, number, value.language or "", value.value


class _Kinds:
    """The classes of things, with the classes above them, each with a number."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.numbers: dict[str, int] = {}
        self.above: dict[str, set[str]] = {}
        for subject, value in self._pairs("http://www.w3.org/2000/01/rdf-schema#subClassOf"):
            self.above.setdefault(subject, set()).add(value)

    def _pairs(self, predicate: str) -> Iterator[tuple[str, str]]:
        import pyoxigraph as ox

        for quad in self.store.quads_for_pattern(None, ox.NamedNode(predicate), None, ox.DefaultGraph()):
            if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode):
                yield quad.subject.value, quad.object.value

    def of(self, wanted: set[str]) -> Mapping[str, tuple[tuple[int, ...], int]]:
        """Return for each thing of *wanted* the numbers of its classes and of its most special one."""
        stated: dict[str, set[str]] = {}
        for subject, value in self._pairs("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"):
            if subject in wanted:
                stated.setdefault(subject, set()).add(value)
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

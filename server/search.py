"""Search in the full-text index of a view: words, the beginnings of words, and words with a letter wrong."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import view
from .counts import Counts
from .counts import read as read_counts
from .fulltext import language_facet, properties, stem, type_facet, words
from .problems import Problem

CANDIDATES = 200  # texts that are ranked, beyond those asked for
MAX_WORDS = 16
MAX_LENGTH = 400
TIME_S = 1.0
_STEPS = 10_000
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
_BEGUN = 0.9  # of the score, where the last word is the beginning of one
_TYPO = 0.7  # where a word was taken for another
_OTHER_LANGUAGE = 0.95
_TYPO_LETTERS = 4  # a shorter word has too many neighbours
_SNIPPET = 160


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that matches: its subject, what it says, and how well it fits (0 to 1)."""

    iri: str
    text: str
    lang: str
    type: str
    name: bool
    score: float


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. ``only_lang`` leaves out texts of other languages, ``lang`` puts them last."""

    words: str
    lang: str = ""
    only_lang: str = ""
    type: str = ""
    limit: int = 10


class Search:
    """The indexes of one store; each thread has its own connection to the one it used last."""

    def __init__(self, store: Path) -> None:
        self.folder = store / view.FOLDER
        self._own = threading.local()

    def _open(self, version: str) -> sqlite3.Connection:
        if getattr(self._own, "version", "") != version:
            path = view.index_of(self.folder / version)
            try:
                connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
                connection.execute("SELECT 1 FROM texts LIMIT 1")
            except sqlite3.Error:
                raise Problem(
                    503,
                    "no-index",
                    "the full-text index is being built",
                    "Try again in a moment.",
                    headers=(("Retry-After", "2"),),
                ) from None
            self._own.connection, self._own.version = connection, version
        opened: sqlite3.Connection = self._own.connection
        return opened

    def find(self, version: str, question: Question) -> list[Hit]:
        """Return the entities that match in the view *version*, best first, each with its best text.

        Raises:
            Problem: 400 if there is nothing to look for, 503 if there is no index, 504 if it takes too long.
        """
        wanted = read_words(question.words)
        connection = self._open(version)
        left = iter(range(int(TIME_S * 2000)))  # about 2000 times ten thousand steps a second
        connection.set_progress_handler(lambda: next(left, None) is None, _STEPS)
        try:
            return _find(connection, question, wanted)
        except sqlite3.OperationalError as error:
            raise Problem(504, "deadline", "the search took too long", "Give longer or more words.") from error
        finally:
            connection.set_progress_handler(None, _STEPS)

    def counts(self, version: str) -> Counts:
        """Return how much of what the view *version* holds."""
        return read_counts(self._open(version))

    def labels(self, version: str, iris: Iterable[str], lang: str) -> dict[str, tuple[str, str]]:
        """Return for each of *iris* that has one its name in *lang*, else in English or any language, and which."""
        connection = self._open(version)
        listed = list(iris)
        named = [number for number, item in enumerate(properties()) if item.name]
        rows = connection.execute(
            f"SELECT iri, text, lang FROM texts WHERE iri IN ({_marks(listed)}) AND property IN ({_marks(named)})"
            " ORDER BY property DESC, id DESC",
            [*listed, *named],
        )
        best: dict[str, tuple[int, str, str]] = {}
        for iri, text, language in rows:
            short = language.partition("-")[0].lower()
            rank = 3 if short == lang else 2 if short == "en" else 1
            if iri not in best or rank >= best[iri][0]:
                best[iri] = (rank, text, language)
        return {iri: (text, language) for iri, (_, text, language) in best.items()}


def read_words(text: str) -> list[str]:
    """Return the folded words of what somebody looks for.

    Raises:
        Problem: 400 if it has none, or is too long.
    """
    if len(text) > MAX_LENGTH:
        raise Problem(400, "search", f"the search has {len(text)} characters; the limit is {MAX_LENGTH}", "Shorten it.")
    found = list(dict.fromkeys(words(text)))[:MAX_WORDS]
    if not found:
        raise Problem(400, "search", "the search has no word to look for", "Give one word or more.")
    return found


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _find(connection: sqlite3.Connection, question: Question, wanted: Sequence[str]) -> list[Hit]:
    filters = ""
    if question.only_lang:
        filters += f' AND facets : "{language_facet(question.only_lang)}"'
    if question.type:
        row = connection.execute("SELECT id FROM types WHERE iri = ?", [question.type]).fetchone()
        if row is None:
            return []
        filters += f' AND facets : "{type_facet(row[0])}"'
    exact = [_exact(word) for word in wanted]
    begun = [*exact[:-1], _begun(wanted[-1])]
    hits = _ranked(connection, exact, filters, question, 1.0)
    if len(hits) < question.limit:
        best = {hit.iri: hit for hit in _ranked(connection, begun, filters, question, _BEGUN)}
        best |= {hit.iri: hit for hit in hits if hit.iri not in best or hit.score > best[hit.iri].score}
        hits = sorted(best.values(), key=_order)
    if not hits:
        near = [[*group, *_similar(connection, word)] for group, word in zip(begun, wanted, strict=True)]
        if near != begun:
            hits = _ranked(connection, near, filters, question, _TYPO)
    return hits[: question.limit]


def _exact(word: str) -> list[str]:
    """Return the expressions that match *word*."""
    return [f'"{form}"' for form in sorted({word, stem(word)})]


def _begun(word: str) -> list[str]:
    """Return the expressions that match the words beginning with *word*, which may be unfinished."""
    forms = {word, stem(word)}
    if word.startswith("ال"):
        forms.add(word[2:])  # too short for stem() yet
    return [f'"{form}"*' for form in sorted(forms) if form]


def _similar(connection: sqlite3.Connection, word: str) -> list[str]:
    """Return expressions for the indexed words that differ from *word* in one letter."""
    if len(word) < _TYPO_LETTERS or not word.isalpha():
        return []
    tried = list(neighbours(word))
    found: list[str] = []
    for start in range(0, len(tried), 500):
        part = tried[start : start + 500]
        rows = connection.execute(f"SELECT term FROM terms WHERE term IN ({_marks(part)})", part)
        found += [term for (term,) in rows]
    return [f'"{term}"' for term in found]


@lru_cache(maxsize=256)
def neighbours(word: str) -> frozenset[str]:
    """Return what *word* becomes with one letter left out, put in or changed, or two neighbours exchanged.

    >>> {"mcron", "mcaron", "macroni", "mccron"} <= neighbours("macron")
    True
    """
    letters = _ARABIC if any("\u0600" <= char <= "\u06ff" for char in word) else _LATIN
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    less = {head + tail[1:] for head, tail in cuts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    changed = {head + char + tail[1:] for head, tail in cuts if tail for char in letters}
    more = {head + char + tail for head, tail in cuts for char in letters}
    return frozenset((less | swapped | changed | more) - {word})


def _ranked(
    connection: sqlite3.Connection, groups: Sequence[Sequence[str]], filters: str, question: Question, factor: float
) -> list[Hit]:
    match = " AND ".join(f"({' OR '.join(group)})" for group in groups)
    rows = connection.execute(
        "SELECT texts.iri, property, lang, text, types.iri FROM inverted JOIN texts ON texts.id = inverted.rowid"
        " LEFT JOIN types ON types.id = texts.type WHERE inverted MATCH ? ORDER BY inverted.rowid LIMIT ?",
        [f"words : ({match}){filters}", question.limit * 2 + CANDIDATES],
    ).fetchall()
    wanted = words(question.words)
    best: dict[str, Hit] = {}
    for iri, number, lang, text, kind in rows:
        item = properties()[number]
        score = item.weight * factor * _fit(words(text), wanted)
        if question.lang and lang.partition("-")[0].lower() != question.lang:
            score *= _OTHER_LANGUAGE
        if iri not in best or score > best[iri].score:
            best[iri] = Hit(iri, text, lang, kind or "", item.name, round(score, 4))
    return sorted(best.values(), key=_order)


def _order(hit: Hit) -> tuple[float, int, str]:
    return (-hit.score, len(hit.text), hit.iri)


def _fit(found: Sequence[str], wanted: Sequence[str]) -> float:
    """Return how much of a text the words wanted are: 1 if they are all of it, more than half if it begins so."""
    if list(found) == list(wanted):
        return 1.0
    begins = " ".join(found).startswith(" ".join(wanted))
    return (0.6 if begins else 0.4) + 0.35 * min(1.0, len(wanted) / max(1, len(found)))


def snippet(text: str, question: str) -> str:
    """Return the part of *text* around the first word of *question* in it, at most about 160 characters."""
    if len(text) <= _SNIPPET:
        return text
    wanted = [part for word in words(question) for part in (word, stem(word))]
    place = 0
    for start, piece in _pieces(text):
        if any(folded.startswith(tuple(wanted)) for folded in words(piece)):
            place = start
            break
    start = max(0, place - _SNIPPET // 3)
    if start:
        start = text.find(" ", start, place) + 1 or start
    end = start + _SNIPPET
    if end < len(text):
        end = max(text.rfind(" ", place + 1, end), place + 40)
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for piece in text.split(" "):
        yield start, piece
        start += len(piece) + 1

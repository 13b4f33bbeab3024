"""Learn the weights of ``loaders/spans.json`` from gold: ``python -m tests.gold.learn_spans``.

As :mod:`tests.gold.learn`, of what is stated in words: themes, principles and purposes. A piece of a sentence is right if gold has such a
fact from its words; where a phrase begins and finishes, and which pieces are one, is learned from the words of gold. The least
probabilities are chosen on articles left out: there the whole of what is stated beside the patterns is judged as the scorer does.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from summitgraph.graph.gold import Gold
from summitgraph.graph.records import Document, EntityRef, Span
from summitgraph.loaders import spans
from summitgraph.loaders.annotate import Annotated, Match
from summitgraph.loaders.pieces import Piece, Words, begins, features, finishes, following, is_mark, joins

from .learn import FOLDS, HERE, Article, articles

PRECISION = (
    0.6  # of what the patterns have not stated, where these were written for the articles and have left the doubtful
)
FRESH = 0.8  # of the same in articles that no pattern was written for
FEWEST_STATED = 12
STRENGTH = 0.4
SMALLEST = 0.03
RAREST = 3  # examples that have a feature
NAMES = tuple(spans.patterns())


@dataclass
class Scanned:
    """A sentence with its pieces and what gold has in them."""

    article: str
    words: Words
    pieces: list[Piece]
    features: list[list[str]]
    used: list[str]  # of each piece, what patterns have found in it
    rows: list[dict[str, int]]  # of each piece, the gold row of each relation that stands in it
    cells: dict[int, tuple[int, int]]  # of those rows, the cells
    subjects: dict[tuple[str, int], frozenset[int]]  # rows that fit what a relation is about, by relation and token
    names: frozenset[str]  # the relations that the sentence can state
    optional: frozenset[int]


class _Scanner(Article):
    """Reads as ever and keeps the pieces of each sentence."""

    def __init__(self, document: Document, rows: Gold) -> None:
        super().__init__(document, rows)
        self.scanned: list[Scanned] = []

    def learn_from(self, sentence: Annotated) -> None:
        stated, before = self.stated(sentence), self.discourse.sentence_before
        words = Words(sentence, self.language)
        pieces = words.pieces(self.language)
        possible = spans.possible(sentence, before)
        made = [features(words, pieces, n, stated, before) for n in range(len(pieces))]
        cell_spans = {c: self._source_span(sentence, c, c + 1) for c in range(len(sentence.chars))}
        cells: dict[int, tuple[int, int]] = {}
        by_piece: list[dict[str, int]] = [{} for _ in pieces]
        best: dict[tuple[int, str], int] = {}
        for number, row in enumerate(self.gold.rows):
            names = {row.relation, *row.qualifiers.get("altRelation", ())} & set(NAMES)
            inside = [c for c in cell_spans if cell_spans[c].overlaps(row.span)] if names else []
            if not any(self._is_said(sentence, cell) for cell in inside):
                continue  # part of a name: that is no piece of a sentence
            cells[number] = inside[0], inside[-1] + 1
            for place, piece in enumerate(pieces):
                low, high = words.starts[piece.first], words.ends[piece.stop - 1]
                shared = min(high, inside[-1] + 1) - max(low, inside[0])
                for name in names if shared > 0 else ():
                    if shared > best.get((place, name), 0):
                        best[place, name] = shared
                        by_piece[place][name] = number
        subjects = {}
        for name in NAMES:
            for piece in pieces:
                for at in range(piece.first, piece.stop):
                    subjects[name, at] = self._subjects(name, sentence, words.starts[at], words.ends[piece.stop - 1])
        self.scanned.append(
            Scanned(
                self.gold.name,
                words,
                pieces,
                made,
                spans.taken(words, pieces, stated),
                by_piece,
                cells,
                subjects,
                possible,
                frozenset(n for n in cells if self.gold.rows[n].optional),
            )
        )

    def _is_said(self, sentence: Annotated, cell: int) -> bool:
        item = sentence.items[cell]
        return sentence.chars[cell].isalnum() if item is None else item.type in spans.TOPICS

    def _source_span(self, sentence: Annotated, start: int, end: int) -> Span:
        return Span(*self.source.span(sentence.starts[start], sentence.ends[end - 1]))

    def _subjects(self, name: str, sentence: Annotated, start: int, end: int) -> frozenset[int]:
        """Return the rows about what the relation *name* is about at some cells."""
        pattern = spans.patterns()[name]
        filled = self.builder.roles.fill(Match(pattern, sentence, start, end, {}), pattern.emit[0][1]["subject"], {})
        if not filled or not isinstance(filled[0].value, EntityRef):
            return frozenset((-1,))
        return frozenset(
            n
            for n, row in enumerate(self.gold.rows)
            if name in (row.relation, *row.qualifiers.get("altRelation", ()))
            and self._matches(filled[0], row, "subject")
        )


def scan(folders: Iterable[Path]) -> list[Scanned]:
    """Return the sentences of all articles."""
    found = []
    for rows, document in articles(folders):
        scanner = _Scanner(document, rows)
        scanner.read()
        found += scanner.scanned
    return found


def fit(listed: Sequence[Scanned]) -> dict[str, Any]:
    """Return what ``spans.json`` holds, learned from *listed*; the least probabilities are 0."""
    stored: dict[str, Any] = {"relations": {}}
    for name in NAMES:
        x, y = list[list[str]](), list[bool]()
        for one in (one for one in listed if name in one.names):
            for n, piece in enumerate(one.pieces):
                listed_on = n > 0 and not piece.opens and name in one.rows[n - 1]
                x.append([*one.features[n], *(following(one.words, piece) if listed_on else ())])
                y.append(name in one.rows[n])
        stored["relations"][name] = {**_fit(x, y), "least": 0.0}
    begin, finish, join = ((list[list[str]](), list[bool]()) for _ in range(3))
    for one in listed:
        for n, piece in enumerate(one.pieces):
            for name, row in one.rows[n].items():
                before = one.rows[n - 1].get(name) if n and not piece.opens else None
                if before is not None:
                    join[0].append(joins(one.words, one.pieces[n - 1], piece, name))
                    join[1].append(before == row)
                tokens = [
                    at
                    for at in range(piece.first, piece.stop)
                    if one.words.starts[at] < one.cells[row][1] and one.words.ends[at] > one.cells[row][0]
                ]
                tokens = [at for at in tokens if not is_mark(one.words.stems[at])]
                if not tokens:
                    continue
                for at in range(piece.first, piece.stop):
                    if before != row and not is_mark(one.words.stems[at]):
                        begin[0].append(begins(one.words, piece, at, name, before is not None))
                        begin[1].append(at == tokens[0])
                    if at >= tokens[0]:
                        finish[0].append(finishes(one.words, piece, tokens[0], at))
                        finish[1].append(at == tokens[-1])
    stored |= {"begin": _fit(*begin), "finish": _fit(*finish), "join": _fit(*join)}
    return stored


def _fit(x: list[list[str]], y: list[bool]) -> dict[str, Any]:
    often = {feature for feature, n in Counter(f for found in x for f in dict.fromkeys(found)).items() if n >= RAREST}
    x = [[feature for feature in found if feature in often] for found in x]
    vectorizer = DictVectorizer()
    matrix = vectorizer.fit_transform([dict.fromkeys(features, 1.0) for features in x])
    matrix.indices, matrix.indptr = (
        matrix.indices.astype("int32"),
        matrix.indptr.astype("int32"),
    )  # all that liblinear takes
    fitted = LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, random_state=1).fit(matrix, y)
    names = vectorizer.get_feature_names_out()
    weights = {str(names[i]): round(float(w), 2) for i, w in enumerate(fitted.coef_[0]) if abs(w) >= SMALLEST}
    return {"bias": round(float(fitted.intercept_[0]), 3), "weights": weights}


@dataclass(frozen=True)
class Judged:
    """A fact stated on an article left out."""

    article: str
    name: str
    probability: float
    rows: frozenset[tuple[str, int]]  # what it is right by
    fit: float  # how well the words are those of gold: characters shared of all


def judge(listed: Sequence[Scanned], known: spans.Model) -> list[Judged]:
    """Return what *known* states of sentences, and whether it is right."""
    found = []
    for one in listed:
        for said in spans.choose(one.words, one.pieces, one.features, one.used, one.names, known):
            start, end = one.words.starts[said.first], one.words.ends[said.stop - 1]
            if one.subjects[said.name, said.first] == {-1}:
                continue
            right = {
                row
                for row in one.subjects[said.name, said.first]
                if row in one.cells and one.cells[row][0] < end and one.cells[row][1] > start
            }
            shared = [
                (min(end, one.cells[r][1]) - max(start, one.cells[r][0]))
                / (max(end, one.cells[r][1]) - min(start, one.cells[r][0]))
                for r in right
            ]
            rows = frozenset((one.article, row) for row in right)
            found.append(Judged(one.article, said.name, said.probability, rows, max(shared, default=0.0)))
    return found


def left_out(listed: Sequence[Scanned], least: float) -> list[Judged]:
    """Return what is stated of each article by weights learned from others."""
    found = []
    for train, test in GroupKFold(FOLDS).split(listed, groups=[one.article for one in listed]):
        stored = fit([listed[i] for i in train])
        for name in NAMES:
            stored["relations"][name]["least"] = least
        found += judge([listed[i] for i in test], spans.make(stored))
    return found


def table(listed: Sequence[Scanned], judged: Sequence[Judged], fresh: frozenset[str]) -> dict[str, float]:
    """Print precision and recall beside the patterns by least probability, and return the probabilities chosen."""
    chosen = {}
    for name in NAMES:
        missing: dict[bool, set[tuple[str, int]]] = {True: set(), False: set()}
        for one in listed:
            held = {rows[name] for rows, used in zip(one.rows, one.used, strict=True) if name in rows and used == name}
            rows = {rows[name] for rows in one.rows if name in rows} - held - one.optional
            missing[one.article in fresh] |= {(one.article, row) for row in rows}
        for least in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
            stated = [j for j in judged if j.name == name and j.probability >= least]
            anew = [j for j in stated if j.article in fresh]
            right, right_anew = sum(bool(j.rows) for j in stated), sum(bool(j.rows) for j in anew)
            whole = missing[True] | missing[False]
            found = {row for j in stated for row in j.rows} & whole
            print(
                f"{name:10} {least:.2f}  all {right:4}/{len(stated):4} = {right / max(1, len(stated)):.2f}"
                f" found {len(found):4} of {len(whole):4}   train {right_anew:4}/{len(anew):4} ="
                f" {right_anew / max(1, len(anew)):.2f} found {len(found & missing[True]):4} of {len(missing[True]):4}"
                f"  words {sum(j.fit for j in stated if j.rows) / max(1, right):.2f}"
            )
            if (
                name not in chosen
                and min(len(stated), len(anew)) >= FEWEST_STATED
                and right / len(stated) >= PRECISION
                and right_anew / len(anew) >= FRESH
            ):
                chosen[name] = least
    return chosen


def main() -> None:
    """Learn and write the model."""
    fresh = frozenset(rows.name for rows, _ in articles([HERE / "train"]))
    listed = scan([HERE / name for name in ("dev", "seen", "train")])
    chosen = table(listed, left_out(listed, 0.3), fresh)
    stored = fit(listed)
    stored["relations"] = {name: stored["relations"][name] | {"least": least} for name, least in chosen.items()}
    spans.MODEL.write_text(json.dumps(stored, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()

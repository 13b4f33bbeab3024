"""Learn the weights of ``loaders/relations.json`` from gold: ``python -m tests.gold.learn``.

Needs scikit-learn (a development dependency). Articles: ``tests/gold/dev``, ``seen`` and ``train``, never ``test``.
For each relation a logistic regression. The least probability from which it is stated is chosen on articles left out (six folds, an
article is in one): what it states there beside the patterns has to be right in ``PRECISION`` of all cases, and in ``FRESH`` of
those in the articles of ``train``, that no pattern was written for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from summitgraph.graph import gold
from summitgraph.graph.gold import Gold, Row, normalise
from summitgraph.graph.records import Document
from summitgraph.loaders import learned, patterns, reading
from summitgraph.loaders.annotate import Annotated
from summitgraph.loaders.items import Item

HERE = Path(__file__).parent
SAMPLES = Path(reading.__file__).parent / "samples"
PRECISION = 0.75  # of what the patterns have not stated
FRESH = 0.8
FOLDS = 6
FEWEST_STATED = 8  # facts on articles left out that say how good a relation is
FEWEST = 12  # right examples without which nothing is learned
STRENGTH = 0.4  # of the fit, against small weights
SMALLEST = 0.03  # weights that are left out
# Which name of a gold row is the first item; both where the relation has two.
_SIDES = {"signed": "subject", "refusedToSign": "subject"}
_BOTH = {"launched", "leads", "supports", "incubates", "partnership", "produces", "rivals"}


@dataclass
class Example:
    """A candidate with its features and whether gold has it; None where gold has it from another sentence."""

    article: str
    relation: str
    features: list[str]
    right: bool | None
    key: tuple[str, ...]
    taken: bool  # a pattern has stated it: the weights learn from it, but have nothing to say


class _Learner(reading.Reader):
    """Reads as ever, but keeps the candidates of each sentence instead of judging them."""

    def __init__(self, document: Document, rows: Gold) -> None:
        super().__init__(document, patterns.load(document.language))
        self.gold = rows
        self.examples: list[Example] = []

    def learn_from(self, sentence: Annotated) -> None:
        listed = list(learned.candidates(sentence, learned.relations()))
        if not listed:
            return
        made = learned.Features(sentence.text)
        low, high = self.source.span(min(sentence.starts), max(sentence.ends))
        for c in listed:
            like = len({o.first for o in listed if o.relation is c.relation})
            features = [*made.shared, *made.of_first(c.first), *made.of_pair(c.first, c.second, like)]
            first = sentence.items[c.first]
            second = sentence.items[c.second] if c.second >= 0 else None
            assert first is not None
            rows = [row for row in self.gold.rows if row.relation == c.relation.name]
            near = [row for row in rows if row.span.start < high and row.span.end > low]
            right: bool | None = any(self._is(row, first, second) for row in near)
            if not right and any(self._is(row, first, second) for row in rows):
                right = None
            key = (self.gold.name, c.relation.name, self._key(first), self._key(second))
            self.examples.append(
                Example(self.gold.name, c.relation.name, features, right, key, learned.is_used(sentence, c, self._used))
            )

    def _key(self, item: Item | None) -> str:
        return "" if item is None else self.table[item.entity].id if item.entity else str(item.value)

    def _names(self, item: Item) -> set[str]:
        draft = self.table[item.entity] if item.entity else None
        return {normalise(name) for name in ([n for n, _, _ in draft.names] + [draft.label] if draft else []) if name}

    def _is(self, row: Row, first: Item, second: Item | None) -> bool:
        if row.relation in ("signatoryCount", "attendance"):
            return str(getattr(first.value, "number", "")) in (row.object, *row.object_names)
        if row.relation == "publishedOn":
            return str(getattr(first.value, "start", first.value))[:10] in row.object
        if row.relation == "financialCommitment":
            assert second is not None
            givers = row.subject_names | {normalise(name) for name in row.qualifiers.get("altSubject", ())}
            amounts = {*row.qualifiers.get("amountMin", ()), *row.qualifiers.get("amountMax", ())}
            given = {str(getattr(second.value, name, "")) for name in ("minimum", "maximum")} - {"None"}
            return bool(given & amounts) and ("any" in givers or bool(self._names(first) & givers))
        if row.relation not in _BOTH:
            side = row.subject_names if row.relation in _SIDES else row.object_names
            return bool(self._names(first) & side)
        ends = ((row.subject_names, row.object_names), (row.object_names, row.subject_names))
        return any(self._names(first) & one and (second is None or self._names(second) & other) for one, other in ends)


def articles(folders: Iterable[Path]) -> Iterator[tuple[Gold, Document]]:
    """Yield the gold and the text of each article, which stands beside it or among the samples."""
    for folder in folders:
        for path in sorted(folder.glob("*/*.gold.tsv")):
            name = path.name.replace(".gold.tsv", ".txt")
            text = next(p for p in (path.with_name(name), *SAMPLES.glob(f"*/{name}")) if p.is_file())
            yield next(iter(gold.read([path]))), Document(text.read_text("utf-8"), path.parent.name)


def examples(folders: Iterable[Path]) -> list[Example]:
    """Return the candidates of all articles."""
    found = []
    for rows, document in articles(folders):
        learner = _Learner(document, rows)
        learner.read()
        found += learner.examples
    return found


def learn(listed: list[Example], fresh: frozenset[str]) -> dict[str, Any]:
    """Return bias, weights and least probability of each relation that can be learned."""
    model = {}
    for relation in learned.relations():
        own = [e for e in listed if e.relation == relation.name]
        if sum(e.right is True for e in own) < FEWEST:
            continue
        vectorizer = DictVectorizer()
        x = vectorizer.fit_transform([dict.fromkeys(e.features, 1.0) for e in own])
        y = numpy.array([-1 if e.right is None else int(e.right) for e in own])
        groups = numpy.array([e.article for e in own])
        guessed = numpy.zeros(len(own))
        for train, test in GroupKFold(FOLDS).split(x, y, groups):
            train = train[y[train] >= 0]
            if len(set(y[train])) == 2:
                guessed[test] = _fit(x[train], y[train]).predict_proba(x[test])[:, 1]
        least, right, stated, whole = _least(own, guessed, fresh)
        if least is None:
            print(f"{relation.name:22} nothing is right often enough")
            continue
        fitted = _fit(x[y >= 0], y[y >= 0])
        names = vectorizer.get_feature_names_out()
        weights = {str(names[i]): round(float(w), 2) for i, w in enumerate(fitted.coef_[0]) if abs(w) >= SMALLEST}
        print(
            f"{relation.name:22} {right:4} of {stated:4} right, of {whole:4}; from {least:.2f}, {len(weights)} weights"
        )
        model[relation.name] = {"bias": round(float(fitted.intercept_[0]), 3), "least": least, "weights": weights}
    return {"relations": model}


def _fit(x: Any, y: Any) -> Any:
    return LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, random_state=1).fit(x, y)


def _least(own: list[Example], guessed: Any, fresh: frozenset[str]) -> tuple[float | None, int, int, int]:
    """Return the lowest probability whose facts are right often enough on articles left out; facts count once an article."""
    best: dict[tuple[str, ...], tuple[float, bool, bool, bool]] = {}
    for example, p in zip(own, guessed, strict=True):
        if example.taken:
            continue
        key = example.key if example.relation in (*_BOTH, "financialCommitment") else example.key[:3]
        old = best.get(key, (0.0, False, False, False))
        best[key] = (
            max(old[0], p),
            old[1] or example.right is True,
            old[2] or example.right is None,
            example.article in fresh,
        )
    facts = [(p, right, new) for p, right, elsewhere, new in best.values() if right or not elsewhere]
    whole = sum(right for _, right, _ in facts)
    for least in (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9):
        stated = [right for p, right, _ in facts if p >= least]
        anew = [right for p, right, new in facts if p >= least and new]
        if min(len(stated), len(anew)) < FEWEST_STATED:
            break
        if sum(stated) / len(stated) >= PRECISION and sum(anew) / len(anew) >= FRESH:
            return least, sum(stated), len(stated), whole
    return None, 0, 0, whole


def main() -> None:
    """Learn and write the model."""
    fresh = frozenset(rows.name for rows, _ in articles([HERE / "train"]))
    model = learn(examples([HERE / name for name in ("dev", "seen", "train")]), fresh)
    learned.MODEL.write_text(json.dumps(model, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()

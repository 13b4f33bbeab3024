"""Learn the weights of ``loaders/relations.json`` from gold: ``python -m tests.gold.learn``.

Needs scikit-learn (the dependency group ``learn``). Articles: ``tests/gold/dev``, ``seen`` and ``train``, never ``test``;
and what the sentences of ``tests/loaders/stress`` must not give.
For each relation a logistic regression. The least probability from which it is stated is chosen on articles left out (ten folds, an
article is in one): what it states there beside the patterns has to be right in ``PRECISION`` of all cases, and in ``FRESH`` of
those in the articles of ``train``, that no pattern was written for.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from summitgraph.graph import gold
from summitgraph.graph.gold import Gold, Row, normalise
from summitgraph.graph.records import DateValue, Document, EntityRef, Integer, Money, Span
from summitgraph.loaders import candidates, learned, patterns, reading
from summitgraph.loaders.annotate import Annotated
from summitgraph.loaders.candidates import Candidate, Features, Relation
from summitgraph.loaders.roles import Filled
from tests.loaders import test_stress

HERE = Path(__file__).parent
SAMPLES = Path(reading.__file__).parent / "samples"
PRECISION = 0.75  # of what the patterns have not stated
FRESH = 0.75
FOLDS = 10
FEWEST_STATED = 8  # facts on articles left out that say how good a relation is
FEWEST = 12  # right examples without which nothing is learned
STRENGTH = 0.15  # of the fit, against small weights
SMALLEST = 0.03  # weights that are left out
# The roles that are the subject and the object of a gold row.
_RECORDS = {
    "Endorsement": ("committedBy", "document"),
    "Refusal": ("committedBy", "document"),
    "Tally": ("tallyFor", "count"),
    "Participation": ("event", "actor"),
    "Statement": ("speaker", ""),
    "FinancialCommitment": ("committedBy", "amount"),
    "Partnership": ("partner", "partner"),
    "ledBy": ("object", "subject"),
    "supportedBy": ("object", "subject"),
    "incubatedBy": ("object", "subject"),
    "memberOf": ("object", "subject"),
}
_INVERSE = {"previousEdition": "nextEdition", "nextEdition": "previousEdition"}


@dataclass
class Example:
    """A candidate with its features and whether gold has it; None where gold has it from another sentence."""

    article: str
    relation: str
    features: list[str]
    right: bool | None
    key: tuple[str, ...]
    taken: bool  # a pattern has stated it: the weights learn from it, but have nothing to say


class Learner(reading.Reader):
    """Reads as ever, but keeps the candidates of each sentence instead of judging them."""

    def __init__(self, document: Document, name: str) -> None:
        super().__init__(document, patterns.load(document.language))
        self.name = name
        self.examples: list[Example] = []

    def learn_from(self, sentence: Annotated) -> None:
        listed = list(candidates.candidates(sentence, candidates.relations(), self._scene))
        if not listed:
            return
        made = Features(sentence, self._scene)
        like = Counter({r: len({c.first for c in listed if c.relation is r}) for r in {c.relation for c in listed}})
        for c in listed:
            ends = self._ends(sentence, c)
            if ends is None:
                continue
            features = [*made.shared, *made.of_first(c.first), *made.of_pair(c.first, c.second, like[c.relation])]
            place = str(sentence.number) if c.relation.gold == "statement" else ""
            key = (self.name, c.relation.gold, *(self._key(end) for end in ends), place)
            right = self._right(sentence, c, ends)
            taken = learned.is_used(sentence, c, self._used)
            self.examples.append(Example(self.name, c.relation.name, features, right, key, taken))

    def _right(self, sentence: Annotated, candidate: Candidate, ends: tuple[Filled, ...], /) -> bool | None:
        """Tell whether a candidate is right; None where nobody can say."""
        raise NotImplementedError

    def _key(self, end: Filled) -> str:
        return self.table[end.value.id].id if isinstance(end.value, EntityRef) else str(end.value)

    def _ends(self, sentence: Annotated, candidate: Candidate) -> tuple[Filled, ...] | None:
        """Return what the candidate would state: its subject and its object; None where it would state nothing."""
        found = candidates.match(sentence, candidate, candidate.relation.pattern)
        kind, roles = candidate.relation.pattern.emit[0]
        first, second = _RECORDS.get(kind, ("subject", "object"))
        if first == second:
            values = self.builder.roles.fill(found, roles[first], {})
            return (values[0], values[1]) if len(values) > 1 else None
        ends = [self.builder.roles.fill(found, roles[role], {}) for role in (first, second) if role]
        if not all(ends) or (len(ends) == 2 and ends[0][0].value == ends[1][0].value):
            return None
        return tuple(end[0] for end in ends)


class Article(Learner):
    """An article with gold."""

    def __init__(self, document: Document, rows: Gold) -> None:
        super().__init__(document, rows.name)
        self.gold = rows
        about = Counter(
            row.subject for row in rows.rows if row.relation in ("participant", "location", "startDate", "theme")
        )
        self.main = about.most_common(1)[0][0] if about else ""

    def _right(self, sentence: Annotated, candidate: Candidate, ends: tuple[Filled, ...], /) -> bool | None:
        found = candidates.match(sentence, candidate, candidate.relation.pattern)
        evidence = Span(*self.source.span(*found.span()))
        low, high = self.source.span(min(sentence.starts), max(sentence.ends))
        right: bool | None = False
        for row in self.gold.rows:
            if self._is(candidate.relation, row, ends):
                if candidate.relation.gold == "statement" and not row.span.overlaps(evidence):
                    continue
                if row.span.start < high and row.span.end > low:
                    return True
                right = None
        return right

    def _is(self, relation: Relation, row: Row, ends: tuple[Filled, ...]) -> bool:
        names = (row.relation, *row.qualifiers.get("altRelation", ()))
        if relation.gold in names:
            ways = [("subject", "object")]
            if relation.gold in ("partnership", "rivals"):
                ways.append(("object", "subject"))
        elif _INVERSE.get(relation.gold) in names:
            ways = [("object", "subject")]
        else:
            return False
        return any(all(self._matches(end, row, side) for end, side in zip(ends, way, strict=False)) for way in ways)

    def _matches(self, end: Filled, row: Row, side: str) -> bool:
        value = end.value
        if isinstance(value, EntityRef):
            names = row.subject_names if side == "subject" else row.object_names
            others = row.qualifiers.get("altSubject" if side == "subject" else "altObject", ())
            if "any" in others or row.has("unnamed", side):
                return True
            draft = self.table[value.id]
            own = {
                normalise(name) for name in ([n for n, _, _ in draft.names] + [draft.label, draft.description]) if name
            }
            if own & (names | {normalise(name) for name in others}) or draft.key in (row.subject, row.object):
                return True
            main = self.discourse.main
            return side == "subject" and main is not None and draft.id == main.id and row.subject == self.main
        if isinstance(value, DateValue):
            wanted = (row.object, *row.object_names, *row.qualifiers.get("accept", ()))
            return any(
                value.value == date or (date and len(date) < 10 and value.value.startswith(date)) for date in wanted
            )
        if isinstance(value, Integer):
            return str(value.value) in (row.object, *row.object_names)
        if isinstance(value, Money):
            amounts = {*row.qualifiers.get("amountMin", ()), *row.qualifiers.get("amountMax", ())}
            return bool({str(value.minimum), str(value.maximum)} & amounts)
        return False


class _Sentence(Learner):
    """A sentence of the stress sets, which say what it gives and what it must not give."""

    def __init__(self, document: Document, name: str, start: int, case: Mapping[str, Any]) -> None:
        super().__init__(document, name)
        self.start = start
        self.case = case

    def _right(self, sentence: Annotated, candidate: Candidate, _: tuple[Filled, ...], /) -> bool | None:
        if self.source.span(min(sentence.starts), max(sentence.ends))[1] <= self.start:
            return None
        kind, roles = candidate.relation.pattern.emit[0]
        found = candidates.match(sentence, candidate, candidate.relation.pattern)
        filled = {role: self.builder.roles.fill(found, text, {}) for role, text in roles.items() if role != "says"}
        partly = False  # another giver of the same sum
        for row in self.case.get("expect", ()):
            for name, wanted in row.items():
                shown = [self._shows(filled.get(r, []), w) for r, w in (wanted or {}).items() if name == kind]
                if shown and all(shown):
                    return True
                partly = partly or any(shown)
        mentioned = {name for key in ("expect", "also") for row in self.case.get(key, ()) for name in row}
        barred = {name for row in self.case.get("never", ()) for name, wanted in row.items() if not wanted}
        if (
            partly
            or self.case.get("silent")
            or kind in barred
            or (kind in self.case.get("only", ()) and kind not in mentioned)
        ):
            return False
        return None

    def _shows(self, values: list[Filled], words: object) -> bool:
        wanted = normalise(str(words).lstrip("="))
        for end in values:
            value = end.value
            if isinstance(value, EntityRef):
                draft = self.table[value.id]
                shown = [name for name, _, _ in draft.names] + [draft.label, draft.description]
            elif isinstance(value, Money):
                shown = [f"{amount} {value.currency}" for amount in (value.minimum, value.maximum)]
            else:
                shown = [str(getattr(value, "value", getattr(value, "name", value)))]
            if any(wanted and wanted in normalise(name) for name in shown if name):
                return True
        return False


def articles(folders: Iterable[Path]) -> Iterator[tuple[Gold, Document]]:
    """Yield the gold and the text of each article, which stands beside it or among the samples."""
    for folder in folders:
        for path in sorted(folder.rglob("*.gold.tsv")):
            name = path.name.replace(".gold.tsv", ".txt")
            text = next(p for p in (path.with_name(name), *SAMPLES.glob(f"*/{name}")) if p.is_file())
            yield next(iter(gold.read([path]))), Document(text.read_text("utf-8"), path.parent.name)


def examples(folders: Iterable[Path]) -> list[Example]:
    """Return the candidates of all articles."""
    found = []
    for rows, document in articles(folders):
        learner = Article(document, rows)
        learner.read()
        found += learner.examples
    return found


def examples_of_sentences() -> list[Example]:
    """Return what the sentences of ``tests/loaders/stress`` must not give; a set is an article."""
    found = []
    for parameters in test_stress.cases():
        code, before, case = parameters.values
        name = str(parameters.id).rsplit("-", 2)[0]
        learner = _Sentence(Document(before + case["say"], code), name, len(before), case)
        learner.read()
        found += [example for example in learner.examples if example.right is False]  # the right ones teach nothing new
    return found


def learn(listed: list[Example], fresh: frozenset[str]) -> dict[str, Any]:
    """Return bias, weights and least probability of each relation that can be learned."""
    model = {}
    for relation in candidates.relations():
        own = [e for e in listed if e.relation == relation.name]
        if sum(e.right is True for e in own) < FEWEST:
            continue
        vectorizer = DictVectorizer()
        x = vectorizer.fit_transform([dict.fromkeys(e.features, 1.0) for e in own])
        y = numpy.array([-1 if e.right is None else int(e.right) for e in own])
        guessed = left_out(x, y, numpy.array([e.article for e in own]))
        least, right, stated, whole = _least(own, guessed, fresh, relation.least)
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


def left_out(x: Any, y: Any, groups: Any) -> Any:
    """Return the probability of each example by a fit to the articles of other folds."""
    guessed = numpy.zeros(len(y))
    for train, test in GroupKFold(FOLDS).split(x, y, groups):
        train = train[y[train] >= 0]
        if len(set(y[train])) == 2:
            guessed[test] = _fit(x[train], y[train]).predict_proba(x[test])[:, 1]
    return guessed


def _fit(x: Any, y: Any) -> Any:
    return LogisticRegression(C=STRENGTH, solver="liblinear", max_iter=500, random_state=1).fit(x, y)


def facts(own: list[Example], guessed: Any) -> list[tuple[float, bool, str]]:
    """Return what is stated beside the patterns, each fact once: its highest probability, whether it is right, the article."""
    best: dict[tuple[str, ...], tuple[float, bool, bool]] = {}
    known = {example.key for example in own if example.taken}
    for example, p in zip(own, guessed, strict=True):
        if example.key not in known:
            old = best.get(example.key, (0.0, False, False))
            best[example.key] = (max(old[0], p), old[1] or example.right is True, old[2] or example.right is None)
    return [(p, right, key[0]) for key, (p, right, elsewhere) in best.items() if right or not elsewhere]


def _least(
    own: list[Example], guessed: Any, fresh: frozenset[str], lowest: float
) -> tuple[float | None, int, int, int]:
    """Return the lowest probability whose facts are right often enough on articles left out."""
    stated_at = facts(own, guessed)
    whole = sum(right for _, right, _ in stated_at)
    for least in (step / 100 for step in range(round(100 * lowest), 91, 5)):
        stated = [right for p, right, _ in stated_at if p >= least]
        anew = [right for p, right, article in stated_at if p >= least and article in fresh]
        if min(len(stated), len(anew)) < FEWEST_STATED:
            break
        if sum(stated) / len(stated) >= PRECISION and sum(anew) / len(anew) >= FRESH:
            return least, sum(stated), len(stated), whole
    return None, 0, 0, whole


def main() -> None:
    """Learn and write the model."""
    fresh = frozenset(rows.name for rows, _ in articles([HERE / "train"]))
    listed = examples([HERE / name for name in ("dev", "seen", "train")]) + examples_of_sentences()
    model = learn(listed, fresh)
    learned.MODEL.write_text(json.dumps(model, ensure_ascii=False, indent=0, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()

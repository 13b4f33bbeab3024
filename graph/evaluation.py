"""Score the facts of documents against gold: precision, recall and F1, with every miss and every false alarm.

Reads nothing but the RDF, as anybody who queries it would: ``predictions.py`` reads the facts back, ``matching.py`` compares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from pyoxigraph import Quad

from summitgraph.errors import InputError

from . import predictions
from .evaluation_report import format_text, to_json
from .gold import Gold, Row
from .gold import read as read_gold
from .link_scores import score_links
from .matching import BY_OVERLAP, TURNED, Match, match, qualifiers
from .predictions import Predicted, Prediction
from .scores import Document, FalseAlarm, Interval, Miss, Ratio, Report, Score
from .traps import judge

__all__ = ["Report", "evaluate", "format_text", "score", "to_json"]

_RESAMPLES = 1000
_SEED = 20250210
_DOCUMENTS_TO_RESAMPLE = 8  # with fewer documents, rows and predictions are resampled


@dataclass(frozen=True, slots=True)
class _Row:
    """A gold row, scored."""

    row: Row
    document: int
    language: str
    found: bool

    @property
    def relation(self) -> str:
        """Return the relation it is counted under, the same for a relation and its inverse."""
        return TURNED.get(self.row.relation, self.row.relation)


@dataclass(frozen=True, slots=True)
class _Fact:
    """A prediction, scored."""

    fact: Prediction
    document: int
    language: str
    correct: bool


def evaluate(gold_paths: Iterable[Path], quads: Mapping[str, Iterable[Quad]] | Iterable[Quad]) -> Report:
    """Score the graphs of documents against gold files and the traps beside them.

    Args:
        quads: Of each document by the SHA-256 of its text, none for a text that gave no facts; or of all documents together.

    Raises:
        InputError: If a gold file is not of the format, or there is no graph of the text it is about.
    """
    golds = read_gold(gold_paths)
    if isinstance(quads, Mapping):
        found = {sha: next(iter(predictions.read(graph)), Predicted(sha)) for sha, graph in quads.items()}
    else:
        found = {predicted.sha256: predicted for predicted in predictions.read(quads)}
    for gold in golds:
        if gold.sha256 not in found or found[gold.sha256].sha256 != gold.sha256:
            raise InputError(
                f"{gold.name}: no graph of the text with SHA-256 {gold.sha256}; give the text the gold is about"
            )
        if found[gold.sha256].text and len(found[gold.sha256].text) != gold.characters:
            raise InputError(f"{gold.name}: the gold says {gold.characters} characters, the text has another length")
    return score([(gold, found[gold.sha256]) for gold in golds])


def score(pairs: Sequence[tuple[Gold, Predicted]]) -> Report:
    """Score what was predicted of each text against its gold."""
    rows: list[_Row] = []
    facts: list[_Fact] = []
    agreed: dict[str, list[bool]] = {}
    evidence: list[bool] = []
    duplicates = 0
    misses, false_alarms, traps = [], [], []
    for number, (gold, predicted) in enumerate(pairs):
        language, text = gold.language or predicted.language, predicted.text
        matches = _matches(gold, predicted)
        right = {j for (_, j), how in matches.items() if how.correct}
        reached = {i for (i, _), how in matches.items() if how.finds}
        rows += [_Row(row, number, language, i in reached) for i, row in enumerate(gold.rows)]
        facts += [_Fact(fact, number, language, j in right) for j, fact in enumerate(predicted.facts)]
        for j, fact in enumerate(predicted.facts):
            hits = [(gold.rows[i], how) for (i, k), how in matches.items() if k == j and how.correct and how.finds]
            if hits and fact.relation not in (*BY_OVERLAP, "type"):
                evidence.append(any(how.overlaps for _, how in hits))
            # Against the row it agrees with best: a second row of the same person or count is another fact.
            compared = [qualifiers(row, fact, gold) for row, _ in hits]
            for key, agrees in max(compared, key=lambda found: (sum(found.values()), -len(found)), default={}).items():
                agreed.setdefault(key, []).append(agrees)
        found_by = Counter(i for (i, _), how in matches.items() if how.finds and gold.rows[i].relation != "type")
        duplicates += sum(times - 1 for times in found_by.values())
        misses += [
            Miss(gold.name, row, _sentence(text, row.span.start, row.span.end))
            for i, row in enumerate(gold.rows)
            if i not in reached and not row.optional
        ]
        false_alarms += [
            FalseAlarm(gold.name, fact, tuple(text[span.start : span.end] for span in fact.evidence))
            for j, fact in enumerate(predicted.facts)
            if j not in right
        ]
        correct = [fact for j, fact in enumerate(predicted.facts) if j in right]
        traps += [(gold.name, result) for result in judge(gold, predicted.facts, correct, text)]

    main_rows = [row for row in rows if row.row.relation != "type"]
    main_facts = [fact for fact in facts if fact.fact.relation != "type"]
    names = dict.fromkeys([*(row.relation for row in rows), *(fact.fact.relation for fact in facts)])
    links = score_links(pairs)
    bins = [(low / 10, (low + 1) / 10) for low in range(10)]
    return Report(
        documents=tuple(
            Document(
                gold.name, _score([r for r in main_rows if r.document == n], [f for f in main_facts if f.document == n])
            )
            for n, (gold, _) in enumerate(pairs)
        ),
        overall=_score(main_rows, main_facts),
        intervals=_intervals(main_rows, main_facts, len(pairs)),
        types=_score([r for r in rows if r.row.relation == "type"], [f for f in facts if f.fact.relation == "type"]),
        by_relation={
            name: _score([r for r in rows if r.relation == name], [f for f in facts if f.fact.relation == name])
            for name in sorted(names)
            if name != "type"
        },
        by_language={
            name: _score([r for r in main_rows if r.language == name], [f for f in main_facts if f.language == name])
            for name in sorted({row.language for row in rows})
        },
        by_difficulty={
            level: Ratio(
                sum(row.found for row in main_rows if row.row.difficulty == level and not row.row.optional),
                sum(row.row.difficulty == level and not row.row.optional for row in main_rows),
            )
            for level in (1, 2, 3)
        },
        qualifiers={key: Ratio(sum(values), len(values)) for key, values in sorted(agreed.items())},
        evidence=Ratio(sum(evidence), len(evidence)),
        duplicates=duplicates,
        reliability={
            f"{low:.1f}–{high:.1f}": Ratio(sum(fact.correct for fact in chosen), len(chosen))
            for low, high in bins
            if (
                chosen := [f for f in main_facts if low <= f.fact.confidence < high or (high == f.fact.confidence == 1)]
            )
        },
        traps=tuple(traps),
        misses=tuple(misses),
        false_alarms=tuple(false_alarms),
        links=links.total,
        wrong_links=tuple(links.wrong),
        links_reached=links.reached,
        links_by_kind=links.by_kind,
        links_by_language=links.by_language,
        missed_links=tuple(links.missed),
    )


def _matches(gold: Gold, predicted: Predicted) -> dict[tuple[int, int], Match]:
    """Return how each row (by number) is matched by each prediction (by number)."""
    return {
        (i, j): how
        for i, row in enumerate(gold.rows)
        for j, fact in enumerate(predicted.facts)
        if (how := match(row, fact, gold, predicted.text))
    }


def _score(rows: Sequence[_Row], facts: Sequence[_Fact]) -> Score:
    required = [row for row in rows if not row.row.optional]
    return Score(sum(f.correct for f in facts), len(facts), sum(row.found for row in required), len(required))


def _intervals(rows: Sequence[_Row], facts: Sequence[_Fact], documents: int) -> dict[str, Interval]:
    """Return 95 % percentile bootstrap intervals of precision, recall and F1: over documents, or rows and facts where they are few."""
    random = Random(_SEED)
    if documents >= _DOCUMENTS_TO_RESAMPLE:
        whole = [
            _score([r for r in rows if r.document == n], [f for f in facts if f.document == n])
            for n in range(documents)
        ]
        samples = [sum(random.choices(whole, k=documents), Score()) for _ in range(_RESAMPLES)]
    else:
        found = [row.found for row in rows if not row.row.optional]
        correct = [fact.correct for fact in facts]
        samples = [
            Score(_resample(random, correct), len(correct), _resample(random, found), len(found))
            for _ in range(_RESAMPLES)
        ]
    measures: dict[str, Callable[[Score], float | None]] = {
        "precision": lambda sample: sample.precision,
        "recall": lambda sample: sample.recall,
        "f1": lambda sample: sample.f1,
    }
    result = {}
    for name, measure in measures.items():
        values = sorted(value for sample in samples if (value := measure(sample)) is not None)
        if values:
            result[name] = Interval(values[int(0.025 * len(values))], values[int(0.975 * len(values))])
    return result


def _resample(random: Random, outcomes: Sequence[bool]) -> int:
    return sum(random.choices(outcomes, k=len(outcomes))) if outcomes else 0


def _sentence(text: str, start: int, end: int) -> str:
    """Return the sentence, or sentences, a span stands in; split at full stops, question marks and line ends, for reading only."""
    begins = [place + len(mark) for mark in (". ", "؟", "! ", "? ", "\n") if (place := text.rfind(mark, 0, start)) >= 0]
    ends = [place for mark in (". ", "؟", "! ", "? ", "\n") if (place := text.find(mark, max(start, end - 1))) >= 0]
    return " ".join(text[max(begins, default=0) : min(ends, default=len(text) - 1) + 1].split())

"""The results of an evaluation: counts, ratios and what they were counted from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .gold import Row
from .predictions import Prediction
from .traps import TrapResult


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share, None where there is nothing to share."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """Return the share in [0, 1]."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Score:
    """Predictions and those that match a row; required rows and those that were found. Scores add up."""

    correct: int = 0
    predicted: int = 0
    found: int = 0
    required: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(
            self.correct + other.correct,
            self.predicted + other.predicted,
            self.found + other.found,
            self.required + other.required,
        )

    @property
    def false_alarms(self) -> int:
        """Return the predictions that match no row."""
        return self.predicted - self.correct

    @property
    def missed(self) -> int:
        """Return the required rows that no prediction matches."""
        return self.required - self.found

    @property
    def precision(self) -> float | None:
        """Return correct / predicted, None where nothing was predicted."""
        return Ratio(self.correct, self.predicted).value

    @property
    def recall(self) -> float | None:
        """Return found / required, None where nothing is required."""
        return Ratio(self.found, self.required).value

    @property
    def f1(self) -> float | None:
        """Return the harmonic mean of precision and recall; 0 where nothing right was predicted of what is required."""
        if not self.required:
            return None
        precision, recall = self.precision or 0.0, self.recall or 0.0
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Document:
    """One text's score."""

    name: str
    score: Score


@dataclass(frozen=True, slots=True)
class Miss:
    """A required row that nothing matches, with the sentence it stands in."""

    document: str
    row: Row
    sentence: str


@dataclass(frozen=True, slots=True)
class FalseAlarm:
    """A prediction that matches no row, with the words it rests on."""

    document: str
    fact: Prediction
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrongLink:
    """An entity linked to another item of Wikidata than gold gives."""

    document: str
    entity: str
    linked: tuple[str, ...]
    expected: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All measures of an evaluation; `type` is in ``types`` alone, its misses and false alarms are listed with the others."""

    documents: tuple[Document, ...]
    overall: Score
    intervals: Mapping[str, Interval]
    types: Score
    by_relation: Mapping[str, Score]
    by_language: Mapping[str, Score]
    by_difficulty: Mapping[int, Ratio]  # recall; a prediction has no difficulty
    qualifiers: Mapping[str, Ratio]
    evidence: Ratio
    duplicates: int
    reliability: Mapping[str, Ratio]  # precision by stated confidence
    traps: tuple[tuple[str, TrapResult], ...] = ()
    misses: tuple[Miss, ...] = field(default=())
    false_alarms: tuple[FalseAlarm, ...] = field(default=())
    links: Score = field(default_factory=Score)  # of entities that gold gives a QID
    wrong_links: tuple[WrongLink, ...] = ()
    links_reached: Score = field(default_factory=Score)  # of those that were found at all
    links_by_kind: Mapping[str, Score] = field(default_factory=dict)
    links_by_language: Mapping[str, Score] = field(default_factory=dict)
    missed_links: tuple[tuple[str, str, str], ...] = ()  # document, label and QID of what was found and not linked

    @property
    def qualifier_accuracy(self) -> Ratio:
        """Return the share of qualifiers that agree where both sides give them."""
        ratios = self.qualifiers.values()
        return Ratio(sum(ratio.part for ratio in ratios), sum(ratio.whole for ratio in ratios))

    @property
    def broken(self) -> int:
        """Return the number of traps that were fallen into."""
        return sum(bool(result.broken) for _, result in self.traps)

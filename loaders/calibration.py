"""What a confidence means: how often facts of a rule turned out right on articles that no rule was written for.

A pattern file gives each rule a raw confidence; ``calibration.json`` counts, by family of rules and raw confidence and by rule, how
many facts were right on the gold of ``tests/gold/train`` (``python -m tests.gold.calibrate``). Few facts say little, so the share of
a rule is drawn towards that of its family, that towards the share of its confidence in all families, and that towards the share of all
(a beta-binomial shrinkage); within a family a higher raw confidence never gives a lower share (pool adjacent violators).
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent / "calibration.json"
EDGES = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9)  # raw confidences where a new bin begins
SMOOTHING = 10.0  # facts of its neighbourhood that each share is mixed with
_LOWEST, _HIGHEST = 0.05, 0.99
_state = {"raw": False}

Counts = Mapping[str, Sequence[tuple[int, int]]]  # family -> for each bin, facts and how many of them were right


def family(rule: str) -> str:
    """Return the family of a rule: what stands behind its language (``clause`` of ``ar.clause.sign``), or before (``lead``)."""
    parts = rule.split(".")
    return parts[1] if len(parts) > 2 else parts[0]


def place(raw: float) -> int:
    """Return the number of the bin of a raw confidence."""
    return bisect.bisect_right(EDGES, raw)


@dataclass(frozen=True)
class Calibration:
    """Shares of right facts by family and bin."""

    counts: Counts = field(default_factory=dict)
    rules: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # facts and how many of them were right

    def __post_init__(self) -> None:
        """Compute the shares once."""
        bins = len(EDGES) + 1
        columns = [[row[i] for row in self.counts.values()] for i in range(bins)]
        everything = _sum(pair for column in columns for pair in column)
        overall = (everything[1] + 1) / (everything[0] + 2)
        by_bin = _rising([_shrunk(_sum(column), overall) for column in columns], [_sum(c)[0] for c in columns])
        shares = {
            name: _rising([_shrunk(row[i], by_bin[i]) for i in range(bins)], [row[i][0] for i in range(bins)])
            for name, row in self.counts.items()
        }
        object.__setattr__(self, "_shares", {"": by_bin, **shares})
        object.__setattr__(self, "_known", {})  # what share() has returned

    def share(self, rule: str, raw: float) -> float:
        """Return how often a fact of *rule* with this *raw* confidence is right, to two places."""
        if not self.counts:
            return raw
        known: dict[tuple[str, float], float] = self._known  # type: ignore[attr-defined]
        if (found := known.get((rule, raw))) is None:
            found = known[rule, raw] = self._share(rule, raw)
        return found

    def _share(self, rule: str, raw: float) -> float:
        shares: Mapping[str, Sequence[float]] = self._shares  # type: ignore[attr-defined]
        share = shares.get(family(rule), shares[""])[place(raw)]
        return round(min(_HIGHEST, max(_LOWEST, _shrunk(self.rules.get(rule, (0, 0)), share))), 2)


def _sum(pairs: Any) -> tuple[int, int]:
    listed = list(pairs)
    return sum(n for n, _ in listed), sum(right for _, right in listed)


def _shrunk(pair: tuple[int, int], towards: float) -> float:
    return (pair[1] + SMOOTHING * towards) / (pair[0] + SMOOTHING)


def _rising(shares: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the non-decreasing shares nearest to *shares* (pool adjacent violators), each weighted by its facts."""
    blocks: list[tuple[float, float, int]] = []  # share, weight, how many bins
    for share, weight in zip(shares, weights, strict=True):
        blocks.append((share, weight + SMOOTHING, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (s, w, n), (t, v, m) = blocks[-2:]
            blocks[-2:] = [((s * w + t * v) / (w + v), w + v, n + m)]
    return [share for share, _, number in blocks for _ in range(number)]


@cache
def load() -> Calibration:
    """Return the calibration that comes with the software; one that changes nothing where there is none."""
    if not PATH.exists():
        return Calibration()
    content = json.loads(PATH.read_text("utf-8"))
    counts = {name: [(n, right) for n, right in row] for name, row in content["counts"].items()}
    rules = {name: (n, right) for name, (n, right) in content["rules"].items()}
    return Calibration(counts, rules)


def confidence(rule: str, raw: float) -> float:
    """Return the confidence of a fact that *rule* found with a *raw* confidence."""
    if family(rule) == "learned":  # a probability already, that of articles the weights were not learned from
        return raw
    return raw if _state["raw"] else load().share(rule, raw)


@contextmanager
def off() -> Iterator[None]:
    """Let facts keep their raw confidences: for measuring them."""
    _state["raw"] = True
    try:
        yield
    finally:
        _state["raw"] = False

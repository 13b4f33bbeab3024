"""What sources contradict: one property with two values where there can be one, one count given twice, one sum given twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import QuerySolutions, Store

from .query import select

_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, slots=True)
class Side:
    """One value, and the words of the text that state it."""

    value: str
    words: str
    document: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question to which the texts give more than one answer."""

    subject: str
    question: str
    sides: tuple[Side, ...]

    def text(self) -> str:
        """Return the conflict as lines for a terminal."""
        lines = [f"{self.subject}: {self.question}"]
        lines += [f"  {side.value}: “{' '.join(side.words.split())}” ({side.document})" for side in self.sides]
        return "\n".join(lines)


def find(store: Store) -> list[Conflict]:
    """Return every conflict between facts of the store, within one text or between texts, in a stable order."""
    groups: dict[tuple[str, str], dict[str, Side]] = defaultdict(dict)
    for name in ("conflicting-values", "conflicting-tallies", "conflicting-amounts"):
        solutions = select(store, (_QUERIES / f"{name}.rq").read_text("utf-8"), union=True)
        assert isinstance(solutions, QuerySolutions)
        for row in solutions:
            subject, question, value, words, document = (
                str(row[v].value) for v in ("subject", "question", "value", "words", "document")
            )
            groups[subject, question].setdefault(value, Side(value, words, document.rsplit("/", 1)[-1]))
    return [
        Conflict(subject, question, tuple(sides[value] for value in sorted(sides)))
        for (subject, question), sides in sorted(groups.items())
        if len(sides) > 1
    ]

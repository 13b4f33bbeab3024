"""What sources contradict: one property with two values where there can be one, one count given twice, one sum given twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path

import regex
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from .provenance import LABEL
from .query import select

_SOURCE = NamedNode("http://purl.org/dc/terms/source")
_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, slots=True)
class Side:
    """One value, and the words of the text that state it."""

    value: str
    words: str
    document: str  # 16 hexadecimal digits
    source: str = ""  # where the document came from


@dataclass(frozen=True, slots=True)
class Conflict:
    """A question to which the texts give more than one answer."""

    subject: str  # IRI
    question: str
    sides: tuple[Side, ...]
    label: str = ""  # of the subject

    def text(self) -> str:
        """Return the conflict as lines for a terminal."""
        lines = [f"{self.label or self.subject}: {self.question} <{self.subject}>"]
        for side in self.sides:
            place = f"{side.source}, {side.document}" if side.source else side.document
            lines.append(f"  {side.value}: “{' '.join(side.words.split())}” ({place})")
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
            side = Side(value, words, document.rsplit("/", 1)[-1], _first(store, document, _SOURCE))
            kept = groups[subject, question].setdefault(value, side)
            if (side.document, side.words) < (kept.document, kept.words):  # the same one whatever the order of answers
                groups[subject, question][value] = side
    return [
        Conflict(
            subject, question, tuple(sides[value] for value in sorted(sides, key=_order)), _first(store, subject, LABEL)
        )
        for (subject, question), sides in sorted(groups.items())
        if len(sides) > 1
    ]


def to_json(conflicts: Sequence[Conflict]) -> str:
    """Return the conflicts as a JSON array."""
    return json.dumps([asdict(conflict) for conflict in conflicts], ensure_ascii=False, indent=2)


def _order(value: str) -> tuple[Decimal, str]:
    return (Decimal(value) if regex.fullmatch(r"\d+(?:\.\d+)?", value) else Decimal(0), value)


def _first(store: Store, subject: str, predicate: NamedNode) -> str:
    """Return the English value of *predicate*, else the first, empty where there is none."""
    values = {quad.object for quad in store.quads_for_pattern(NamedNode(subject), predicate, None, None)}
    found = sorted((v for v in values if isinstance(v, Literal)), key=lambda v: (v.language != "en", v.value))
    return found[0].value if found else ""

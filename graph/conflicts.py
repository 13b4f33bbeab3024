"""What sources contradict: one property with two values where there can be one, one count given twice, one sum given twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import regex
from pyoxigraph import Literal, NamedNode, QuerySolutions, Store

from .contradictions import Sum, contested_counts, contested_dates, contested_sums
from .provenance import LABEL
from .query import select

_SOURCE = NamedNode("http://purl.org/dc/terms/source")
_QUERIES = Path(__file__).parent / "queries"
_Key = TypeVar("_Key")


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


Group = tuple[str, str, list[Side]]  # subject, question, sides


def find(store: Store) -> list[Conflict]:
    """Return every conflict between facts of the store, within one text or between texts, in a stable order."""
    found = [*_dates(store), *_counts(store), *_sums(store)]
    return [
        Conflict(
            subject, question, tuple(sorted(sides, key=lambda side: _order(side.value))), _first(store, subject, LABEL)
        )
        for subject, question, sides in sorted(found, key=lambda item: item[:2])
        if len({side.value for side in sides}) > 1
    ]


def _dates(store: Store) -> Iterator[Group]:
    groups: dict[tuple[str, str], dict[str, Side]] = defaultdict(dict)
    for row, side in _stated(store, "stated-dates"):
        _keep(groups[row["subject"], _local(row["property"])], row["value"], side)
    for (subject, question), sides in groups.items():
        yield subject, question, [sides[value] for value in contested_dates(sides)]


def _counts(store: Store) -> Iterator[Group]:
    groups: dict[tuple[str, str], dict[tuple[int, str], Side]] = defaultdict(dict)
    for row, side in _stated(store, "stated-counts"):
        said = (int(row["value"]), _local(row.get("comparator", "")) or "Exactly")
        _keep(groups[row["subject"], f"{_local(row['of'])} counted in {_local(row['unit'])}"], said, side)
    for (subject, question), sides in groups.items():
        by_value: dict[str, Side] = {}
        for pair in contested_counts(sides):
            _keep(by_value, str(pair[0]), sides[pair])
        yield subject, question, list(by_value.values())


def _sums(store: Store) -> Iterator[Group]:
    groups: dict[str, dict[Sum, Side]] = defaultdict(dict)
    texts: dict[str, dict[Sum, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row, side in _stated(store, "stated-sums"):
        item = Sum(float(row.get("low", 0)), float(row["value"]), row["currency"], row.get("beneficiary", ""))
        _keep(groups[row["subject"]], item, side)
        texts[row["subject"]][item].add(side.document)
    for subject, sides in groups.items():
        for (beneficiary, currency), items in contested_sums(texts[subject]).items():
            purpose = f" for {beneficiary.rpartition('/')[2]}" if beneficiary else ""
            yield subject, f"amount{purpose} in {_local(currency)}", [sides[item] for item in items]


def _stated(store: Store, name: str) -> Iterator[tuple[dict[str, str], Side]]:
    """Yield what a query lists: its values, and the value with the words and the text that state it."""
    sources: dict[str, str] = {}
    solutions = select(store, (_QUERIES / f"{name}.rq").read_text("utf-8"), union=True)
    assert isinstance(solutions, QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    for solution in solutions:
        row = {name: solution[name].value for name in names if solution[name] is not None}
        document = row["document"]
        if document not in sources:
            sources[document] = _first(store, document, _SOURCE)
        yield row, Side(row["value"], row["words"], document.rsplit("/", 1)[-1], sources[document])


def _keep(sides: dict[_Key, Side], key: _Key, side: Side) -> None:
    """Keep one side for each value: the same one whatever the order of answers."""
    kept = sides.setdefault(key, side)
    if (side.document, side.words) < (kept.document, kept.words):
        sides[key] = side


def _local(iri: str) -> str:
    return iri.rpartition("#")[2]


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

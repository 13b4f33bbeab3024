"""Link decisions as a person sees them: who or what, which item, why, and the sentence. For the terminal and for pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import regex
from pyoxigraph import QuerySolutions, Store

from summitgraph.errors import InputError

from . import iris, query, reference

_QUERIES = Path(__file__).parent / "queries"
Ask = Callable[[str], Iterable[Mapping[str, str]]]
NEEDS_REVIEW, ACCEPTED, REJECTED = "NeedsReview", "Accepted", "Rejected"
OUTCOMES = (NEEDS_REVIEW, ACCEPTED, REJECTED)
_AT_ONCE = 50  # entities a query may name: a server takes no query of any length
_ID = regex.compile(r"[0-9a-f][0-9a-f-]{3,63}")
_ENDS = (". ", "؟", "! ", "? ", "\n", "。")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Where a text names the entity: the sentence, and the words in it (offsets in characters of the sentence)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """One decision. ``entity`` is the IRI in the graph, ``key`` the one a review has to name (see ``review.py``)."""

    id: str  # last part of the decision's IRI
    document: str
    entity: str
    key: str
    type: str
    candidate: str
    outcome: str
    confidence: float
    reason: str
    reviewer: str = ""
    at: str = ""
    names: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    source: str = ""
    title: str = ""
    language: str = ""
    item_kind: str = ""
    item_labels: Mapping[str, str] = field(default_factory=dict)
    item_of: Mapping[str, str] = field(default_factory=dict)  # labels of its country or organisation
    item_evidence: str = ""

    def as_json(self) -> dict[str, object]:
        """Return it as JSON values."""
        return asdict(self)


def asker(store: Store) -> Ask:
    """Return how to ask a store on disk."""

    def ask(text: str) -> list[dict[str, str]]:
        solutions = query.select(store, text)
        assert isinstance(solutions, QuerySolutions)
        names = [variable.value for variable in solutions.variables]
        return [{name: row[name].value for name in names if row[name] is not None} for row in solutions]

    return ask


def items(ask: Ask, outcomes: Sequence[str] = (NEEDS_REVIEW,), limit: int = 50, offset: int = 0) -> list[Item]:
    """Return decisions of the given outcomes, those that need a person first, then by confidence."""
    rows = _rows(ask, outcomes, limit, offset)
    words = _words(ask, rows)
    return [_item(row, words.get((row["graph"], row["entity"]), [])) for row in rows]


def find(ask: Ask, id: str) -> Item:
    """Return the decision whose id is, or begins with, *id*; without its sentences.

    Raises:
        InputError: If there is none, or more than one.
    """
    if not _ID.fullmatch(id):
        raise InputError(f"{id!r} is not the id of a link decision (hexadecimal digits and a hyphen)")
    only = f'FILTER(STRSTARTS(STRAFTER(STR(?decision), "/link-decision/"), "{id}"))'
    rows = _rows(ask, OUTCOMES, 2, 0, only)
    exact = [row for row in rows if row["decision"].endswith(f"/{id}")] or rows
    if len(exact) != 1:
        problem = "begins several link decisions" if rows else "there is no link decision with this id"
        raise InputError(f"{id}: {problem}; `summitgraph link --review --format json` lists them")
    return _item(exact[0], [])


def _rows(ask: Ask, outcomes: Sequence[str], limit: int, offset: int, only: str = "") -> list[Mapping[str, str]]:
    wanted = " ".join(f"<{iris.term(outcome).value}>" for outcome in outcomes)
    text = (_QUERIES / "decisions.rq").read_text("utf-8").replace("$outcomes", wanted).replace("$only", only)
    page = list(ask(text.replace("$limit", str(int(limit))).replace("$offset", str(int(offset)))))
    details = {(row["graph"], row["decision"]): row for row in _of_pairs(ask, "decision-details", "decision", page)}
    # A decision is written whole or not at all; what has no details was put into the store by other hands.
    return [{**details[key], **row} for row in page if (key := (row["graph"], row["decision"])) in details]


def _of_pairs(ask: Ask, query_name: str, name: str, rows: Sequence[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """Yield the answers of a query about the pairs of graph and *name* in *rows*, some at a time."""
    pairs = sorted({(row["graph"], row[name]) for row in rows})
    text = (_QUERIES / f"{query_name}.rq").read_text("utf-8")
    for start in range(0, len(pairs), _AT_ONCE):
        listed = " ".join(f"(<{graph}> <{iri}>)" for graph, iri in pairs[start : start + _AT_ONCE])
        yield from ask(text.replace("$pairs", listed))


def _words(ask: Ask, rows: Sequence[Mapping[str, str]]) -> dict[tuple[str, str], list[Mapping[str, str]]]:
    found: dict[tuple[str, str], list[Mapping[str, str]]] = {}
    for row in _of_pairs(ask, "decision-words", "entity", rows):
        found.setdefault((row["graph"], row["entity"]), []).append(row)
    return found


def _item(row: Mapping[str, str], words: Sequence[Mapping[str, str]]) -> Item:
    document, qid = row["graph"].rpartition("/")[2], row["candidate"].rpartition("/")[2]
    known = reference.load().by_qid()
    found = known.get(qid)
    around = known.get(found.parent) if found is not None else None
    first = words[0] if words else {}
    return Item(
        id=row["decision"].rpartition("/")[2],
        document=document,
        entity=row["entity"],
        key=row.get("key", row["entity"]),
        type=row.get("class", "").rpartition("#")[2],
        candidate=qid,
        outcome=row["outcome"].rpartition("#")[2],
        confidence=float(row.get("confidence", 0)),
        reason=row["reason"],
        reviewer=row.get("reviewer", ""),
        at=row.get("at", ""),
        names=tuple(dict.fromkeys(word["exact"] for word in words)),
        sentences=tuple(map(_sentence, words[:3])),
        source=first.get("source", ""),
        title=first.get("title", ""),
        language=first.get("language", ""),
        item_kind=found.kind if found else "",
        item_labels={lang: text for lang, text in found.labels.items() if text} if found else {},
        item_of={lang: text for lang, text in around.labels.items() if text} if around else {},
        item_evidence=found.evidence if found else "",
    )


def _sentence(word: Mapping[str, str]) -> Sentence:
    """Return the sentence around the words; split at full stops, question marks and line ends, for reading only."""
    text, exact = word["around"], word["exact"]
    start = min(int(word["start"]), 300)  # the query cuts 300 characters before the words
    end = start + len(exact)
    begin = max((place + len(mark) for mark in _ENDS if (place := text.rfind(mark, 0, start)) >= 0), default=0)
    stops = [place + 1 for mark in _ENDS if (place := text.find(mark, max(start, end - 1))) >= 0]
    last = min(stops, default=len(text))
    begin += len(text[begin:start]) - len(text[begin:start].lstrip())
    return Sentence(text[begin:last].rstrip(), start - begin, end - begin)

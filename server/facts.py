"""What is known of a thing, with the evidence of each fact, as pages show it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from . import terms
from .engine import Engine, iris, known_prefixes
from .site import Row, value

RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
PER_FACT = 4  # claims of one fact whose evidence is read; of the others only the number is shown
_OWN = frozenset(["evidence", "confidence"])  # what differs between records that say the same
UNKNOWN = -1  # as the number of claims
_MAX_CLAIMS = 3000  # the limit of claims-of.rq and claims-about.rq
_CHUNK = 300  # IRIs in one query
# A sentence ends at a mark followed by space, unless the mark ends an initial or a title; or with its line.
_ENDS = re.compile(r"(?<=[.!?؟…])(?<!\b\w\.)(?<!\b[MD]r\.)(?<!\bM[rm]s\.)[\"'»”’)\]]*\s+|\n+")
_MAX_SIDE = 280


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a text that state a fact, in their sentence."""

    iri: str
    document: str
    title: str
    source: str
    language: str
    before: str
    words: str
    after: str
    confidence: str
    rule: str
    start: int = -1  # of the words in the text, in characters
    further: str = ""  # the sentence after it, in the same paragraph


@dataclass(slots=True)
class Fact:
    """A direct fact; ``claims`` are some of the claims behind it, ``count`` says how many there are."""

    subject: str
    predicate: str
    object: Mapping[str, str]
    claims: list[str] = field(default_factory=list)
    count: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    told: bool = True  # with its evidence; else it is only named


@dataclass(slots=True)
class Record:
    """A fact with qualifiers: its properties by local name; a sum of money is a cell of the type ``money``."""

    iri: str
    kinds: list[str]
    values: dict[str, list[dict[str, str]]]
    evidence: list[Evidence] = field(default_factory=list)

    def first(self, name: str) -> str:
        """Return the first value of a property, empty where there is none."""
        return self.values[name][0]["value"] if self.values.get(name) else ""

    def names_in(self, name: str, iri: str) -> bool:
        """Tell whether *iri* is a value of the property *name*."""
        return any(cell["value"] == iri for cell in self.values.get(name, ()))


@lru_cache(maxsize=64)
def query(name: str) -> str:
    """Return a query of ours (``queries/<name>.rq``) with the prefixes it needs."""
    text = (resources.files("summitgraph.server") / "queries" / f"{name}.rq").read_text("utf-8")
    return with_prefixes(text)


def with_prefixes(text: str) -> str:
    """Return *text* after the declarations of the prefixes it uses."""
    used = [name for name in known_prefixes() if re.search(rf"(?<![\w:-]){name}:", text)]
    return "".join(f"PREFIX {name}: <{known_prefixes()[name]}>\n" for name in used) + text


def filled(name: str, **values: Iterable[str]) -> str:
    """Return the query *name* with IRIs for its ``$`` placeholders, each checked to be one."""
    given = {key: " ".join(f"<{iri}>" for iri in iris(list(listed))) for key, listed in values.items()}
    return re.sub(r"\$(\w+)", lambda match: given.get(match[1], match[0]), query(name))


def direct(engine: Engine, thing: str) -> list[dict[str, Any]]:
    """Return the rows ``p``, ``o`` of the triples of *thing*."""
    return engine.select(filled("facts-of", thing=[thing]))


def facts_of(engine: Engine, thing: str, rows: Sequence[Row]) -> list[Fact]:
    """Return the facts in our vocabulary among *rows* (of ``direct``), with the claims behind them."""
    facts = [Fact(thing, value(row, "p"), row["o"]) for row in rows if terms.local_name(value(row, "p"))]
    _add_claims(facts, engine.select(filled("claims-of", thing=[thing])) if facts else [])
    return facts


def facts_about(engine: Engine, thing: str) -> list[Fact]:
    """Return the facts in which *thing* is the object."""
    rows = engine.select(filled("facts-about", thing=[thing]))
    this = {"type": "uri", "value": thing}
    facts = [Fact(value(row, "s"), value(row, "p"), this) for row in rows]
    _add_claims(facts, engine.select(filled("claims-about", thing=[thing])) if facts else [], thing)
    return facts


def _add_claims(facts: Sequence[Fact], rows: Sequence[Row], thing: str = "") -> None:
    by_key = {(value(row, "s"), value(row, "p"), value(row, "o", thing)): row for row in rows}
    all_read = sum(int(value(row, "n")) for row in rows) < _MAX_CLAIMS
    for fact in facts:
        row = by_key.get((fact.subject if thing else "", fact.predicate, fact.object["value"]))
        if row is not None:
            fact.claims, fact.count = sorted(value(row, "claims").split(" "))[:PER_FACT], int(value(row, "n"))
        elif not all_read:
            fact.count = UNKNOWN  # there may be claims beyond those that were read


def record_kinds(engine: Engine, thing: str) -> dict[str, list[str]]:
    """Return the records that name *thing* by their kind (local name of the class)."""
    kinds: dict[str, list[str]] = {}
    for row in engine.select(filled("records-about", thing=[thing])):
        kinds.setdefault(value(row, "record"), []).append(terms.local_name(value(row, "kind")))
    found: dict[str, list[str]] = {}
    for iri in sorted(kinds):
        found.setdefault(terms.most_specific(kinds[iri]), []).append(iri)
    return found


def records_listed(engine: Engine, things: Sequence[str]) -> list[Record]:
    """Return the records *things*; of those that say the same only some, as texts repeat each other."""
    rows = []
    for start in range(0, len(things), _CHUNK):
        rows += engine.select(filled("records-listed", things=things[start : start + _CHUNK]))
    kept: dict[object, list[Record]] = {}
    for item in read_records(rows):
        said = (
            item.kinds,
            [
                (name, [_said(cell) for cell in cells])
                for name, cells in sorted(item.values.items())
                if name not in _OWN
            ],
        )
        kept.setdefault(repr(said), []).append(item)
    return [item for equal in kept.values() for item in equal[:PER_FACT]]


def _said(cell: Mapping[str, str]) -> tuple[str, ...]:
    return (cell["min"], cell["max"], cell["currency"]) if cell["type"] == "money" else (cell["value"],)


def record(engine: Engine, iri: str) -> Record:
    """Return one record."""
    return next(iter(read_records(engine.select(filled("record", thing=[iri])))), Record(iri, [], {}))


def read_records(rows: Sequence[Row]) -> list[Record]:
    found: dict[str, Record] = {}
    for row in rows:
        iri, predicate, cell = value(row, "record"), value(row, "p"), row["o"]
        item = found.setdefault(iri, Record(iri, [], {}))
        if predicate == RDF_TYPE:
            item.kinds.append(terms.local_name(cell["value"]))
        elif name := terms.local_name(predicate):
            if "unit" in row:
                cell = {
                    "type": "money",
                    "value": cell["value"],
                    "min": value(row, "min"),
                    "max": value(row, "max"),
                    "currency": value(row, "currency") or terms.local_name(value(row, "unit")),
                    "comparator": value(row, "comparator"),
                }
            item.values.setdefault(name, []).append(cell)
    return [found[iri] for iri in sorted(found)]


def add_evidence(engine: Engine, facts: Iterable[Fact], records: Iterable[Record]) -> None:
    """Read the evidence of all of them at once, but for facts that are only named."""
    facts, records = [fact for fact in facts if fact.told], list(records)
    found = evidence_of(engine, [claim for fact in facts for claim in fact.claims] + [item.iri for item in records])
    for fact in facts:
        listed = (item for claim in fact.claims for item in found.get(claim, ()))
        fact.evidence = list({item.iri: item for item in listed}.values())
    for entry in records:
        entry.evidence = found.get(entry.iri, [])


def evidence_of(engine: Engine, nodes: Sequence[str]) -> dict[str, list[Evidence]]:
    """Return the evidence of claims and records, each in its sentence."""
    found: dict[str, dict[str, Evidence]] = {}
    nodes = list(dict.fromkeys(nodes))
    for start in range(0, len(nodes), _CHUNK):
        for row in engine.select(filled("evidence", nodes=nodes[start : start + _CHUNK])):
            item = _evidence(row)
            found.setdefault(value(row, "node"), {}).setdefault(item.iri, item)
    return {node: list(items.values()) for node, items in found.items()}


def _evidence(row: Row) -> Evidence:
    words, around = value(row, "exact"), value(row, "around")
    before = after = further = ""
    start = int(value(row, "start", "-1"))
    if around and start >= 0:
        place = start - int(value(row, "from", "0"))
        if around[place : place + len(words)] == words:
            before, after = sides(around, place, place + len(words))
            if around.startswith(after, place + len(words)):  # not cut
                further = following(around, place + len(words) + len(after))
    return Evidence(
        value(row, "evidence"), value(row, "document"), value(row, "title"), value(row, "source"),
        value(row, "language"), before, words, after, value(row, "confidence"), value(row, "rule"), start, further,
    )  # fmt: skip


def following(text: str, end: int) -> str:
    """Return the whole sentence after the one whose mark stands before *end*, if its paragraph has one.

    >>> following("She refused. It was not clear, she said.\\nNext.", 12), following("She refused.\\nNext.", 12)
    ('It was not clear, she said.', '')
    """
    mark = _ENDS.match(text, end)
    if mark is None or "\n" in mark[0]:
        return ""
    finish = _ENDS.search(text, mark.end())
    if finish is None and not text.rstrip().endswith((".", "!", "?", "؟", "…")):
        return ""  # cut off
    return text[mark.end() : finish.start() if finish else len(text)].rstrip()


def sides(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what stands before and after ``text[start:end]`` in its sentence.

    >>> sides("It rained. Mr. Smith signed the text. He left.", 21, 27)
    ('Mr. Smith ', ' the text.')
    """
    begin = max((match.end() for match in _ENDS.finditer(text, 0, start) if match.end() <= start), default=0)
    finish = _ENDS.search(text, max(end - 1, 0))
    before, after = text[begin:start], text[end : max(end, finish.start() if finish else len(text))]
    if len(before) > _MAX_SIDE:
        before = "… " + before[-_MAX_SIDE:].partition(" ")[2]
    if len(after) > _MAX_SIDE:
        after = after[:_MAX_SIDE].rpartition(" ")[0] + " …"
    return before, after


def wikidata(engine: Engine, things: Iterable[str]) -> dict[str, str]:
    """Return the Wikidata items of those *things* that have one."""
    listed = list(dict.fromkeys(things))
    found: dict[str, str] = {}
    for start in range(0, len(listed), _CHUNK):
        for row in engine.select(filled("wikidata", nodes=listed[start : start + _CHUNK])):
            found.setdefault(value(row, "thing"), value(row, "item"))
    return found

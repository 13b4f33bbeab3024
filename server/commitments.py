"""Who promised how much for what: the financial commitments of the whole graph, filtered, sorted and summed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from . import terms
from .engine import Engine
from .facts import query
from .site import Names, value


@dataclass(slots=True)
class Commitment:
    """A sum that actors committed, as one or several texts state it."""

    iri: str
    actors: tuple[str, ...]
    low: Decimal | None
    high: Decimal | None
    currency: str  # ISO 4217
    comparator: str
    purposes: dict[str, str] = field(default_factory=dict)  # text to its language
    beneficiaries: list[str] = field(default_factory=list)
    summit: str = ""
    stated: bool = False  # the summit is named with the sum, rather than what the text is about
    status: str = ""
    date: str = ""
    part: bool = False  # of another commitment
    confidence: str = ""
    sources: dict[str, tuple[str, str]] = field(default_factory=dict)  # document to its title and the words

    @property
    def amount(self) -> Decimal:
        """Return what is counted: the upper bound, else the lower."""
        return self.high if self.high is not None else self.low or Decimal(0)


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty fields let everything through."""

    actor: str = ""
    currency: str = ""
    summit: str = ""
    status: str = ""
    least: Decimal | None = None
    sort: str = "amount"
    ascending: bool = False


def main_summits(engine: Engine) -> dict[str, str]:
    """Return the summit each source document is about."""
    best: dict[str, tuple[int, str]] = {}
    for row in engine.select(query("summits-of-documents")):
        found = (int(value(row, "n")), value(row, "summit"))
        if found > best.get(value(row, "document"), (0, "")):
            best[value(row, "document")] = found
    return {document: summit for document, (_, summit) in best.items()}


def read(engine: Engine) -> list[Commitment]:
    """Return all financial commitments; the same sum of the same actors in several texts is one."""
    about = main_summits(engine)
    found: dict[str, Commitment] = {}
    actors: dict[str, dict[str, None]] = {}
    for row in engine.select(query("commitments")):
        iri = value(row, "commitment")
        item = found.setdefault(
            iri,
            Commitment(
                iri, (), _decimal(value(row, "min")), _decimal(value(row, "max")),
                value(row, "currency") or terms.local_name(value(row, "unit")),
                value(row, "comparator"), status=value(row, "status"), date=value(row, "date"), part="whole" in row,
                confidence=value(row, "confidence"),
            ),
        )  # fmt: skip
        if "actor" in row:
            actors.setdefault(iri, {})[value(row, "actor")] = None
        if "purpose" in row:
            item.purposes[value(row, "purpose")] = row["purpose"].get("xml:lang", "")
        if (beneficiary := value(row, "beneficiary")) and beneficiary not in item.beneficiaries:
            item.beneficiaries.append(beneficiary)
        document = value(row, "document")
        if document and (value(row, "words") or document not in item.sources):
            item.sources[document] = (value(row, "title"), value(row, "words"))
        if "event" in row:
            item.summit, item.stated = value(row, "event"), True
        elif not item.summit:
            item.summit = about.get(document, "")
    for iri, named in actors.items():
        found[iri].actors = tuple(sorted(named))
    return _merged(found.values())


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _merged(items: Iterable[Commitment]) -> list[Commitment]:
    merged: dict[tuple[object, ...], Commitment] = {}
    for item in sorted(items, key=lambda item: (not item.stated, item.iri)):
        key = (item.actors, item.low, item.high, item.currency, item.part)
        known = merged.setdefault(key, item)
        if known is not item:
            known.purposes |= item.purposes
            known.beneficiaries += [thing for thing in item.beneficiaries if thing not in known.beneficiaries]
            known.sources |= item.sources
            known.confidence = max(known.confidence, item.confidence)
    return list(merged.values())


def chosen(items: Sequence[Commitment], wanted: Filter, names: Names) -> list[Commitment]:
    """Return those a filter lets through, in its order; names have to be learnt."""
    kept = [
        item
        for item in items
        if (not wanted.actor or wanted.actor in item.actors)
        and (not wanted.currency or wanted.currency == item.currency)
        and (not wanted.summit or wanted.summit == item.summit)
        and (not wanted.status or wanted.status == item.status)
        and (wanted.least is None or item.amount >= wanted.least)
    ]
    keys = {
        "amount": lambda item: (item.amount, item.currency),
        "actor": lambda item: (names(item.actors[0]) if item.actors else "\uffff", item.amount),
        "currency": lambda item: (item.currency, item.amount),
        "summit": lambda item: (names(item.summit) if item.summit else "\uffff", item.amount),
        "status": lambda item: (item.status, item.amount),
    }
    return sorted(kept, key=keys[wanted.sort], reverse=not wanted.ascending)


def counted(items: Iterable[Commitment]) -> list[Commitment]:
    """Return those whose sums are added: no part of a whole, and one of those that the same words state of several actors."""
    kept: dict[tuple[Decimal | None, Decimal | None, str], list[Commitment]] = {}
    for item in items:
        equal = kept.setdefault((item.low, item.high, item.currency), [])
        if not item.part and not any(_same_words(item, other) for other in equal):
            equal.append(item)
    return [item for equal in kept.values() for item in equal]


def _same_words(one: Commitment, other: Commitment) -> bool:
    pairs = (
        (one.sources[document][1], other.sources[document][1]) for document in one.sources.keys() & other.sources.keys()
    )
    return any(first and second and (first in second or second in first) for first, second in pairs)


def sums(items: Iterable[Commitment], by: str, currency: str) -> list[tuple[str, Decimal]]:
    """Return the sums in one currency by actor or summit, the largest first.

    What one passage states of two actors is counted for each of them, but once for a summit; parts of a whole never.
    """
    totals: dict[str, Decimal] = {}
    for item in items if by == "actor" else counted(items):
        if item.currency != currency or item.part:
            continue
        for key in item.actors if by == "actor" else (item.summit,):
            if key:
                totals[key] = totals.get(key, Decimal(0)) + item.amount
    return sorted(totals.items(), key=lambda pair: (-pair[1], pair[0]))


def currencies(items: Iterable[Commitment]) -> dict[str, tuple[int, Decimal]]:
    """Return how many commitments there are in each currency and their sum, the most used first."""
    found: dict[str, tuple[int, Decimal]] = {}
    for item in counted(items):
        number, total = found.get(item.currency, (0, Decimal(0)))
        found[item.currency] = (number + 1, total + item.amount)
    return dict(sorted(found.items(), key=lambda pair: (-pair[1][0], pair[0])))


def learnt(items: Iterable[Commitment], names: Names) -> None:
    """Learn the names of everything the commitments mention."""
    names.learn(iri for item in items for iri in (*item.actors, *item.beneficiaries, item.summit, *item.sources) if iri)


def cells(item: Commitment) -> Mapping[str, str]:
    """Return a commitment's sum as a cell of the kind pages show."""
    return {
        "type": "money", "value": item.iri, "min": str(item.low or ""), "max": str(item.high or ""),
        "currency": item.currency, "comparator": item.comparator,
    }  # fmt: skip

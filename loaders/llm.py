"""Read documents with a language model, and believe it only what the text says word for word.

The model proposes; a quotation or a name that is not found in the text by exact search is thrown away and reported, and so is what
does not fit the ontology. What is left carries its own provenance: the rule is the model, the version names this reader and the model.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import regex

from summitgraph import __version__
from summitgraph.errors import InputError
from summitgraph.graph.records import (
    Concept,
    DateValue,
    Document,
    Entity,
    EntityRef,
    Extraction,
    Fact,
    Integer,
    Money,
    Name,
    Span,
    Text,
    Value,
)
from summitgraph.ontology import terms

from . import llm_schema
from .llm_client import Client, CutAnswerError
from .normalise import fold

READER = 1  # raise it when the same answer would be read differently
CONFIDENCE = 0.7
PIECE = 8_000  # characters a model is given at once, cut between paragraphs
_SMALLEST = 500  # characters below which a piece whose answer is cut is not divided again
_DATE = regex.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_MONEY = regex.compile(r"(?P<low>\d+(?:\.\d+)?)(?:\.\.(?P<high>\d+(?:\.\d+)?))? (?P<currency>[A-Z]{3})")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Endorsement": ("committedBy", "document"),
    "FinancialCommitment": ("committedBy", "amount"),
    "Participation": ("actor", "event", "role"),
    "Partnership": ("partner",),
    "PolicyPledge": ("committedBy",),
    "Position": ("heldBy", "title"),
    "Refusal": ("committedBy", "document"),
    "Statement": ("speaker", "statementKind"),
    "Tally": ("tallyFor", "tallyOf", "count"),
}
_DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "FinancialCommitment": {"status": Concept("Pledged")},
    "Tally": {"comparator": Concept("Exactly")},
}


class LanguageModel:
    """An extractor that asks a language model (see :class:`.llm_client.Client`).

    Args:
        model: The model's name at the server.
        base_url: Where its API begins.
        api_key_env: Environment variable that holds the key; none is sent without.
        price: Dollars for a million tokens, read and written, as ``0.5,1.5``: shown as cost.
        client: Asks instead of one made from the other arguments.
    """

    def __init__(
        self, model: str, base_url: str, api_key_env: str = "", price: str = "", client: Client | None = None
    ) -> None:
        key = os.environ.get(api_key_env, "") if api_key_env else ""
        if api_key_env and not key:
            raise InputError(f"--api-key-env {api_key_env}: this variable is not set; export it first")
        self.client = client or Client(base_url, model, key)
        self.model = model
        self.rejected = 0
        try:
            self._prices = [float(part) for part in price.split(",")] if price else []
        except ValueError as error:
            raise InputError(f"--price {price}: expected dollars for a million tokens, as 0.5,1.5") from error

    @property
    def version(self) -> str:
        """Return the version of this package, of this reader, and the model's name."""
        return f"{__version__}+llm{READER}.{self.model}"

    def extract(self, document: Document) -> Extraction:
        """Return what the model found in *document* and the text bears out.

        Raises:
            ModelError: If the model gave no usable answer.
        """
        reading = _Reading(document, f"llm.{self.model}")
        for start, end in _pieces(document.text):
            for place, answer in self._ask(document.text, start, end):
                reading.take(answer, *place)
        self.rejected += len(reading.rejected)
        return reading.extraction()

    def report(self) -> str:
        """Return requests, tokens, cost and time so far."""
        used = self.client.usage
        words = (
            f"{self.model}: {used.requests} requests ({used.retries} of them again), {used.prompt_tokens:,} tokens read, "
            f"{used.completion_tokens:,} written, {used.seconds:.1f} s, {self.rejected} proposals rejected"
        )
        if self._prices:
            cost = used.prompt_tokens * self._prices[0] + used.completion_tokens * self._prices[-1]
            words += f", {cost / 1e6:.4f} USD"
        return words

    def _ask(self, text: str, start: int, end: int) -> Iterator[tuple[tuple[int, int], Any]]:
        messages = [
            {"role": "system", "content": llm_schema.instructions()},
            {"role": "user", "content": text[start:end]},
        ]
        try:
            yield (start, end), self.client.ask(messages, llm_schema.schema())
        except CutAnswerError:
            middle = _cut(text, start, end, (end - start) // 2)
            if end - start < _SMALLEST or not start < middle < end:
                raise
            yield from self._ask(text, start, middle)
            yield from self._ask(text, middle, end)


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = len(text) if len(text) - start <= PIECE else _cut(text, start, len(text), PIECE)
        yield start, end
        start = end


def _cut(text: str, start: int, end: int, size: int) -> int:
    """Return where to cut [start, end) at most *size* characters on: behind a paragraph, else a sentence, else anywhere."""
    for mark in ("\n", ". ", " "):
        place = text.rfind(mark, start + 1, start + size)
        if place > start:
            return place + len(mark)
    return min(end, start + size)


@dataclass
class _Reading:
    """The answers about one document, being read."""

    document: Document
    rule: str
    rejected: list[str] = field(default_factory=list)
    entities: dict[str, Entity] = field(default_factory=dict)  # by id
    facts: list[Fact] = field(default_factory=list)
    _by_name: dict[tuple[str, str], str] = field(default_factory=dict)
    _seen: set[object] = field(default_factory=set)

    def take(self, answer: Any, start: int, end: int) -> None:
        """Take over what *answer* says of the text [start, end)."""
        if not isinstance(answer, dict):
            self.rejected.append("the answer is no object")
            return
        ids = {}
        for entry in _objects(answer.get("entities")):
            if entity := self._entity(entry, start, end):
                ids[str(entry.get("id"))] = entity
        for entry in _objects(answer.get("facts")):
            self._fact(entry, ids, start, end)
        for entry in _objects(answer.get("records")):
            self._record(entry, ids, start, end)

    def extraction(self) -> Extraction:
        """Return all that was borne out; entities that no fact needs are named all the same."""
        return Extraction(
            self.document, tuple(self.entities.values()), tuple(self.facts), rejected=tuple(self.rejected)
        )

    def _entity(self, entry: Mapping[str, Any], start: int, end: int) -> str:
        kind, words = str(entry.get("kind")), str(entry.get("name") or "").strip()
        if kind not in llm_schema.kinds():
            return self._reject(f"no class: {kind}")
        span = self._find(words, start, end)
        if span is None:
            return self._reject(f"a name that is not in the text: {words!r}")
        key = (kind, fold(words))
        name = Name(words, self.document.language, span)
        if key in self._by_name:
            old = self.entities[self._by_name[key]]
            if span not in old.mentions:
                self.entities[old.id] = Entity(old.id, kind, old.names, (*old.mentions, span))
            return old.id
        entity = Entity(f"e{len(self.entities) + 1}", kind, (name,), (span,))
        self.entities[entity.id] = entity
        self._by_name[key] = entity.id
        return entity.id

    def _fact(self, entry: Mapping[str, Any], ids: Mapping[str, str], start: int, end: int) -> None:
        kind = str(entry.get("property"))
        if kind not in llm_schema.properties():
            self._reject(f"no property a text can state: {kind}")
            return
        subject = self._value("subject", str(entry.get("subject")), ids, terms.DOMAINS[kind], start, end)
        value = self._value("object", str(entry.get("object")), ids, terms.RANGES[kind], start, end)
        if subject and value:
            self._add(kind, {"subject": (subject,), "object": (value,)}, entry, start, end)

    def _record(self, entry: Mapping[str, Any], ids: Mapping[str, str], start: int, end: int) -> None:
        kind = str(entry.get("kind"))
        if kind not in llm_schema.records():
            self._reject(f"no record: {kind}")
            return
        roles: dict[str, tuple[Value, ...]] = {name: (value,) for name, value in _DEFAULTS.get(kind, {}).items()}
        given: dict[str, tuple[Value, ...]] = {}
        for part in _objects(entry.get("roles")):
            role = str(part.get("role"))
            if role not in llm_schema.records()[kind]:
                self._reject(f"{kind} has no role {role}")
                continue
            if value := self._value(role, str(part.get("value")), ids, terms.RANGES[role], start, end):
                given[role] = (*given.get(role, ()), value)
        roles |= given
        missing = [role for role in _REQUIRED.get(kind, ()) if role not in roles]
        if kind == "Statement" and not {"quote", "gist"} & set(roles):
            missing.append("quote")
        if kind == "Partnership" and len(set(roles.get("partner", ()))) < 2:
            missing.append("partner")
        if missing:
            self._reject(f"a {kind} without {missing[0]}")
            return
        self._add(kind, roles, entry, start, end)

    def _add(
        self, kind: str, roles: Mapping[str, tuple[Value, ...]], entry: Mapping[str, Any], start: int, end: int
    ) -> None:
        words = str(entry.get("quotation") or "")
        span = self._find(words, start, end)
        if span is None:
            self._reject(f"a quotation that is not in the text: {words[:80]!r}")
            return
        key = (kind, tuple(sorted(roles.items(), key=lambda item: item[0])))
        if key not in self._seen:
            self._seen.add(key)
            self.facts.append(Fact(f"f{len(self.facts) + 1}", kind, roles, (span,), self.rule, CONFIDENCE))

    def _value(
        self, role: str, text: str, ids: Mapping[str, str], expected: Sequence[str], start: int, end: int
    ) -> Value | None:
        """Return *text* as what the ontology expects of *role*, or None where it is none of it."""
        value = _literal(text, expected)
        if value is None and role == "unit" and text in terms.CLASSES:
            value = Concept(text)
        if value is None and text in ids:
            value = EntityRef(ids[text])
        if value is None and "rdf:PlainLiteral" in expected and self._find(text, start, end):
            value = Text(text, self.document.language)
        if value is None and {"Topic", "Principle"} & set(expected) and self._find(text, start, end):
            kind = "Principle" if "Principle" in expected else "Topic"
            value = EntityRef(self._entity({"kind": kind, "name": text}, start, end))
        if value is None:
            self._reject(f"no value for {role}: {text[:80]!r}")
        return value

    def _find(self, words: str, start: int, end: int) -> Span | None:
        """Return where *words* stand in the text, exactly; None where they do not."""
        if not words.strip():
            return None
        place = self.document.text.find(words, start, end)
        return Span(place, place + len(words)) if place >= 0 else None

    def _reject(self, why: str) -> str:
        self.rejected.append(why)
        return ""


def _literal(text: str, expected: Sequence[str]) -> Value | None:
    if "xsd:date" in expected and _DATE.fullmatch(text):
        return DateValue(text)
    if {"xsd:integer", "xsd:decimal"} & set(expected) and text.isdecimal():
        return Integer(int(text))
    if "MonetaryAmount" in expected and (found := _MONEY.fullmatch(text)) and found["currency"] in terms.CURRENCIES:
        low, high = Decimal(found["low"]), Decimal(found["high"] or found["low"])
        return Money(min(low, high), max(low, high), found["currency"])
    if text in terms.CONCEPTS and any(kind.endswith(("Kind", "Status", "Role", "Comparator")) for kind in expected):
        return Concept(text)
    return None


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []

"""The records that flow from the loaders to the graph: documents, entities, facts, evidence.

Kinds, role names and concept names are local names of the ontology (``Person``, ``chairedBy``, ``Warned``).
All offsets are Unicode code points of the text as loaded, end exclusive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of text; 0 <= start < end <= len(text)."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: start {self.start}, end {self.end}")

    def overlaps(self, other: Span) -> bool:
        """Tell whether the two spans share a character."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Document:
    """One source text as loaded, never changed afterwards; the offsets of all evidence refer to ``text``."""

    text: str
    language: str = "und"  # BCP 47
    title: str = ""
    source: str = ""  # URL, or file name without a folder
    published: date | None = None
    generated_at: datetime | None = None
    origin: str = field(default="", compare=False)  # where to read it again: path, member of an archive, line

    @cached_property
    def sha256(self) -> str:
        """Return the SHA-256 of the text in UTF-8, 64 hexadecimal digits."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def id(self) -> str:
        """Return the first 16 hexadecimal digits of the SHA-256: the name of the document's graph."""
        return self.sha256[:16]


@dataclass(frozen=True, slots=True)
class Name:
    """One surface form of an entity and where it stands."""

    text: str
    language: str
    span: Span


@dataclass(frozen=True, slots=True)
class Entity:
    """Something a document names.

    ``names`` hold every proper form met (no pronouns, no bare nouns), best first; empty for something that is only
    described, whose words are then in ``description``. ``mentions`` are all places that refer to it, anaphors included.
    """

    id: str  # unique within the document
    kind: str  # a class of the ontology: "Person", "Company", "Summit"
    names: tuple[Name, ...] = ()
    mentions: tuple[Span, ...] = ()
    description: str = ""
    edition: str = ""  # year of a summit's edition ("2025"), when known
    country: str = ""  # id of the State entity it belongs to, when the text says so: context for linking
    reference: str = ""  # QID of the row of the reference table its name was recognised by; a candidate, not yet a link
    label: str = ""  # English label of the known name (reference table, GeoNames), where there is one


@dataclass(frozen=True, slots=True)
class EntityRef:
    """A role filled by an entity of the same document."""

    id: str


@dataclass(frozen=True, slots=True)
class FactRef:
    """A role filled by another record of the same document (``sg:partOf`` between commitments)."""

    id: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date as precise as the text: ``2025-02-10``, ``2025-02`` or ``2025``."""

    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """Words of the text, language-tagged."""

    value: str
    language: str


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number."""

    value: int


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of the ontology by local name: ``Warned``, ``Pledged``, ``MoreThan``, a class for ``unit``."""

    name: str


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in whole currency units; ``minimum`` is None for "up to", ``maximum`` None for an open end."""

    minimum: Decimal | None
    maximum: Decimal | None
    currency: str  # ISO 4217
    comparator: str = "Exactly"


Value = EntityRef | FactRef | DateValue | Text | Integer | Concept | Money


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of the text.

    ``kind`` is a direct property (``chairedBy``; roles ``subject`` and ``object``) or a record class
    (``FinancialCommitment``; roles are the record's properties). Direct triples that follow from a record
    (``Endorsement`` gives ``signedBy``) are added by the graph, not by the loaders.
    """

    id: str  # unique within the document
    kind: str
    roles: Mapping[str, tuple[Value, ...]]
    evidence: tuple[Span, ...]
    rule: str  # id of the pattern that found it, e.g. "ar.chair.vso"
    confidence: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should look at: a count that differs from its list, an actor left unnamed, a cut sentence."""

    code: str
    message: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read from one document."""

    document: Document
    entities: tuple[Entity, ...] = ()
    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = field(default=())
    rejected: tuple[str, ...] = ()  # what the extractor proposed and could not prove; told, never stored

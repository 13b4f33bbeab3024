"""Decide which Wikidata item an entity is. Nothing is linked on a guess: every decision is kept with its reason in words."""

from __future__ import annotations

import functools
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import regex
from rapidfuzz import fuzz, process

from . import reference
from .records import Entity, EntityRef, Extraction
from .reference import Row

_FUZZY_CUTOFF = 92.0
_FAMILIES = {
    **dict.fromkeys(
        (
            "Organization",
            "Company",
            "InternationalOrganization",
            "GovernmentBody",
            "AcademicInstitution",
            "CivilSocietyOrganization",
            "Foundation",
            "MediaOrganization",
            "Coalition",
            "Initiative",
        ),
        "Organization",
    ),
    **dict.fromkeys(("Declaration", "Report", "Document"), "Document"),
    **dict.fromkeys(("Technology", "AIModel"), "Technology"),
    **dict.fromkeys(("Venue", "Place"), "Venue"),
}
# A product and its maker share a name: the text's kind does not tell the row apart.
_NEAR = {frozenset(("Technology", "Organization"))}


@dataclass(frozen=True, slots=True)
class Link:
    """The decision about one entity: ``outcome`` is Accepted, NeedsReview or Rejected; ``row`` the candidate."""

    entity: str
    row: Row
    outcome: str
    confidence: float  # that the candidate is right, 0 to 1
    reason: str


@dataclass(frozen=True, eq=False)
class _Index:
    names: Mapping[str, tuple[Row, ...]]  # folded name -> rows
    by_family: Mapping[str, tuple[str, ...]]  # family -> folded names, for fuzzy candidates
    by_qid: Mapping[str, Row]


def fold_name(name: str) -> str:
    """Return *name* for comparison: no case, accents, diacritics, punctuation or article; Arabic letter variants unified."""
    text = unicodedata.normalize("NFKD", name.casefold())
    text = regex.sub(r"[\p{M}\u0640]", "", text).translate(_VARIANTS)
    words = regex.findall(r"[\w]+", text)
    return " ".join(
        word[2:] if word.startswith("ال") and len(word) > 4 else word
        for word in words
        if word not in ("the", "le", "la", "les", "l")
    )


_VARIANTS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ء": None, "ک": "ك", "ی": "ي"}
)


@functools.cache
def _index() -> _Index:
    names: dict[str, list[Row]] = defaultdict(list)
    families: dict[str, set[str]] = defaultdict(set)
    table = reference.load()
    for row in table.rows:
        for _, name in row.names():
            folded = fold_name(name)
            if folded and row not in names[folded]:
                names[folded].append(row)
                families[_family(row.kind)].add(folded)
    return _Index(
        {k: tuple(v) for k, v in names.items()}, {k: tuple(sorted(v)) for k, v in families.items()}, table.by_qid()
    )


def link(extraction: Extraction) -> dict[str, Link]:
    """Return a decision for each entity of *extraction* that has a candidate; by entity id."""
    index = _index()
    states = {entity.reference for entity in extraction.entities if entity.kind == "State" and entity.reference}
    linked_orgs = {
        entity.reference
        for entity in extraction.entities
        if entity.reference and _family(entity.kind) == "Organization"
    }
    offices = _countries_of_offices(extraction)
    decisions = {}
    for entity in extraction.entities:
        if entity.kind in ("Topic", "Principle"):
            continue
        decision = _decide(entity, index, states, linked_orgs, offices.get(entity.id, set()))
        if decision is not None:
            decisions[entity.id] = decision
    return decisions


def _decide(entity: Entity, index: _Index, states: set[str], organizations: set[str], offices: set[str]) -> Link | None:
    folded = [name for name in dict.fromkeys(fold_name(name.text) for name in entity.names) if name]
    if not folded:
        row = index.by_qid.get(entity.reference)
        if row is None:
            return None
        return Link(entity.id, row, "Accepted", 0.95, f"the text names {row.labels['en']} by its adjective")
    found = {row.qid or row.place: row for name in folded for row in index.names.get(name, ())}
    fitting = [row for row in found.values() if _kinds_agree(entity.kind, row.kind)]
    if not fitting:
        with_id = [row for row in found.values() if row.qid]
        if with_id:
            row = with_id[0]
            return Link(
                entity.id,
                row,
                "Rejected",
                0.1,
                f"{row.labels['en']} has the same name but is a {row.kind}, not a {entity.kind}",
            )
        return _fuzzy(entity, folded, index)
    if any(not row.qid for row in fitting) and len(fitting) == 1:
        return None  # known by name, no identifier seen: stays unlinked
    fitting = [row for row in fitting if row.qid]
    if len(fitting) > 1:
        same_kind = [row for row in fitting if row.kind == entity.kind]
        longest = max(folded, key=lambda name: len(name.split()))
        by_longest = [row for row in fitting if row in index.names.get(longest, ())]
        in_context = [row for row in fitting if row.parent and row.parent in offices | states]
        for narrowed, why in (
            (by_longest, "the longest form in the text is its name alone"),
            (same_kind, f"only it is a {entity.kind}"),
            (in_context, "its country is in the text"),
        ):
            if len(narrowed) == 1:
                return Link(entity.id, narrowed[0], "Accepted", 0.9, f"{_names(fitting)} share the name; {why}")
        return Link(
            entity.id,
            fitting[0],
            "NeedsReview",
            0.5,
            f"{_names(fitting)} share the name and nothing in the text decides",
        )
    row = fitting[0]
    if row.kind == "Person" and all(" " not in name for name in folded):
        if row.parent in offices or row.parent in organizations:
            return Link(entity.id, row, "Accepted", 0.9, "a family name alone, but the office named with it fits")
        if row.parent in states:
            return Link(entity.id, row, "NeedsReview", 0.7, "a family name alone; only the country is in the text")
        return Link(entity.id, row, "NeedsReview", 0.5, "a family name alone, and nothing in the text supports it")
    governed = {place for place in offices if _is_state(place, index)}
    if row.kind == "Person" and governed and _is_state(row.parent, index) and row.parent not in governed:
        return Link(
            entity.id, row, "NeedsReview", 0.6, "the name fits, but the office named with it belongs to another country"
        )
    exact = {name.text for name in entity.names} & {name for _, name in row.names()}
    why = (
        f"“{sorted(exact)[0]}” is its name in the reference table"
        if exact
        else "its name in the reference table but for spelling"
    )
    return Link(entity.id, row, "Accepted", 0.99 if exact else 0.96, f"{why}, and the kind agrees")


def _fuzzy(entity: Entity, folded: Sequence[str], index: _Index) -> Link | None:
    """Return a candidate for review whose name is almost that of the entity; similarity alone never links."""
    choices = index.by_family.get(_family(entity.kind), ())
    for name in folded:
        if len(name) < 8 or " " not in name:
            continue
        best = process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF)
        if best is not None:
            rows = [row for row in index.names[best[0]] if row.qid]
            if rows:
                return Link(
                    entity.id,
                    rows[0],
                    "NeedsReview",
                    0.4,
                    f"the name resembles {rows[0].labels['en']} ({best[1]:.0f} of 100), no more",
                )
    return None


def _countries_of_offices(extraction: Extraction) -> dict[str, set[str]]:
    """Return, by person, the identifiers of the states and organisations the document gives them an office in."""
    by_id = {entity.id: entity for entity in extraction.entities}
    found: dict[str, set[str]] = defaultdict(set)
    for fact in extraction.facts:
        if fact.kind == "Position":
            for holder in fact.roles.get("heldBy", ()):
                for place in fact.roles.get("positionIn", ()):
                    if (
                        isinstance(holder, EntityRef)
                        and isinstance(place, EntityRef)
                        and (entity := by_id.get(place.id))
                    ):
                        country = by_id.get(entity.country)
                        found[holder.id] |= {entity.reference, country.reference if country else ""} - {""}
    return found


def _kinds_agree(kind: str, row_kind: str) -> bool:
    first, second = _family(kind), _family(row_kind)
    return first == second or frozenset((first, second)) in _NEAR


def _family(kind: str) -> str:
    return _FAMILIES.get(kind, kind)


def _is_state(qid: str, index: _Index) -> bool:
    row = index.by_qid.get(qid)
    return row is not None and row.kind == "State"


def _names(rows: Sequence[Row]) -> str:
    return " and ".join(f"{row.labels['en']} ({row.qid}, {row.kind})" for row in rows[:4])

"""Decide which known thing an entity is. Nothing is linked on a guess: every decision is kept with its reason in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import regex

from . import holders, names
from .names import Index, fold
from .records import DateValue, Entity, EntityRef, Extraction
from .reference import Row

_CAPITALISED = regex.compile(r"(?<![\w-])(\p{Lu}\p{Ll}[\p{L}’'-]*) $")
_YEAR = regex.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True, slots=True)
class Link:
    """The decision about one entity.

    ``outcome`` is Accepted, NeedsReview or Rejected for a row with a Wikidata identifier; Known for a row without
    one, which names the entity and links it to nothing.
    """

    entity: str
    row: Row
    outcome: str
    confidence: float  # that the candidate is right, 0 to 1
    reason: str
    reviewer: str = ""  # the person who decided, empty where the linker did
    at: str = ""  # when the person decided, ISO 8601
    key: str = ""  # IRI the entity has without what a person decided, empty where nobody did
    others: tuple[Link, ...] = ()  # decisions about other candidates for the same entity

    @property
    def settled(self) -> bool:
        """Tell whether the entity is what the row describes."""
        return self.outcome in ("Accepted", "Known")


@dataclass(frozen=True, eq=False)
class _Context:
    """What else a document names and states, to tell candidates apart."""

    references: frozenset[str]  # identifiers of what the loaders recognised
    states: frozenset[str]
    organizations: frozenset[str]
    parents: frozenset[str]  # countries and organisations of what they recognised
    offices: dict[str, set[str]]  # by person: states and organisations they have an office in
    stated: frozenset[str]  # entities some fact is about
    family_names: Mapping[str, str]  # last words of the names of people, folded, with the whole name
    year: int  # the document is about, 0 where it does not say
    text: str

    def place(self, entity: Entity, row: Row) -> str:
        """Return in words how the country or organisation of *row* stands in the document, empty where it does not."""
        if row.parent and row.parent in self.offices.get(entity.id, ()):
            return "the office named with it is of its country or organisation"
        if row.parent and row.parent in self.references:
            return "its country or organisation is in the text"
        return ""

    def support(self, entity: Entity, row: Row) -> str:
        """Return in words what in the document speaks for *row*, empty where nothing does."""
        if entity.id in self.stated:
            return "the text states something of it as such"
        if fits := self.place(entity, row):
            return fits
        if row.qid and row.qid in self.parents:
            return "people, places or products of it are in the text"
        return ""


def link(extraction: Extraction) -> dict[str, Link]:
    """Return a decision for each entity of *extraction* that has a candidate; by entity id."""
    index = names.index()
    context = _context(extraction, index)
    decisions = {}
    for entity in extraction.entities:
        if entity.kind in ("Topic", "Principle"):
            continue
        decision = _decide(entity, index, context)
        if decision is not None and not decision.row.qid:
            # What has no identifier cannot be linked, only named.
            decision = replace(decision, outcome="Known") if decision.outcome == "Accepted" else None
        if decision is not None:
            decisions[entity.id] = decision
    return decisions


def _decide(entity: Entity, index: Index, context: _Context) -> Link | None:
    forms = [form for form in dict.fromkeys(fold(name.text) for name in entity.names) if form]
    known = index.unlinked(entity.kind, entity.label) if entity.label and not entity.reference else None
    if known and (known.kind != "Person" or any(" " in form for form in forms)):
        return Link(entity.id, known, "Accepted", 0.95, "the loaders recognised it")
    if not forms:
        return _by_adjective(entity, index)
    found, how, confidence = _candidates(forms, index)
    if not found and entity.kind == "Person" and all(" " not in form for form in forms):
        return _by_family_name(entity, forms, index, context)
    fitting = [row for row in found if names.kinds_agree(entity.kind, row.kind) and _edition_agrees(entity, row)]
    if not fitting:
        return (
            _other_kind(entity, found)
            or _transliterated(entity, forms, index, context)
            or _resembling(entity, forms, index)
        )
    if len(fitting) > 1:
        return _choose(entity, fitting, forms, index, context)
    row = fitting[0]
    if row.deleted:
        return Link(entity.id, row, "Rejected", 0.0, f"Wikidata has deleted {row.qid}")
    if row.looked_up and not (fits := context.place(entity, row)):
        reason = "found by searching Wikidata for the name; nothing in the text tells it from others of that name"
        return Link(entity.id, row, "NeedsReview", 0.6, reason)
    if row.looked_up:
        return Link(entity.id, row, "Accepted", 0.9, f"the only item of this name and kind at Wikidata, and {fits}")
    if row.kind == "Person":
        if all(" " not in form for form in forms):
            return _family_name(entity, row, context)
        governed = {place for place in context.offices.get(entity.id, ()) if _is_state(place, index)}
        if governed and _is_state(row.parent, index) and row.parent not in governed:
            reason = "the name fits, but the office named with it belongs to another country"
            return Link(entity.id, row, "NeedsReview", 0.6, reason)
    elif all((name.language, fold(name.text)) in index.ambiguous for name in entity.names):
        if person := next((context.family_names[form] for form in forms if form in context.family_names), ""):
            reason = f"the short form is also the family name of {person}, who is in the text"
            return Link(entity.id, row, "NeedsReview", 0.3, reason)
        if row.kind in ("State", "City") and (longer := _longer_name(entity, context.text)):
            return Link(entity.id, row, "NeedsReview", 0.3, f"the short form may be part of a longer name, “{longer}”")
        support = context.support(entity, row)
        if not support:
            reason = "the short form is also a word or another name, and nothing in the text supports it"
            return Link(entity.id, row, "NeedsReview", 0.5, reason)
        return Link(entity.id, row, "Accepted", 0.9, f"a short form with other meanings, but {support}")
    exact = {name.text for name in entity.names} & {name for _, name in row.names()}
    if exact:
        return Link(
            entity.id, row, "Accepted", 0.99, f"“{min(exact)}” is its name in the reference table, and the kind agrees"
        )
    return Link(entity.id, row, "Accepted", confidence, f"{how}, and the kind agrees")


def _longer_name(entity: Entity, text: str) -> str:
    """Return the words of the text that an ambiguous short form stands in, where a capitalised word goes right before it.

    "Michael Jordan" is not the state; "In Jordan" is, for "in" stands in the text as a word too.
    """
    for name in entity.names:
        before = _CAPITALISED.search(text, max(0, name.span.start - 40), name.span.start)
        if before is not None and regex.search(rf"\b{regex.escape(before[1].lower())}\b", text) is None:
            return f"{before[1]} {name.text}"
    return ""


def _by_adjective(entity: Entity, index: Index) -> Link | None:
    """Return the link of a state or city that the text names only by its adjective, as the loaders recognised it."""
    row = index.rows.get(entity.reference)
    if row is None or not names.kinds_agree(entity.kind, row.kind):
        return None
    return Link(entity.id, row, "Accepted", 0.95, f"the text names {row.labels['en']} by its adjective")


def _candidates(forms: Sequence[str], index: Index) -> tuple[list[Row], str, float]:
    """Return the rows that have one of *forms*, how they were found, and how sure that way is."""
    ways = (
        (index.called, "its name in the reference table but for spelling", 0.96),
        (index.after_preposition, "its name in the reference table after a preposition", 0.94),
        (index.sounds_like, "its name in the reference table with another letter for a foreign sound", 0.9),
    )
    for look, how, confidence in ways:
        if found := {row.place: row for form in forms for row in look(form)}:
            return list(found.values()), how, confidence
    return [], "", 0.0


def _edition_agrees(entity: Entity, row: Row) -> bool:
    """Tell whether a summit is not of another year than the row."""
    if row.kind != "Summit":
        return True
    years = set(_YEAR.findall(row.labels["en"]))
    own = {entity.edition} - {""} or {year for name in entity.names for year in _YEAR.findall(name.text)}
    return not years or not own or not own.isdisjoint(years)


def _choose(
    entity: Entity, fitting: Sequence[Row], forms: Sequence[str], index: Index, context: _Context
) -> Link | None:
    """Return the one of several rows of one name that the longest form, the kind or the context singles out."""
    longest = max(forms, key=lambda form: len(form.split()))
    places = context.offices.get(entity.id, set()) | context.states
    ways = (
        ([row for row in fitting if row in index.called(longest)], "the longest form in the text is its name alone"),
        ([row for row in fitting if row.kind == entity.kind], f"only it is a {entity.kind}"),
        ([row for row in fitting if row.parent and row.parent in places], "its country is in the text"),
        ([row for row in fitting if context.place(entity, row)], "its organisation is in the text"),
        (
            [row for row in fitting if context.year and holders.in_office(row.qid, context.year)],
            f"only it held an office in {context.year}",
        ),
    )
    for rows, why in ways:
        if len(rows) == 1:
            return Link(entity.id, rows[0], "Accepted", 0.9, f"{_listed(fitting)} share the name; {why}")
    reason = f"{_listed(fitting)} share the name and nothing in the text decides"
    return _open([Link(entity.id, row, "NeedsReview", 0.5, reason) for row in fitting if row.qid])


def _open(links: Sequence[Link]) -> Link | None:
    """Return several candidates between which a person has to decide, as one decision with the others beside it."""
    return replace(links[0], others=tuple(links[1:])) if links else None


def _family_name(entity: Entity, row: Row, context: _Context) -> Link:
    """Return the link of a person met by one word only: an office has to support it, held at the time of the text."""
    if row.parent in context.offices.get(entity.id, ()) or row.parent in context.organizations:
        held = holders.in_office(row.qid, context.year) if context.year else None
        if held is False and (last := holders.last_year(row.qid)) is not None and last < context.year:
            reason = (
                f"a family name alone; the office fits, but its holder left in {last} and the text is of {context.year}"
            )
            return Link(entity.id, row, "NeedsReview", 0.6, reason)
        when = f", and {row.labels['en']} was in office in {context.year}" if held else ""
        return Link(entity.id, row, "Accepted", 0.9, f"a family name alone, but the office named with it fits{when}")
    if row.parent in context.states:
        return Link(entity.id, row, "NeedsReview", 0.7, "a family name alone; only the country is in the text")
    return Link(entity.id, row, "NeedsReview", 0.5, "a family name alone, and nothing in the text supports it")


def _by_family_name(entity: Entity, forms: Sequence[str], index: Index, context: _Context) -> Link | None:
    """Return the link of somebody whom the text calls by a family name that is no alias: the office and its date have to decide."""
    places = context.offices.get(entity.id, set())
    rows = {row.qid: row for form in forms for row in index.of_family(form) if row.parent in places}
    if len(rows) > 1 and context.year:
        rows = {qid: row for qid, row in rows.items() if holders.in_office(qid, context.year) is not False}
    if len(rows) > 1 and context.year:
        rows = {qid: row for qid, row in rows.items() if holders.in_office(qid, context.year)} or rows
    if len(rows) == 1:
        return _family_name(entity, next(iter(rows.values())), context)
    if rows:
        reason = f"{_listed(list(rows.values()))} share the family name and held offices there"
        return _open([Link(entity.id, row, "NeedsReview", 0.5, reason) for row in rows.values()])
    return None


def _transliterated(entity: Entity, forms: Sequence[str], index: Index, context: _Context) -> Link | None:
    """Return the link of an Arabic name that has the consonants of a Latin one: one row only, and its country in the text."""
    rows = {
        row.place: row
        for form in forms
        for row in index.transliterated(form)
        if names.kinds_agree(entity.kind, row.kind)
    }
    if len(rows) != 1:
        return None
    row = next(iter(rows.values()))
    how = f"the name is {row.labels['en']} by its consonants"
    if row.kind == "Person" and (offices := context.offices.get(entity.id)) and row.parent not in offices:
        return Link(entity.id, row, "NeedsReview", 0.4, f"{how}, but the office named with it is of another country")
    if fits := context.place(entity, row):
        return Link(entity.id, row, "Accepted", 0.85, f"{how}, the kind agrees, and {fits}")
    return Link(entity.id, row, "NeedsReview", 0.5, f"{how}, and nothing in the text supports it")


def _other_kind(entity: Entity, found: Sequence[Row]) -> Link | None:
    """Return the refusal of a row that has the name but is something else."""
    row = next((row for row in found if row.qid), None)
    if row is None:
        return None
    reason = f"{row.labels['en']} has the same name but is a {row.kind}, not a {entity.kind}"
    return Link(entity.id, row, "Rejected", 0.1, reason)


def _resembling(entity: Entity, forms: Sequence[str], index: Index) -> Link | None:
    """Return a candidate for review whose name is almost that of the entity; similarity alone never links."""
    for form in forms:
        if best := index.resembling(form, entity.kind):
            reason = f"the name resembles {best[0].labels['en']} ({best[1]:.0f} of 100), no more"
            return Link(entity.id, best[0], "NeedsReview", 0.4, reason)
    return None


def _context(extraction: Extraction, index: Index) -> _Context:
    recognised = [entity for entity in extraction.entities if entity.reference]
    rows = [index.rows[entity.reference] for entity in recognised if entity.reference in index.rows]
    stated = {
        value.id
        for fact in extraction.facts
        for values in fact.roles.values()
        for value in values
        if isinstance(value, EntityRef)
    }
    return _Context(
        frozenset(entity.reference for entity in recognised),
        frozenset(entity.reference for entity in recognised if entity.kind == "State"),
        frozenset(entity.reference for entity in recognised if names.family(entity.kind) == "Organization"),
        frozenset(row.parent for row in rows if row.parent),
        _offices(extraction),
        frozenset(stated),
        {
            parts[-1]: name.text
            for entity in extraction.entities
            if entity.kind == "Person"
            for name in entity.names
            if len(parts := fold(name.text).split()) > 1
        },
        _year(extraction),
        extraction.document.text,
    )


def _year(extraction: Extraction) -> int:
    """Return the year a document is about: that it was published in, else the latest a summit in it began; 0 where none is given."""
    if extraction.document.published is not None:
        return extraction.document.published.year
    years = [
        int(entity.edition) for entity in extraction.entities if entity.kind == "Summit" and entity.edition.isdigit()
    ]
    for fact in extraction.facts:
        if fact.kind in ("startDate", "endDate"):
            years += [int(v.value[:4]) for v in fact.roles.get("object", ()) if isinstance(v, DateValue)]
    return max(years, default=0)


def _offices(extraction: Extraction) -> dict[str, set[str]]:
    """Return, by person, the identifiers of the states and organisations the document gives them an office in."""
    by_id = {entity.id: entity for entity in extraction.entities}
    found: dict[str, set[str]] = defaultdict(set)
    for fact in extraction.facts:
        if fact.kind != "Position":
            continue
        for holder in fact.roles.get("heldBy", ()):
            for place in fact.roles.get("positionIn", ()):
                if isinstance(holder, EntityRef) and isinstance(place, EntityRef) and (entity := by_id.get(place.id)):
                    country = by_id.get(entity.country)
                    found[holder.id] |= {entity.reference, country.reference if country else ""} - {""}
    return dict(found)


def _is_state(qid: str, index: Index) -> bool:
    row = index.rows.get(qid)
    return row is not None and row.kind == "State"


def _listed(rows: Sequence[Row]) -> str:
    return " and ".join(f"{row.labels['en']} ({row.qid or 'no identifier'}, {row.kind})" for row in rows[:4])

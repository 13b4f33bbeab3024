"""Turn a matched pattern into facts, with the words as evidence; what a role of ``emit`` may say is told in ``roles``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import regex

from summitgraph.graph.records import Concept, EntityRef, Fact, FactRef, Finding, Money, Span, Text, Value
from summitgraph.ontology import terms

from . import calibration, consistency, summits
from .annotate import Match
from .discourse import Discourse
from .entities import EntityTable
from .findings import MESSAGES
from .items import Item
from .normalise import fold
from .othertimes import HELD, tells_of_another
from .roles import Filled, Roles
from .source import Source
from .templates import fold_template
from .values import DateRange

# Roles that take all values of a list at once; everywhere else a list gives one fact for each member.
_TOGETHER = {"partner", "quote"}
# Roles a record can do without; a fact that lacks any other role its pattern names is not stated.
_OPTIONAL = {
    "beneficiary",
    "purpose",
    "announcedBy",
    "announcedAt",
    "announcedOn",
    "periodYears",
    "partOf",
    "reason",
    "madeAt",
    "madeOn",
    "about",
    "addressedTo",
    "positionIn",
    "office",
    "unit",
}
_DAY = regex.compile(r"-\d\d-\d\d$")
_ITEM_EVIDENCE = {"hasTheme", "hasPrinciple", "purpose"}


class Builder:
    """Collects the facts of one document."""

    def __init__(self, source: Source, table: EntityTable, discourse: Discourse) -> None:
        self.source = source
        self.table = table
        self.discourse = discourse
        self.roles = Roles(source, table, discourse)
        self.facts: list[Fact] = []
        self.findings: list[Finding] = []
        self.given_up: tuple[str, ...] = ()  # what the rest of the text contradicts, in words
        self._seen: dict[object, int] = {}
        self._whole: tuple[str, int] | None = (
            None  # the last sum given, and its sentence: what "of that sum" is part of
        )
        self._former = regex.compile(fold_template(str(source.language.settings.get("former", r"(?!)"))))

    def emit(self, match: Match) -> None:
        """Add the facts of *match*; a required role that cannot be filled gives none."""
        made: dict[str, str] = {}
        if self._whole is not None and match.sentence.number - self._whole[1] <= 1:
            made["earlier"] = self._whole[0]
        for kind, roles in match.pattern.emit:
            if kind == "Finding":
                span = match.span(roles["of"]) if roles.get("of") in match.slots else match.span()
                self.findings.append(Finding(roles["kind"], MESSAGES[roles["kind"]], (Span(*self.source.span(*span)),)))
            elif kind == "dates":
                self._dates(match, roles)
            else:
                self._fact(match, kind, roles, made)

    def _dates(self, match: Match, roles: Mapping[str, str]) -> None:
        """State when an event began and ended; of one told by its month, its year or a weekday alone only that it began then."""
        partial = any(
            item.anaphor or _is_partial(item) for slot in roles["date"].split("|") for item in match.items(slot)
        )
        for name, function in (("startDate", "start"), ("endDate", "end")):
            if partial and name == "endDate":
                return
            slots = "|".join(f"{function}({slot})" for slot in roles["date"].split("|"))
            self._fact(match, name, {"subject": roles["event"], "object": slots}, {})

    def _fact(self, match: Match, kind: str, roles: Mapping[str, str], made: dict[str, str]) -> None:
        filled: dict[str, list[Filled]] = {}
        label = kind
        for role, specification in roles.items():
            if role == "evidence":
                continue
            if role == "says":
                quote, gist = self.roles.words(match, specification)
                if quote:
                    filled["quote"] = quote
                elif gist:
                    filled["gist"] = gist
                else:
                    return
                continue
            values = self.roles.fill(match, specification, made)
            if (
                kind if role == "object" else role
            ) in terms.OBJECT_PROPERTIES:  # takes things: words nobody knows are none
                values = [value for value in values if not isinstance(value.value, Text)]
            if role == "title":
                values = [self.roles.one_title(value) for value in values if self.roles.is_office(value)]
            if values:
                filled[role] = values
            elif role not in _OPTIONAL:
                return
        if (
            kind == "Position"
            and "status" not in filled
            and (span := filled["title"][0].span)
            and self._former.search(fold(self.source.before(*span, 30)))
        ):
            filled["status"] = [Filled(Concept("Former"), None)]
        if kind in HELD and self._is_of_another(match, filled["subject"]):
            return
        spread = [role for role, values in filled.items() if len(values) > 1 and role not in _TOGETHER]
        if not spread:
            self._add(match, kind, label, filled, roles, made)
            return
        combinations: list[dict[str, list[Filled]]] = [{}]
        for role, values in filled.items():
            choices = [[value] for value in values] if role in spread else [values]
            combinations = [{**done, role: choice} for done in combinations for choice in choices]
        for combination in combinations[:400]:
            self._add(match, kind, label, combination, roles, made)

    def _is_of_another(self, match: Match, subjects: list[Filled]) -> bool:
        """Tell whether a match says of the summit the text is about what it tells of another time."""
        main = self.discourse.main
        own = main is not None and any(value.value == EntityRef(main.id) for value in subjects)
        return own and main is not None and tells_of_another(match, main.id, main.year, self.source.language)

    def _add(
        self,
        match: Match,
        kind: str,
        label: str,
        filled: Mapping[str, list[Filled]],
        roles: Mapping[str, str],
        made: dict[str, str],
    ) -> None:
        if (whole := filled.get("partOf")) and not self._is_part(filled["amount"][0].value, whole[0].value):
            filled = {role: entries for role, entries in filled.items() if role != "partOf"}
        subjects = {value.value for value in filled.get("subject", [])}
        if subjects & {value.value for value in filled.get("object", [])}:
            return
        if kind == "Partnership" and len({value.value for value in filled.get("partner", [])}) < 2:
            return
        start, end = match.span()
        if "evidence" in roles and roles["evidence"] in match.slots:
            start, end = match.span(roles["evidence"])
        elif kind in _ITEM_EVIDENCE and (span := filled["object"][0].span):
            start, end = span
        elif len(match.slots) and (
            (spans := [value.span for values in filled.values() for value in values if value.span])
            and any(match.pattern.slots.get(slot, "").endswith("+") for slot in match.slots)
        ):
            end = max(start + 1, *(span[1] for span in spans))
            start = min(start, *(span[0] for span in spans))
        values = {role: tuple(entry.value for entry in entries) for role, entries in filled.items()}
        key = (kind, tuple((role, values[role]) for role in sorted(values) if role != "purpose"))
        evidence = Span(*self.source.span(start, end))
        self._count(kind, values, match.sentence.number)
        self._employ(kind, values)
        if key in self._seen:
            index = self._seen[key]
            old = self.facts[index]
            made.setdefault(label, old.id)
            if evidence not in old.evidence and len(old.evidence) < 5:
                self.facts[index] = Fact(old.id, kind, old.roles, (*old.evidence, evidence), old.rule, old.confidence)
            return
        fact = Fact(f"f{len(self.facts) + 1}", kind, values, (evidence,), match.pattern.id, self._confidence(match))
        self._seen[key] = len(self.facts)
        self.facts.append(fact)
        made[label] = fact.id
        if kind == "nationality" and isinstance(state := values["object"][0], EntityRef):
            for holder in values["subject"]:
                if isinstance(holder, EntityRef):
                    self.table[holder.id].country = state.id
        if kind == "FinancialCommitment" and "partOf" not in roles:
            self._whole = fact.id, match.sentence.number
            if isinstance(giver := values["committedBy"][0], EntityRef):
                self.discourse.last_giver = giver.id
        if kind == "Statement" and isinstance(speaker := values["speaker"][0], EntityRef):
            self.discourse.spoke(speaker.id)

    def _employ(self, kind: str, values: Mapping[str, tuple[Value, ...]]) -> None:
        """Note for whom a person speaks: what the head of a company announces, the company does."""
        roles = {"Position": ("heldBy", "positionIn"), "affiliatedWith": ("subject", "object")}.get(kind)
        if roles is None or any(role not in values for role in roles):
            return
        person, body = (values[role][0] for role in roles)
        if not isinstance(person, EntityRef) or not isinstance(body, EntityRef):
            return
        if self.table[body.id].kind in ("Company", "AcademicInstitution", "Organization"):
            self.discourse.employer[self.table[person.id].id] = body.id

    def _is_part(self, amount: Value, whole: Value) -> bool:
        """Tell whether a sum can be part of the record *whole*: of the same currency and no larger."""
        record = next((fact for fact in self.facts if isinstance(whole, FactRef) and fact.id == whole.id), None)
        total = record.roles["amount"][0] if record else None
        if not isinstance(amount, Money) or not isinstance(total, Money):
            return False
        low, high = amount.minimum or amount.maximum, total.maximum or total.minimum
        return amount.currency == total.currency and (low is None or high is None or low < high)

    def _count(self, kind: str, values: Mapping[str, tuple[Value, ...]], number: int) -> None:
        """Note who was counted last, for "they include": a signature or a refusal speaks of signatories too."""
        of: object
        if kind == "Tally":
            of, about = values["tallyOf"][0], values["tallyFor"][0]
        elif kind in ("Endorsement", "Refusal"):
            of, about = Concept("Signatories"), values["document"][0]
        else:
            return
        if isinstance(of, Concept) and isinstance(about, EntityRef):
            self.discourse.counted = (of.name, about.id, number)

    def _confidence(self, match: Match) -> float:
        confidence = match.pattern.confidence
        items = [item for slot in match.slots for item in match.items(slot)]
        if any(item.anaphor for item in items):
            confidence -= 0.1
        if any(item.entity and not self.table[item.entity].key for item in items):
            confidence -= 0.03
        return round(max(0.05, confidence), 2)

    def _canonical(self, fact: Fact) -> Fact:
        """Return *fact* about the entities that its own turned out to be."""
        table = self.table
        for values in fact.roles.values():
            for v in values:
                if isinstance(v, EntityRef) and table[v.id].id != v.id:
                    roles = {
                        role: tuple(EntityRef(table[v.id].id) if isinstance(v, EntityRef) else v for v in values)
                        for role, values in fact.roles.items()
                    }
                    return replace(fact, roles=roles)
        return fact

    def follow_merges(self) -> None:
        """Let the facts speak of what their entities turned out to be."""
        self.facts = [self._canonical(fact) for fact in self.facts]

    def settle(self) -> None:
        """Drop statements that repeat another (one speech act gives one), and what the rest of the text contradicts.

        A signature that the same text says was refused goes; of dates and editions see :mod:`.consistency`.
        """
        self.follow_merges()
        kept: list[Fact] = []
        stands_for: dict[str, str] = {}  # which record is left of two for the same money
        refused = {(fact.roles["committedBy"], fact.roles["document"]) for fact in self.facts if fact.kind == "Refusal"}
        by_kind: dict[str, list[Fact]] = {"Statement": [], "FinancialCommitment": []}
        for fact in self.facts:
            alike = by_kind.get(fact.kind)
            if fact.kind == "Statement" and any(_repeats(fact, other) for other in alike or ()):
                continue
            if fact.kind == "FinancialCommitment" and (
                same := next((other for other in alike or () if _same_money(fact, other)), None)
            ):
                stands_for[fact.id] = same.id
                continue
            if fact.kind == "Endorsement" and (fact.roles["committedBy"], fact.roles["document"]) in refused:
                continue
            kept.append(fact)
            if alike is not None:
                alike.append(fact)
        titles = [fact for fact in kept if fact.kind == "Position"]
        kept = [f for f in kept if f.kind != "Position" or not any(_is_short_for(f, other) for other in titles)]
        kept = [_pointing_at(fact, stands_for) for fact in kept]
        kept = [replace(fact, confidence=calibration.confidence(fact.rule, fact.confidence)) for fact in kept]
        self.facts, given_up = consistency.consistent(kept, summits.years(self.table))
        self.given_up = tuple(
            f"“{self._words_of(fact)}”: {fact.kind} contradicts the rest of the text" for fact in given_up
        )

    def _words_of(self, fact: Fact) -> str:
        return self.source.document.text[fact.evidence[0].start : fact.evidence[-1].end]


def _is_partial(item: Item) -> bool:
    """Tell whether an item is a date without a day that is no range: "in May 2024"."""
    date = item.value
    return isinstance(date, DateRange) and date.start == date.end and not _DAY.search(date.start)


def _pointing_at(fact: Fact, stands_for: Mapping[str, str]) -> Fact:
    """Return *fact* with its references to records that went moved to those that stand for them ("of which 12 million")."""
    if not stands_for or not any(isinstance(v, FactRef) for values in fact.roles.values() for v in values):
        return fact
    roles = {
        role: tuple(FactRef(stands_for.get(v.id, v.id)) if isinstance(v, FactRef) else v for v in values)
        for role, values in fact.roles.items()
    }
    return replace(fact, roles=roles)


def _is_short_for(fact: Fact, other: Fact) -> bool:
    """Tell whether a bare title is what the text calls the holder of another again: "Minister X" behind "foreign minister X"."""
    if (
        fact.kind != "Position"
        or fact is other
        or fact.roles.get("positionIn")
        or fact.roles["heldBy"] != other.roles["heldBy"]
    ):
        return False
    short, full = (
        {
            summits.bare(word)
            for value in found.roles["title"]
            if isinstance(value, Text)
            for word in fold(value.value).split()
        }
        for found in (fact, other)
    )
    return len(short) == 1 and short < full


def _same_money(fact: Fact, other: Fact) -> bool:
    """Tell whether two patterns found one promise: same actor, same amount, the same words."""
    return (
        other.kind == "FinancialCommitment"
        and fact.roles["committedBy"] == other.roles["committedBy"]
        and fact.roles["amount"] == other.roles["amount"]
        and any(span.overlaps(place) for span in fact.evidence for place in other.evidence)
    )


def _repeats(fact: Fact, other: Fact) -> bool:
    if other.kind != "Statement" or fact.roles["speaker"] != other.roles["speaker"]:
        return False
    words = {value.value for role in ("quote", "gist") for value in fact.roles.get(role, ()) if isinstance(value, Text)}
    known = {
        value.value for role in ("quote", "gist") for value in other.roles.get(role, ()) if isinstance(value, Text)
    }
    if words & known:
        return True
    return any(word in longer or longer in word for word in words for longer in known) and any(
        span.overlaps(place) for span in fact.evidence for place in other.evidence
    )

"""Who did what to whom: a clause rule names a verb, and the subject and object are looked for around it.

A template says how words follow each other; a clause rule says only what a verb means, and the grammar of the language (``clause``
in ``language.yaml``) says where its subject and object can stand: before or after it, in the passive with their agent, in a
relative clause, behind an aside, or left out because the verb before had them. After the shallow clause analysis of Del Corro
and Gemulla, ClausIE (2013), without a parser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex

from .annotate import Annotated, Match, conditions, is_excluded
from .items import codes
from .rules import ClauseRule, Grammar, Pattern

_EVENTS = regex.compile(f"[{codes('Event')}]")
_PERSON_BEHIND = regex.compile(f"[{codes('Person|Pronoun')}]")
_ACTORS = regex.compile(f"[{codes('Actor')}]")
_BOUND = regex.compile(r"[.;:!?؟؛]")
_QUOTE = regex.compile(f"[{codes('Quote')}]")
_QUOTED = regex.compile(
    f"(?P<quote>[{codes('Quote')}]),? ?(?:[^\\W\\d]+ ){{0,2}}$"
)  # a quotation that ends at the speaker
_VERB_ONLY = regex.compile(
    rf"(?: [^\s,.;:{codes('Any|Unknown|Quote|Pronoun')}]+){{1,3}} ?"
)  # between "who" and an object
_REACH = 150  # cells between a subject and its verb
_AGENT = 2  # words of an agent that stands just behind its verb: "by the"
_NEAR = 90  # cells between a verb and its object, place or date

Cells = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Around:
    """A verb and the clause it stands in."""

    text: str
    low: int
    high: int
    start: int  # of the verb
    end: int
    rule: ClauseRule
    grammar: Grammar


def find(pattern: Pattern, sentence: Annotated, grammar: Grammar) -> Iterator[Match]:
    """Yield a match for every use of the verb of *pattern* whose subject and object are there."""
    rule, text = pattern.clause, sentence.text
    if rule is None or is_excluded(pattern, sentence):
        return
    for found in rule.verb.finditer(text):
        low = max((bound.end() for bound in _BOUND.finditer(text, 0, found.start())), default=0)
        bound = _BOUND.search(text, found.end())
        around = _Around(text, low, bound.start() if bound else len(text), found.start(), found.end(), rule, grammar)
        slots = _active(around) if rule.words else _passive(around) or _active(around)
        if not slots:
            continue
        first = min(found.start(), *(start for start, _ in slots.values()))
        last = max(found.end(), *(end for _, end in slots.values()))
        for name, expression in (("place", grammar.place), ("date", grammar.date)):
            if name in rule.takes and (
                other := expression.search(text, around.end, min(around.high, around.end + _NEAR))
            ):
                span = other.span("item")
                if _other_event(around, slots, span[0]) or grammar.clause_end.search(text, around.end, span[0]):
                    continue  # it says when another one was
                slots[name] = span
                last = max(last, span[1])
        match = Match(pattern, sentence, first, last, slots)
        if conditions(match):
            yield match


def _active(around: _Around) -> dict[str, Cells] | None:
    rule, grammar, end = around.rule, around.grammar, around.end
    if rule.words and _is_told(around) and not _is_active(around):
        return None
    subject = _before(around, rule.subject) if rule.subject else None
    if rule.subject and grammar.verb_first and (behind := _behind(around, rule.subject)):
        subject, end = behind, behind[1]
    if rule.subject and subject is None:
        return None
    relative = grammar.relative_subject if rule.words else grammar.relative_one
    if subject and relative.match(around.text[subject[1] : around.end].lstrip(" ,")):
        subject = (subject[1] - 1, subject[1])  # of a list, only the last is who "who" means
    slots = {"subject": subject} if subject else {}
    if rule.object is None:
        return slots
    if rule.words:
        apart = subject is None or "," in grammar.aside.sub(" ", around.text[subject[1] : around.start])
        if (
            not grammar.verb_first
            and rule.subject
            and apart
            and rule.subject.match(around.text, grammar.article.match(around.text, end).end())
        ):
            return None  # the speaker stands behind: "..., said Macron"
        return _said(around, slots, end)
    if grammar.attached.search(around.text[around.start : around.end]):
        named = [group.span() for group in rule.object.finditer(around.text, around.low, around.start)]
        return slots | {"object": named[-1]} if named and around.start - named[-1][1] < _NEAR else None
    if subject and subject[1] <= around.start:  # "the summit, which Russia had hosted"
        relative = grammar.relative.search(around.text, around.low, subject[0])
        if relative and relative.end() == subject[0]:
            antecedents = [group.span() for group in rule.object.finditer(around.text, around.low, relative.start())]
            if antecedents:
                return slots | {"object": antecedents[-1]}  # else it is a conjunction: "said that Russia will host"
    target = rule.object.search(around.text, end, min(around.high, end + _NEAR))
    if target and not grammar.complement.search(around.text[end : target.start()]):
        return slots | {"object": target.span()}
    return slots if grammar.pronoun.match(around.text, end) else None


def _said(around: _Around, slots: dict[str, Cells], end: int) -> dict[str, Cells] | None:
    """Return the slots with what is said: behind the verb, or before the speaker where the verb has but adverbs behind it."""
    rule, grammar, text = around.rule, around.grammar, around.text
    first = min([around.start, *(start for start, _ in slots.values())])
    quoted = _QUOTED.search(text, around.low, first)
    if quoted and not _QUOTE.search(text, end, around.high) and not grammar.goes_on.match(text, end):
        return slots | {"object": quoted.span("quote")}
    before = grammar.before_speaker.search(text, around.low, first)
    if before and before.end() == first and grammar.told_end.match(text, end):
        return slots | {"object": before.span("said")}
    said = rule.object.match(text, grammar.before_words.match(text, end).end())
    return slots | {"object": said.span()} if said else None


def _passive(around: _Around) -> dict[str, Cells] | None:
    rule, grammar = around.rule, around.grammar
    if rule.object is None or not _is_passive(around):
        return None
    agent = grammar.agent.match(around.text, around.end, around.high)
    patient = _before(around, rule.object)
    if patient is None:
        return None
    if rule.subject is None:
        return {"object": patient}
    doer = rule.subject.match(around.text, agent.end(), around.high) if agent else None
    return {"object": patient, "subject": doer.span()} if doer else None


def _other_event(around: _Around, slots: dict[str, Cells], stop: int) -> bool:
    """Tell whether an event that takes no part stands between the verb and *stop*."""
    taken = list(slots.values())
    return any(
        not any(start <= found.start() < end for start, end in taken)
        for found in _EVENTS.finditer(around.text, around.end, stop)
    )


def _span(found: Any) -> Cells:
    return (found.start(), found.end())


def _is_passive(around: _Around) -> bool:
    grammar = around.grammar
    return (
        grammar.agent.match(around.text, around.end, around.high) is not None
        or grammar.auxiliary.search(around.text[around.low : around.start]) is not None
    )


def _is_told(around: _Around) -> bool:
    """Tell whether a verb of saying is in the passive: "by" further on is among the words said ("promised buses by 2030")."""
    grammar = around.grammar
    agent = grammar.agent.match(around.text, around.end, around.high)
    if agent is not None and len(agent.group().split()) <= _AGENT:
        return True
    return grammar.auxiliary.search(around.text[around.low : around.start]) is not None


def _relative_end(around: _Around, start: int, stop: int | None = None) -> int:
    """Return where the last relative pronoun between two cells ends with its article ("whose"), or the end of the text."""
    found = list(around.grammar.relative.finditer(around.text, start, around.start if stop is None else stop))
    return int(found[-1].end()) if found else len(around.text)


def _is_active(around: _Around) -> bool:
    """Tell whether an auxiliary of the active voice stands before the verb or opens it ("has", "s'est")."""
    text, grammar = around.text, around.grammar
    return grammar.active.search(text[around.low : around.start]) is not None or (
        grammar.active.match(text, around.start) is not None
    )


def _before(around: _Around, items: Any) -> Cells | None:
    """Return the items the verb is said of: just before it but for helpers and asides, or shared with the verb before."""
    text, grammar = around.text, around.grammar
    for group in reversed(list(items.finditer(text, around.low, around.start))):
        between = text[group.end() : around.start]
        if len(between) > _REACH:
            return None
        before = grammar.determiner.sub("", text[around.low : group.start()])
        span = _span(group)
        if not grammar.verb_first and _in_relative(around, before):
            continue  # "the man, who leads the party, has said"
        if around.rule.words and _PERSON_BEHIND.match(text, _relative_end(around, group.end())):
            continue  # "of the states, whose president has said"
        if (
            around.rule.words
            and len(group.group()) == 1
            and _relative_end(around, around.low, group.start()) == group.start()
            and grammar.helpers.fullmatch(between.strip(" ,"))
        ):
            return span
        if grammar.preposition.search(before) and not grammar.relative_subject.match(between.lstrip(" ,")):
            last = grammar.determiner.sub("", text[around.low : group.end() - 1]).rstrip()
            if len(group.group()) == 1 or not last.endswith(","):
                continue  # "of the man", but "of the man, who said"
            before, span = last, (group.end() - 1, group.end())  # no list: "on the plane of the state, the president"
        core = grammar.aside.sub(" ", between).strip()  # "the man, who came yesterday, has said"
        if grammar.relative_subject.search(core):
            core = between.strip()  # what "which" means stands just before it
        if grammar.helpers.fullmatch(core):
            return span
        if grammar.joined.search(core) and (not before.strip() or grammar.opens.search(before)):
            if around.rule.words and grammar.verb_first and not _leads(around, group.start()):
                continue  # "the hopes of Juncker for Greece, and he said": no object of the clause before goes on
            return span
    return None


def _in_relative(around: _Around, before: str) -> bool:
    """Tell whether what follows *before* is the object of a relative clause: "who leads the ..."."""
    opened = list(around.grammar.relative_subject.finditer(before))
    return bool(opened) and _VERB_ONLY.fullmatch(before, opened[-1].end()) is not None


def _leads(around: _Around, start: int) -> bool:
    """Tell whether the item at cell *start* is a person, or else the first of the clause that can act."""
    return (
        _PERSON_BEHIND.match(around.text, start) is not None or _ACTORS.search(around.text, around.low, start) is None
    )


def _behind(around: _Around, items: Any) -> Cells | None:
    """Return the items just behind the verb that are its subject, where verbs come first."""
    found = items.search(around.text, around.end, min(around.high, around.end + 50))
    if found is None or not around.grammar.before_subject.fullmatch(around.text[around.end : found.start()].strip()):
        return None
    if around.grammar.preposition.search(around.text[around.end : found.start()]):
        return None
    return _span(found)

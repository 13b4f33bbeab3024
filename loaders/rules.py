"""What the pattern files of a language say, compiled: patterns, anaphors, its grammar, its words."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .namewords import NameGuard
from .prefilter import Index, Prefilter
from .templates import MACRO, alternatives, fold_template


@dataclass(frozen=True, slots=True)
class ClauseRule:
    """A verb and what its subject and object are; None where it has none."""

    verb: Any
    subject: Any
    object: Any
    takes: frozenset[str]  # of "place" and "date"
    words: bool = False  # the object is what is said, not an item


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where a language puts the subject and the object of a verb; compiled from ``clause`` in ``language.yaml``."""

    verb_first: bool
    aside: Any  # what may stand between subject and verb between two commas
    helpers: Any  # words between subject and verb: auxiliaries, adverbs, "which"
    joined: Any  # the end of what stands between where the verb before has the same subject: "and then"
    opens: Any  # what a subject may stand behind, at the beginning of a clause: a comma, "that"
    preposition: Any  # what makes a name no subject: "of", "with the"
    active: Any  # before a participle in the active voice, adverbs included: "has"
    determiner: Any  # the end of what stands before a name: "the"
    auxiliary: Any  # before a participle in the passive
    agent: Any  # behind a verb in the passive, up to the agent
    relative: Any  # between an antecedent and the subject of its clause
    relative_subject: Any  # between a subject and its verb: "which", said of what stands just before it
    relative_one: Any  # the same where only the last of a list is meant: "who has"
    article: Any
    attached: Any  # the end of a verb that has its object in itself: a pronoun for what was named before
    complement: Any  # what ends the reach of a verb: "that"
    clause_end: Any  # what ends the reach of a place or date behind a verb: "that", the next verb
    pronoun: Any  # an object that means the document spoken of: "it"
    before_subject: Any  # words between a verb and the subject behind it
    before_words: Any  # between a verb of saying and what is said: "in a speech that"
    goes_on: Any  # behind a verb of saying, where what is said follows although a quotation stands before: "that"
    before_speaker: Any  # what is said, as the group "said", and the comma between it and its speaker
    told_end: Any  # behind a verb of saying where nothing follows but when, where and to whom
    place: Any
    date: Any


@dataclass(frozen=True)
class Pattern:
    """One rule: a compiled template and what it gives."""

    id: str
    where_from: str  # file:line, for messages
    regex: Any  # regex.Pattern; the module ships no types for it
    slots: Mapping[str, str]  # slot -> type expression
    requires: int  # bits of the language's prefilter that a sentence must have
    emit: tuple[tuple[str, Mapping[str, str]], ...]
    keep: str = ""
    new: Mapping[str, str] = field(default_factory=dict)
    alias: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)
    confidence: float = 0.9
    unless: Any = None
    after: Any = None  # what the sentence before must have: what "among them" is among
    unless_after: Any = None
    needs: Any = None  # what the sentence must have somewhere beside the match
    asserted: bool = False  # stands even beside a word that makes the clause hypothetical or denied
    example: str = ""
    expect: tuple[Mapping[str, Any], ...] = ()
    counter_example: str = ""
    clause: ClauseRule | None = None
    guard: NameGuard | None = None  # cuts the slots that take an unknown person's name


@dataclass(frozen=True, slots=True)
class Anaphor:
    """Words that mean something named before ("the summit", "he"), and what they can mean."""

    requires: int  # bits of the prefilter
    regex: Any
    types: tuple[str, ...]
    which: str  # "first": the earliest summit; "subject": whom the text speaks of
    new: str = ""  # what to make of the words behind a sentence about money where nothing fits: "the programme"


@dataclass(frozen=True, eq=False)
class Language:
    """All knowledge about one language."""

    code: str
    settings: Mapping[str, Any]
    values: Mapping[str, Any]
    lexicon: Mapping[str, tuple[str, ...]]
    names: tuple[Pattern, ...]
    frames: tuple[Pattern, ...]
    anaphors: tuple[Anaphor, ...]
    prefilter: Prefilter
    grammar: Grammar | None = None  # a language without one has no clause rules
    asides: tuple[Any, ...] = ()  # what the core of a sentence leaves out (see core.py)
    members: tuple[Any, ...] = ()  # how members are named behind the number of them (see members.py)
    groups: Mapping[str, str] = field(default_factory=dict)  # what a macro stands for: word classes and phrases
    unreal: Mapping[str, Any] = field(default_factory=dict)  # markers of what is only supposed (see factuality.py)
    unreal_bits: Mapping[str, int] = field(default_factory=dict)  # what a sentence must have for each

    @functools.cached_property
    def name_index(self) -> Index:
        """Return which name patterns a sentence has the words for, by what the prefilter found in it."""
        return self.prefilter.index([pattern.requires for pattern in self.names])

    @functools.cached_property
    def frame_index(self) -> Index:
        """Return the same for the frames."""
        return self.prefilter.index([pattern.requires for pattern in self.frames])

    def alternatives(self, name: str) -> str:
        """Return the forms of word class *name* as one non-capturing group."""
        return alternatives(self.lexicon[name])

    def expand(self, text: str) -> str:
        """Return *text*, a regular expression, folded and with its macros (``@say``) replaced."""
        return str(MACRO.sub(lambda macro: self.groups[macro["name"]], fold_template(text)))

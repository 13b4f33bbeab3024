"""Read the pattern files of a language, check them, and compile their templates to regular expressions.

A template is a regular expression over the annotated sentence (see ``items``) with four additions:

``{name:Type}``    one item of a type or group; ``{name:A|B+}`` a list of them; ``{name:Words1-4}`` free words;
                   ``{name:Clause}`` the rest of the clause; ``{name:Rest}`` the rest of the sentence or up to the
                   next reporting verb (``rest_stop``); ``{name:List}`` a list of phrases (``list_phrases``);
                   ``{name:Name}`` a person's name that no table knows
``@lexicon``       any form of a word class of the language's ``lexicon``, or one of its ``phrases``
``(?P<name>...)``  words that match what is inside, as a slot
``~5``             a gap of at most five words, items included, inside the clause; ``~~5`` one without items
a space            white space, once
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import regex
import yaml

from summitgraph.errors import PatternError

from .expression import Expression
from .items import ITEM_CLASS, codes
from .namewords import NameGuard, guard
from .normalise import fold
from .prefilter import Prefilter

FOLDER = Path(__file__).parent / "patterns"
_SLOT = regex.compile(r"\{(?P<name>[a-z_]\w*):(?P<type>[A-Za-z|]+?)(?P<words>\d+-\d+)?(?P<many>\+)?\}")
_MACRO = regex.compile(r"@(?P<name>[a-z]\w*)")
_GROUP = regex.compile(r"\(\?P<(\w+)>")
_GAP = regex.compile(r"(?P<plain>~?)~(?P<words>\d+) ?")
_FREE = {"Words", "Clause", "Rest", "List", "Name"}


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
    groups: Mapping[str, str] = field(default_factory=dict)  # what a macro stands for: word classes and phrases

    @functools.cached_property
    def name_index(self) -> tuple[tuple[int, Pattern], ...]:
        """Return what a sentence must have for each name pattern, beside it, for loops that only compare."""
        return tuple((pattern.requires, pattern) for pattern in self.names)

    @functools.cached_property
    def frame_index(self) -> tuple[tuple[int, Pattern], ...]:
        """Return the same for the frames."""
        return tuple((pattern.requires, pattern) for pattern in self.frames)

    def alternatives(self, name: str) -> str:
        """Return the forms of word class *name* as one non-capturing group."""
        return _alternatives(self.lexicon[name])

    def expand(self, text: str) -> str:
        """Return *text*, a regular expression, folded and with its macros (``@say``) replaced."""
        return str(_MACRO.sub(lambda macro: self.groups[macro["name"]], fold_template(text)))


class _Loader(yaml.SafeLoader):
    """Keeps the line of every mapping under ``__line__``."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        mapping["__line__"] = node.start_mark.line + 1
        return mapping


# "on", "no", "oui" are words here, not truth values; only true and false are.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tfTF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@functools.cache
def languages() -> tuple[str, ...]:
    """Return the codes of the languages there are pattern files for."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/language.yaml")))


def script(code: str) -> str:
    """Return the script a language is written in: ``Arabic`` or ``Latin``."""
    return str(load(code).settings["script"])


@functools.cache
def load(code: str) -> Language:
    """Return the compiled knowledge of language *code*.

    Raises:
        PatternError: If a file is not valid; names file, line and pattern.
    """
    return load_folder(FOLDER / code, check=False)


def load_folder(folder: Path, *, check: bool = True) -> Language:
    """Read the pattern files of one folder (``language``, ``lexicon*``, ``vocabulary``, ``values``, ``names*``, ``frames*``).

    With *check* every expression is compiled now, else when it is first used.

    Raises:
        PatternError: If a file is not valid; names file, line and pattern.
    """
    settings = _strip(_read(folder / "language.yaml"))
    values = _strip(_read(folder / "values.yaml"))
    lexicon: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("lexicon*.yaml")):
        for name, entry in _strip(_read(path)).items():
            if name in lexicon:
                raise PatternError(f"{path.name}: word class {name!r} is defined twice")
            lexicon[name] = tuple(_forms(entry, settings.get("inflections", {}), f"{path.name}: {name}"))
    for name, entry in values.get("units", {}).items():
        lexicon.setdefault(f"unit_{name.lower()}", tuple(fold(form) for form in entry))
    ordinary = _read(folder / "vocabulary.yaml") if (folder / "vocabulary.yaml").exists() else ""
    compiler = _Compiler(settings, lexicon, frozenset(fold(str(ordinary)).split()), check)
    names = tuple(p for path in sorted(folder.glob("names*.yaml")) for p in compiler.patterns(path, names=True))
    frames = tuple(p for path in sorted(folder.glob("frames*.yaml")) for p in compiler.patterns(path))
    seen: dict[str, str] = {}
    for pattern in (*names, *frames):
        if pattern.id in seen:
            raise PatternError(f"{pattern.where_from}: pattern id {pattern.id!r} is used already at {seen[pattern.id]}")
        seen[pattern.id] = pattern.where_from
    anaphors = tuple(compiler.anaphors(folder / "language.yaml"))
    prefilter, grammar, groups = compiler.prefilter, compiler.grammar(), compiler.groups
    asides = compiler.asides()
    return Language(folder.name, settings, values, lexicon, names, frames, anaphors, prefilter, grammar, asides, groups)


def _read(path: Path) -> Any:
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader)
        return {} if content is None else content
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PatternError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except OSError as error:
        raise PatternError(f"{path}: cannot be read: {error.strerror}") from error


def _strip(value: Any) -> Any:
    """Drop the line marks that only patterns need."""
    if isinstance(value, dict):
        return {key: _strip(entry) for key, entry in value.items() if key != "__line__"}
    if isinstance(value, list):
        return [_strip(entry) for entry in value]
    return value


def _forms(entry: Any, inflections: Mapping[str, list[str]], place: str) -> Iterator[str]:
    """Yield the folded forms of a lexicon entry: a list of forms, or stems by inflection class."""
    if isinstance(entry, list):
        yield from dict.fromkeys(fold(str(form)) for form in entry)
        return
    if not isinstance(entry, dict):
        raise PatternError(f"{place}: expected a list of forms or a mapping of inflection classes, got {entry!r}")
    for kind, stems in entry.items():
        if kind != "forms" and kind not in inflections:
            raise PatternError(f"{place}: unknown inflection {kind!r}; known: forms, {', '.join(sorted(inflections))}")
        for stem in stems:
            for shape in inflections.get(kind, ["{}"]):
                yield fold(shape.format(stem))


def _alternatives(forms: tuple[str, ...]) -> str:
    ordered = sorted(set(forms), key=lambda form: (-len(form), form))
    return "(?:" + "|".join(regex.escape(form, special_only=True).replace(r"\ ", " ") for form in ordered) + ")"


def fold_template(template: str) -> str:
    """Fold the literal parts of a regular expression and leave escapes, slots and macros as they are."""
    parts = regex.split(r"(\\p\{\w+\}|\\.|\{[a-z_]\w*:[^}]*\}|\(\?[<P=!:a-zA-Z]*|\\L<\w+>)", template)
    return "".join(part if index % 2 else fold(part) for index, part in enumerate(parts))


class _Compiler:
    def __init__(
        self,
        settings: Mapping[str, Any],
        lexicon: Mapping[str, tuple[str, ...]],
        vocabulary: frozenset[str],
        check: bool,
    ) -> None:
        self.settings = settings
        self.check = check
        self.lexicon = lexicon
        self.prefilter = Prefilter()
        self.groups = {name: _alternatives(forms) for name, forms in lexicon.items()}
        for name, text in settings.get("phrases", {}).items():  # each may use those before it
            if name in self.groups:
                raise PatternError(f"language.yaml: phrases: {name!r} is a word class already")
            self.groups[name] = f"(?:{self.expand(fold_template(str(text)), f'language.yaml: phrases: {name}')})"
        self.separator = fold_template(settings["list_separator"])
        self.rest_stop = self.expand(fold_template(str(settings.get("rest_stop", r"(?!)"))), "rest_stop")
        self.list_phrases = self.expand(fold_template(str(settings.get("list_phrases", r"[^.;]+"))), "list_phrases")
        self.start = settings.get("word_start", r"(?<!\w)")
        self.name_start = settings.get("name_start", self.start)
        self.end = r"(?!\w)"
        # No word the language has a use for is part of a name nobody knows.
        words = {form for forms in lexicon.values() for form in forms if " " not in form}
        self.guard = guard(settings.get("unknown_names", {}), vocabulary | words, fold_template)

    def patterns(self, path: Path, *, names: bool = False) -> Iterator[Pattern]:
        entries = _read(path) or []
        if not isinstance(entries, list):
            raise PatternError(f"{path}: expected a list of patterns")
        for entry in entries:
            place = f"{path}:{entry.get('__line__', 0)}: {entry.get('id', 'pattern without id')}"
            yield self.pattern(entry, place, self.name_start if names else self.start)

    def pattern(self, entry: Mapping[str, Any], place: str, start: str) -> Pattern:
        known = {
            "id",
            "match",
            "emit",
            "keep",
            "new",
            "alias",
            "where",
            "confidence",
            "unless",
            "asserted",
            "example",
            "expect",
            "counter_example",
            "clause",
            "note",
            "__line__",
        }
        if unknown := set(entry) - known:
            raise PatternError(f"{place}: unknown key {sorted(unknown)[0]!r}; known: {', '.join(sorted(known))}")
        if "id" not in entry or ("match" in entry) == ("clause" in entry):
            raise PatternError(f"{place}: expected 'id' and either 'match' or 'clause'")
        rule: ClauseRule | None = None
        if "clause" in entry:
            template, rule, slots = self.clause(_strip(entry["clause"]), place)
            compiled = rule.verb
        else:
            template = str(entry["match"]).strip()
            compiled, slots = self.compile(template, place, start)
        emit = tuple((kind, dict(roles)) for item in _strip(entry.get("emit", [])) for kind, roles in item.items())
        unless, _ = self.compile(entry["unless"], place, self.start) if "unless" in entry else (None, {})
        new = _strip(entry.get("new", {}))
        requires = self.prefilter.require(compiled.pattern)
        if rule is not None and rule.subject is not None:
            requires |= self.prefilter.require(rule.subject.pattern)
        where = {
            slot: self.expression(self.expand(fold_template(str(text)), place), place)
            for slot, text in _strip(entry.get("where", {})).items()
        }
        for condition in where.values():
            requires |= self.prefilter.require_word(condition.pattern)
        return Pattern(
            id=str(entry["id"]),
            where_from=place.rsplit(": ", 1)[0],
            regex=compiled,
            slots=slots,
            requires=requires,
            emit=emit,
            keep=entry.get("keep", ""),
            new=new,
            alias=_strip(entry.get("alias", {})),
            where=where,
            confidence=float(entry.get("confidence", 0.9)),
            unless=unless,
            asserted=bool(entry.get("asserted", False)),
            example=str(entry.get("example", "")),
            expect=tuple(_strip(entry.get("expect", []))),
            counter_example=str(entry.get("counter_example", "")),
            clause=rule,
            guard=self.guard if "Name" in slots.values() else None,
        )

    def clause(self, entry: Mapping[str, Any], place: str) -> tuple[str, ClauseRule, dict[str, str]]:
        """Compile a clause rule; return what a sentence must have for it as a template, the rule, and its slots."""
        known = {"verb", "subject", "object", "takes"}
        if unknown := set(entry) - known:
            raise PatternError(
                f"{place}: unknown key {sorted(unknown)[0]!r} in clause; known: {', '.join(sorted(known))}"
            )
        if "verb" not in entry or not {"subject", "object"} & set(entry):
            raise PatternError(f"{place}: a clause needs a verb, and a subject or an object")
        verb, _ = self.compile(str(entry["verb"]), place, self.start)
        types = {name: str(entry[name]) for name in ("subject", "object") if name in entry}
        takes = frozenset(_list_of(entry.get("takes", [])))
        compiled = {
            name: regex.compile(self._slot(kind.rstrip("+"), None, kind.endswith("+"), place))
            for name, kind in types.items()
        }
        slots = types | {name: "Location" if name == "place" else "When" for name in takes}
        words = types.get("object") == "Rest"
        return (
            str(entry["verb"]),
            ClauseRule(verb, compiled.get("subject"), compiled.get("object"), takes, words),
            slots,
        )

    def anaphors(self, path: Path) -> Iterator[Anaphor]:
        start = self.settings.get("anaphor_start", r"(?<!\w)")
        for entry in self.settings.get("anaphors", []):
            try:
                expression = regex.compile(
                    f"{start}(?:{self.expand(fold_template(str(entry['match'])), 'anaphors')}){self.end}"
                )
            except regex.error as error:
                raise PatternError(f"{path}: anaphors: {entry['match']!r} does not compile: {error}") from error
            requires = self.prefilter.require(expression.pattern)
            yield Anaphor(requires, expression, tuple(entry["types"]), entry.get("which", ""))

    def grammar(self) -> Grammar | None:
        """Compile ``clause`` of the language's settings."""
        entry = self.settings.get("clause")
        if entry is None:
            return None

        def part(name: str, form: str = "{}") -> Any:
            text = self.expand(
                fold_template(str(entry.get(name, "" if name == "date" else "(?!)"))), f"language.yaml: clause: {name}"
            )
            text = _SLOT.sub(
                lambda m: self._slot(m["type"], m["words"], bool(m["many"]), "language.yaml: clause"), text
            )
            return regex.compile(form.format(f"(?:{text})"))

        return Grammar(
            verb_first=bool(entry.get("verb_first", False)),
            aside=part("aside"),
            helpers=part("helpers", r"[,،]?(?: ?{})*[,،]?"),
            joined=part("joined", r"(?<!\w){}$"),
            opens=part("opens", r"{} ?$"),
            preposition=part("preposition", r"(?<!\w){}$"),
            active=part("active", r"(?<!\w){}(?: |$)"),
            determiner=part("determiner", r"(?<!\w){}$"),
            auxiliary=part("auxiliary", r"(?<!\w){} ?$"),
            agent=part("agent", r"{}"),
            relative=part("relative", r"{}"),
            relative_subject=part("relative_subject", r"(?<!\w){}(?!\w)"),
            article=part("article", r" ?{}?"),
            attached=part("attached", r"{}$"),
            complement=part("complement", r"(?<!\w){}(?!\w)"),
            clause_end=part("clause_end", r"(?<!\w){}(?!\w)"),
            pronoun=part("pronoun", r"{}(?!\w)"),
            before_subject=part("before_subject", r"(?: ?{})*"),
            before_words=part("before_words", r"{}"),
            goes_on=part("goes_on", r"{}"),
            before_speaker=part("before_speaker", r"{}$"),
            told_end=part("told_end", r"{}"),
            place=part("place", f"{{}}(?P<item>[{codes('Location')}])"),
            date=part("date", f"{{}}(?P<item>[{codes('When')}])"),
        )

    def asides(self) -> tuple[Any, ...]:
        """Compile ``asides`` of the language's settings; what to leave out is the group ``aside``."""
        return tuple(
            self.compile(str(text), f"language.yaml: asides: {number}", "")[0]
            for number, text in enumerate(_list_of(self.settings.get("asides", [])), 1)
        )

    def expand(self, template: str, place: str) -> str:
        def macro(match: Any) -> str:
            name = match["name"]
            if name not in self.groups:
                raise PatternError(f"{place}: unknown word class @{name}")
            return str(self.groups[name])

        return str(_MACRO.sub(macro, template))

    def compile(self, template: str, place: str, start: str) -> tuple[Any, dict[str, str]]:
        slots: dict[str, str] = {}

        def slot(match: Any) -> str:
            name, kind = match["name"], match["type"]
            if name == "_":  # an item that must stand there and takes no part
                return f"(?:{self._slot(kind, match['words'], bool(match['many']), place)})"
            if name in slots:
                raise PatternError(f"{place}: slot {name!r} stands twice in one template")
            slots[name] = kind + (match["many"] or "")
            return f"(?P<{name}>{self._slot(kind, match['words'], bool(match['many']), place)})"

        text = self.expand(fold_template(template), place)
        text = _GAP.sub(_gap, text)
        text = _SLOT.sub(slot, text)
        if wrong := regex.search(r"\{[a-z_]\w*:[^}]*\}", text):
            raise PatternError(f"{place}: {wrong.group()} is no slot; write it like {{name:Type}} or {{name:A|B+}}")
        for name in _GROUP.findall(text):  # a group named in the template itself: free words
            slots.setdefault(name, "Words")
        return self.expression(f"{start}(?:{text}){self.end}", place), slots

    def expression(self, text: str, place: str) -> Expression:
        """Return *text* as an expression, compiled now where the files are being checked."""
        found = Expression(text, place)
        if self.check:
            found.compile()
        return found

    def _slot(self, kind: str, words: str | None, many: bool, place: str) -> str:
        if kind == "Words":
            low, high = (words or "1-3").split("-")
            word = rf"(?:[\w'-]|{ITEM_CLASS})+"
            return rf"{word}(?: {word}){{{int(low) - 1},{int(high) - 1}}}?"
        if kind == "Clause":
            return r"[^.;,،]+"
        if kind == "Rest":
            return rf"(?:(?!{self.rest_stop})(?:[^.;]|\.(?=\w)))+"
        if kind == "List":
            return self.list_phrases
        if kind == "Name":
            return r"[^\W\d_]{2,}(?: [^\W\d_]{2,}){0,6}"
        try:
            one = f"[{codes(kind)}]"
        except KeyError as error:
            raise PatternError(f"{place}: unknown type {error.args[0]!r} in a slot") from error
        return f"{one}(?:(?:{self.separator}){one})*" if many else one


def _list_of(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _gap(match: Any) -> str:
    token = rf"[^\s.;{ITEM_CLASS[1:-1]}]+" if match["plain"] else r"[^\s.;]+"
    return rf"(?:{token} ){{0,{match['words']}}}?"

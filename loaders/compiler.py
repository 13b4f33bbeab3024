"""Compile the templates of a language to regular expressions.

A template is a regular expression over the annotated sentence (see ``items``) with four additions:

``{name:Type}``    one item of a type or group; ``{name:A|B+}`` a list of them; ``{name:Words1-4}`` free words;
                   ``{name:Clause}`` the rest of the clause; ``{name:Rest}`` the rest of the sentence or up to the
                   next reporting verb (``rest_stop``); ``{name:List}`` a list of phrases (``list_phrases``);
                   ``{name:Name}`` a person's name that no table knows; ``{name:Called}`` the same where one is due
``@lexicon``       any form of a word class of the language's ``lexicon``, or one of its ``phrases``
``(?P<name>...)``  words that match what is inside, as a slot
``~5``             a gap of at most five words, items included, inside the clause; ``~~5`` one without items
a space            white space, once
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import regex

from summitgraph.errors import PatternError

from . import emits
from .expression import Expression
from .items import ITEM_CLASS, codes
from .namewords import guard
from .prefilter import Prefilter
from .rules import Anaphor, ClauseRule, Grammar, Pattern
from .templates import MACRO, alternatives, fold_template
from .yamlfiles import read, strip

_SLOT = regex.compile(r"\{(?P<name>[a-z_]\w*):(?P<type>[A-Za-z|]+?)(?P<words>\d+-\d+)?(?P<many>\+)?\}")
_GROUP = regex.compile(r"\(\?P<(\w+)>")
_GAP = regex.compile(r"(?P<plain>~?)~(?P<words>\d+) ?")


class Compiler:
    """Compiles everything of one language, with its word classes and phrases."""

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
        self.groups = {name: alternatives(forms) for name, forms in lexicon.items()}
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
        entries = read(path) or []
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
            "after",
            "unless_after",
            "needs",
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
            template, rule, slots = self.clause(strip(entry["clause"]), place)
            compiled = rule.verb
        else:
            template = str(entry["match"]).strip()
            compiled, slots = self.compile(template, place, start)
        emit = tuple((kind, dict(roles)) for item in strip(entry.get("emit", [])) for kind, roles in item.items())
        new = strip(entry.get("new", {}))
        emits.check(emit, {*slots, *(("new",) if new else ())}, place)
        unless, after, unless_after, needs = (
            self.compile(entry[key], place, self.start)[0] if key in entry else None
            for key in ("unless", "after", "unless_after", "needs")
        )
        requires = self.prefilter.require(compiled.pattern)
        if needs is not None:
            requires |= self.prefilter.require(needs.pattern)
        if rule is not None and rule.subject is not None:
            requires |= self.prefilter.require(rule.subject.pattern)
        where = {
            slot: self.expression(self.expand(fold_template(str(text)), place), place)
            for slot, text in strip(entry.get("where", {})).items()
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
            alias=strip(entry.get("alias", {})),
            where=where,
            confidence=float(entry.get("confidence", 0.9)),
            unless=unless,
            after=after,
            unless_after=unless_after,
            needs=needs,
            asserted=bool(entry.get("asserted", False)),
            example=str(entry.get("example", "")),
            expect=tuple(strip(entry.get("expect", []))),
            counter_example=str(entry.get("counter_example", "")),
            clause=rule,
            guard=self.guard if {"Name", "Called"} & set(slots.values()) else None,
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
            yield Anaphor(requires, expression, tuple(entry["types"]), entry.get("which", ""), entry.get("new", ""))

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
            relative_one=part("relative_one", r"[,،]? ?(?:{})(?!\w)"),
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

    def members(self) -> tuple[Any, ...]:
        """Compile ``members`` of the language's settings: slot ``c`` the number, ``a`` and ``b`` whom it counts."""
        return tuple(
            self.compile(str(text), f"language.yaml: members: {number}", "")[0]
            for number, text in enumerate(_list_of(self.settings.get("members", [])), 1)
        )

    def unreal(self) -> Mapping[str, Any]:
        """Compile ``unreal`` of the language's settings: the markers of what is only supposed (see factuality.py)."""
        start = str(self.settings.get("anaphor_start", r"(?<!\w)"))
        return {
            name: self.compile(str(text), f"language.yaml: unreal: {name}", start)[0]
            for name, text in self.settings.get("unreal", {}).items()
        }

    def expand(self, template: str, place: str) -> str:
        def macro(match: Any) -> str:
            name = match["name"]
            if name not in self.groups:
                raise PatternError(f"{place}: unknown word class @{name}")
            return str(self.groups[name])

        return str(MACRO.sub(macro, template))

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
        if kind in ("Name", "Called"):
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

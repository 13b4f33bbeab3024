"""Full-text search inside a query: ``?entity search:matches "words"`` becomes a VALUES block before the engine sees it.

    ?entity search:matches "words" .
    ?entity search:matches [ search:query "words" ; search:type sg:Person ; search:lang "ar" ; search:limit 20 ;
                             search:score ?score ; search:text ?text ] .

A property path, a variable for the words, or a list of objects is refused with its place; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyoxigraph as ox

from .fulltext import words
from .guard import Scan, lex, place, syntax_problem
from .problems import Problem
from .search import MAX_LENGTH, Question, Search

NAMESPACE = "https://w3id.org/summitgraph/search#"
LIMIT, MAX_LIMIT = 100, 1000
MAX_SEARCHES = 8
_OPTIONS = ("query", "lang", "type", "limit", "score", "text")
_PLACE = re.compile(r"error at (\d+):(\d+)")
_STRING_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_EXAMPLE = 'Write ?entity search:matches "words", or [ search:query "words" ; search:score ?score ] for the object.'


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it stands."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Expanded:
    """A query as the engine gets it; ``edits`` are start and end in the original, and the length put there."""

    text: str
    original: str
    edits: Sequence[tuple[int, int, int]] = ()

    def message(self, message: str) -> str:
        """Return the engine's *message* with its place as a place of the original query."""
        found = _PLACE.search(message)
        if not (self.edits and found):
            return message
        offset = _offset(self.text, int(found[1]), int(found[2]))
        shift = 0
        for start, end, length in self.edits:
            if offset < start + shift:
                break
            if offset < start + shift + length:
                offset, shift = start, 0
                break
            shift += length - (end - start)
        line, column = place(self.original, offset - shift)
        return f"{message[: found.start()]}error at {line}:{column}{message[found.end() :]}"


def _offset(text: str, line: int, column: int) -> int:
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return start + column - 1


@dataclass(slots=True)
class _Pattern:
    subject: Token
    end: int
    options: dict[str, Token] = field(default_factory=dict)


def expand(text: str, scan: Scan, search: Search, version: str) -> Expanded:
    """Return the query *text* with each search replaced by what it finds in the view *version*.

    Raises:
        Problem: 400 with line and column if a search is not written as above; what Search.find raises.
    """
    if NAMESPACE not in text:
        return Expanded(text, text)
    tokens = [Token(match.group(), match.start(), match.end()) for match in lex(text)]
    names = _Names(scan.prefixes)
    pieces: list[str] = []
    edits: list[tuple[int, int, int]] = []
    done, depth_of_template = 0, _template(tokens)
    for index, token in enumerate(tokens):
        if index in depth_of_template or names.local(token) != "matches":
            continue
        if len(edits) == MAX_SEARCHES:
            raise _wrong(text, token, f"a query may search {MAX_SEARCHES} times", "Ask in several requests.")
        pattern = _read(text, tokens, index, names)
        block = _values(text, pattern, names, search, version)
        following = next((after.text for after in tokens[index:] if after.start >= pattern.end), "")
        if following == ";":  # what follows says more of the same subject
            end = next(after.end for after in tokens[index:] if after.start >= pattern.end)
            block += f" {pattern.subject.text}"
        elif following == ",":
            raise _wrong(text, token, "search:matches takes one object", "Write two patterns, one for each search.")
        else:
            end = pattern.end
        start = pattern.subject.start
        block += "\n" * text.count("\n", start, end) + " "  # so that later lines keep their numbers
        pieces += [text[done:start], block]
        edits.append((start, end, len(block)))
        done = end
    return Expanded("".join(pieces) + text[done:], text, edits)


def _template(tokens: Sequence[Token]) -> range:
    """Return which tokens are the template of a CONSTRUCT; it states triples and looks for none."""
    start = next((index for index, token in enumerate(tokens) if token.text.upper() == "CONSTRUCT"), -1)
    if start < 0 or tokens[start + 1].text != "{":
        return range(0)
    end = next((index for index in range(start, len(tokens)) if tokens[index].text == "}"), len(tokens))
    return range(start, end)


class _Names:
    """Resolves the names of a query, as far as searches need it."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.prefixes = prefixes

    def iri(self, token: Token) -> str:
        """Return the IRI of a token, empty if it is none."""
        if token.text[0] == "<" and len(token.text) > 2:
            return token.text[1:-1]
        prefix, colon, local = token.text.partition(":")
        return self.prefixes[prefix] + local.replace("\\", "") if colon and prefix in self.prefixes else ""

    def local(self, token: Token) -> str:
        """Return the name of a token in the namespace of searches, empty if it is in another."""
        iri = self.iri(token)
        return iri.removeprefix(NAMESPACE) if iri.startswith(NAMESPACE) else ""


def _wrong(text: str, token: Token, message: str, hint: str = _EXAMPLE) -> Problem:
    return syntax_problem(text, token.start, message, hint)


def _variable(token: Token) -> bool:
    return token.text[0] in "?$" and len(token.text) > 1


def _read(text: str, tokens: Sequence[Token], index: int, names: _Names) -> _Pattern:
    """Return the pattern whose predicate is at *index*."""
    last = Token("", len(text), len(text))
    rest = [*tokens[index + 1 :], last]
    if not _variable(tokens[index - 1]) or (index > 1 and tokens[index - 2].text[0] in ";,^/|"):
        raise _wrong(text, tokens[index], "search:matches needs a variable as its subject, just before it")
    pattern = _Pattern(tokens[index - 1], 0)
    if rest[0].text[:1] in ('"', "'"):
        pattern.options["query"] = rest[0]
        pattern.end = rest[0].end
        if rest[1].text[:1] == "@":
            pattern.options["lang"] = rest[1]
            pattern.end = rest[1].end
        return pattern
    if rest[0].text != "[":
        raise _wrong(text, rest[0], "the object of search:matches is neither a text nor [ … ]")
    position = 1
    while rest[position].text != "]":
        name = names.local(rest[position]) if rest[position].text else ""
        if name not in _OPTIONS or name in pattern.options:
            hint = f"Each of these can be there once: {', '.join('search:' + option for option in _OPTIONS)}."
            raise _wrong(text, rest[position], "this is no option of a search", hint)
        pattern.options[name] = rest[position + 1]
        position += 2
        if rest[position].text == ";":
            position += 1
        elif rest[position].text != "]":
            raise _wrong(text, rest[position], "the options of a search are divided by ';' and end with ']'")
    pattern.end = rest[position].end
    if "query" not in pattern.options:
        raise _wrong(text, rest[0], "the search has no search:query")
    return pattern


def _values(text: str, pattern: _Pattern, names: _Names, search: Search, version: str) -> str:
    options = pattern.options
    variables = [pattern.subject.text]
    for name in ("score", "text"):
        if token := options.get(name):
            if not _variable(token) or token.text[1:] in [known[1:] for known in variables]:
                raise _wrong(text, token, f"search:{name} needs a variable of its own")
            variables.append(token.text)
    limit = options["limit"].text if "limit" in options else str(LIMIT)
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_LIMIT):
        raise _wrong(text, options["limit"], f"search:limit is not a number from 1 to {MAX_LIMIT}")
    kind = names.iri(options["type"]) if "type" in options else ""
    if "type" in options and not kind:
        raise _wrong(text, options["type"], "search:type is not an IRI")
    query = _string(text, options["query"], "query")
    if not 0 < len(words(query)) <= len(query) <= MAX_LENGTH:
        raise _wrong(text, options["query"], f"the search has no word, or more than {MAX_LENGTH} characters", "")
    question = Question(query, only_lang=_language(text, options), type=kind, limit=int(limit))
    rows = []
    for hit in search.find(version, question):
        cells = {"score": f"{hit.score:f}", "text": _literal(hit.text, hit.lang)}
        rows.append(" ".join([f"(<{hit.iri}>", *(cells[name] for name in ("score", "text") if name in options)]) + ")")
    return f"VALUES ({' '.join(variables)}) {{ {' '.join(rows)} }}"


def _literal(value: str, lang: str) -> str:
    return str(ox.Literal(value, language=lang) if lang else ox.Literal(value))


def _language(text: str, options: Mapping[str, Token]) -> str:
    if "lang" not in options:
        return ""
    token = options["lang"]
    tag = token.text[1:] if token.text[0] == "@" else _string(text, token, "lang")
    if not (tag.isascii() and tag.replace("-", "").isalnum()):
        raise _wrong(text, token, "search:lang is not a language tag", "Use one such as ar, en or fr.")
    return tag.lower()


def _string(text: str, token: Token, name: str) -> str:
    """Return the value of a string token."""
    if token.text[:1] not in ('"', "'"):
        raise _wrong(text, token, f"search:{name} is not a text between quotation marks")
    mark = token.text[:3] if token.text[:3] in ('"""', "'''") and len(token.text) >= 6 else token.text[0]

    def resolve(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _ESCAPES.get(match[3], match[3])

    return _STRING_ESCAPE.sub(resolve, token.text[len(mark) : -len(mark)])

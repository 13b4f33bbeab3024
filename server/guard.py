"""The first line of defence: read a query's tokens before the engine does, and refuse what would hurt it.

The engine parses recursively and has no depth limit: four kilobytes of brackets end any process that runs it. This
lexer is one linear pass; it also finds out what the protocol layer needs to know of a query (its form, whether it
names a dataset, calls a service, or gives another answer each time).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from .problems import Problem

# Possessive repeats: every alternative matches in one pass, so no text makes the scan quadratic.
_TOKEN = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z|\\\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z|\\\Z)"
    r'|"(?:[^"\\\n\r]|\\.)*+"?'
    r"|'(?:[^'\\\n\r]|\\.)*+'?"
    r"|<[^<>\"{}|^`\\\x00-\x20]*+>"
    r"|\#[^\n\r]*+"
    r"|<<|>>|\^\^|&&|\|\|"
    r"|[?$]\w++"
    r"|@[A-Za-z][A-Za-z0-9-]*+"
    r"|(?:[^\W\d][\w\-.]{0,255}+)?:(?:[\w\-.:]|%[0-9A-Fa-f]{2}|\\.)*+"
    r"|[^\W\d][\w\-]*+"
    r"|[0-9][0-9.eE]*+"
    r"|\S",
    re.DOTALL,
)
_COMPLETE = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+'''"
    r'|"(?:[^"\\]|\\.)*+"'
    r"|'(?:[^'\\]|\\.)*+'",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_OPERATORS = frozenset(["!", "+", "*", "/", "=", "&&", "||", "^", "-", "<", ">", "|", "?", "^^"])
_COUNTED = frozenset(
    ["UNION", "OPTIONAL", "MINUS", "EXISTS", "BIND", "FILTER", "AS", "GRAPH", "VALUES", "SERVICE", "IN"]
)
_CLOSER = {"}": "{", ")": "(", "]": "["}
_QUERY_FORMS = frozenset(["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"])
_UPDATE_FORMS = frozenset(["INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "COPY", "MOVE", "ADD", "WITH"])
_VOLATILE = frozenset(["NOW", "RAND", "UUID", "STRUUID", "SERVICE"])


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each a text may hold; the engine's stack of 8 MiB bears more than twice each."""

    length: int = 65_536
    depth: int = 64
    tokens: int = 8_000
    operators: int = 1_000


@dataclass(slots=True)
class Scan:
    """What the tokens of a query or update tell."""

    form: str = ""  # SELECT, ASK, CONSTRUCT, DESCRIBE, UPDATE, or empty
    keywords: frozenset[str] = frozenset()
    prefixes: dict[str, str] = field(default_factory=dict)
    normal: str = ""  # the text with each stretch of blanks and comments as one blank

    @property
    def names_dataset(self) -> bool:
        """Tell whether a FROM clause names the dataset."""
        return "FROM" in self.keywords

    @property
    def volatile(self) -> bool:
        """Tell whether running it again on the same data may give another answer."""
        return bool(self.keywords & _VOLATILE)


def place(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of *offset*, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _too_complex(what: str, limit: int, hint: str) -> Problem:
    return Problem(400, "too-complex", f"the query has {what} than the limit of {limit}", hint, {"limit": limit})


def syntax_problem(text: str, offset: int, message: str, hint: str = "") -> Problem:
    """Return the 400 for a syntax error at *offset*."""
    line, column = place(text, offset)
    extra = {"line": line, "column": column}
    return Problem(400, "syntax", f"syntax error at line {line}, column {column}: {message}", hint, extra)


def unescape(text: str) -> str:
    r"""Return *text* with its ``\u`` escapes resolved (SPARQL 1.1, 19.2), which the engine does before it parses.

    Raises:
        Problem: If an escape stands for punctuation, which would let brackets pass unseen.
    """
    if "\\u" not in text and "\\U" not in text:
        return text

    def resolve(match: re.Match[str]) -> str:
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF or (code < 0x80 and not chr(code).isalnum()):
            hint = "Write the character itself."
            raise syntax_problem(text, match.start(), f"the escape {match[0]} is not accepted", hint)
        return chr(code)

    return _ESCAPE.sub(resolve, text)


def lex(text: str) -> Iterator[re.Match[str]]:
    """Yield the tokens of *text*, comments left out."""
    return (match for match in _TOKEN.finditer(text) if not match.group().startswith("#"))


def undeclared_prefix(text: str) -> tuple[str, int] | None:
    """Return the first prefix that is used without a declaration before it, and where; None if there is none.

    >>> undeclared_prefix("PREFIX a: <http://a/> ASK { a:b c:d _:e }")
    ('c', 32)
    """
    declared = {"_"}
    before = ""
    for match in lex(text):
        token = match.group()
        name, colon, _ = token.partition(":")
        if colon and (not name or name[0].isalpha() or name[0] == "_"):
            if before == "PREFIX":
                declared.add(name)
            elif name not in declared:
                return name, match.start()
        before = token.upper()
    return None


_QUICK = re.compile(
    r"(?:\s*PREFIX\s+[^\W\d]?[\w\-]*:\s*<[^<>\s]*>)*\s*(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.IGNORECASE
)
_PREFIX = re.compile(r"PREFIX\s+([^\s:]*):\s*<([^<>\s]*)>", re.IGNORECASE)
# What needs the whole lexer: words that reach out, name a dataset, change from time to time, or hide other words.
_SLOW_WORDS = ("SERVICE", "LOAD", "FROM", "NOW", "RAND", "UUID", "BASE", "INSERT", "DELETE", "<<", "\\")
_IRI = re.compile(r"<[^<>\"{}|^`\\\x00-\x20]*+>")
_QUICK_LENGTH = 1000  # characters; less than the operators a query may have
_ODD_BLANKS = re.compile(r"[^\S ]|  ")


def scan_plain(text: str, limits: Limits) -> Scan | None:
    """Return the scan of a short plain query, as the lexer would; None where only the lexer can tell.

    Each bracket counts as one level, even in a string: what passes cannot be nested too deeply.
    """
    if len(text) > _QUICK_LENGTH or len(text) > limits.operators or len(text) > limits.length:
        return None
    upper = text.upper()
    for word in _SLOW_WORDS:
        if word in upper:
            return None
    if "#" in text and "#" in _IRI.sub("", text):  # a comment
        return None
    opening = 0
    for opener, closer in ("{}", "()", "[]"):
        count = text.count(opener)
        if count != text.count(closer):
            return None
        opening += count
    quotes = text.count('"')
    if opening > limits.depth or "'" in text or quotes % 2:
        return None
    if not (head := _QUICK.match(text)):
        return None
    if not quotes:
        normal = " ".join(text.split())
    elif '"""' in text or _ODD_BLANKS.search(text.strip()):
        return None
    else:
        normal = text.strip()
    prefixes = dict(_PREFIX.findall(text, 0, head.end())) if head.start(1) > 8 else {}
    return Scan(head[1].upper(), frozenset(), prefixes, normal)


def scan(text: str, limits: Limits) -> Scan:
    """Read the tokens of a query or update.

    Raises:
        Problem: 400 or 413 if a limit is passed, a bracket or a string is not closed, or an escape hides punctuation.
    """
    return scan_plain(text, limits) or _scan(text, limits)


@lru_cache(maxsize=256)
def _scan(text: str, limits: Limits) -> Scan:
    if len(text) > limits.length:
        hint = "Shorten it, or ask in several requests."
        raise Problem(
            413,
            "query-length",
            f"the query has {len(text)} characters; the limit is {limits.length}",
            hint,
            {"limit": limits.length},
        )
    text = unescape(text)
    opened: list[tuple[str, int]] = []
    terms = operators = 0
    keywords: set[str] = set()
    result = Scan()
    pieces: list[str] = []
    last_end = 0
    before = before_that = ""
    for tokens, match in enumerate(lex(text), 1):
        token = match.group()
        first = token[0]
        if pieces and match.start() > last_end:
            pieces.append(" ")
        pieces.append(token)
        last_end = match.end()
        if token in "{([":
            opened.append((token, match.start()))
            operators += token == "{"
        elif token in "})]":
            _close(text, opened, token, match.start())
        elif token == "<<":
            terms += 1
        elif token == ">>":
            terms = max(0, terms - 1)
        elif token in _OPERATORS:
            operators += 1
        elif first in "\"'":
            _check_string(text, token, match.start())
        elif token.endswith(":") and before.upper() == "PREFIX":
            pass
        elif first.isalpha() and (word := _keyword(token, result.prefixes)):
            keywords.add(word)
            operators += word in _COUNTED
            if not result.form:
                result.form = word if word in _QUERY_FORMS else "UPDATE" if word in _UPDATE_FORMS else ""
        elif first == "<" and len(token) > 2 and before_that.upper() == "PREFIX" and before.endswith(":"):
            result.prefixes[before[:-1]] = token[1:-1]
        before_that, before = before, token
        if len(opened) + terms > limits.depth:
            raise _too_complex("brackets nested deeper", limits.depth, "Flatten the groups or the expression.")
        if operators > limits.operators:
            raise _too_complex("more groups and operators", limits.operators, "VALUES or IN replace a long UNION.")
        if tokens > limits.tokens:
            raise _too_complex("more tokens", limits.tokens, "Ask in several requests.")
    if opened:
        bracket, offset = opened[-1]
        raise syntax_problem(text, offset, f"this '{bracket}' is never closed", "Add the closing bracket.")
    result.keywords = frozenset(keywords)
    result.normal = "".join(pieces)
    return result


def _close(text: str, opened: list[tuple[str, int]], token: str, offset: int) -> None:
    if not opened or opened[-1][0] != _CLOSER[token]:
        raise syntax_problem(text, offset, f"'{token}' closes nothing", "Remove it, or add the opening bracket.")
    opened.pop()


def _keyword(token: str, prefixes: dict[str, str]) -> str:
    """Return the keyword a word is, empty for a prefixed name.

    The engine reads no tokens, so it takes ``trueSERVICE`` and ``SERVICE:x`` apart; so do we.
    """
    word, colon, _ = token.partition(":")
    upper = word.upper()
    if colon and word in prefixes:
        return ""
    for reaches_out in ("SERVICE", "LOAD"):
        if upper.endswith(reaches_out):
            return reaches_out
    return "" if colon else upper


def _check_string(text: str, token: str, offset: int) -> None:
    if not _COMPLETE.fullmatch(token):
        mark = token[:3] if token[:3] in ('"""', "'''") else token[0]
        raise syntax_problem(text, offset, "this text is never closed", f"Add {mark} at its end.")


def check_query(text: str, limits: Limits, *, services: bool = False) -> Scan:
    """Return the scan of a query that may be run; *services* says that some may be called.

    Raises:
        Problem: 400 if it is an update or passes a limit; 403 if it calls a service.
    """
    result = scan(text, limits)
    if result.form == "UPDATE":
        raise Problem(
            400,
            "update-as-query",
            "this is an update, and was sent as a query",
            "POST it as 'update=' or with Content-Type application/sparql-update, and with a token.",
        )
    if "SERVICE" in result.keywords and not services:
        raise Problem(
            403,
            "service",
            "SERVICE is switched off on this server",
            "Ask the other endpoint yourself, and join its answer with VALUES.",
        )
    return result


def check_update(text: str, limits: Limits, *, loads: bool = False, services: bool = False) -> Scan:
    """Return the scan of an update that may be run; *loads* says that some documents may be fetched, *services* as for a query.

    The scan is not kept, as updates are long and run once.

    Raises:
        Problem: 400 if it is a query or passes a limit; 403 if it would fetch something.
    """
    result: Scan = _scan.__wrapped__(text, limits)
    if result.form in _QUERY_FORMS:
        raise Problem(400, "query-as-update", "this is a query, and was sent as an update", "Send it as 'query='.")
    if "SERVICE" in result.keywords and not services:
        hint = "Ask the other endpoint yourself, and send what it gives as INSERT DATA."
        raise Problem(403, "service", "SERVICE is switched off on this server", hint)
    if "LOAD" in result.keywords and not loads:
        raise Problem(403, "load", "LOAD is switched off on this server", "Send the data with the request.")
    return result

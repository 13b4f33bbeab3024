"""``SERVICE`` in queries: the front asks the other endpoint, and the engine sees its rows as a VALUES block.

So the query processes need no network. The patterns before a SERVICE in its group are asked first, and what they bind
is sent along, so that the other endpoint is not asked for everything it has (a semi-join; the rows of the whole query
are the same). A reply is kept for a while, and used longer where the other endpoint is down.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode, urljoin

import pyoxigraph as ox

from .cache import Cache, Entry
from .guard import Scan, lex, syntax_problem
from .magic import Expanded, Token
from .outbound import Failed, Policy, Refused, as_problem
from .problems import Problem

MAX_SERVICES = 8  # requests for one query
MAX_PUSHED = 1000  # solutions sent along
MAX_ROWS = 50_000
KEEP_S, KEEP_STALE_S = 300.0, 86_400.0
CACHE_BYTES = 16_777_216
_PREFIX_WORDS = ("PREFIX", "BASE", "VERSION")
Row = Mapping[str, Mapping[str, Any]]
Select = Callable[[str], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class _Call:
    """One SERVICE in the text: where it begins and ends, and its parts as positions of tokens."""

    start: int
    end: int
    silent: bool
    target: Token
    body: str


class Federation:
    """Asks other endpoints, as far as *policy* allows."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._kept = Cache(CACHE_BYTES)
        self._times: dict[str, float] = {}

    @property
    def open(self) -> bool:
        """Tell whether any endpoint may be asked."""
        return bool(self.policy.allowed)

    def expand(self, text: str, scan: Scan, base: str, select: Select | None, deadline_s: float) -> Expanded:
        """Return *text* with each SERVICE replaced by the rows it gives; *select* asks our own store.

        *base* is that of relative IRIs, unless the query names another. Without *select* the text is an update: what the
        store holds when its operation is reached is not known yet, so nothing is sent along.

        Raises:
            Problem: 400 if it is not written as SPARQL wants it, 403 if the endpoint may not be asked, 502 or 504 if it
                gives no rows.
        """
        deadline = time.monotonic() + deadline_s
        done, edits = text, []
        shift = 0
        asked = 0
        base = _base(text, base)
        # An update may declare prefixes before each of its operations.
        prologue = _prologue(text, _tokens(text)) if select is not None else _declarations(text, scan, base)
        while (call := _next_call(done)) is not None:
            blocks = []
            solutions = self._bound(done, call, select) if select is not None else None
            for url, extra in self._targets(call, scan, base, solutions):
                if solutions is not None and not solutions:  # nothing could be joined with what it says
                    self._check(url, silent=call.silent)
                    blocks.append("VALUES ?nothing { }")
                    continue
                asked += 1
                if asked > MAX_SERVICES:
                    raise Problem(
                        400, "service", f"the query calls more than {MAX_SERVICES} services", "Ask for fewer."
                    )
                left = deadline - time.monotonic()
                rows = self._ask(url, _remote_query(prologue, call, solutions), call.silent, left)
                blocks.append(_block(rows, extra))
            block = " UNION ".join(f"{{ {one} }}" for one in blocks) if len(blocks) > 1 else blocks[0]
            block = f"{{ {block} }}" + "\n" * done.count("\n", call.start, call.end)
            edits.append((call.start - shift, call.end - shift, len(block)))
            shift += len(block) - (call.end - call.start)
            done = done[: call.start] + block + done[call.end :]
        return Expanded(done, text, edits)

    def _targets(
        self, call: _Call, scan: Scan, base: str, solutions: Sequence[Row] | None
    ) -> list[tuple[str, Mapping[str, str]]]:
        """Return the endpoints to ask, each with what that says of the variable that stands for it."""
        token = call.target.text
        if token[0] not in "?$":
            return [(urljoin(base, _iri(token, scan.prefixes)), {})]
        name = token[1:]
        found = {row[name]["value"] for row in solutions or () if name in row and row[name]["type"] == "uri"}
        if not found:
            detail = f"no pattern before SERVICE {token} in its group gives it an endpoint"
            raise Problem(400, "service", detail, "Bind it with VALUES or a pattern before the SERVICE.")
        return [(url, {name: f"<{url}>"}) for url in sorted(found)]

    def _bound(self, text: str, call: _Call, select: Select) -> Sequence[Row] | None:
        """Return what the patterns before *call* give its variables; None if that cannot be told or is too much."""
        tokens = _tokens(text)
        before = _patterns_before(text, tokens, call.start)
        if before is None:
            return None
        inside = {token.text[1:] for token in _tokens(call.body) if _variable(token)} | {call.target.text[1:]}
        names = sorted({token.text[1:] for token in _tokens(before) if _variable(token)} & inside)
        if not names:
            return None
        head = " ".join(f"?{name}" for name in names)
        dataset = _dataset(text, tokens)
        query = (
            f"{_prologue(text, tokens)} SELECT DISTINCT {head} {dataset} WHERE {{ {before} }} LIMIT {MAX_PUSHED + 1}"
        )
        try:
            rows = select(query)
        except Problem as problem:
            if problem.status >= 500:  # the whole query will not do better
                raise
            return None
        return rows if len(rows) <= MAX_PUSHED else None

    def _check(self, url: str, *, silent: bool) -> None:
        try:
            self.policy.check(url)
        except Refused as error:
            if not silent:
                raise as_problem(error, "service") from error

    def _ask(self, url: str, query: str, silent: bool, left_s: float) -> list[Row] | None:
        """Return the rows of an endpoint; None if it gave none and that is to be ignored."""
        try:
            self.policy.check(url)
            key = f"{url}\0{query}"
            kept, now = self._kept.get(key), time.monotonic()
            if kept is not None and now - self._times.get(key, 0.0) < KEEP_S:
                return _read_rows(kept.body)
            try:
                body = self._fetch(url, query, left_s)
            except Failed:
                if kept is None or now - self._times.get(key, 0.0) > KEEP_STALE_S:
                    raise
                return _read_rows(kept.body)
            rows = _read_rows(body)
            if len(self._times) > 10_000:
                self._times.clear()
            self._kept.put(key, Entry(body))
            self._times[key] = now
            return rows
        except (Refused, Failed) as error:
            if silent:
                return None
            raise as_problem(error, "service") from error

    def _fetch(self, url: str, query: str, left_s: float) -> bytes:
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/sparql-results+json",
        }
        return self.policy.fetch("POST", url, headers, urlencode({"query": query}).encode(), left_s).body


def without_services(text: str) -> Expanded:
    """Return *text* with GRAPH for each SERVICE, which is as correct as it is, and asks nobody.

    Raises:
        Problem: 400 if one is not written as SPARQL wants it.
    """
    done, edits, shift = text, [], 0
    while (call := _next_call(done)) is not None:
        done = f"{done[: call.start]}GRAPH {done[call.target.start :]}"
        edits.append((call.start + shift, call.target.start + shift, len("GRAPH ")))
        shift += call.target.start - call.start - len("GRAPH ")
    return Expanded(done, text, edits)


def _tokens(text: str) -> list[Token]:
    return [Token(match.group(), match.start(), match.end()) for match in lex(text)]


def _variable(token: Token) -> bool:
    return token.text[0] in "?$" and len(token.text) > 1


def _next_call(text: str) -> _Call | None:
    tokens = _tokens(text)
    for index, token in enumerate(tokens):
        if not token.text.upper().endswith("SERVICE") or token.text[0] in "?$<\"'":
            continue
        rest = [*tokens[index + 1 :], Token("", len(text), len(text))]
        if token.text.upper() != "SERVICE":
            if ":" in token.text:
                continue
            raise _wrong(text, token, "SERVICE has to be a word of its own")
        silent = rest[0].text.upper() == "SILENT"
        target, opening = (rest[1], 2) if silent else (rest[0], 1)
        if opening >= len(rest) or rest[opening].text != "{":
            raise _wrong(text, token, "SERVICE is not followed by an endpoint and a group")
        closing = _matching(rest, opening)
        body = text[rest[opening].end : rest[closing].start]
        return _Call(token.start, rest[closing].end, silent, target, body)
    return None


def _wrong(text: str, token: Token, message: str) -> Problem:
    return syntax_problem(text, token.start, message, "Write SERVICE <address> { … }.")


def _matching(tokens: Sequence[Token], index: int) -> int:
    depth = 0
    for position in range(index, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[position].text, 0)
        if depth == 0:
            return position
    return len(tokens) - 1


def _iri(token: str, prefixes: Mapping[str, str]) -> str:
    if token[:1] == "<":
        return token[1:-1]
    prefix, colon, local = token.partition(":")
    if colon and prefix in prefixes:
        return prefixes[prefix] + local.replace("\\", "")
    raise Problem(400, "service", f"{token} is no endpoint", "Write its address in angle brackets.")


def _prologue(text: str, tokens: Sequence[Token]) -> str:
    """Return the declarations a query begins with."""
    end, index = 0, 0
    while index + 1 < len(tokens) and tokens[index].text.upper() in _PREFIX_WORDS:
        index += 3 if tokens[index].text.upper() == "PREFIX" else 2
        end = tokens[index - 1].end
    return text[:end]


def _declarations(text: str, scan: Scan, base: str) -> str:
    """Return the declarations of all operations of an update.

    Raises:
        Problem: 400 if one declares a prefix anew, as it may stand for something else then.
    """
    words = [token.text.upper() for token in _tokens(text)]
    if words.count("PREFIX") > len(scan.prefixes):
        detail = "an update that uses SERVICE can declare each prefix only once"
        raise Problem(400, "service", detail, "Send its operations in several requests.")
    prefixes = "".join(f"PREFIX {name}: <{iri}> " for name, iri in scan.prefixes.items())
    return f"BASE <{base}> {prefixes}" if "BASE" in words else prefixes


def _base(text: str, base: str) -> str:
    """Return the base of the relative IRIs of a query."""
    tokens = _tokens(text)
    for word, iri in pairwise(tokens):
        if word.text == "{":
            break
        if word.text.upper() == "BASE":
            base = urljoin(base, iri.text[1:-1])
    return base


def _dataset(text: str, tokens: Sequence[Token]) -> str:
    """Return the FROM clauses of a query."""
    found = []
    for index, token in enumerate(tokens):
        if token.text.upper() == "FROM":
            last = index + (2 if tokens[index + 1].text.upper() == "NAMED" else 1)
            found.append(text[token.start : tokens[last].end])
    return " ".join(found)


def _patterns_before(text: str, tokens: Sequence[Token], offset: int) -> str | None:
    """Return what stands before *offset* in its group, without filters; in an OPTIONAL that begins so, what is before it.

    None where there is nothing, or where a GRAPH around it changes what it means.
    """
    before = [token for token in tokens if token.end <= offset]
    opened: list[int] = []
    for index, token in enumerate(before):
        if token.text == "{":
            opened.append(index)
        elif token.text == "}":
            opened.pop()
    if any(index > 1 and before[index - 2].text.upper() == "GRAPH" for index in opened):
        return None
    while opened:
        first, end = opened.pop(), len(before)
        while opened and first + 1 == end and before[first - 1].text.upper() == "OPTIONAL":
            end = first - 1
            first = opened.pop()
        if first + 1 < end:
            return _without_filters(text, before[first + 1 : end])
        return None
    return None


def _without_filters(text: str, tokens: Sequence[Token]) -> str:
    """Return the text of *tokens* without the filters of their group, which may speak of variables bound later."""
    pieces, index, depth, start = [], 0, 0, tokens[0].start
    while index < len(tokens):
        token = tokens[index]
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0 and token.text.upper() == "FILTER":
            pieces.append(text[start : token.start])
            while index < len(tokens) and tokens[index].text not in "({":
                index += 1
            pairs = {"(": 1, "{": 1, ")": -1, "}": -1}
            level = 0
            for position in range(index, len(tokens)):
                level += pairs.get(tokens[position].text, 0)
                if level == 0:
                    index = position
                    break
            start = tokens[index].end if index < len(tokens) else tokens[-1].end
        index += 1
    return "".join(pieces) + text[start : tokens[-1].end]


def _remote_query(prologue: str, call: _Call, solutions: Sequence[Row] | None) -> str:
    """Return what the endpoint is asked: the group of the call, joined with what its variables can be."""
    pushed = ""
    if solutions is not None:
        inside = {token.text[1:] for token in _tokens(call.body) if _variable(token)}
        names = [name for name in sorted(inside) if all(_can_go(row.get(name)) for row in solutions)]
        if names and solutions:
            rows = dict.fromkeys(" ".join(_term(row[name]) for name in names) for row in solutions)
            listed = " ".join(f"({row})" for row in rows)
            pushed = f"VALUES ({' '.join('?' + name for name in names)}) {{ {listed} }} "
    return f"{prologue} SELECT * WHERE {{ {pushed}{{ {call.body} }} }}"


def _can_go(cell: Mapping[str, Any] | None) -> bool:
    return cell is not None and cell["type"] in ("uri", "literal", "typed-literal")


def _read_rows(body: bytes) -> list[Row]:
    """Return the rows of a reply in SPARQL Query Results JSON.

    Raises:
        Failed: If it is something else.
    """
    try:
        rows = json.loads(body)["results"]["bindings"]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TypeError("bindings")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failed("the endpoint did not answer with SPARQL Query Results JSON") from error
    if len(rows) > MAX_ROWS:
        raise Failed(f"the endpoint gave {len(rows)} rows; the limit is {MAX_ROWS}")
    return rows


def _block(rows: Sequence[Row] | None, extra: Mapping[str, str]) -> str:
    """Return rows as patterns; blank nodes, which VALUES cannot hold, are made from their labels."""
    if rows is None:
        return "VALUES () { () }"
    names = sorted({name for row in rows for name in row})
    if not all(name.isidentifier() or name.replace("_", "a").isalnum() for name in names):
        raise as_problem(Failed("the endpoint answered with names that are no variables"), "service")
    extra = {name: value for name, value in extra.items() if name not in names}
    blank = [name for name in names if any(row.get(name, {}).get("type") == "bnode" for row in rows)]
    try:
        cells = [[_term(row[name]) if name in row else "UNDEF" for name in names] for row in rows]
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        raise as_problem(
            Failed(f"the endpoint answered with a term that cannot be read: {error}"), "service"
        ) from error
    stand_in = {name: f"?{name}" for name in names} | {name: f"?blank_{name}" for name in blank}
    variables = " ".join([*stand_in.values(), *(f"?{name}" for name in extra)])
    listed = " ".join(f"({' '.join([*row, *extra.values()])})" for row in cells)
    block = f"VALUES ({variables}) {{ {listed} }}"
    if not blank:
        return block
    label = '"urn:blank:"'
    binds = " ".join(
        f"BIND(IF(BOUND(?blank_{name}) && ISIRI(?blank_{name}) && STRSTARTS(STR(?blank_{name}), {label}), "
        f"BNODE(STR(?blank_{name})), ?blank_{name}) AS ?{name})"
        for name in blank
    )
    shown = " ".join(f"?{name}" for name in [*names, *extra])
    return f"{{ SELECT {shown} {{ {block} {binds} }} }}"


def _term(cell: Mapping[str, Any]) -> str:
    """Return a term of a JSON result as SPARQL writes it; a blank node as an IRI of its label."""
    kind, value = cell["type"], cell["value"]
    if kind == "uri":
        if not value or any(char in '<>"{}|^`\\' or char <= " " for char in value):
            raise ValueError(f"{value!r} is no IRI")
        return f"<{value}>"
    if kind == "bnode":
        if not str(value).replace("_", "").replace("-", "").replace(".", "").isalnum():
            raise ValueError(f"{value!r} is no blank node")
        return f"<urn:blank:{value}>"
    if kind == "triple":
        return f"<<( {_term(value['subject'])} {_term(value['predicate'])} {_term(value['object'])} )>>"
    if language := cell.get("xml:lang"):
        return str(ox.Literal(value, language=language))
    if datatype := cell.get("datatype"):
        return str(ox.Literal(value, datatype=ox.NamedNode(datatype)))
    return str(ox.Literal(value))

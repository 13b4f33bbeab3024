"""Change the text of a request where the engine has no parameter for it; tokens, not patterns, decide where.

An update gets the dataset its request names (SPARQL 1.1 Protocol, 2.2.3), as USING clauses put where they belong; a
query gets the limit on rows the administrator set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .guard import lex, unescape
from .magic import Expanded
from .problems import Problem

_Token = tuple[str, int, int]  # its text, where it begins and ends


def declare_first(text: str) -> Expanded:
    """Return an update whose prefixes are all declared before its first operation, as the engine wants it.

    SPARQL lets each operation declare some (1.1 Update, grammar rule 29). Where one is declared anew with another IRI, or BASE
    comes between operations, the text is left as it is.
    """
    tokens = [(match.group(), match.start(), match.end()) for match in lex(text)]
    index = 0
    while index < len(tokens) and (word := tokens[index][0].upper()) in ("PREFIX", "BASE"):
        index += 3 if word == "PREFIX" else 2
    if index >= len(tokens):
        return Expanded(text, text)
    first = tokens[index][1]  # where the operations begin
    known = {name: iri for (word, *_), (name, *_), (iri, *_) in _threes(tokens[:index]) if word.upper() == "PREFIX"}
    added: dict[str, str] = {}
    moved: list[tuple[int, int]] = []
    depth = 0
    for (word, start, _), (name, _, _), (iri, _, end) in _threes(tokens[index:]):
        depth += {"{": 1, "}": -1}.get(word, 0)
        if depth or word.upper() not in ("PREFIX", "BASE"):
            continue
        if word.upper() == "BASE" or known.get(name, iri) != iri or added.setdefault(name, iri) != iri:
            return Expanded(text, text)
        moved.append((start, end))
    head = "".join(f"PREFIX {name} {iri} " for name, iri in added.items() if name not in known)
    pieces, last, edits = [text[:first], head], first, [(first, first, len(head))]
    for start, end in moved:
        lines = text.count("\n", start, end)
        pieces += [text[last:start], "\n" * lines]
        edits.append((start, end, lines))
        last = end
    return Expanded("".join(pieces) + text[last:], text, edits) if moved else Expanded(text, text)


def _threes(tokens: Sequence[_Token]) -> Iterator[tuple[_Token, _Token, _Token]]:
    return zip(tokens, tokens[1:], tokens[2:], strict=False)


def add_using(text: str, using: Sequence[str], using_named: Sequence[str]) -> str:
    """Return *text* with a USING clause for each IRI in every operation that has a WHERE.

    Raises:
        Problem: 400 if the update has WITH, USING or USING NAMED itself.
    """
    if not using and not using_named:
        return text
    text = unescape(text)
    clauses = "".join(f"USING <{iri}> " for iri in using) + "".join(f"USING NAMED <{iri}> " for iri in using_named)
    if not using:  # named graphs only: the default graph of the dataset is empty, as no graph has this name
        clauses = "USING <urn:summitgraph:empty> " + clauses
    pieces: list[str] = []
    done = 0
    for word, start, end, block in _heads(text):
        if word in ("WITH", "USING"):
            hint = "Use either the parameters using-graph-uri and using-named-graph-uri, or the clauses."
            raise Problem(400, "dataset-conflict", f"the update has {word}, and the request names a dataset", hint)
        pieces.append(text[done:start])
        if word == "DELETE WHERE":  # the short form has no place for USING
            pieces.append(f"DELETE {block} {clauses}WHERE {block}")
        else:
            pieces.append(clauses + text[start:end])
        done = end
    return "".join(pieces) + text[done:]


def _heads(text: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield what matters outside brackets: WITH, USING, WHERE, and DELETE WHERE with its block."""
    tokens = [(match.group(), match.start(), match.end()) for match in lex(text)]
    depth, index = 0, 0
    while index < len(tokens):
        token, start, end = tokens[index]
        word = token.upper()
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
        elif depth == 0 and word in ("WITH", "USING"):
            yield word, start, end, ""
        elif depth == 0 and word == "DELETE" and index + 1 < len(tokens) and tokens[index + 1][0].upper() == "WHERE":
            last = _matching(tokens, index + 2)
            yield "DELETE WHERE", start, tokens[last][2], text[tokens[index + 1][2] : tokens[last][2]]
            index = last
        elif depth == 0 and word == "WHERE":
            yield word, start, end, ""
        index += 1


def _matching(tokens: Sequence[tuple[str, int, int]], index: int) -> int:
    depth = 0
    for position in range(index, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[position][0], 0)
        if depth == 0:
            return position
    return len(tokens) - 1


def limit_rows(text: str, maximum: int) -> str | None:
    """Return the SELECT query *text* with at most *maximum* rows, None if it has a lower limit itself."""
    depth, where, end = 0, 0, len(text)
    tokens = list(lex(text))
    for match, following in zip(tokens, [*tokens[1:], None], strict=True):
        token = match.group()
        depth += {"{": 1, "(": 1, "}": -1, ")": -1}.get(token, 0)
        if depth:
            continue
        word = token.upper()
        if token == "}":
            where = match.end()
        elif where and word == "LIMIT" and following is not None and following.group().isdigit():
            if int(following.group()) <= maximum:
                return None
            return f"{text[: following.start()]}{maximum}{text[following.end() :]}"
        elif where and word == "VALUES" and end == len(text):
            end = match.start()
    # On a line of its own, as the last line may end in a comment.
    return f"{text[:end]}\nLIMIT {maximum}\n{text[end:]}" if where else None

"""``LOAD`` in updates: the front fetches what may be fetched, and the writing process reads it as INSERT DATA.

The bytes are only parsed where a crash harms nobody; nothing a fetched document names is fetched in turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

from .formats import RDF_FORMATS, by_media_type, by_name
from .guard import Scan, lex, syntax_problem
from .magic import Expanded
from .outbound import Failed, Fetched, Policy, Refused, as_problem
from .problems import Problem

MAX_LOADS = 8
NOTHING = "INSERT DATA {}"  # what stands for a LOAD where only the rest of an update matters
_ACCEPT = "text/turtle, application/n-triples, application/rdf+xml;q=0.9, application/ld+json;q=0.8, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class Load:
    """One LOAD: where it stands in the text, what is fetched, and the graph as it is written, empty for the default one."""

    start: int
    end: int
    silent: bool
    url: str
    graph: str


@dataclass(frozen=True, slots=True)
class Document:
    """What was fetched for a LOAD: the format's name, the base of its relative IRIs, and the graph as it is written."""

    format: str
    base: str
    graph: str
    body: bytes


def find_loads(text: str, scan: Scan, base: str) -> list[Load]:
    """Return the LOADs of an update; *base* is that of its relative IRIs, unless it names another.

    Raises:
        Problem: 400 with line and column if one is not written as SPARQL wants it.
    """
    tokens = [(match.group(), match.start(), match.end()) for match in lex(text)]
    found: list[Load] = []
    depth = 0
    for index, (token, start, end) in enumerate(tokens):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if token.upper() == "BASE" and not depth and index + 1 < len(tokens):
            base = urljoin(base, tokens[index + 1][0][1:-1])
        if depth or not token.upper().endswith("LOAD") or token[0] in "?$<\"'" or ":" in token:
            continue
        if token.upper() != "LOAD":
            raise syntax_problem(text, start, "LOAD has to be a word of its own")
        rest = [*tokens[index + 1 : index + 6], *[("", end, end)] * 5]
        silent = rest[0][0].upper() == "SILENT"
        source, *after = rest[1:] if silent else rest
        url, last, graph = urljoin(base, _iri(text, source, scan.prefixes)), source[2], ""
        if after[0][0].upper() == "INTO":
            if after[1][0].upper() != "GRAPH":
                raise syntax_problem(text, after[0][1], "INTO is not followed by GRAPH")
            graph, last = after[2][0], after[2][2]
            _iri(text, after[2], scan.prefixes)
        found.append(Load(start, last, silent, url, graph))
    if len(found) > MAX_LOADS:
        raise Problem(400, "load", f"the update has more than {MAX_LOADS} LOADs", "Ask in several requests.")
    return found


def _iri(text: str, token: tuple[str, int, int], prefixes: Mapping[str, str]) -> str:
    word, start, _ = token
    if word[:1] == "<" and len(word) > 2:
        return word[1:-1]
    prefix, colon, local = word.partition(":")
    if colon and prefix in prefixes:
        return prefixes[prefix] + local.replace("\\", "")
    raise syntax_problem(text, start, "this is no IRI", "Write LOAD <address> INTO GRAPH <name>.")


def without_loads(text: str, loads: Sequence[Load]) -> Expanded:
    """Return *text* with an operation that does nothing for each LOAD."""
    edits = [(load.start, load.end, len(NOTHING)) for load in loads]
    return Expanded(NOTHING.join(split(text, loads)), text, edits)


def split(text: str, loads: Sequence[Load]) -> list[str]:
    """Return the pieces of *text* between its LOADs."""
    ends = [0, *(load.end for load in loads)]
    starts = [*(load.start for load in loads), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def fetch(load: Load, policy: Policy, left_s: float) -> Document | None:
    """Return the document of a LOAD; None if there is none and that is to be ignored.

    Raises:
        Problem: 403, 502 or 504 with the reason.
    """
    try:
        fetched = policy.fetch("GET", load.url, {"Accept": _ACCEPT}, None, left_s)
        return Document(_format(fetched), fetched.url, load.graph, fetched.body)
    except (Refused, Failed) as error:
        if load.silent:
            return None
        raise as_problem(error, "load") from error


def _format(fetched: Fetched) -> str:
    """Return the format of a reply by its media type, or by the end of its address where the type says little."""
    suffix = by_name(fetched.url.partition("?")[0].rpartition(".")[2], RDF_FORMATS)
    told = by_media_type(fetched.media_type) if fetched.media_type else None
    plain = fetched.media_type in ("", "text/plain", "application/octet-stream", "application/xml", "text/xml")
    form = (suffix or told) if plain else told
    if form is None:
        raise Failed(f"<{fetched.url}> is {fetched.media_type or 'of no known type'}, which is no RDF format")
    return form.name

"""Changes asked for over HTTP: who may, with which dataset, through the gate, in a process of its own."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from .auth import Gatekeeper
from .engine import Engine, engine_syntax_problem, iris
from .federation import without_services
from .guard import Limits, Scan, check_update, lex
from .limits import client_of
from .loading import Document, Load, fetch, find_loads, split, without_loads
from .magic import Expanded
from .messages import FRAME, receive
from .observe import Metrics
from .outbound import read_policy
from .problems import Problem
from .protocol import Operation, base_of
from .refusals import memory_problem
from .reply import Environ, Reply
from .rewrite import add_using, declare_first

MAX_TEXT = 4_194_304


@dataclass(frozen=True, slots=True)
class Part:
    """One RDF body: its format's name and its bytes."""

    format: str
    body: bytes


class Updates:
    """The writing side of one front."""

    def __init__(self, engine: Engine, gatekeeper: Gatekeeper, metrics: Metrics) -> None:
        settings = engine.settings
        self.engine, self.settings, self.gatekeeper, self.metrics = engine, settings, gatekeeper, metrics
        policy = read_policy(
            settings.load_from, settings.private_networks, settings.remote_timeout_s, settings.remote_max_bytes
        )
        self.loads = replace(policy, count=metrics.add)
        self.limits = Limits(length=min(settings.max_body_bytes, MAX_TEXT), tokens=2_000_000, operators=20_000)
        self.document_prefix = settings.base_iri + "graph/doc/"

    def admit(self, environ: Environ, scope: str) -> None:
        """Let a request pass that may write; raise Problem otherwise."""
        client = client_of(environ, self.settings.trust_proxy)
        self.gatekeeper.check(environ.get("HTTP_AUTHORIZATION"), scope, client)

    def update(self, environ: Environ, operation: Operation) -> Reply:
        """Run a SPARQL update and return its reply.

        Raises:
            Problem: If it may not or cannot be run; the store then is as before the operation that failed.
        """
        self.admit(environ, "update")
        using = iris(operation.parameters.get("using-graph-uri", ()))
        named = iris(operation.parameters.get("using-named-graph-uri", ()))
        federation = self.engine.federation
        scan = check_update(operation.text, self.limits, loads=bool(self.loads.allowed), services=federation.open)
        first = declare_first(operation.text)
        text = add_using(first.text, using, named)
        site = base_of(environ)
        if "SERVICE" in scan.keywords:
            self._check(text, scan, site + "/sparql")
            text = federation.expand(text, scan, site + "/sparql", None, self.settings.update_deadline_s).text
        gated = may_touch(operation.text, scan, self.document_prefix) or self.document_prefix.startswith(site)
        request: dict[str, object] = {
            "op": "update",
            "base": site + "/sparql",
            "gate": gated,
            "graphs": touched(text, scan),
        }
        loads = find_loads(text, scan, site + "/sparql") if "LOAD" in scan.keywords else []
        documents = self._fetch(text, loads, site + "/sparql")
        request["pieces"] = split(text, loads)
        request["documents"] = [
            item and {"format": item.format, "base": item.base, "graph": item.graph, "length": len(item.body)}
            for item in documents
        ]
        done = self.perform(request, b"".join(item.body for item in documents if item), first)
        later = ", which queries will see as soon as its view is made" if done["pending"] else ""
        body = f"done: snapshot {done['version']}{later}\n".encode()
        return Reply(200, "text/plain; charset=utf-8", body, [("Cache-Control", "no-store")])

    def _check(self, text: str, scan: Scan, base: str) -> None:
        """Raise a Problem if an update that calls services is not correct: nobody is asked for one."""
        plain = without_services(text)
        loads = find_loads(plain.text, scan, base) if "LOAD" in scan.keywords else []
        plainer = without_loads(plain.text, loads)
        if message := self.engine.check_syntax("update", plainer.text, base):
            raise engine_syntax_problem(text, plain.message(plainer.message(message)))

    def _fetch(self, text: str, loads: Sequence[Load], base: str) -> list[Document | None]:
        """Return what each of *loads* gives; nothing is fetched for an update that is not correct."""
        if not loads:
            return []
        plain = without_loads(text, loads)
        if message := self.engine.check_syntax("update", plain.text, base):
            raise engine_syntax_problem(text, plain.message(message))
        deadline = time.monotonic() + self.settings.update_deadline_s
        return [fetch(load, self.loads, deadline - time.monotonic()) for load in loads]

    def write_graph(self, op: str, graph: str, base: str, parts: Sequence[Part] = ()) -> dict[str, Any]:
        """Put, post to or delete one graph (empty: the default graph); return what the process tells."""
        listed = [{"format": part.format, "length": len(part.body)} for part in parts]
        gated = graph.startswith(self.document_prefix) and op != "delete"
        request = {
            "op": op,
            "graph": graph,
            "base": base,
            "parts": listed,
            "gate": gated,
            "graphs": [graph] if graph else None,
        }
        return self.perform(request, b"".join(part.body for part in parts))

    def perform(self, request: Mapping[str, object], body: bytes, update: Expanded | None = None) -> dict[str, Any]:
        """Have a process make the change.

        Raises:
            Problem: 409 if a graph would not conform, 503 if another process writes, 504 and 507 at its limits.
        """
        self.metrics.add("updates_total")
        deadline_s = self.settings.update_deadline_s
        full = {**request, "deadline_s": deadline_s, "document_prefix": self.document_prefix}
        mine, theirs = socket.socketpair()
        memory = str(self.settings.memory_mb * 4 * 1_048_576)
        with mine:
            with theirs:
                command = [sys.executable, "-m", "summitgraph.server.writer"]
                process = subprocess.Popen(
                    [*command, str(theirs.fileno()), str(self.settings.store), memory],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
            try:
                mine.settimeout(deadline_s)
                header = json.dumps(full).encode()
                mine.sendall(FRAME.pack(len(header), len(body)) + header + body)
                mine.setblocking(True)
                mine.settimeout(deadline_s)
                answer = receive(mine)
            except TimeoutError:
                raise _deadline(deadline_s) from None
            except ConnectionError:
                answer = None
            finally:
                process.kill()
                process.wait()
        if answer is None:
            raise Problem(500, "crashed", "the process that made the change ended", "The store is as it was.")
        if not answer[0]["ok"]:
            told = answer[0]
            if update is not None:
                told = {**told, "message": update.message(str(told.get("message", "")))}
            raise refused(told, update.original if update is not None else "")
        return answer[0]


def may_touch(text: str, scan: Scan, prefix: str) -> bool:
    """Tell whether an update may change a graph whose IRI starts with *prefix*; where in doubt, yes."""
    if scan.keywords & {"ALL", "NAMED", "BASE"} or "\\" in text or prefix in text:
        return True
    if any(prefix.startswith(space) or space.startswith(prefix) for space in scan.prefixes.values()):
        return True
    words = [match.group() for match in lex(text)]
    return any(word.upper() == "GRAPH" and after[0] in "?$" for word, after in pairwise(words))


def touched(text: str, scan: Scan) -> list[str] | None:
    """Return the IRIs of the graphs an update may change; None where that cannot be told by its words.

    >>> from .guard import Limits, scan
    >>> told = lambda text: touched(text, scan(text, Limits()))
    >>> told("PREFIX a: <http://a/> INSERT DATA { GRAPH a:g { a:s a:p 1 } } ; DROP GRAPH <http://b>")
    ['http://a/g', 'http://b']
    >>> told("INSERT DATA { <http://s> <http://p> 1 }"), told("DELETE WHERE { GRAPH ?g { ?s ?p ?o } }")
    (None, None)
    """
    words = [match.group() for match in lex(text)]
    declared = sum(word.upper() == "PREFIX" for word in words)
    if scan.keywords & _UNCLEAR or "\\" in text or declared > len(scan.prefixes):
        return None
    found: set[str] = set()
    blocks: list[bool] = []  # those that are open: whether they are a GRAPH's, or in one
    names = opens = False  # whether the next word names a graph, or opens its block
    for word in words:
        if names:
            if (iri := _full(word, scan.prefixes)) is None:
                return None
            found.add(iri)
        elif word == "{":
            blocks.append(opens or bool(blocks and blocks[-1]))
        elif word == "}":
            blocks.pop()
        elif blocks and not blocks[-1] and word not in (".", ";") and word.upper() != "GRAPH":
            return None  # something of the default graph
        names, opens = not names and word.upper() == "GRAPH", names
    return sorted(found)


def _full(word: str, prefixes: Mapping[str, str]) -> str | None:
    """Return the IRI a word of an update stands for; None where that depends on more than the prefixes."""
    name, colon, local = word.partition(":")
    iri = word[1:-1] if word.startswith("<") else prefixes[name] + local if colon and name in prefixes else ""
    return iri if _ABSOLUTE.match(iri) and "/." not in iri else None


_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
# Words that name graphs in other ways, or all of them.
_UNCLEAR = frozenset(["ALL", "NAMED", "DEFAULT", "BASE", "COPY", "MOVE", "ADD", "LOAD", "WITH", "USING"])


def _deadline(deadline_s: float) -> Problem:
    return Problem(
        504, "deadline", f"the change was stopped at its deadline of {deadline_s:g} s",
        "Send it in smaller parts.", {"limit": deadline_s},
    )  # fmt: skip


def refused(header: Mapping[str, Any], text: str) -> Problem:
    """Return the problem the writing process reported."""
    error, message = header["error"], str(header.get("message", ""))
    if error == "syntax":
        if text:
            return engine_syntax_problem(text, message)
        return Problem(400, "syntax", f"the body cannot be read: {message}", "Check it against its Content-Type.")
    if error == "does-not-conform":
        hint = "Mend what the report lists, and send it again; the store is unchanged."
        return Problem(409, error, message, hint, {"report": header["report"]})
    if error == "locked":
        return Problem(503, "locked", message, "Try again in a moment.", headers=(("Retry-After", "5"),))
    if error == "memory":
        return memory_problem()
    if error == "unknown":
        return Problem(404, "unknown", message)
    if error == "graph-name":
        return Problem(400, error, message)
    return Problem(500 if error == "failed" and not text else 400, "failed", f"the change was not made: {message}")

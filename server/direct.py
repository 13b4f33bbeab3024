"""Short queries answered by the query process itself, on connections the front has lent it.

A query that is handed over and whose result is handed back costs twice what it costs to run. So a client that asks one
short query after the other gets its answers from the process that runs them. Whatever is not plain goes back to the front
with the connection: other requests, long results, mistakes. What takes long is called in by the front (``lending.py``),
which then treats it as any other query: it has the connection too, and a process that is killed takes none with it.
"""

from __future__ import annotations

import bisect
import contextlib
import gc
import json
import os
import re
import select
import socket
import time
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from . import view
from .board import KEPT_LARGEST, REQUEST_BYTES, Board
from .cache import WHOLE, etag_of
from .coding import COMPRESS_FROM, compress
from .formats import HTML
from .guard import Limits, scan_plain
from .isolation import end_with, limit_memory
from .messages import REPLY, UNCOUNTED, Inbox
from .observe import BUCKETS_S, Note, QueryLog
from .problems import Problem
from .protocol import choose_format, read_parameters
from .reply import date_header
from .rewrite import limit_rows
from .spool import Spool
from .worker import Views, answer, failure, reply_with, respond

LINE = re.compile(rb"GET /sparql/?\?([!-~]+) HTTP/1\.1")
PARAMETERS = frozenset(["query", "format", "output"])
REPLY_BYTES = 131_072  # a longer reply is the front's, which can wait for the client
_GARBAGE = 20_000  # objects made before the collector looks: hardly any of ours is in a cycle
IDLE_S = 2.0  # a connection unused for so long goes back
KEPT, KEPT_BYTES = 2048, 4_194_304  # replies to requests that came again
SEEN = 20_000  # requests remembered as having come once
_buffer = bytearray(65_536)  # requests are read into it, one after the other
_view = memoryview(_buffer)


class Profile:
    """What the headers of a request decide; ``start`` and ``end`` stand around what differs from reply to reply."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        self.accept: str | None = message["accept"]
        self.base: str = message["base"]
        self.coding: str = message["coding"]
        self.start: bytes = message["start"].encode("latin-1")
        self.end: bytes = message["end"].encode("latin-1")

    def whole(self, lines: str) -> bytes:
        """Return a head with these lines in it."""
        return self.start + lines.encode() + self.end


class Loan:
    """A connection that was lent."""

    __slots__ = ("block", "connection", "number", "place", "used")

    def __init__(self, number: int, connection: socket.socket, place: int = -1, block: bytes = b"") -> None:
        self.number, self.connection = number, connection
        self.place, self.block = place, block  # where its requests are counted; the headers they have then
        self.used = time.monotonic()


class Kept:
    """A reply that is sent again to a request in the same bytes: its head but for the date, and its body."""

    __slots__ = ("body", "head", "note", "version")

    def __init__(self, version: str, head: bytes, body: bytes, note: Note) -> None:
        self.version, self.head, self.body, self.note = version, head, body, note

    def cost(self, request: bytes) -> int:
        """Return the bytes it takes with its *request*, with a flat sum for its bookkeeping."""
        return len(request) + len(self.head) + len(self.body) + 256


class Direct:
    """The connections one query process has been lent, beside the socket to the front."""

    def __init__(self, inbox: Inbox, views: Views, board: Board, slot: int, defaults: Mapping[str, Any]) -> None:
        self.inbox, self.views, self.board, self.slot = inbox, views, board, slot
        self.control = inbox.connection
        self.path, self.version = str(views.store), ""
        self.defaults = defaults
        self.limits = Limits(length=defaults["max_query_bytes"])
        self.log = QueryLog(defaults["query_log"] or None)
        self.loans: dict[int, Loan] = {}  # by descriptor
        self.profiles: dict[bytes, Profile] = {}
        self.kept: OrderedDict[bytes, Kept] = (
            OrderedDict()
        )  # a plain dict is slow to lose its first entry again and again
        self.kept_bytes = 0
        self.seen: set[int] = set()  # hashes of requests
        self.poll = select.epoll()
        self.poll.register(self.control.fileno(), select.EPOLLIN)
        board.hold(slot)

    def take(self, message: Mapping[str, Any]) -> None:
        """Take a connection that is lent; its descriptor came with the message."""
        connection = socket.socket(fileno=self.inbox.descriptors.pop(0))
        number = message["loan"]
        if number <= self.board.called_in(self.slot):  # lent, and called in while a query ran
            connection.close()
            return
        connection.setblocking(False)
        block = message["block"].encode("latin-1")
        self.profiles[block] = Profile(message)
        if "kept" in message:
            request, version, head, body = (item.encode("latin-1") for item in message["kept"])
            self._keep(request, Kept(version.decode("latin-1"), head, body, Note(*message["note"])))
        while len(self.profiles) > 64:
            del self.profiles[next(iter(self.profiles))]
        self.loans[connection.fileno()] = Loan(number, connection, message["place"], block)
        self.poll.register(connection.fileno(), select.EPOLLIN)

    def wait(self) -> None:
        """Answer what comes on the connections until the front has something to say, or all have gone back."""
        control = self.control.fileno()
        while self.loans:
            heard = False
            events = self.poll.poll(IDLE_S)
            try:  # once for all that have come until here
                self.version = view.current_name(self.path)
            except (OSError, ValueError):
                self.version = ""
            for descriptor, _ in events:
                if descriptor == control:
                    heard = True
                elif loan := self.loans.get(descriptor):
                    self.serve(loan)
            if heard:
                return
            self._give_back_unused()

    def _give_back_unused(self) -> None:
        oldest = time.monotonic() - IDLE_S
        for loan in [loan for loan in self.loans.values() if loan.used < oldest]:
            self.give_back(loan, b"")

    def give_back_all(self) -> None:
        """Give back all connections."""
        for loan in tuple(self.loans.values()):
            self.give_back(loan, b"")

    def _drop(self, loan: Loan) -> None:
        self.poll.unregister(loan.connection.fileno())
        del self.loans[loan.connection.fileno()]
        loan.connection.close()

    def give_back(self, loan: Loan, data: bytes, what: str = "back") -> None:
        """Return a connection: with what was read of it and is not answered, or (``rest``) with what is left to be sent."""
        self._drop(loan)
        text = json.dumps({"loan": what, "number": loan.number}).encode()
        self.control.sendall(REPLY.pack(len(text), len(data), UNCOUNTED) + text + data)

    def serve(self, loan: Loan) -> None:
        """Read what came on a connection, and answer it or give the connection back."""
        started = time.monotonic()
        self.board.serve(self.slot, loan.number)
        try:
            data = bytes(_view[: loan.connection.recv_into(_buffer)])
        except BlockingIOError:
            self.board.done(self.slot)
            return
        except OSError:
            data = b""
        version = self.version
        if loan.place >= 0 and not (data.endswith(loan.block) and self.board.left(self.slot, loan.place)):
            self.give_back(loan, data)  # the client has asked enough, or it is another one behind the same proxy
            return
        if (kept := self.kept.get(data)) is not None and kept.version == version:
            loan.used = started
            self._send(loan, kept.head, kept.body, kept.note, started, cached=True)
            return
        found = self._read(data)
        if found is None or not version:
            self.give_back(loan, data)
            return
        loan.used = started
        profile, content_type, message = found
        self._run(loan, data, version, started, profile, content_type, message)

    def _read(self, data: bytes) -> tuple[Profile, str, dict[str, object]] | None:
        """Return the profile, Content-Type and message of a request for a plain query; None for any other."""
        end = data.find(b"\r\n")
        profile = self.profiles.get(data[end:])
        if profile is None or len(data) > REQUEST_BYTES or not (line := LINE.fullmatch(data, 0, end)):
            return None
        try:
            parameters = read_parameters(line[1].decode("ascii"))
            queries = parameters.get("query", [])
            if len(queries) != 1 or parameters.keys() - PARAMETERS:
                return None
            text = queries[0]
            scan = scan_plain(text, self.limits)
            if scan is None or self.defaults["search"] in text:
                return None
            chosen, content_type = choose_format(scan.form, parameters, profile.accept)
        except Problem:
            return None
        if chosen is HTML:
            return None
        limit = self.defaults["max_rows_of_select"] if scan.form == "SELECT" else 0
        limited = limit_rows(text, limit) if limit else None
        message = {
            **self.defaults, "query": text, "format": chosen.name, "base": profile.base, "prefixes": scan.prefixes,
            "normal": scan.normal, "form": scan.form,
        }  # fmt: skip
        if limited is not None:
            message |= {"query": limited, "max_rows": limit}
        return profile, content_type, message

    def _run(
        self,
        loan: Loan,
        data: bytes,
        version: str,
        started: float,
        profile: Profile,
        content_type: str,
        message: dict[str, object],
    ) -> None:
        etag = etag_of(str(message["normal"]), str(message["format"]), profile.base, version, WHOLE)
        if self.board.knows(etag):  # the front has it, or had it lately
            self.give_back(loan, data)
            return
        message["version"] = version
        header: Mapping[str, object]
        spool: Spool | None = None
        self.board.enter(self.slot, loan.number, started, data)
        try:
            header, spool = answer(self.views, message)
        except BaseException as error:  # noqa: BLE001 - the engine's panics are no Exception
            header = failure(error)
        called_in = self.board.leave(self.slot)
        if loan.number <= called_in:  # it took long, and the front has taken it for one of its own
            for other in [item for item in self.loans.values() if item.number <= called_in]:
                self._drop(other)
            self.board.done(self.slot)
            reply_with(self.control, message, header, spool)
            return
        if (
            spool is None
            or spool.file is not None
            or spool.size > REPLY_BYTES
            or header["version"] != version
            or header["truncated"]
        ):
            self.board.done(self.slot)
            self.give_back(loan, data, "run")
            reply_with(self.control, message, header, spool)
            return
        ran = time.monotonic()
        body = b"".join(spool.chunks)
        coding = profile.coding if len(body) >= COMPRESS_FROM else ""
        if coding:
            body = compress(body, coding)
            content_type += f"\r\nContent-Encoding: {coding}"
        tag = f"ETag: {etag}\r\nServer-Timing: cache;desc="
        kind = f"\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        note: Note | None = None
        keep = len(body) <= KEPT_LARGEST and self._came_before(data)
        if keep or self.log.open:
            note = Note(str(message["query"]), str(message["form"]), cast("int | None", header["rows"]))
        if keep and note is not None:
            self._keep(data, Kept(version, profile.whole(f"{tag}hit{kind}"), body, note))
        query_ms, total_ms = (ran - started) * 1000, (time.monotonic() - started) * 1000
        timing = f"miss, queue;dur=0.00, query;dur={query_ms:.2f}, total;dur={total_ms:.2f}"
        self._send(loan, profile.whole(f"{tag}{timing}{kind}"), body, note, started, cached=False)

    def _came_before(self, data: bytes) -> bool:
        """Tell whether a request came before, lately: most never come again, and to keep their replies costs memory."""
        number = hash(data)
        if number in self.seen:
            return True
        if len(self.seen) >= SEEN:
            self.seen.clear()
        self.seen.add(number)
        return False

    def _keep(self, data: bytes, kept: Kept) -> None:
        before = self.kept.pop(data, None)
        self.kept[data] = kept
        self.kept_bytes += kept.cost(data) - (before.cost(data) if before else 0)
        while len(self.kept) > KEPT or self.kept_bytes > KEPT_BYTES:
            oldest, gone = self.kept.popitem(last=False)
            self.kept_bytes -= gone.cost(oldest)

    def _send(self, loan: Loan, head: bytes, body: bytes, note: Note | None, started: float, *, cached: bool) -> None:
        if loan.place >= 0:
            self.board.take(self.slot, loan.place)
        # Counted first: who has the answer finds it counted.
        seconds = time.monotonic() - started
        self.board.count(self.slot, seconds, len(body), bisect.bisect_left(BUCKETS_S, seconds), cached=cached)
        if note is not None and self.log.open:
            self.log.write(note, "ok", seconds, len(body), cached=cached)
        data = b"".join((head, date_header(), b"\r\n", body))
        if not cached:
            self.board.sending(self.slot)
        try:
            sent = loan.connection.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:  # the client has gone, which the front finds out
            sent = len(data)
        self.board.done(self.slot)
        if sent < len(data):
            self.give_back(loan, data[sent:], "rest")


def serve(connection: socket.socket, store: Path, memory_bytes: int, board: Board, *, isolated: bool) -> None:
    """Be a query process until the other side goes away; its first message gives what all requests have."""
    inbox = Inbox(connection)
    if (defaults := inbox.next()) is None:
        return
    views = Views(store)
    with contextlib.suppress(OSError, ValueError):
        views.at(view.newest(store))
    limit_memory(memory_bytes)
    end_with(connection)
    slot = defaults.pop("slot")
    direct: Direct | None = None
    gc.set_threshold(_GARBAGE)
    reply_with(connection, {}, {"ok": True, "isolated": isolated, "pid": os.getpid()}, None)
    while True:
        if direct is not None and direct.loans and not inbox.ready:
            direct.wait()
        if (message := inbox.next()) is None:
            return
        if "query" in message:
            respond(connection, views, {**defaults, **message})
        elif "loan" in message:
            direct = direct or Direct(inbox, views, board, slot, defaults)
            direct.take(message)
        elif direct is not None:
            direct.give_back_all()

"""Connections lent to query processes: a client must not be able to tell, whatever happens to the process."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from summitgraph.server import view
from summitgraph.server.launch import launched

from .client import Client
from .conftest import publish
from .test_http1 import ENDLESS

JSON = {"Accept": "application/sparql-results+json", "User-Agent": "lent"}
CHANGING = ("date", "server-timing")


class Line:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, query: str, path: str = "/sparql?query=") -> tuple[int, dict[str, str], bytes]:
        """Send one query and return status, headers and body."""
        self.connection.request("GET", path + quote(query, safe=""), headers=JSON)
        reply = self.connection.getresponse()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()

    def borrower(self) -> int:
        """Return the process that has the connection beside the front; 0 if none has."""
        own = self.connection.sock.getsockname()[1]
        rows = (line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines())
        ends = (f":{self.port:04X}", f":{own:04X}")
        inode = next(row[9] for row in rows if row[1].endswith(ends[0]) and row[2].endswith(ends[1]))
        return next((number for number in _nurslings() if f"socket:[{inode}]" in _sockets(number)), 0)

    def lent(self) -> int:
        """Ask until the connection is lent; return the process that has it."""
        for number in range(200):
            assert self.ask(f"ASK {{ {number} ?p 1 }}")[0] == 200
            if number > 2 and (found := self.borrower()):
                return found
        raise AssertionError("the connection was not lent")


@pytest.fixture
def connect() -> Iterator[Callable[[int], Line]]:
    """Return what opens connections to a port; they are closed at the end."""
    lines: list[Line] = []

    def opened(port: int) -> Line:
        lines.append(Line(port))
        return lines[-1]

    yield opened
    for line in lines:
        line.connection.close()


def _nurslings() -> Iterator[int]:
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"nursery" in (path / "cmdline").read_bytes():
                yield int(path.name)


def _sockets(number: int) -> set[str]:
    try:
        return {str(path.readlink()) for path in Path(f"/proc/{number}/fd").iterdir()}
    except OSError:
        return set()


@pytest.fixture(scope="module")
def server(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """Return the port and the query log of a server whose deadline is eight seconds."""
    log = tmp_path_factory.mktemp("log") / "queries.jsonl"
    with launched(
        store, {"SUMMITGRAPH_DEADLINE_S": "8", "SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_QUERY_LOG": str(log)}
    ) as port:
        yield port, log


def test_replies_are_the_same_as_the_front_gives(server: tuple[int, Path], connect: Callable[[int], Line]) -> None:
    line = connect(server[0])
    line.lent()
    queries = [
        "SELECT * { ?s ?p ?o } LIMIT 3",
        "SELECT ?s { ?s a ?t } ORDER BY ?s",
        "ASK { ?s ?p ?o }",
        "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 5",
        "SELECT ?l { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?l } # with a comment",
        "SELECT * { ?s ?p ",
    ]
    for query in queries:
        path = "/sparql?query=" if "CONSTRUCT" not in query else "/sparql?format=turtle&query="
        status, headers, body = line.ask(query, path)
        fresh = Client(server[0]).request("GET", path + quote(query, safe=""), headers=JSON)
        assert (status, body) == (fresh.status, fresh.body), query
        assert list(headers) == list(fresh.headers)
        for name in headers.keys() - set(CHANGING):
            assert headers[name] == fresh.headers[name], name
        again = line.ask(query, path)
        assert (again[0], again[2]) == (status, body)


def test_other_requests_go_on_at_the_front(server: tuple[int, Path], connect: Callable[[int], Line]) -> None:
    line = connect(server[0])
    line.lent()
    line.connection.request("GET", "/healthz")
    assert line.connection.getresponse().read() == b"ok\n"
    line.lent()
    line.connection.request("POST", "/sparql", b"ASK {}", {"Content-Type": "application/sparql-query", **JSON})
    assert line.connection.getresponse().read().endswith(b"true}")
    line.lent()
    line.connection.sock.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a\r\nAcc")
    time.sleep(0.05)
    line.connection.sock.sendall(b"ept: text/csv\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    received = b""
    while part := line.connection.sock.recv(65_536):
        received += part
    assert received.count(b"HTTP/1.1 200 ") == 2
    assert received.endswith(b"ok\n")


def test_endless_query_on_a_lent_connection_is_stopped_and_delays_nobody(
    server: tuple[int, Path], connect: Callable[[int], Line]
) -> None:
    lines = [connect(server[0]) for _ in range(6)]
    for line in lines:
        line.lent()
    with ThreadPoolExecutor() as threads:
        stopped = threads.submit(lines[0].ask, ENDLESS)
        time.sleep(0.1)
        started = time.monotonic()
        assert [line.ask(f"ASK {{ {number} ?q 2 }}")[0] for number, line in enumerate(lines[1:])] == [200] * 5
        assert time.monotonic() - started < 6  # it still runs
        status, _, body = stopped.result()
    assert status == 504
    assert b"deadline" in body
    assert lines[0].ask("ASK {}")[0] == 200


def test_process_that_is_killed_takes_no_connection_with_it(
    server: tuple[int, Path], connect: Callable[[int], Line]
) -> None:
    lines = [connect(server[0]) for _ in range(4)]
    for line in lines:
        line.lent()
    process = lines[0].lent()  # again: unused, it may have gone back
    with ThreadPoolExecutor() as threads:
        running = threads.submit(lines[0].ask, ENDLESS)
        time.sleep(0.5)  # it runs, whatever else the machine does
        os.kill(process, signal.SIGKILL)
        status, _, body = running.result()
    assert (status, b"crashed" in body) == (500, True)
    assert [line.ask(f"ASK {{ {number} ?r 3 }}")[0] for number, line in enumerate(lines)] == [200] * 4


def test_killed_while_nothing_runs(server: tuple[int, Path], connect: Callable[[int], Line]) -> None:
    line = connect(server[0])
    os.kill(line.lent(), signal.SIGKILL)
    time.sleep(0.05)

    assert line.ask("ASK { 77 ?r 3 }")[0] == 200


def test_long_result_comes_whole(server: tuple[int, Path], connect: Callable[[int], Line]) -> None:
    line = connect(server[0])
    line.lent()
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 3000"
    status, headers, body = line.ask(query)

    assert status == 200
    assert int(headers["content-length"]) == len(body) > 131_072
    assert body.count(b'"a":') == 3000


def test_queries_are_counted_and_logged(server: tuple[int, Path], connect: Callable[[int], Line]) -> None:
    port, log = server
    line = connect(port)
    line.lent()

    def counted() -> int:
        text = Client(port).get("/metrics").text
        return int(re.search(r"^summitgraph_queries_total (\d+)$", text, re.MULTILINE)[1])  # type: ignore[index]

    before, lines = counted(), len(log.read_text("utf-8").splitlines())
    for number in range(10):
        line.ask(f"ASK {{ {number} ?counted 1 }}")
    assert counted() - before == 10
    assert len(log.read_text("utf-8").splitlines()) - lines == 10


def test_connection_unused_goes_back(server: tuple[int, Path], connect: Callable[[int], Line]) -> None:
    line = connect(server[0])
    line.lent()
    deadline = time.monotonic() + 15
    while line.borrower() and time.monotonic() < deadline:
        time.sleep(0.1)

    assert line.borrower() == 0
    assert line.ask("ASK { 78 ?r 3 }")[0] == 200


def test_what_is_written_is_read_at_once(store: Path, tmp_path: Path, connect: Callable[[int], Line]) -> None:
    copy = tmp_path / "store"
    shutil.copytree(store, copy)
    with launched(copy, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        line = connect(port)
        line.lent()
        query = "ASK { <urn:new> <urn:p> 1 }"
        assert line.ask(query)[2].endswith(b"false}")
        database = ox.Store(str(copy / "db"))
        database.update("INSERT DATA { GRAPH <urn:g> { <urn:new> <urn:p> 1 } }")
        publish(copy, database, 2)
        view.build(copy)
        assert line.ask(query)[2].endswith(b"true}")


def test_server_ends_though_connections_are_lent(store: Path, connect: Callable[[int], Line]) -> None:
    with launched(store, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        lines = [connect(port) for _ in range(3)]
        for line in lines:
            line.lent()
        started = time.monotonic()
    assert time.monotonic() - started < 5

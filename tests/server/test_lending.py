"""Connections lent to query processes: a client must not be able to tell, whatever happens to the process."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import threading
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

    def ask(
        self, query: str, path: str = "/sparql?query=", more: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one query and return status, headers and body."""
        self.connection.request("GET", path + quote(query, safe=""), headers={**JSON, **(more or {})})
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


def test_repeated_query_of_a_lent_connection_is_answered_from_memory(
    server: tuple[int, Path], connect: Callable[[int], Line]
) -> None:
    line = connect(server[0])
    query = "ASK { <urn:again> ?p 1 }"
    timings = [line.ask(query)[1]["server-timing"] for _ in range(6)]

    assert line.borrower()
    assert "desc=miss" in timings[0]
    assert all(timing.startswith("cache;desc=hit") for timing in timings[1:])


def test_rate_limit_counts_what_lent_connections_are_answered(store: Path, connect: Callable[[int], Line]) -> None:
    limits = {"SUMMITGRAPH_RATE": "0.5", "SUMMITGRAPH_BURST": "60", "SUMMITGRAPH_FRONTS": "1"}
    with launched(store, limits) as port:
        line = connect(port)
        was_lent, started = False, time.monotonic()
        statuses = []
        for number in range(100):
            statuses.append(line.ask(f"ASK {{ {number} ?p 2 }}")[0])
            was_lent = was_lent or bool(number == 10 and line.borrower())
        allowed = 60 + 0.5 * (time.monotonic() - started)

        assert was_lent
        assert set(statuses) == {200, 429}
        assert 58 <= statuses.count(200) <= allowed
        refused = line.ask("ASK { 1 ?again 2 }")
        assert (refused[0], "retry-after" in refused[1]) == (429, True)


def test_requests_not_used_on_a_lent_connection_are_the_clients_again(
    store: Path, connect: Callable[[int], Line]
) -> None:
    limits = {"SUMMITGRAPH_RATE": "0.01", "SUMMITGRAPH_BURST": "40", "SUMMITGRAPH_FRONTS": "1"}
    with launched(store, limits) as port:
        line = connect(port)
        line.lent()
        line.connection.request("GET", "/sparql", headers={"Accept": "text/turtle"})  # no query: the loan comes back
        line.connection.getresponse().read()
        others = [connect(port).ask(f"ASK {{ {number} ?p 3 }}")[0] for number in range(40)]

    assert 25 <= others.count(200) < 40


def test_clients_behind_a_trusted_proxy_have_a_limit_each(store: Path, connect: Callable[[int], Line]) -> None:
    limits = {
        "SUMMITGRAPH_RATE": "0.01", "SUMMITGRAPH_BURST": "40", "SUMMITGRAPH_TRUST_PROXY": "1", "SUMMITGRAPH_FRONTS": "1",
    }  # fmt: skip
    with launched(store, limits) as port:
        line = connect(port)
        first, second = ({"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2))
        asked = [line.ask(f"ASK {{ {number} ?p 4 }}", more=first)[0] for number in range(41)]
        other = [line.ask(f"ASK {{ {number} ?p 5 }}", more=second)[0] for number in range(40)]
        repeated = [line.ask("ASK { 1 ?p 4 }", more=first)[0] for _ in range(3)]

    assert asked == [200] * 40 + [429]
    assert other == [200] * 40
    assert repeated == [429] * 3


def test_rows_over_the_limit_are_cut_and_said_so_on_a_lent_connection(
    store: Path, connect: Callable[[int], Line]
) -> None:
    with launched(store, {"SUMMITGRAPH_MAX_ROWS": "3", "SUMMITGRAPH_FRONTS": "1"}) as port:
        line = connect(port)
        line.lent()
        few = line.ask("SELECT ?s { ?s ?p ?o } LIMIT 2")
        assert (few[2].count(b'"s":{'), "summitgraph-truncated" in few[1]) == (2, False)
        assert line.borrower()
        many = line.ask("SELECT ?s { ?s ?p ?o } LIMIT 9")
        assert (many[2].count(b'"s":{'), "summitgraph-truncated" in many[1]) == (3, True)
        again = line.ask("SELECT ?s { ?s ?p ?o } LIMIT 9")
        assert (again[2], "summitgraph-truncated" in again[1]) == (many[2], True)


def test_process_killed_at_any_moment_leaves_no_client_waiting(
    server: tuple[int, Path], connect: Callable[[int], Line]
) -> None:
    """A reply, or the end of the connection before there is one: whoever asks with GET may ask again."""
    answered, ended = 0, 0
    for attempt in range(12):
        line = connect(server[0])
        line.lent()
        process = line.borrower()
        line.connection.sock.settimeout(10)  # far beyond what any of it takes, far below what an idle connection has
        killer = threading.Timer(0.02 + attempt * 0.00371, os.kill, (process, signal.SIGKILL))
        killer.start()
        for number in range(400):
            try:
                status, _, body = line.ask(f"ASK {{ {number % 3} ?killed 1 }}")
                assert (status, body[-6:]) in ((200, b"false}"), (500, body[-6:]))
                answered += 1
            except (ConnectionError, http.client.HTTPException):
                ended += 1
                break
        killer.join()

    assert answered > 1000
    assert ended <= 12
    assert line.ask("ASK {}")[0] == 200

"""What clients may do on a connection: slow, rude, many requests at once, going away. Raw bytes to a real server."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from summitgraph.server import http1
from summitgraph.server.launch import launched

from .client import Client

ASK = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a\r\n\r\n"
ENDLESS = "SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}"


@pytest.fixture
def wire(client: Client) -> Iterator[socket.socket]:
    """Return a connection to the shared server."""
    with closing(socket.create_connection(("127.0.0.1", client.port), timeout=10)) as connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def statuses(answers: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def test_requests_sent_together_are_answered_in_order(wire: socket.socket) -> None:
    wire.sendall(
        b"".join(b"GET /sparql?query=ASK%%7B%d%%20%%3Fp%%201%%7D HTTP/1.1\r\nHost: a\r\n\r\n" % n for n in range(9))
    )
    wire.sendall(ASK + b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    answers = read_all(wire)

    assert statuses(answers)[-2:] == [200, 200]
    assert len(statuses(answers)) == 11
    assert answers.endswith(b"ok\n")


def test_request_cut_anywhere_is_put_together(client: Client) -> None:
    body = b"query=ASK%7B%7D"
    whole = (
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    ) + body
    for cut in range(1, len(whole), 17):
        with socket.create_connection(("127.0.0.1", client.port), timeout=10) as connection:
            connection.sendall(whole[:cut])
            time.sleep(0.002)
            connection.sendall(whole[cut:])

            assert statuses(read_all(connection)) == [200], cut


def test_chunked_body_is_read(wire: socket.socket) -> None:
    wire.sendall(
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nTransfer-Encoding: chunked\r\n"
        b"Connection: close\r\n\r\n3\r\nASK\r\n3\r\n {}\r\n0\r\n\r\n"
    )

    assert statuses(read_all(wire)) == [200]


def test_client_that_asks_first_is_told_to_go_on(wire: socket.socket) -> None:
    wire.sendall(
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nContent-Length: 6\r\n"
        b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.sendall(b"ASK {}")

    assert statuses(read_all(wire)) == [200]


def test_body_too_long_is_refused_with_a_reason_before_it_is_read(wire: socket.socket) -> None:
    wire.sendall(
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nContent-Length: 9999999\r\n\r\n"
    )
    wire.sendall(b"x" * 500_000)  # sent on while it is refused
    answer = read_all(wire)

    assert statuses(answer) == [413]
    assert b"200000 bytes" in answer


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET /" + b"a" * 500_000, 431),
    ],
)
def test_what_is_no_request_is_refused(wire: socket.socket, sent: bytes, status: int) -> None:
    wire.sendall(sent)

    assert statuses(read_all(wire)) == [status]


def test_old_client_gets_its_answer_and_the_end(wire: socket.socket) -> None:
    wire.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.0\r\n\r\n")

    assert read_all(wire).endswith(b'"boolean":true}')


def test_path_typed_in_arabic_is_a_path(wire: socket.socket) -> None:
    wire.sendall("GET /?lang=ar&q=قمة HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode())

    assert statuses(read_all(wire)) == [200]


def test_header_with_an_underscore_does_not_pass_for_another(wire: socket.socket) -> None:
    wire.sendall(
        b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\nAccept_: image/png\r\n"
        b"If_None_Match: *\r\nConnection: close\r\n\r\n"
    )

    assert statuses(read_all(wire)) == [200]


def test_same_bytes_are_answered_anew_when_the_data_are_new(
    make_store: Callable[[Path, str], Path], tmp_path: Path
) -> None:
    store = make_store(tmp_path / "store", "<http://e/a> <http://e/b> <http://e/c> .")
    with launched(store) as port, closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as wire:

        def ask() -> bytes:
            wire.sendall(ASK)
            return wire.recv(65_536)

        answers = [ask() for _ in range(4)]  # computed, kept, remembered by its bytes, and so again
        (
            store / "CURRENT"
        ).touch()  # another version, though of the same data; the older one is shown until it is ready
        deadline = time.monotonic() + 20
        while _etag(answer := ask()) == _etag(answers[0]) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert len({answer.partition(b"\r\n\r\n")[2] for answer in answers}) == 1
    assert b"desc=miss" in answers[0]
    assert b"Server-Timing: cache;desc=hit\r\n" in answers[-1]
    assert _etag(answer) != _etag(answers[0])
    assert b"desc=miss" in answer


def _etag(answer: bytes) -> bytes:
    return answer.partition(b"ETag: ")[2].partition(b"\r\n")[0]


def test_answer_that_has_not_changed_is_said_to_each_who_has_it(client: Client) -> None:
    etag = client.query("ASK { ?a ?b 7 }").headers["etag"]
    for _ in range(4):
        path = "/sparql?query=" + quote("ASK { ?a ?b 7 }")
        reply = client.get(path, If_None_Match=etag, Accept="application/sparql-results+json")

        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)


def test_query_of_a_client_that_has_gone_is_ended(client: Client) -> None:
    before = _busy(client)
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        connection.sendall(f"GET /sparql?query={quote(ENDLESS + '# gone')} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        time.sleep(0.3)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")  # leave without a goodbye
    deadline = time.monotonic() + 5  # long before its own deadline
    while _busy(client) > before and time.monotonic() < deadline:
        time.sleep(0.05)

    assert _busy(client) <= before


def _busy(client: Client) -> int:
    found = re.search(r"^summitgraph_processes_busy (\d+)$", client.get("/metrics").text, re.MULTILINE)
    assert found
    return int(found[1])


def test_slow_clients_are_let_go(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    code = (
        "import sys; from summitgraph.server import http1, serve; http1.HEAD_S = http1.BODY_S = 0.5; "
        "serve(sys.argv[1], port=int(sys.argv[2]))"
    )
    monkeypatch.setattr("summitgraph.server.launch._CODE", code)
    head = (
        b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Type: application/sparql-query\r\nContent-Length: 99\r\n\r\nASK"
    )
    assert http1.HEAD_S > 5 < http1.BODY_S
    with launched(store, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        for sent in (ASK[:30], head):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
                slow.sendall(sent)

                assert statuses(read_all(slow)) == [408]


def test_front_that_is_killed_is_replaced(store: Path) -> None:
    with launched(store, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        client = Client(port)
        front = next(number for number in _fronts(store))
        os.kill(front, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                if client.query("ASK {}").status == 200:
                    break
            except OSError:
                time.sleep(0.05)

        assert client.query("ASK {}").status == 200
        assert front not in _fronts(store)


def _fronts(store: Path) -> list[int]:
    """Return the processes that answer requests: children of the one that was started, with its command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            above = Path(f"/proc/{parent}/cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if str(store).encode() in command and b"nursery" not in command and above == command:
            found.append(int(folder.name))
    return found


def test_long_answer_waits_for_a_client_that_reads_slowly(client: Client) -> None:
    values = " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "abcde")
    path = "/sparql?query=" + quote(f"SELECT * {{ {values} }}")
    sizes = []
    for _ in range(3):  # computed, then kept
        with socket.create_connection(("127.0.0.1", client.port), timeout=10) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
            slow.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept: text/csv\r\nConnection: close\r\n\r\n".encode())
            time.sleep(0.3)
            assert client.query("ASK {}").status == 200  # others are answered meanwhile
            sizes.append(len(read_all(slow).partition(b"\r\n\r\n")[2]))

    assert sizes == [11 + 100_000 * 11] * 3  # a line of five names, and one for each row


def test_newcomer_takes_the_place_of_who_says_nothing(monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    code = (
        "import sys; from summitgraph.server import run, serve; run.CONNECTIONS = 20; "
        "serve(sys.argv[1], port=int(sys.argv[2]))"
    )
    monkeypatch.setattr("summitgraph.server.launch._CODE", code)
    with launched(store, {"SUMMITGRAPH_FRONTS": "1"}) as port:
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(60)]
        silent[-1].sendall(ASK[:20])
        answers = [Client(port).query("ASK {}").status for _ in range(5)]
        for connection in silent:
            connection.close()

    assert answers == [200] * 5


def test_nursery_that_is_killed_is_replaced(store: Path) -> None:
    with launched(store, {"SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_WORKERS": "1"}) as port:
        client = Client(port)
        assert client.query("ASK {}").status == 200
        for number in _with(store, b"nursery"):  # the process itself, and those it forked
            os.kill(number, signal.SIGKILL)
        deadline = time.monotonic() + 15
        while (status := client.query(f"ASK {{ ?s ?p {time.monotonic_ns()} }}").status) != 200:
            assert status in (500, 503)
            assert time.monotonic() < deadline


def _with(store: Path, word: bytes) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if str(store).encode() in command and word in command:
                found.append(int(folder.name))
    return found

"""Starting, settings, limits of clients, the log, and ending."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from summitgraph.errors import InputError, StoreError
from summitgraph.server import create_app, read_settings, serve
from summitgraph.server.auth import digest, read_tokens
from summitgraph.server.launch import free_port, is_ready, launched
from summitgraph.server.settings import Settings

from .client import Client


def test_port_in_use_is_said_before_anything_starts(store: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(InputError, match=f"port {port} on 127.0.0.1 is in use"):
            serve(store, port=port)


def test_address_that_is_not_ours_is_refused(store: Path) -> None:
    with pytest.raises(InputError, match=r"cannot listen on 192\.0\.2\.1"):
        serve(store, host="192.0.2.1", port=0)


@pytest.mark.parametrize("made", [False, True])
def test_store_that_is_not_there_is_said(tmp_path: Path, made: bool) -> None:
    path = tmp_path / "none"
    if made:
        path.mkdir()

    with pytest.raises(StoreError, match="summitgraph load"):
        create_app(Settings(store=path))


def test_settings_are_read_from_the_environment() -> None:
    settings = read_settings(
        {"SUMMITGRAPH_DEADLINE_S": "2.5", "SUMMITGRAPH_STORE": "/x", "SUMMITGRAPH_TRUST_PROXY": "yes"}
    )

    assert (settings.deadline_s, settings.store, settings.trust_proxy) == (2.5, Path("/x"), True)
    assert read_settings({}) == Settings()
    assert read_settings({"SUMMITGRAPH_BASE_IRI": "http://e/base"}).base_iri == "http://e/base/"


@pytest.mark.parametrize(("name", "value"), [("DEADLINE_S", "soon"), ("WORKERS", "-1"), ("TRUST_PROXY", "perhaps")])
def test_wrong_setting_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(InputError, match=f"SUMMITGRAPH_{name} is '{value}'"):
        read_settings({f"SUMMITGRAPH_{name}": value})


@pytest.mark.parametrize("line", ["secret update", digest("x"), digest("x") + " everything"])
def test_wrong_line_of_a_token_file_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# one\n{line}\n")

    with pytest.raises(InputError, match=r"tokens:2"):
        read_tokens(Settings(token_file=path))


def test_limits_log_and_cors_are_as_set(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    environment = {
        "SUMMITGRAPH_RATE": "5",
        "SUMMITGRAPH_BURST": "8",
        "SUMMITGRAPH_FRONTS": "1",
        "SUMMITGRAPH_CORS": "https://friend.example",
        "SUMMITGRAPH_QUERY_LOG": str(log),
    }
    with launched(store, environment) as port:
        client = Client(port)
        friend = client.get("/sparql?query=ASK%7B%7D", Origin="https://friend.example")
        stranger = client.get("/sparql?query=ASK%7B%7D", Origin="https://stranger.example")
        client.query("ASK { ?secret ?p 'do not log me' }")
        client.query("ASK { broken")
        replies = [client.query("ASK {}") for _ in range(30)]
        health = [client.get("/healthz").status for _ in range(30)]

    assert friend.headers["access-control-allow-origin"] == "https://friend.example"
    assert "access-control-allow-origin" not in stranger.headers
    assert {reply.status for reply in replies} == {200, 429}
    assert all("retry-after" in reply.headers for reply in replies if reply.status == 429)
    assert set(health) == {200}
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"ok", "syntax"} <= {line["outcome"] for line in lines}
    assert {"time", "query", "form", "outcome", "ms", "bytes", "rows", "cached"} == set(lines[0])
    assert "do not log me" not in log.read_text()


def test_term_signal_ends_everything_without_an_error(store: Path) -> None:
    port = free_port()
    code = f"from summitgraph.server import serve; serve({str(store)!r}, port={port})"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 10
    while not is_ready(port) and time.monotonic() < deadline:
        time.sleep(0.02)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=15)

    assert children
    assert (process.returncode, errors) == (0, b"")
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_long_result_goes_through_a_file_and_is_whole(client: Client) -> None:
    values = " ".join(f"VALUES ?{name} {{ 0 1 2 3 4 5 6 7 8 9 }}" for name in "abcdef")
    reply = client.query(f"SELECT * {{ {values} }}", "text/tab-separated-values")

    assert reply.status == 200
    assert len(reply.body) == int(reply.headers["content-length"]) > 10_000_000
    assert reply.body.count(b"\n") == 1_000_001

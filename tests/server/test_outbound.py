"""The rules for requests to other servers."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler

import pytest

from summitgraph.errors import InputError
from summitgraph.server.engine import _service_policy
from summitgraph.server.outbound import Failed, Refused, read_policy
from summitgraph.server.settings import Settings

from .remote import remote, send

LOOPBACK = "127.0.0.0/8"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[ff02::1]",
        "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[2001:db8::1]",
    ],
)  # fmt: skip
def test_address_that_is_not_public_is_refused(address: str) -> None:
    policy = read_policy(f"http://{address}/", "", 2.0, 1000)

    with pytest.raises(Refused, match="not a public address"):
        policy.fetch("GET", f"http://{address}/x", {}, None, 2.0)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://h.example/", "gopher://h.example/", "http://user@h.example/", "http://h.example@evil.example/",
        "//h.example/", "http://H.example/", "http://h.example:0/", "http://h.example:99999/", "http:///x", "http://h.example/a b",
        "http://h.example/\r\nHost: x", "http://h.example/sub/../x", "http://h.example/sub/%2e%2e/x", "http://h.example/قمة",
        "http://127.1\\@h.example/", "jar:http://h.example/!/", "",
    ],
)  # fmt: skip
def test_address_that_is_no_plain_one_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        read_policy("http://h.example/", "", 2.0, 1000).check(url)


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("https://h.example/sparql", True),
        ("https://h.example/sparql?default-graph-uri=x", True),
        ("https://h.example/sparql-internal", False),
        ("https://h.example/sparql/x", False),
        ("https://h.example/", False),
        ("http://h.example/sparql", False),
        ("https://h.example:8443/sparql", False),
        ("https://h.example.evil.example/sparql", False),
        ("https://data.example/any/thing", True),
        ("https://data.example.evil.example/", False),
    ],
)
def test_list_covers_what_it_names(url: str, covered: bool) -> None:
    policy = read_policy("https://h.example/sparql https://data.example/", "", 2.0, 1000)

    if covered:
        assert policy.check(url).geturl() == url
    else:
        with pytest.raises(Refused, match="not on this server's list"):
            policy.check(url)


@pytest.mark.parametrize(
    ("allowed", "private"),
    [
        ("h.example", ""),
        ("https://h.example", ""),
        ("ftp://h.example/", ""),
        ("", "10.0.0.0/99"),
        ("", "10.0.0.1/8"),
        ("", "127.0.0"),
        ("", "host/path"),
    ],
)
def test_setting_that_cannot_be_read_stops_the_server(allowed: str, private: str) -> None:
    with pytest.raises(InputError):
        read_policy(allowed, private, 2.0, 1000)


def test_nothing_is_allowed_unless_it_is_set_and_wikidata_by_one_setting() -> None:
    assert _service_policy(Settings()).allowed == ()
    assert _service_policy(Settings(wikidata=True)).allowed == ("https://query.wikidata.org/sparql",)


def test_redirects_are_checked_like_the_first_address() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        places = {
            "/a/ok": "/a/end",
            "/a/out": "/b/secret",
            "/a/metadata": "http://169.254.169.254/",
            "/a/loop": "/a/loop",
            "/a/file": "file:///etc/passwd",
        }
        if place := places.get(handler.path):
            send(handler, 302, "text/plain", b"", Location=place)
        else:
            send(handler, 200, "text/turtle", handler.path.encode())

    with remote(answer) as server:
        policy = read_policy(server.url("/a/"), LOOPBACK, 5.0, 1000)

        assert policy.fetch("GET", server.url("/a/ok"), {}, None, 5.0).body == b"/a/end"
        for path in ("/a/out", "/a/metadata", "/a/file"):
            with pytest.raises(Refused):
                policy.fetch("GET", server.url(path), {}, None, 5.0)
        with pytest.raises(Failed, match="redirects"):
            policy.fetch("GET", server.url("/a/loop"), {}, None, 5.0)
        assert "/b/secret" not in [path for _, path, _ in server.requests]


def test_reply_is_bounded_in_size_and_time() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/long":
            send(handler, 200, "text/turtle", b"x" * 5000)
        elif handler.path == "/packed":
            send(handler, 200, "text/turtle", b"x", Content_Encoding="gzip")
        elif handler.path == "/gone":
            send(handler, 404, "text/plain", b"")
        else:
            handler.send_response(200)
            handler.end_headers()
            for _ in range(100):
                handler.wfile.write(b".")
                time.sleep(0.05)

    with remote(answer) as server:
        policy = read_policy(server.url("/"), "127.0.0.1/32", 0.6, 1000)
        for path, message in (("/long", "longer"), ("/packed", "compressed"), ("/gone", "404")):
            with pytest.raises(Failed, match=message):
                policy.fetch("GET", server.url(path), {}, None, 5.0)
        started = time.monotonic()
        with pytest.raises(Failed, match="in time") as late:
            policy.fetch("GET", server.url("/drip"), {}, None, 5.0)

        assert late.value.late
        assert time.monotonic() - started < 3.0


def test_host_may_be_excepted_by_name() -> None:
    with remote(lambda handler: send(handler, 200, "text/turtle", b"ok")) as server:
        address = f"http://localhost:{server.port}/"

        assert read_policy(address, "localhost", 2.0, 1000).fetch("GET", address, {}, None, 2.0).body == b"ok"
        with pytest.raises(Refused, match="not a public address"):
            read_policy(address, "", 2.0, 1000).fetch("GET", address, {}, None, 2.0)

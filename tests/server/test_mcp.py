"""``summitgraph mcp``, spoken to as a client does: one process, lines of JSON-RPC."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MACRON = "https://w3id.org/summitgraph/id/person/macron"


class McpClient:
    """A client on the pipes of a server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.number = 0

    def send(self, line: str) -> dict[str, Any]:
        """Send a line and return the next one."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def request(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a request and return its reply."""
        self.number += 1
        answer = self.send(json.dumps({"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}))
        assert answer["id"] == self.number
        return answer

    def call(self, name: str, **arguments: object) -> tuple[str, bool]:
        """Call a tool; return its text, and whether it failed."""
        result = self.request("tools/call", name=name, arguments=arguments)["result"]
        return result["content"][0]["text"], result["isError"]


@pytest.fixture(scope="module")
def mcp(store: Path) -> Iterator[McpClient]:
    """Return a client of a server that has been greeted."""
    command = [sys.executable, "-m", "summitgraph", "mcp", "--store", str(store)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        client = McpClient(process)
        client.request(
            "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "t", "version": "1"}
        )
        assert process.stdin
        process.stdin.write(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}) + "\n")
        yield client
        process.stdin.close()
        assert process.wait(20) == 0


def test_version_is_agreed_on(mcp: McpClient) -> None:
    known = mcp.request("initialize", protocolVersion="2024-11-05", capabilities={}, clientInfo={})["result"]
    unknown = mcp.request("initialize", protocolVersion="1999-01-01", capabilities={}, clientInfo={})["result"]

    assert known["protocolVersion"] == "2024-11-05"
    assert unknown["protocolVersion"] == "2025-11-25"
    assert known["serverInfo"]["name"] == "summitgraph"


def test_tools_are_listed_with_schemas_and_only_read(mcp: McpClient) -> None:
    tools = mcp.request("tools/list")["result"]["tools"]

    assert [tool["name"] for tool in tools] == ["schema", "examples", "query", "find", "entity"]
    assert all(tool["inputSchema"]["type"] == "object" and tool["annotations"]["readOnlyHint"] for tool in tools)


def test_entity_is_found_in_arabic_and_described(mcp: McpClient) -> None:
    found, failed = mcp.call("find", words="ماكرون", lang="ar")
    described, _ = mcp.call("entity", iri=MACRON)

    assert not failed
    assert found.startswith(f"<{MACRON}> sg:Person إيمانويل ماكرون")
    assert "Emmanuel Macron" in described


def test_query_runs_with_known_prefixes_and_says_what_it_left_out(mcp: McpClient) -> None:
    text, failed = mcp.call("query", sparql="SELECT ?l { ?p a sg:Person ; rdfs:label ?l } ORDER BY ?l", limit=1)

    assert not failed
    assert text.splitlines()[0] == "l"
    assert "# truncated: the first 1 of" in text


def test_word_no_data_use_is_named_with_what_is_alike(mcp: McpClient) -> None:
    text, _ = mcp.call("query", sparql="SELECT * { ?s a sg:Persons }")

    assert "No data use sg:Persons. Alike: sg:Person" in text


@pytest.mark.parametrize(
    ("sparql", "said"),
    [
        ("SELECT * { ?s ?p", "never closed"),
        ("DELETE WHERE { ?s ?p ?o }", "update"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "switched off"),
        ("SELECT * " + "{" * 3000 + "}" * 3000, "nested deeper"),
        ("SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}", "deadline of 0.3"),
    ],
)
def test_limits_are_those_of_the_endpoint(mcp: McpClient, sparql: str, said: str) -> None:
    text, failed = mcp.call("query", sparql=sparql, timeout=0.3)

    assert failed
    assert said in text
    assert mcp.call("query", sparql="ASK {}") == ("true", False)


def test_schema_and_examples_help_to_write_a_query(mcp: McpClient) -> None:
    schema, _ = mcp.call("schema")
    part, _ = mcp.call("schema", **{"class": "sg:Person"})
    examples, _ = mcp.call("examples", about="who refused to sign", limit=2)

    assert "PREFIX sg:" in schema
    assert part.startswith("sg:Person: ")
    assert examples.count("SELECT") >= 1
    assert "refus" in examples.lower()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", -32700),
        ("[" * 100_000, -32700),
        ("[]", -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "resources/frobnicate"}', -32601),
        ('{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "rm"}}', -32602),
    ],
)
def test_wrong_message_gets_its_code(mcp: McpClient, line: str, code: int) -> None:
    assert mcp.send(line)["error"]["code"] == code


@pytest.mark.parametrize(
    "arguments", [{}, {"sparql": 1}, {"sparql": "ASK {}", "more": 1}, {"sparql": "ASK {}", "limit": 10_000}]
)
def test_wrong_argument_is_named(mcp: McpClient, arguments: dict[str, object]) -> None:
    text, failed = mcp.call("query", **arguments)

    assert failed
    assert "argument" in text

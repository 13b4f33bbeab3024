"""The language-model extractor against a real server that speaks the protocol, and does not always speak it well."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from summitgraph import ontology
from summitgraph.errors import InputError
from summitgraph.graph.records import Document
from summitgraph.loaders import extractors, llm, llm_schema
from summitgraph.loaders.llm_client import Client, CutAnswerError, ModelError
from summitgraph.workers import read
from tests.conftest import Run

TEXT = (
    "The Harbour Summit was held in Oslo on 3 May 2024. It was chaired by Kari Nordmann, who said that the sea was warm. "
    "Norway pledged 2 billion dollars to the Sea Fund. Forty states signed the Oslo Declaration."
)
ANSWER = {
    "entities": [
        {"id": "a", "kind": "Summit", "name": "Harbour Summit"},
        {"id": "b", "kind": "Person", "name": "Kari Nordmann"},
        {"id": "c", "kind": "State", "name": "Norway"},
        {"id": "d", "kind": "Declaration", "name": "Oslo Declaration"},
        {"id": "e", "kind": "City", "name": "Oslo"},
        {"id": "ghost", "kind": "Person", "name": "Ola Nordmann"},
        {"id": "odd", "kind": "Wizard", "name": "Norway"},
    ],
    "facts": [
        {"subject": "a", "property": "chairedBy", "object": "b", "quotation": "chaired by Kari Nordmann"},
        {"subject": "a", "property": "startDate", "object": "2024-05-03", "quotation": "held in Oslo on 3 May 2024"},
        {"subject": "a", "property": "heldAt", "object": "e", "quotation": "was held in Oslo, Norway"},  # spliced
        {"subject": "a", "property": "chairedBy", "object": "ghost", "quotation": "chaired by Kari Nordmann"},
        {"subject": "a", "property": "inventedBy", "object": "b", "quotation": "chaired by Kari Nordmann"},
    ],
    "records": [
        {
            "kind": "FinancialCommitment",
            "roles": [{"role": "committedBy", "value": "c"}, {"role": "amount", "value": "2000000000 USD"}],
            "quotation": "Norway pledged 2 billion dollars",
        },
        {
            "kind": "Tally",
            "roles": [
                {"role": "tallyFor", "value": "d"},
                {"role": "tallyOf", "value": "Signatories"},
                {"role": "count", "value": "40"},
                {"role": "unit", "value": "State"},
            ],
            "quotation": "Forty states signed the Oslo Declaration",
        },
        {
            "kind": "Statement",
            "roles": [
                {"role": "speaker", "value": "b"},
                {"role": "statementKind", "value": "Said"},
                {"role": "gist", "value": "the sea was warm"},
            ],
            "quotation": "said that the sea was warm",
        },
        {"kind": "Tally", "roles": [{"role": "count", "value": "40"}], "quotation": "Forty states"},
    ],
}


class Server:
    """An OpenAI-compatible server on loopback that gives the answers it was told to, one after the other."""

    def __init__(self) -> None:
        self.script: list[Any] = []
        self.seen: list[tuple[dict[str, str], Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.seen.append((dict(self.headers), body))
                step = outer.script.pop(0) if len(outer.script) > 1 else outer.script[0]
                if self.path != "/v1/chat/completions":
                    step = (404, {}, b"no such path")
                if step == "slow":
                    time.sleep(1.5)
                    return
                if step == "cut":  # promises more than it sends
                    self.send_response(200)
                    self.send_header("Content-Length", "5000")
                    self.end_headers()
                    self.wfile.write(b'{"choices": [{"message"')
                    return
                code, headers, content = step
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def says(content: Any, finish: str = "stop") -> tuple[int, dict[str, str], bytes]:
    """Return an answer of the protocol whose message is *content*, as JSON unless it is text."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    body = {
        "object": "chat.completion",
        "choices": [choice],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200},
    }
    return 200, {"Content-Type": "application/json"}, json.dumps(body).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def client(server: Server, **settings: Any) -> Client:
    return Client(server.url, "tiny", **{"pause": 0.01, "timeout": 0.5, "attempts": 3, **settings})


def model(server: Server, **settings: Any) -> llm.LanguageModel:
    return llm.LanguageModel("tiny", server.url, client=client(server), **settings)


def test_what_the_text_bears_out_is_kept_and_everything_else_is_reported(server: Server) -> None:
    server.script = [says(ANSWER)]
    reader = model(server)

    extraction = reader.extract(Document(TEXT, "en"))

    assert sorted(fact.kind for fact in extraction.facts) == [
        "FinancialCommitment",
        "Statement",
        "Tally",
        "chairedBy",
        "startDate",
    ]
    for fact in extraction.facts:
        words = [TEXT[span.start : span.end] for span in fact.evidence]
        assert words[0] in json.dumps(ANSWER)
        assert fact.rule == "llm.tiny"
    assert {TEXT[n.span.start : n.span.end] for e in extraction.entities for n in e.names} == {
        "Harbour Summit", "Kari Nordmann", "Norway", "Oslo Declaration", "Oslo"
    }  # fmt: skip
    told = "\n".join(extraction.rejected)
    for reason in (
        "'Ola Nordmann'",
        "no class: Wizard",
        "'was held in Oslo, Norway'",
        "inventedBy",
        "'ghost'",
        "a Tally without",
    ):
        assert reason in told
    assert len(extraction.rejected) == reader.rejected == 6


def test_its_graph_conforms_and_names_the_model(server: Server) -> None:
    server.script = [says(ANSWER)]
    reader = model(server)

    built = read(Document(TEXT, "en", source="a.txt"), extractor=reader)

    assert built.result.outcome == "stored", built.result
    assert reader.version.endswith("+llm1.tiny")
    assert f'"{reader.version}"' in built.graph.decode()
    assert '"llm.tiny"' in built.graph.decode()
    assert any("rejected: a name that is not in the text" in finding for finding in built.result.findings)


def test_the_question_is_constrained_by_the_ontology(server: Server) -> None:
    server.script = [says({"entities": [], "facts": [], "records": []})]

    model(server).extract(Document(TEXT, "en"))

    _, body = server.seen[0]
    schema = body["response_format"]["json_schema"]["schema"]
    assert body["model"] == "tiny"
    assert body["messages"][1]["content"] == TEXT
    kinds = schema["properties"]["entities"]["items"]["properties"]["kind"]["enum"]
    assert (
        {"Person", "Summit"}
        <= set(kinds)
        <= {str(term).removeprefix(ontology.NAMESPACE) for term in ontology.load().subjects()}
    )
    assert "chairedBy" in llm_schema.properties()
    assert "Endorsement" in llm_schema.records()


@pytest.mark.parametrize(
    "fault",
    [
        (429, {"Retry-After": "0"}, b"slow down"),
        (500, {}, b"oops"),
        (503, {}, b""),
        (200, {}, b"<html>a proxy</html>"),
        (200, {}, b'{"choices": []}'),
        says("{ broken"),
        says(""),
        "cut",
        "slow",
    ],
)
def test_what_may_go_better_the_next_time_is_tried_again(server: Server, fault: Any) -> None:
    server.script = [fault, says({"fine": True})]
    asked = client(server)

    assert asked.ask([{"role": "user", "content": "?"}], {}) == {"fine": True}
    assert (asked.usage.requests, asked.usage.retries) == (2, 1)


def test_pauses_grow_and_obey_the_server(server: Server) -> None:
    pauses: list[float] = []
    server.script = [(429, {"Retry-After": "7"}, b""), (500, {}, b""), (500, {}, b""), says({})]

    client(server, attempts=4, pause=1.0, sleep=pauses.append).ask([], {})

    assert pauses == [7.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ((500, {}, b"oops"), ModelError, "in 3 attempts; the last: HTTP 500 oops"),
        ((401, {}, b"bad key"), InputError, "refuses the key .*--api-key-env.*bad key"),
        ((404, {}, b"unknown model"), InputError, "no model 'tiny'"),
        ((400, {}, b"context too long"), ModelError, "HTTP 400: context too long"),
        (says("{}", finish="length"), CutAnswerError, "answer was cut"),
    ],
)
def test_what_will_not_go_better_is_an_error_that_says_what_to_do(
    server: Server, answer: Any, error: type[Exception], message: str
) -> None:
    server.script = [answer]

    with pytest.raises(error, match=message):
        client(server).ask([], {})


def test_a_server_that_knows_no_schemas_is_asked_for_plain_json(server: Server) -> None:
    server.script = [(400, {}, b"response_format is not supported"), says(ANSWER)]

    assert model(server).extract(Document(TEXT, "en")).facts
    assert server.seen[1][1]["response_format"] == {"type": "json_object"}


def test_nobody_there_is_an_error_of_one_sentence() -> None:
    with pytest.raises(ModelError, match="Connection refused"):
        Client("http://127.0.0.1:9", "tiny", attempts=2, pause=0.01).ask([], {})


def test_a_long_text_is_given_in_pieces_and_evidence_points_into_the_whole(server: Server) -> None:
    text = "Nothing of note happened.\n\n" * 400 + TEXT
    server.script = [says({"entities": [], "facts": [], "records": []}), says(ANSWER)]

    extraction = model(server).extract(Document(text, "en"))

    assert "".join(body["messages"][1]["content"] for _, body in server.seen) == text
    assert extraction.facts
    assert all(text[s.start : s.end] in TEXT for fact in extraction.facts for s in fact.evidence)


def test_a_piece_whose_answer_is_too_long_is_divided(server: Server) -> None:
    text = "Nothing of note happened.\n\n" * 100 + TEXT
    server.script = [says("{", finish="length"), says({"entities": []}), says(ANSWER)]

    assert model(server).extract(Document(text, "en")).facts
    assert len(server.seen) == 3


def test_the_command_line_shows_what_it_took(
    server: Server, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", "secret-7")
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    server.script = [says(ANSWER)]
    options = [
        "--extractor",
        "llm",
        "--model",
        "tiny",
        "--base-url",
        server.url,
        "--api-key-env",
        "MY_KEY",
        "--price",
        "1,10",
    ]

    loaded = run("load", "a.txt", *options)
    again = run("load", "a.txt", *options)
    by_rules = run("load", "a.txt")

    assert loaded.returncode == 0, loaded.stderr
    assert "1 requests (0 of them again), 1,000 tokens read, 200 written" in loaded.stderr
    assert "0.0030 USD" in loaded.stderr
    assert "6 proposals rejected" in loaded.stderr
    assert "rejected: a quotation that is not in the text" in loaded.stderr
    assert server.seen[0][0]["Authorization"] == "Bearer secret-7"
    assert "1 unchanged" in again.stderr
    assert len(server.seen) == 1
    assert "1 stored" in by_rules.stderr  # another reader, another version


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "tiny"], "--model is for another extractor"),
        (["--extractor", "nobody"], "there is no extractor 'nobody'; installed: llm, rules"),
        (["--extractor", "llm", "--model", "tiny"], "base_url"),
        (["--extractor", "llm", "--model", "tiny", "--base-url", "localhost:1"], "expected an address such as"),
        (
            ["--extractor", "llm", "--model", "t", "--base-url", "http://x/v1", "--api-key-env", "NOT_SET_7"],
            "NOT_SET_7.*not set",
        ),
        (["--extractor", "llm", "--model", "t", "--base-url", "http://x/v1", "--price", "cheap"], "expected dollars"),
    ],
)
def test_wrong_settings_are_named(options: list[str], message: str) -> None:
    settings = dict(zip((o.strip("-").replace("-", "_") for o in options[::2]), options[1::2], strict=True))

    with pytest.raises(InputError, match=message):
        extractors.load(str(settings.pop("extractor", "rules")), settings)

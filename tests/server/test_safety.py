"""Queries that pass a limit are ended with an honest answer, and the server goes on."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from summitgraph.server.launch import launched

from .client import Client

PRODUCT = "SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}"
DOUBLING = (
    "SELECT (STRLEN(?x31) AS ?n) { BIND('"
    + "x" * 64
    + "' AS ?x0) "
    + " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(31))
    + "}"
)


def test_endless_query_is_stopped_at_its_deadline(client: Client) -> None:
    started = time.perf_counter()
    reply = client.query(PRODUCT, "application/json", timeout="0.4")

    assert (reply.status, reply.json()["limit"]) == (504, 0.4)
    assert time.perf_counter() - started < 10.0


def test_timeout_cannot_be_raised_above_the_servers(client: Client) -> None:
    reply = client.query(PRODUCT + "# other", "application/json", timeout="100")

    assert (reply.status, reply.json()["limit"]) == (504, 8.0)


def test_query_that_eats_memory_is_ended(client: Client) -> None:
    reply = client.query(DOUBLING, "application/json")

    assert (reply.status, reply.json()["type"]) == (507, "urn:summitgraph:problem:memory")


def test_honest_query_after_each_is_answered_within_a_second(client: Client) -> None:
    for harmful in (PRODUCT, DOUBLING, "SELECT * " + "{" * 3000):
        client.query(harmful, timeout="0.3")
        started = time.perf_counter()

        assert client.query("ASK { ?s ?p ?o }").json()["boolean"] is True
        assert time.perf_counter() - started < 10.0


def test_service_is_refused(client: Client) -> None:
    reply = client.query("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "application/json")

    assert (reply.status, reply.json()["type"]) == (403, "urn:summitgraph:problem:service")


def test_from_clause_fetches_nothing(client: Client) -> None:
    assert client.rows("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }") == []


def test_million_rows_cost_no_more_memory_than_ten(store: Path) -> None:
    digits = "VALUES ?%s { 0 1 2 3 4 5 6 7 8 9 }"
    query = "SELECT * {" + " ".join(digits % name for name in "abcdef") + "}"
    with launched(store, {"SUMMITGRAPH_MEMORY_MB": "32", "SUMMITGRAPH_DEADLINE_S": "60"}) as port:
        reply = Client(port).query(query, "text/csv")

    assert reply.status == 200, reply.text[:300]
    assert reply.body.count(b"\n") == 1_000_001


def test_health_and_kept_results_are_answered_though_all_processes_are_taken(store: Path) -> None:
    limits = {
        "SUMMITGRAPH_FRONTS": "1", "SUMMITGRAPH_WORKERS": "1", "SUMMITGRAPH_WORKERS_MAX": "1", "SUMMITGRAPH_QUEUE": "1",
        "SUMMITGRAPH_DEADLINE_S": "30", "SUMMITGRAPH_QUEUE_WAIT_S": "30",
    }  # fmt: skip
    with launched(store, limits) as port:
        client = Client(port)
        kept = client.query("ASK { ?s ?p 7 }")
        threads = [
            threading.Thread(target=client.query, args=(f"{PRODUCT} # {number}",), kwargs={"timeout": "12"})
            for number in range(2)
        ]
        for thread in threads:
            thread.start()
            time.sleep(0.3)  # one runs, one waits
        started = time.perf_counter()
        health, again = client.get("/healthz"), client.query("ASK { ?s ?p 7 }")
        refused = client.query("ASK { ?s ?p 8 }")
        taken_s = time.perf_counter() - started
        for thread in threads:
            thread.join()

    assert (kept.status, health.status) == (200, 200)
    assert (again.body, "desc=hit" in again.headers["server-timing"]) == (kept.body, True)
    assert (refused.status, "retry-after" in refused.headers) == (503, True)
    assert taken_s < 5

"""The pool by itself: what it lends, kills, replaces and gives back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from summitgraph.server import pool as pools
from summitgraph.server import view
from summitgraph.server.pool import Pool
from summitgraph.server.problems import Problem

ENDLESS = "SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}"


@pytest.fixture
def small(store: Path) -> Iterator[Pool]:
    """Return a pool of one process, three at most, with one place to wait."""
    view.build(store)
    pool = Pool(store, ready=1, maximum=3, queue=1, queue_wait_s=0.3, memory_mb=256)
    pool.start()
    yield pool
    pool.close()


def ask(pool: Pool, store: Path, query: str, deadline_s: float) -> str:
    """Return the body of an answer, or the code of the problem."""
    message = {
        "query": query, "format": "csv", "version": view.current_name(store), "prefixes": {},
        "max_bytes": 10_000, "html_rows": 10,
    }  # fmt: skip
    try:
        result = pool.run(message, deadline_s)
    except Problem as problem:
        return problem.code
    return result.body.decode() or str(result.header["error"])


def all_at_once(pool: Pool, store: Path, count: int) -> list[str]:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(ask(pool, store, ENDLESS, 1.0))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_queue_that_is_full_refuses_at_once(small: Pool, store: Path) -> None:
    assert ask(small, store, "ASK {}", 5.0) == "true"
    found = all_at_once(small, store, 8)

    assert found.count("busy") >= 1
    assert set(found) <= {"deadline", "busy"}


def test_killed_process_is_replaced(small: Pool, store: Path) -> None:
    assert ask(small, store, ENDLESS, 0.2) == "deadline"
    assert ask(small, store, "ASK {}", 5.0) == "true"
    assert small.killed == 1
    assert small.isolated is not None
    if small.isolated:
        started = [process.number for process in small._processes if process.number]
        namespaces = {Path(f"/proc/{number}/ns/net").readlink() for number in started}
        assert started
        assert Path("/proc/self/ns/net").readlink() not in namespaces


def test_result_over_the_limit_is_an_error_not_a_part(small: Pool, store: Path) -> None:
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f }"

    assert ask(small, store, query, 60.0) == "too-large"


def test_processes_of_a_rush_are_given_back(small: Pool, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "KEEP_S", 0.0)
    small.queue = 10
    small.queue_wait_s = 5.0
    threads = [threading.Thread(target=ask, args=(small, store, f"ASK {{ {i} ?p ?o }}", 5.0)) for i in range(3)]
    threads += [threading.Thread(target=ask, args=(small, store, ENDLESS, 0.3)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(4):
        assert ask(small, store, "ASK {}", 5.0) == "true"

    assert small.alive == 1


def test_query_behind_a_long_one_goes_to_another_process(
    small: Pool, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "BEHIND_S", 10.0)  # all go behind the first
    small.queue, small.queue_wait_s = 10, 5.0
    assert ask(small, store, "ASK {}", 5.0) == "true"
    found: list[str] = []
    long = threading.Thread(target=lambda: found.append(ask(small, store, ENDLESS, 6.0)))
    long.start()
    time.sleep(0.05)
    started = time.monotonic()
    short = [ask(small, store, f"ASK {{ {n} ?p ?o }}", 5.0) for n in range(3)]
    seconds = time.monotonic() - started
    long.join()

    assert short == ["false"] * 3
    assert seconds < 5  # the long one was not waited for
    assert found == ["deadline"]


def test_query_behind_a_harmful_one_is_answered(small: Pool, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "BEHIND_S", 10.0)
    monkeypatch.setattr(pools, "RESCUE_S", 10.0)  # only the end of the harmful one frees those behind it
    small.queue, small.queue_wait_s = 10, 5.0
    assert ask(small, store, "ASK {}", 5.0) == "true"
    found: dict[str, str] = {}

    def run(name: str, query: str) -> None:
        found[name] = ask(small, store, query, 10.0)

    threads = [threading.Thread(target=run, args=("harmful", "SELECT * " + "{" * 4000 + "}" * 4000))]
    threads += [threading.Thread(target=run, args=(f"honest {n}", f"ASK {{ {n} ?p ?o }}")) for n in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.005)
    for thread in threads:
        thread.join()

    assert found == {"harmful": "crashed", "honest 0": "false", "honest 1": "false", "honest 2": "false"}


def test_long_query_has_others_started_beside_it(store: Path) -> None:
    view.build(store)
    pool = Pool(store, ready=1, maximum=4, queue=1, queue_wait_s=2.0, memory_mb=512)
    pool.start()
    try:
        assert ask(pool, store, "ASK {}", 5.0) == "true"
        assert pool.alive == 1  # one that starts is no long query
        found: list[str] = []
        thread = threading.Thread(target=lambda: found.append(ask(pool, store, ENDLESS, 3.0)))
        thread.start()
        deadline = time.monotonic() + 2.5
        while pool.alive < 1 + pools.SPARE and time.monotonic() < deadline:
            time.sleep(0.01)

        assert pool.alive == 1 + pools.SPARE
        assert (pool.busy, pool.waiting) == (1, 0)
        thread.join()
    finally:
        pool.close()

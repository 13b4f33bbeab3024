"""How the endpoint stands beside `oxigraph serve` and rdflib-endpoint: ``make bench-endpoint`` writes docs/benchmarks.md.

The same million triples, the same requests (wrk makes them; ``apt-get install wrk``), servers by turns in one run, the
median of the rounds. Peers are installed in an environment of their own; one that is not there is left out and named.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox

from summitgraph.server import view
from summitgraph.server.launch import free_port, launched

E, GRAPH = "http://example.org/e/", "http://example.org/graph"
LABEL, TYPE = "http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
JSON, TURTLE = "application/sparql-results+json", "text/turtle"
ENGLISH = ("summit", "climate", "finance", "digital", "energy", "water", "trade", "health", "accord", "pledge", "forum")
ARABIC = ("قمة", "المناخ", "التمويل", "الرقمي", "الطاقة", "المياه", "التجارة", "الصحة", "اتفاق", "تعهد", "منتدى")
# Each entity is asked for once in a while: %d is its number; %s, where there is one, makes a text that nobody sent before.
POINT = {
    "ASK": (f"ASK {{ <{E}%d> ?p ?o . ?o a ?t }}", JSON),
    "SELECT, 10 rows": (f"SELECT ?p ?o {{ <{E}%d> ?p ?o }} LIMIT 10", JSON),
    "CONSTRUCT": (
        f"CONSTRUCT {{ <{E}%d> ?p ?o . ?s ?q <{E}%d> }} WHERE {{ {{ <{E}%d> ?p ?o }} UNION {{ ?s ?q <{E}%d> }} }}", TURTLE,
    ),
}  # fmt: skip
HEAVY = {
    "aggregate, 100 k rows": ("SELECT ?s%d (COUNT(*) AS ?n) { ?s%d <http://example.org/p0> ?o } GROUP BY ?s%d", JSON),
    "regex over 200 k labels": (f"SELECT ?s%d ?l {{ ?s%d <{LABEL}> ?l FILTER(REGEX(?l, 'zanzibarium', 'i')) }}", JSON),
}
REPEATED = "SELECT ?s (COUNT(*) AS ?n) { ?s <http://example.org/p1> ?o } GROUP BY ?s"
LUA = r"""
local template, kind, salt = os.getenv("TEMPLATE"), os.getenv("KIND"), tonumber(os.getenv("SALT"))
local path = os.getenv("ENDPOINT")
wrk.headers["Accept"] = os.getenv("ACCEPT")
math.randomseed(salt)
local function encode(s) return (s:gsub("[^%w]", function(c) return string.format("%%%02X", c:byte()) end)) end
local last
request = function()
  local n = math.random(0, 99999)
  if kind == "heavy" then n = salt * 1000000 + math.random(1, 999999) end
  if kind == "repeated" then n = n % 20 end
  if kind == "mixed" and last and math.random(3) == 1 then n = last % 50 end
  last = n
  return wrk.format("GET", path .. "?query=" .. encode((template:gsub("%%d", string.format("%d", n)))))
end
"""


def write_data(path: Path, entities: int) -> None:
    """Write ten triples for each entity, the same each time."""
    chance = random.Random(7)
    with path.open("w", encoding="utf-8") as file:
        for i in range(entities):
            s = f"<{E}{i}>"
            rare = " zanzibarium" if i % 9973 == 0 else ""
            file.write(f"{s} <{TYPE}> <http://example.org/C{i % 50}> .\n")
            file.write(f'{s} <{LABEL}> "{chance.choice(ENGLISH)} {chance.choice(ENGLISH)} {i}{rare}"@en .\n')
            file.write(f'{s} <{LABEL}> "{chance.choice(ARABIC)} {chance.choice(ARABIC)} {i}"@ar .\n')
            for k in range(4):
                file.write(f"{s} <http://example.org/p{k}> <{E}{chance.randrange(entities)}> .\n")
            file.write(f'{s} <http://example.org/date> "20{10 + i % 16}-0{1 + i % 9}-1{i % 10}" .\n')
            file.write(f'{s} <http://example.org/n> "{i * 7 % 1000}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n')
            file.write(f"{s} <http://example.org/group> <http://example.org/g/{i % 40}> .\n")


def write_store(root: Path, data: Path) -> None:
    """Make a store of ours with its view."""
    (root / "snapshots").mkdir(parents=True)
    store = ox.Store(str(root / "db"))
    store.bulk_load(path=str(data), to_graph=ox.NamedNode(GRAPH))
    store.optimize()
    store.backup(str(root / "snapshots" / "1"))
    (root / "snapshots" / "1.lock").touch()
    (root / "CURRENT").write_text("1")
    view.build(root)


@contextlib.contextmanager
def peer(command: list[str], port: int) -> Iterator[int]:
    """Run another server until it listens, and end it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def measure(
    address: tuple[int, str], query: tuple[str, str], kind: str, salt: int, seconds: int
) -> tuple[float, float, float]:
    """Return requests a second, p50 and p99 in milliseconds; NaN where none was answered."""
    port, path = address
    environment = {
        **os.environ, "TEMPLATE": query[0], "ACCEPT": query[1], "KIND": kind, "SALT": str(salt), "ENDPOINT": path,
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA)
        script.flush()
        connections = "2" if kind == "heavy" else "8"
        seconds *= 3 if kind == "heavy" else 1
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "20", "--latency", "-s", script.name]
        text = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/"], env=environment, capture_output=True, text=True, check=True
        ).stdout

    def of(pattern: str) -> float:
        found = re.search(pattern + r"\s+([\d.]+)(us|ms|s|m)?", text)
        return (
            float(found[1]) * {"us": 0.001, "s": 1000, "m": 60_000}.get(found[2] or "", 1.0) if found else float("nan")
        )

    return (0.0 if "Non-2xx" in text else of("Requests/sec:")), of(r"50%"), of(r"99%")


def memory_mb(store: Path) -> float:
    """Return the memory of the processes of a store's server, shared pages counted once; all have its path as an argument."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(store).encode() in (folder / "cmdline").read_bytes():
                found = re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.MULTILINE)
                total += int(found[1]) if found else 0
    return total / 1024


def light_beside_heavy(address: tuple[int, str], seconds: int) -> tuple[float, float, float]:
    """Return the figures of light queries while four that never end are running."""
    port, path = address
    product = "SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}"
    stop = threading.Event()

    def hurt(number: int) -> None:
        while not stop.is_set():
            query = quote(f"{product} # {number} {time.monotonic_ns()}")
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}?query={query}", timeout=seconds + 3).read()

    threads = [threading.Thread(target=hurt, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    found = measure(address, POINT["SELECT, 10 rows"], "point", 99, seconds)
    stop.set()
    return found


def main() -> int:
    """Run the comparison and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=100_000, help="ten triples each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument(
        "--peers", type=Path, default=Path("build/bench-peers"), help="environment with oxigraph, rdflib-endpoint"
    )
    parser.add_argument("--data", type=Path, help="keep the data here and use them again")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks.md"))
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed: apt-get install wrk\n")
        return 2
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = options.data or Path(temporary)
        data, ours = folder / "data.nt", folder / "ours"
        if not (ours / "CURRENT").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_data(data, options.entities)
            write_store(ours, data)
        started = time.perf_counter()
        port = stack.enter_context(launched(ours, {"SUMMITGRAPH_CONCURRENT": "0", "SUMMITGRAPH_WORKERS": "4"}))
        start_s = time.perf_counter() - started
        servers = {"SummitGraph": (port, "/sparql")}
        binary = options.peers / "bin"
        if (binary / "oxigraph").is_file():
            if not (folder / "oxigraph").is_dir():
                subprocess.run([binary / "oxigraph", "load", "-l", folder / "oxigraph", "-f", data], check=True)
            other = free_port()
            command = [
                str(binary / "oxigraph"),
                "serve-read-only",
                "-l",
                str(folder / "oxigraph"),
                "-b",
                f"127.0.0.1:{other}",
            ]
            servers["oxigraph serve"] = (stack.enter_context(peer(command, other)), "/query")
        if (binary / "rdflib-endpoint").is_file():
            other = free_port()
            command = [str(binary / "rdflib-endpoint"), "serve", "--port", str(other), "--store", "Oxigraph", str(data)]
            servers["rdflib-endpoint"] = (stack.enter_context(peer(command, other)), "/")
        rows = _run(servers, options.rounds, options.seconds)
        memory = memory_mb(ours)
        options.output.write_text(_page(rows, list(servers), start_s, memory, options), "utf-8")
    return 0


def _run(
    servers: dict[str, tuple[int, str]], rounds: int, seconds: int
) -> dict[str, dict[str, list[tuple[float, ...]]]]:
    plan = [(f"{name}, first time", query, "point") for name, query in POINT.items()]
    plan += [(f"{name}, first time", query, "heavy") for name, query in HEAVY.items()]
    plan += [("SELECT, one in three repeats", POINT["SELECT, 10 rows"], "mixed")]
    plan += [("SELECT, 10 rows, repeated", POINT["SELECT, 10 rows"], "repeated")]
    plan += [
        (
            "aggregate, 100 k rows, repeated",
            (REPEATED, JSON),
            "heavy",
        )
    ]
    rows: dict[str, dict[str, list[tuple[float, ...]]]] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for label, query, kind in plan:
            for name, address in servers.items():
                if name == "rdflib-endpoint" and (kind == "heavy" or number):
                    continue  # minutes for each query
                rows[label][name].append(measure(address, query, kind, number + 1, seconds))
                sys.stderr.write(f"{label} {name} {rows[label][name][-1]}\n")
    for name, address in servers.items():
        if name != "rdflib-endpoint":  # one such query stops it
            rows["SELECT beside four queries that never end"][name].append(light_beside_heavy(address, max(4, seconds)))
    return rows


def _page(
    rows: dict[str, dict[str, list[tuple[float, ...]]]],
    names: list[str],
    start_s: float,
    memory: float,
    options: argparse.Namespace,
) -> str:
    lines = [
        "# Benchmarks of the endpoint",
        "",
        "Written by `make bench-endpoint`: the same triples and requests for all servers, by turns, in one run, the median of",
        f"{options.rounds} rounds of {options.seconds} s (heavy queries: three times as long); wrk with 8 connections (heavy: 2)",
        "on the machine of the servers, so absolute figures are low and the ratio to `oxigraph serve` is the result. 0 means that no",
        "query ended in the time. rdflib-endpoint gets no heavy queries: one takes it minutes.",
        "",
        f"{options.entities * 10:,} triples, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end.",
        f"Start to ready: {start_s:.2f} s. Memory after the run, all processes: {memory:.0f} MB.",
        "",
        "| queries | " + " | ".join(f"{name} r/s (p50, p99 ms)" for name in names) + " | ratio |",
        "| --- |" + " --- |" * len(names) + " ---: |",
    ]
    for label, found in rows.items():
        medians = {
            name: [statistics.median(column) for column in zip(*values, strict=True)] for name, values in found.items()
        }
        cells = [f"{m[0]:,.1f} ({m[1]:.2f}, {m[2]:.2f})" if (m := medians.get(name)) else "–" for name in names]
        ratio = "–"
        if "oxigraph serve" in medians and medians["oxigraph serve"][0] > 0:
            ratio = f"{medians['SummitGraph'][0] / medians['oxigraph serve'][0]:.2f}"
        lines.append(f"| {label} | {' | '.join(cells)} | {ratio} |")
    old = options.output.read_text("utf-8") if options.output.is_file() else ""
    _, mark, words = old.partition("\n## What this says")  # written by people; kept
    return "\n".join(lines) + "\n" + mark + words


if __name__ == "__main__":
    sys.exit(main())

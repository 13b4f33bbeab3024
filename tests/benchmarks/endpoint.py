"""How the endpoint stands beside `oxigraph serve`, Virtuoso and rdflib-endpoint: ``make bench-endpoint`` writes docs/benchmarks.md.

The same million triples, the same requests (wrk makes them; ``apt-get install wrk``), servers by turns in one run, the
median of the rounds. Python peers are installed in an environment of their own, Virtuoso by ``apt-get install
virtuoso-opensource-7-bin``; one that is not there is left out.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import secrets
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
from dataclasses import dataclass
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
-- What can be made once is made once: wrk has one processor, and must not be what is measured.
local before, between, after = path .. "?query=", {}, ""
do
  local rest = template
  while true do
    local first, last = rest:find("%d", 1, true)
    if not first then after = encode(rest) break end
    between[#between + 1] = encode(rest:sub(1, first - 1))
    rest = rest:sub(last + 1)
  end
end
local function make(n)
  local parts = {before}
  for _, piece in ipairs(between) do parts[#parts + 1] = piece parts[#parts + 1] = n end
  parts[#parts + 1] = after
  return wrk.format("GET", table.concat(parts))
end
local last
local made = {}
request = function()
  local n = math.random(0, 99999)
  if kind == "heavy" then n = salt * 1000000 + math.random(1, 999999) end
  if kind == "mixed" and last and math.random(3) == 1 then n = last % 50 end
  last = n
  if kind ~= "repeated" then return make(string.format("%d", n)) end
  n = n % 20
  made[n] = made[n] or make(string.format("%d", n))
  return made[n]
end
"""


VIRTUOSO = """[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
ServerThreads = 20
DisableUnixSocket = 1
NumberOfBuffers = 85000
MaxDirtyBuffers = 65000
DirsAllowed = {data}
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = .
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
[SPARQL]
ResultSetMaxRows = 10000000
"""


@dataclass(frozen=True)
class Server:
    """A server under test: where it answers, and a text that the command lines of its processes hold."""

    port: int
    path: str
    mark: str

    def cpu_s(self) -> float:
        """Return the processor time its processes have taken, children that have ended included."""
        ticks = 0
        for folder in _processes(self.mark):
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(field) for field in fields[11:15])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        """Return the memory of its processes, shared pages counted once."""
        total = 0
        for folder in _processes(self.mark):
            with contextlib.suppress(OSError):
                found = re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.MULTILINE)
                total += int(found[1]) if found else 0
        return total / 1024


@dataclass(frozen=True)
class Figures:
    """What one measurement gave: requests a second, milliseconds, and microseconds of processor time for a request."""

    rate: float
    p50: float
    p99: float
    cpu_us: float


def _processes(mark: str) -> Iterator[Path]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "cmdline").read_bytes():
                yield folder


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
def peer(command: list[str], port: int, folder: Path | None = None) -> Iterator[int]:
    """Run another server until it listens, and end it."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    try:
        deadline = time.monotonic() + 180
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


def start_oxigraph(stack: contextlib.ExitStack, binary: Path, folder: Path, data: Path) -> Server:
    """Load the data, once, as well as it can (optimize), and serve them."""
    place, port = folder / "oxigraph", free_port()
    if not place.is_dir():
        subprocess.run([binary, "load", "-l", place, "-f", data], check=True, stderr=subprocess.DEVNULL)
    if not (folder / "oxigraph.optimized").is_file():
        subprocess.run([binary, "optimize", "-l", place], check=True)
        (folder / "oxigraph.optimized").touch()
    stack.enter_context(peer([str(binary), "serve-read-only", "-l", str(place), "-b", f"127.0.0.1:{port}"], port))
    return Server(port, "/query", f"-l\0{place}")


def start_virtuoso(stack: contextlib.ExitStack, folder: Path, data: Path) -> Server:
    """Load the data, once, and serve them."""
    place, sql, port = folder / "virtuoso", free_port(), free_port()
    loaded = place.is_dir()
    place.mkdir(exist_ok=True)
    (place / "virtuoso.ini").write_text(VIRTUOSO.format(sql=sql, http=port, data=data.parent))
    command = ["virtuoso-t", "+foreground", "+configfile", str(place / "virtuoso.ini")]
    stack.enter_context(peer(command, port, place))
    if not loaded:
        load = f"ld_dir('{data.parent}', '{data.name}', '{GRAPH}'); rdf_loader_run(); checkpoint;"
        command = ["isql-vt", f"127.0.0.1:{sql}", "dba", "dba", f"EXEC={load}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Server(port, "/sparql", str(place / "virtuoso.ini"))


def measure(server: Server, query: tuple[str, str], kind: str, salt: int, seconds: int) -> Figures:
    """Return what wrk finds; NaN where nothing was answered, a rate of 0 where something was not with success."""
    environment = {
        **os.environ, "TEMPLATE": query[0], "ACCEPT": query[1], "KIND": kind, "SALT": str(salt), "ENDPOINT": server.path,
    }  # fmt: skip
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA)
        script.flush()
        connections = "2" if kind == "heavy" else "8"
        seconds *= 3 if kind == "heavy" else 1
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "20", "--latency", "-s", script.name]
        before = server.cpu_s()
        text = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}/"], env=environment, capture_output=True, text=True, check=True
        ).stdout
        cpu_s = server.cpu_s() - before

    def of(pattern: str) -> float:
        found = re.search(pattern + r"\s+([\d.]+)(us|ms|s|m)?", text)
        return (
            float(found[1]) * {"us": 0.001, "s": 1000, "m": 60_000}.get(found[2] or "", 1.0) if found else float("nan")
        )

    count = re.search(r"(\d+) requests in", text)
    answered = int(count[1]) if count else 0
    rate = 0.0 if "Non-2xx" in text else of("Requests/sec:")
    return Figures(rate, of(r"50%"), of(r"99%"), cpu_s * 1e6 / answered if answered else float("nan"))


def light_beside_heavy(server: Server, seconds: int) -> Figures:
    """Return the figures of light queries while four that never end are running."""
    product = "SELECT (COUNT(*) AS ?n) {" + " ".join(f"?a{i} ?b{i} ?c{i} ." for i in range(9)) + "}"
    stop = threading.Event()

    def hurt(number: int) -> None:
        while not stop.is_set():
            query = quote(f"{product} # {number} {time.monotonic_ns()}")
            address = f"http://127.0.0.1:{server.port}{server.path}?query={query}"
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=seconds + 3).read()

    threads = [threading.Thread(target=hurt, args=(number,), daemon=True) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    found = measure(server, POINT["SELECT, 10 rows"], "point", 99, seconds)
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
    parser.add_argument("--only", nargs="*", help="names of the servers to measure, beside ours")
    parser.add_argument("--data", type=Path, help="keep the data here and use them again")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks.md"))
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.stderr.write("wrk is not installed: apt-get install wrk\n")
        return 2
    wanted = options.only if options.only is not None else ["oxigraph", "virtuoso", "rdflib-endpoint"]
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as stack:
        folder = (options.data or Path(temporary)).absolute()
        data, ours = folder / "data.nt", folder / "ours"
        if not (ours / "CURRENT").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            write_data(data, options.entities)
            write_store(ours, data)
        starts = []
        for _ in range(3):
            started = time.perf_counter()
            with launched(ours):
                starts.append(time.perf_counter() - started)
        port = stack.enter_context(launched(ours, {"SUMMITGRAPH_CONCURRENT": "0", "SUMMITGRAPH_WORKERS": "4"}))
        servers = {"SummitGraph": Server(port, "/sparql", str(ours))}
        binary = options.peers.absolute() / "bin"
        if "oxigraph" in wanted and (binary / "oxigraph").is_file():
            servers["oxigraph serve"] = start_oxigraph(stack, binary / "oxigraph", folder, data)
        if "virtuoso" in wanted and shutil.which("virtuoso-t") and shutil.which("isql-vt"):
            servers["Virtuoso"] = start_virtuoso(stack, folder, data)
        if "rdflib-endpoint" in wanted and (binary / "rdflib-endpoint").is_file():
            other = free_port()
            command = [str(binary / "rdflib-endpoint"), "serve", "--port", str(other), "--store", "Oxigraph", str(data)]
            servers["rdflib-endpoint"] = Server(stack.enter_context(peer(command, other)), "/", str(data))
        rows = _run(servers, options.rounds, options.seconds)
        memory = servers["SummitGraph"].memory_mb()
        page = _page(rows, list(servers), statistics.median(starts), memory, options)
        options.output.write_text(page, "utf-8")
    return 0


def _run(servers: dict[str, Server], rounds: int, seconds: int) -> dict[str, dict[str, list[Figures]]]:
    plan = [(f"{name}, first time", query, "point") for name, query in POINT.items()]
    plan += [(f"{name}, first time", query, "heavy") for name, query in HEAVY.items()]
    plan += [("SELECT, one in three repeats", POINT["SELECT, 10 rows"], "mixed")]
    plan += [("SELECT, 10 rows, repeated", POINT["SELECT, 10 rows"], "repeated")]
    plan += [("aggregate, 100 k rows, repeated", (REPEATED, JSON), "heavy")]
    rows: dict[str, dict[str, list[Figures]]] = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for label, query, kind in plan:
            for name, server in servers.items():
                if name == "rdflib-endpoint" and (kind == "heavy" or number):
                    continue  # minutes for each query
                salt = number * 1000 + secrets.randbelow(1000)  # or an earlier run's answers would be kept
                rows[label][name].append(measure(server, query, kind, salt, seconds))
                sys.stderr.write(f"{label} {name} {rows[label][name][-1]}\n")
    for name, server in servers.items():
        if name != "rdflib-endpoint":  # one such query stops it
            rows["SELECT beside four queries that never end"][name].append(light_beside_heavy(server, max(4, seconds)))
    return rows


def _median(found: list[Figures]) -> Figures:
    return Figures(*(statistics.median(getattr(one, name) for one in found) for name in Figures.__dataclass_fields__))


def _page(
    rows: dict[str, dict[str, list[Figures]]],
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
        "on the machine of the servers, so absolute figures are low and the ratios to `oxigraph serve` are the result: of requests a",
        "second, and of the processor time the server takes for one request (its inverse, so that more is better there too; other work",
        "on the machine changes it least). 0: none ended in the time, or not with success. rdflib-endpoint gets no heavy queries: one",
        "takes it minutes.",
        "",
        f"{options.entities * 10:,} triples, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end.",
        f"Start to ready: {start_s:.2f} s. Memory after the run, all processes: {memory:.0f} MB.",
        "",
        "Each cell: requests a second (p50, p99 in ms; processor time in µs).",
        "",
        "| queries | " + " | ".join(names) + " | ratio | ratio by processor time |",
        "| --- |" + " --- |" * len(names) + " ---: | ---: |",
    ]
    for label, found in rows.items():
        medians = {name: _median(values) for name, values in found.items()}
        cells = [
            ("0" if m.cpu_us != m.cpu_us else f"{m.rate:,.1f} ({m.p50:.2f}, {m.p99:.2f}; {m.cpu_us:,.0f})")
            if (m := medians.get(name))
            else "–"
            for name in names
        ]
        ratio = by_time = "–"
        ours, other = medians["SummitGraph"], medians.get("oxigraph serve")
        if other and other.rate > 0:
            ratio = f"{ours.rate / other.rate:.2f}"
            by_time = f"{other.cpu_us / ours.cpu_us:.2f}" if ours.cpu_us else "–"
        lines.append(f"| {label} | {' | '.join(cells)} | {ratio} | {by_time} |")
    old = options.output.read_text("utf-8") if options.output.is_file() else ""
    _, mark, words = old.partition("\n## What this says")  # written by people; kept
    return "\n".join(lines) + "\n" + mark + words


if __name__ == "__main__":
    sys.exit(main())

"""Run one test over HTTP against a server; an AssertionError says what is not as the test expects."""

from __future__ import annotations

import http.client
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox

from summitgraph.server.launch import launched

from .manifest import MF, RDFS, Case, Node, cases, file_of, suite_path
from .results import canonical, csv_rows, distinct_rows, read_graph, read_result_set, read_table, table_key

QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
HT, CNT = "http://www.w3.org/2011/http#", "http://www.w3.org/2011/content#"
TOKEN = "conformance"
STATUSES = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404", "BadRequest": "400"}
EMPTY = "urn:x-summitgraph:empty"


@dataclass(frozen=True)
class Answer:
    """A reply over HTTP; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Server:
    """The server under test."""

    def __init__(self, port: int, root: Path, others: Sequence[int] = ()) -> None:
        self.port, self.root, self.others = port, root, others

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """Send one request; underscores in header names stand for dashes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **sent})
            reply = connection.getresponse()
            return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def update(self, text: str) -> Answer:
        """Send an update."""
        headers = {"Content-Type": "application/sparql-update", "Accept": "application/problem+json, */*;q=0.1"}
        return self.request("POST", "/sparql", text.encode(), **headers)

    def query(self, text: str, parameters: list[tuple[str, str]], accept: str) -> Answer:
        """Send a query."""
        path = "/sparql?" + urlencode(parameters) if parameters else "/sparql"
        return self.request("POST", path, text.encode(), Content_Type="application/sparql-query", Accept=accept)


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Serve a store in *folder* that holds every data file of the query tests, each in the graph of its IRI."""
    root = suite_path()
    assert root is not None
    _write_store(folder, root)
    common = {"SUMMITGRAPH_TOKEN": TOKEN, "SUMMITGRAPH_CONCURRENT": "0", "SUMMITGRAPH_FRONTS": "1"}
    common |= {"SUMMITGRAPH_PRIVATE_NETWORKS": "127.0.0.1", "SUMMITGRAPH_LOAD_FROM": "http://127.0.0.1/none/"}

    def allowing(*ports: int) -> dict[str, str]:
        return {"SUMMITGRAPH_SERVICES": " ".join(f"http://127.0.0.1:{port}/sparql" for port in ports)}

    shutil.copytree(folder, folder.with_name("others"))
    with (
        launched(folder.with_name("others"), common | allowing()) as last,
        launched(folder.with_name("others"), common | allowing(last)) as first,
        launched(folder, common | allowing(first, last)) as port,
    ):
        yield Server(port, root, (first, last))


def _write_store(folder: Path, root: Path) -> None:
    (folder / "snapshots").mkdir(parents=True)
    store = ox.Store(str(folder / "db"))
    names = {
        name for case in cases() if case.kind in QUERY_KINDS for name in _data(case, QT + "data", QT + "graphData")
    }
    names |= {data for case in cases() if case.kind in QUERY_KINDS for data in _services(case).values()}
    for name in sorted(names | _named_in_queries(root)):
        path = file_of(name, root)
        form = ox.RdfFormat.from_extension(path.suffix[1:])
        assert form is not None, path
        store.load(path.read_bytes(), format=form, base_iri=name, to_graph=ox.NamedNode(name))
    store.flush()
    store.backup(str(folder / "snapshots" / "1"))
    (folder / "snapshots" / "1.lock").touch()
    (folder / "CURRENT").write_text("1")


def _named_in_queries(root: Path) -> set[str]:
    """Return the files that queries name in FROM clauses."""
    found = set()
    for case in cases():
        if case.kind in QUERY_KINDS and (iri := case.manifest.text(case.action, QT + "query")):
            query = file_of(iri, root)
            for name in re.findall(r"FROM\s+(?:NAMED\s+)?<([^>:]+)>", query.read_text("utf-8")):
                if (query.parent / name).is_file():
                    found.add(iri.rpartition("/")[0] + "/" + name)
    return found


def _data(case: Case, *predicates: str) -> list[str]:
    values = [value for predicate in predicates for value in case.manifest.values(case.action, predicate)]
    return [value.value for value in values if isinstance(value, ox.NamedNode)]


def _services(case: Case) -> dict[str, str]:
    """Return the endpoints of a test, each with the file that holds its data."""
    manifest = case.manifest
    nodes = manifest.values(case.action, QT + "serviceData")
    return {manifest.text(node, QT + "endpoint"): manifest.text(node, QT + "data") for node in nodes}


def _played(case: Case, server: Server) -> dict[str, str]:
    """Return the endpoints of a test, each with the server that plays it: example2 by the last, which asks nobody."""
    return {
        endpoint: f"http://127.0.0.1:{server.others['example2' in endpoint]}/sparql?{urlencode({'default-graph-uri': data})}"
        for endpoint, data in _services(case).items()
    }


def run_query(case: Case, server: Server) -> None:
    """A query gives the solutions, the boolean or the graph expected."""
    manifest = case.manifest
    query = manifest.text(case.action, QT + "query") or getattr(case.action, "value", "")
    played = _played(case, server)
    text = _replaced(f"BASE <{query}>\n" + file_of(query, server.root).read_text("utf-8"), played)
    defaults, named = _data(case, QT + "data"), _data(case, QT + "graphData")
    parameters = [("default-graph-uri", name) for name in defaults] + [("named-graph-uri", name) for name in named]
    if re.search(r"\bFROM\b", text):
        parameters = []  # the query names its dataset, and its files are loaded under these names
    elif not parameters:
        parameters = [("default-graph-uri", EMPTY)]
    for name in defaults if played else ():
        data = file_of(name, server.root).read_text("utf-8")
        if _replaced(data, played) != data:
            path = f"/store?{urlencode({'graph': name})}"
            server.request("PUT", path, _replaced(data, played).encode(), Content_Type="text/turtle")
    expected_iri = manifest.text(case.node, MF + "result")
    assert expected_iri, "the test has no result"
    expected_file = file_of(expected_iri, server.root)
    suffix, expected = expected_file.suffix[1:], expected_file.read_bytes()
    expected = _replaced(expected.decode(), played).encode() if played else expected
    accept = {
        "srx": "application/sparql-results+xml",
        "srj": "application/sparql-results+json",
        "tsv": "text/tab-separated-values",
        "csv": "text/csv",
    }.get(suffix, "application/sparql-results+json, application/n-triples")
    answer = server.query(text, parameters, accept)
    assert answer.status == 200, f"{answer.status}: {answer.body.decode()[:300]}"
    if suffix == "csv":
        assert csv_rows(answer.body) == csv_rows(expected)
        return
    if suffix in ("srx", "srj", "tsv"):
        wanted = read_table(expected, suffix)
        found = read_table(answer.body, suffix)
    else:
        form = ox.RdfFormat.from_extension(suffix)
        assert form is not None, suffix
        quads = read_graph(expected, form.media_type, expected_iri)
        table = read_result_set(quads)
        if table is None:
            found_graph = read_graph(answer.body, answer.headers["content-type"], query)
            assert canonical(found_graph) == canonical(quads)
            return
        wanted, found = table, read_table(answer.body, "srj")
    if isinstance(wanted, bool) or isinstance(found, bool):
        assert found == wanted
    else:
        if manifest.text(case.node, MF + "resultCardinality") == MF + "LaxCardinality":
            assert distinct_rows(found) == distinct_rows(wanted)
        else:
            assert table_key(found) == table_key(wanted)


def run_update(case: Case, server: Server) -> None:
    """An update leaves the dataset expected."""
    request = case.manifest.text(case.action, UT + "request")
    result = case.manifest.value(case.node, MF + "result")
    assert result is not None, "the test has no result"
    before = _dataset(case, case.action, server.root)
    data = "\n".join(
        f"GRAPH {quad.graph_name} {{ {quad.triple} }}"
        if isinstance(quad.graph_name, ox.NamedNode)
        else f"{quad.triple} ."
        for quad in before
    )
    answer = server.update(f"DROP ALL ; INSERT DATA {{ {data} }}")
    assert answer.status == 200, answer.body.decode()[:300]
    answer = server.update(f"BASE <{request}>\n" + file_of(request, server.root).read_text("utf-8"))
    assert answer.status in (200, 204), f"{answer.status}: {answer.body.decode()[:300]}"
    found = _stored(server, "default", ox.DefaultGraph())
    names = read_table(server.query("SELECT ?g { GRAPH ?g {} }", [], "application/sparql-results+json").body, "srj")
    assert isinstance(names, tuple)
    for row in names[1]:
        graph = row["g"]
        assert isinstance(graph, ox.NamedNode)
        found += _stored(server, urlencode({"graph": graph.value}), graph)
    assert canonical(found) == canonical(_dataset(case, result, server.root))


def _stored(server: Server, parameter: str, graph: ox.NamedNode | ox.DefaultGraph) -> list[ox.Quad]:
    answer = server.request("GET", f"/store?{parameter}", Accept="application/n-triples")
    assert answer.status == 200
    quads = read_graph(answer.body, "application/n-triples", "")
    return [ox.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads]


def _in_update(quad: ox.Quad) -> str:
    return (
        f"GRAPH {quad.graph_name} {{ {quad.triple} }}"
        if isinstance(quad.graph_name, ox.NamedNode)
        else f"{quad.triple} ."
    )


def _dataset(case: Case, node: Node, root: Path) -> list[ox.Quad]:
    manifest = case.manifest
    parts: list[tuple[str, ox.NamedNode | ox.DefaultGraph]] = []
    parts += [(str(value.value), ox.DefaultGraph()) for value in manifest.values(node, UT + "data")]  # type: ignore[union-attr]
    for value in manifest.values(node, UT + "graphData"):
        label = ox.NamedNode(manifest.text(value, RDFS + "label"))
        parts += [(manifest.text(value, UT + "graph"), label)]
    quads: list[ox.Quad] = []
    for number, (name, graph) in enumerate(parts):
        path = file_of(name, root)
        form = ox.RdfFormat.from_extension(path.suffix[1:])
        assert form is not None, path
        read = ox.parse(path.read_bytes(), format=form, base_iri=name)
        # The same label in two files is two nodes: labels stay within a file.
        quads += [ox.Quad(_mark(q.subject, number), q.predicate, _mark(q.object, number), graph) for q in read]  # type: ignore[arg-type]
    return quads


def _mark(term: Node, number: int) -> Node:
    return ox.BlankNode(f"f{number}{term.value}") if isinstance(term, ox.BlankNode) else term


def run_syntax(case: Case, server: Server) -> None:
    """A correct query or update is taken, a wrong one gets a 400 that says it is a syntax error."""
    iri = getattr(case.action, "value", "") or case.manifest.text(case.action, QT + "query")
    text = f"BASE <{iri}>\n" + file_of(iri, server.root).read_text("utf-8")
    if "Update" in case.kind:
        answer = server.update(text)
    else:
        accept = "application/sparql-results+json, text/turtle;q=0.9, application/problem+json;q=0.5"
        answer = server.query(text, [("default-graph-uri", EMPTY)], accept)
    if "Positive" in case.kind:
        # What was read and could not be carried out (an unknown function, a graph that is not there) is correct.
        # So is what was read and is refused: a SERVICE or LOAD of a place that is not on the server's list.
        refused = answer.status == 403 and (b":service" in answer.body or b":load" in answer.body)
        understood = answer.status in (200, 204) or b":failed" in answer.body or refused
        assert understood, f"{answer.status}: {answer.body.decode()[:300]}"
    else:
        assert answer.status == 400, f"{answer.status}: taken, but wrong"


def run_protocol(case: Case, server: Server) -> None:
    """A sequence of requests gets the replies expected, in order."""
    manifest = case.manifest
    for value in manifest.values(case.node, UT + "graphData"):
        body = file_of(manifest.text(value, UT + "graph"), server.root).read_bytes()
        path = "/store?" + urlencode({"graph": manifest.text(value, RDFS + "label")})
        assert server.request("PUT", path, body, Content_Type="application/n-triples").status in (200, 201, 204)
    if case.kind == "GraphStoreProtocolTest":
        assert server.update("DROP ALL").status == 200  # its graphs have to be new
    replacements: dict[str, str] = {}
    for request in manifest.items(manifest.value(case.action, HT + "requests")):
        _exchange(case, request, server, replacements)


def _replaced(text: str, replacements: Mapping[str, str]) -> str:
    for old, new in replacements.items():
        text = text.replace(old, new)
    return text


def _exchange(case: Case, request: Node, server: Server, replacements: dict[str, str]) -> None:
    manifest = case.manifest
    path = _replaced(manifest.text(request, HT + "absolutePath"), replacements).replace("/gsp", "/store", 1)
    if path.startswith("http://"):
        path = "/" + path.split("/", 3)[3]
    headers = {
        manifest.text(header, HT + "fieldName").replace("-", "_"): manifest.text(header, HT + "fieldValue")
        for header in manifest.items(manifest.value(request, HT + "headers"))
    }
    content = manifest.value(request, HT + "body")
    body = None
    if content is not None:
        text = _replaced(manifest.text(content, CNT + "chars"), replacements)
        body = text.encode(manifest.text(content, CNT + "characterEncoding"))
    answer = server.request(manifest.text(request, HT + "methodName"), path, body, **headers)
    response = manifest.value(request, HT + "resp")
    assert response is not None
    wanted = [value.value.rpartition("#")[2] for value in manifest.values(response, MF + "expectedStatus")]  # type: ignore[union-attr]
    patterns = [STATUSES.get(name, name.removeprefix("StatusCode")) for name in wanted]
    matched = any(str(answer.status) == item or item == f"{answer.status // 100}xx" for item in patterns)
    assert matched, f"{answer.status} instead of {wanted}: {answer.body.decode('utf-8', 'replace')[:300]}"
    media = answer.headers.get("content-type", "")
    expected_format = manifest.text(response, MF + "expectedFormat")
    if expected_format == "boolean":
        boolean = read_table(answer.body, "srj" if "json" in media else "srx")
        wanted_boolean = manifest.text(response, MF + "expectedBoolean")
        assert isinstance(boolean, bool)
        assert not wanted_boolean or boolean == (wanted_boolean == "true")
    elif expected_format == "tabular":
        assert media.partition(";")[0] in (
            "application/sparql-results+json",
            "application/sparql-results+xml",
            "text/csv",
        )
    elif expected_format == "RDF":
        read_graph(answer.body, media, "http://www.example/")
    if location := manifest.text(response, MF + "expectedLocation"):
        assert "location" in answer.headers
        replacements[location] = answer.headers["location"]
    if (expected := manifest.value(response, HT + "body")) is not None:
        kinds = [
            manifest.text(item, HT + "fieldValue") for item in manifest.items(manifest.value(response, HT + "headers"))
        ]
        text = _replaced(manifest.text(expected, CNT + "chars"), replacements)
        quads = read_graph(text.encode(), kinds[0], "http://www.example/")
        assert canonical(read_graph(answer.body, media, "http://www.example/")) == canonical(quads)


def run_description(case: Case, server: Server) -> None:
    """GET on the endpoint describes the service."""
    sd = "http://www.w3.org/ns/sparql-service-description#"
    answer = server.request("GET", "/sparql", Accept="text/turtle")
    assert answer.status == 200
    endpoint = f"http://127.0.0.1:{server.port}/sparql"
    store = ox.Store()
    store.extend(read_graph(answer.body, answer.headers["content-type"], endpoint))
    name = case.iri.rpartition("#")[2]
    if name == "has-endpoint-triple":
        assert store.query(f"ASK {{ ?s <{sd}endpoint> <{endpoint}> }}")
    elif name == "conforms-to-schema":
        known = {
            "endpoint", "supportedLanguage", "feature", "propertyFeature", "resultFormat", "inputFormat", "defaultDataset", "defaultGraph",
        }  # fmt: skip
        used = {quad.predicate.value[len(sd) :] for quad in store if quad.predicate.value.startswith(sd)}
        assert {"endpoint", "supportedLanguage", "resultFormat"} <= used <= known
        assert store.query(f"ASK {{ ?s a <{sd}Service> ; <{sd}defaultDataset> [ a <{sd}Dataset> ] }}")
    else:
        assert len(store) > 0


QUERY_KINDS = frozenset(["QueryEvaluationTest", "CSVResultFormatTest"])
RUNNERS: Mapping[str, Callable[[Case, Server], None]] = {
    "QueryEvaluationTest": run_query,
    "CSVResultFormatTest": run_query,
    "UpdateEvaluationTest": run_update,
    "PositiveSyntaxTest": run_syntax,
    "NegativeSyntaxTest": run_syntax,
    "PositiveSyntaxTest11": run_syntax,
    "NegativeSyntaxTest11": run_syntax,
    "PositiveUpdateSyntaxTest11": run_syntax,
    "NegativeUpdateSyntaxTest11": run_syntax,
    "ProtocolTest": run_protocol,
    "GraphStoreProtocolTest": run_protocol,
    "ServiceDescriptionTest": run_description,
}


def ordered() -> list[Case]:
    """Return the cases with those that change the store last, so that the data of the others stay."""
    changing = ("UpdateEvaluationTest", "PositiveUpdateSyntaxTest11", "ProtocolTest", "GraphStoreProtocolTest")
    return sorted(cases(), key=lambda case: case.kind in changing)

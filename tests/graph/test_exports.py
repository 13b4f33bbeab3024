"""Exports are read back by the tools they are for, or by those tools' own readers."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from pyarrow import csv as arrow_csv
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Store, parse, serialize
from rdflib import Dataset, Graph

from summitgraph import pipeline
from summitgraph.errors import InputError
from summitgraph.graph import export, exports, iris, tables
from summitgraph.graph.formats import MEDIA_TYPES
from summitgraph.graph.network import Network
from summitgraph.graph.selection import RDFS_LABEL, Selection, class_name, entity
from summitgraph.graph.spill import SortedLines
from summitgraph.graph.store import Writer, open_reader
from tests.conftest import OTHER_TEXT, ROOT, document

ALL = Selection()
GEPHI = Path(os.environ.get("SUMMITGRAPH_GEXF_SPECS", ROOT.parent / "shared" / "conformance" / "gexf"))
NASTY = 'قمة "<b>\u202eX\u202c</b>" & Co;\n=1+1\x0b, \\ ' + "ط" * 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, quads: list[Quad]) -> Iterator[Store]:
    """Two documents, and in the second a company with a name that every format has to bear."""
    root = tmp_path_factory.mktemp("exports")
    other = list(pipeline.build(document(OTHER_TEXT, "other.txt"))[1])
    graph = other[0].graph_name
    seoul = next(q.subject for q in other if q.predicate.value == iris.ONTOLOGY + "chairedBy")
    company = NamedNode(f"{iris.base()}id/company/nasty")
    kind = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
    other += [
        Quad(company, kind, NamedNode(iris.ONTOLOGY + "Company"), graph),
        Quad(company, NamedNode(RDFS_LABEL), Literal(NASTY, language="ar"), graph),
        Quad(seoul, NamedNode(iris.ONTOLOGY + "hasParticipant"), company, graph),
    ]
    charter, first = NamedNode(f"{iris.base()}id/declaration/charter"), quads[0].graph_name
    other += [Quad(seoul, NamedNode(iris.ONTOLOGY + "adopted"), charter, graph)]
    quads = [
        *quads,
        Quad(charter, NamedNode(iris.ONTOLOGY + "refusedBy"), NamedNode(f"{iris.base()}id/state/absent"), first),
    ]
    with Writer(root) as writer:
        writer.add(document().id, quads)
        writer.add(document(OTHER_TEXT).id, other)
    snapshot, reader = open_reader(root)
    with snapshot:
        yield reader


def written(store: Store, form: str, selection: Selection = ALL, language: str = "en", table: str = "facts") -> bytes:
    output = io.BytesIO()
    exports.write(store, output, form, selection, language=language, table=table)
    return output.getvalue()


@pytest.mark.parametrize("form", sorted(MEDIA_TYPES))
def test_two_exports_are_the_same_bytes(store: Store, form: str) -> None:
    assert written(store, form) == written(store, form) != b""


@pytest.mark.filterwarnings("ignore:.*Dataset.*:DeprecationWarning")  # rdflib warns of its own code
@pytest.mark.parametrize("form", ["trig", "nquads", "jsonld"])
def test_rdf_with_graphs_is_read_by_rdflib_as_it_was(store: Store, form: str) -> None:
    names = {"trig": "trig", "nquads": "nquads", "jsonld": "json-ld"}
    found = Dataset()
    found.parse(data=written(store, form), format=names[form])
    documents = [g for g in store.named_graphs() if isinstance(g, NamedNode) and "/graph/doc/" in g.value]
    expected = [quad for graph in documents for quad in store.quads_for_pattern(None, None, None, graph)]

    assert sum(1 for _ in found.quads()) == len(expected) > 100


@pytest.mark.parametrize(("form", "name"), [("turtle", "turtle"), ("ntriples", "nt"), ("rdfxml", "xml")])
def test_rdf_without_graphs_has_each_triple_once(store: Store, form: str, name: str) -> None:
    # XML 1.0 has no character U+000B: what cannot be written is left out of this comparison.
    found = {str(s) for s in Graph().parse(data=written(store, form).replace(b"\x0b", b" "), format=name).subjects()}
    expected = {quad.subject.value for quad in store if "/graph/doc/" in str(quad.graph_name)}

    assert found == expected


def test_graphml_is_read_by_networkx(store: Store) -> None:
    graph = networkx.parse_graphml(written(store, "graphml", language="ar").decode())
    labels = {data["label"] for _, data in graph.nodes(data=True)}

    assert {"ناريندرا مودي", "إيمانويل ماكرون"} <= labels
    assert all(data["weight"] >= 1 and 0 <= data["confidence"] <= 1 for *_, data in graph.edges(data=True))
    with Network(store, ALL) as network:
        assert (graph.number_of_nodes(), graph.number_of_edges()) == network.count()


def test_gexf_is_read_by_networkx_with_colours_and_weights(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "graph.gexf"
    newest = written(store, "gexf").replace(b"//gexf.net/1.3", b"//www.gexf.net/1.2draft")  # that networkx knows
    path.write_bytes(newest.replace(b'version="1.3"', b'version="1.2"'))
    graph = networkx.read_gexf(path)
    person = graph.nodes[f"{iris.base()}id/person/narendra-modi"]

    assert person["label"] == "Narendra Modi"
    assert person["class"] == "Person"
    assert {(data["relation"], data["weight"]) for *_, data in graph.edges(data=True)} >= {("chairedBy", 1)}
    assert b'<viz:color r="31" g="111" b="178"/>' in path.read_bytes()


def test_gexf_follows_the_rules_of_the_format(store: Store) -> None:
    """``gexf.rng`` says what GEXF 1.3 allows of what we write; it takes a file that Gephi takes and no other."""
    schema = etree.RelaxNG(etree.parse(Path(__file__).with_name("gexf.rng")))
    found = etree.fromstring(written(store, "gexf"), etree.XMLParser(huge_tree=True))
    assert schema.validate(found), schema.error_log

    next(found.iter("{http://gexf.net/1.3/viz}color")).set("r", "256")
    assert not schema.validate(found)


def test_gexf_follows_the_schemas_of_gephi(store: Store) -> None:
    """The XSD of Gephi, derived from its RELAX NG schema, knows colours and sizes without the namespace Gephi writes them in."""
    if not (GEPHI / "gexf.rng").is_file():
        pytest.skip(f"Gephi's schemas are not ours to bring and not at {GEPHI}; SUMMITGRAPH_GEXF_SPECS names a copy")
    text = written(store, "gexf")
    relax, xsd = (etree.RelaxNG(etree.parse(GEPHI / "gexf.rng")), etree.XMLSchema(etree.parse(GEPHI / "gexf.xsd")))

    assert relax.validate(etree.fromstring(text, etree.XMLParser(huge_tree=True))), relax.error_log
    plain = etree.fromstring(text.replace(b"<viz:", b"<"), etree.XMLParser(huge_tree=True))
    assert xsd.validate(plain), xsd.error_log


def read_by_javascript(kind: str, content: bytes, path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the nodes and edges that Cytoscape.js or graphology's reader of GEXF finds."""
    node = shutil.which("node")
    if node is None or not (ROOT / "server" / "web" / "node_modules" / "cytoscape").is_dir():
        pytest.skip("Node or the packages of server/web are not installed; make assets installs them")
    path.write_bytes(content)
    command = [node, str(Path(__file__).with_name("readers.mjs")), kind, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr
    found: dict[str, list[dict[str, Any]]] = json.loads(run.stdout)
    return found


def test_cytoscape_json_is_read_and_styled_by_cytoscape_js(store: Store, tmp_path: Path) -> None:
    found = read_by_javascript("cytoscape", written(store, "cytoscape", language="fr"), tmp_path / "graph.cyjs")
    with Network(store, ALL) as network:
        assert (len(found["nodes"]), len(found["edges"])) == network.count()
    nodes = {node["id"]: node for node in found["nodes"]}
    person = nodes[f"{iris.base()}id/person/narendra-modi"]

    assert (person["label"], person["class"], person["fill"]) == ("Narendra Modi", "Person", "rgb(31,111,178)")
    assert any(node["label"] == NASTY for node in nodes.values())
    assert ("présidé par", "Narendra Modi") in {(edge["label"], edge["to"]) for edge in found["edges"]}


def test_gexf_is_read_by_graphology(store: Store, tmp_path: Path) -> None:
    found = read_by_javascript("gexf", written(store, "gexf", language="fr"), tmp_path / "graph.gexf")
    with Network(store, ALL) as network:
        assert (len(found["nodes"]), len(found["edges"])) == network.count()
    person = next(node for node in found["nodes"] if node["id"].endswith("/narendra-modi"))

    assert (person["label"], person["class"], person["color"]) == ("Narendra Modi", "Person", "rgb(31,111,178)")
    assert any(edge["label"] == "présidé par" and edge["weight"] >= 1 for edge in found["edges"])


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_dot_is_drawn_by_graphviz(store: Store) -> None:
    run = subprocess.run(["dot", "-Tsvg"], input=written(store, "dot"), capture_output=True, check=False, timeout=60)

    assert run.returncode == 0, run.stderr
    assert b"Narendra Modi" in run.stdout


def test_cytoscape_json_is_complete(store: Store) -> None:
    found = json.loads(written(store, "cytoscape"))
    nodes = {node["data"]["id"]: node["data"] for node in found["elements"]["nodes"]}

    assert all({edge["data"]["source"], edge["data"]["target"]} <= nodes.keys() for edge in found["elements"]["edges"])
    assert any(node["label"] == NASTY for node in nodes.values())
    assert found["style"] == json.loads(written(store, "cytoscape-style"))


def test_neo4j_tables_have_the_headers_of_its_importer(store: Store) -> None:
    archive = zipfile.ZipFile(io.BytesIO(written(store, "neo4j")))
    nodes = list(csv.DictReader(io.StringIO(archive.read("nodes.csv").decode(), newline="")))
    edges = list(csv.DictReader(io.StringIO(archive.read("relationships.csv").decode(), newline="")))

    assert {row[":START_ID"] for row in edges} | {row[":END_ID"] for row in edges} <= {row["iri:ID"] for row in nodes}
    assert {row[":LABEL"] for row in nodes} >= {"Summit", "Person"}
    assert "CHAIRED_BY" in {row[":TYPE"] for row in edges}


@pytest.mark.parametrize("table", sorted(tables.tables()))
def test_every_table_can_be_written(store: Store, table: str) -> None:
    found = list(csv.reader(io.StringIO(written(store, "csv", table=table).decode(), newline="")))

    assert found[0] == tables.tables()[table].columns
    assert all(len(row) == len(found[0]) for row in found)


@pytest.mark.parametrize("table", [*sorted(tables.tables()), "nodes", "relationships"])
def test_tables_are_read_by_apache_arrow_with_the_types_they_mean(store: Store, table: str) -> None:
    """A strict reader of RFC 4180 that guesses no dialect; the last two are those for Neo4j."""
    own = table in tables.tables()
    archive = None if own else zipfile.ZipFile(io.BytesIO(written(store, "neo4j")))
    content = written(store, "csv", table=table) if archive is None else archive.read(f"{table}.csv")
    options = arrow_csv.ParseOptions(newlines_in_values=True)
    found = arrow_csv.read_csv(io.BytesIO(content), parse_options=options)
    expected = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))

    assert (found.column_names, found.num_rows) == (expected[0], len(expected) - 1)
    for name in {"start", "end", "confidence"} & set(found.column_names):
        column = found.column(name)
        assert str(column.type) in (("int64", "null") if name != "confidence" else ("double", "int64", "null"))


def test_facts_stand_beside_the_words_that_state_them(store: Store) -> None:
    found = list(csv.DictReader(io.StringIO(written(store, "csv", language="fr").decode(), newline="")))
    chairs = [row for row in found if row["predicate"] == "chairedBy" and row["object_label"] == "Emmanuel Macron"]

    assert len(chairs) == 1
    assert "إيمانويل ماكرون" in chairs[0]["words"]
    assert int(chairs[0]["start"]) < int(chairs[0]["end"])


def test_workbook_has_a_sheet_for_each_table_from_right_to_left(store: Store) -> None:
    book = openpyxl.load_workbook(io.BytesIO(written(store, "xlsx", language="ar")))

    assert len(book.sheetnames) == len(tables.tables()) + 2
    assert all(sheet.sheet_view.rightToLeft for sheet in book.worksheets)
    values = [cell for sheet in book.worksheets for row in sheet.iter_rows(values_only=True) for cell in row]
    assert any(str(value).startswith('قمة "<b>') for value in values)


def test_data_package_is_valid(store: Store, tmp_path: Path) -> None:
    """Checked by a process of its own: the library warns of things that are not ours."""
    path = tmp_path / "package.zip"
    path.write_bytes(written(store, "datapackage"))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-W", "ignore", "-m", "frictionless", "validate", "datapackage.json", "--json"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    report = json.loads(run.stdout)

    assert report["valid"], run.stdout
    assert len(report["tasks"]) == len(tables.tables()) + 2


def test_what_concerns_a_summit_comes_with_its_evidence_and_nothing_else(store: Store) -> None:
    seoul = entity(store, "ai seoul summit 2024")
    found = list(parse(written(store, "nquads", Selection(about=(seoul,))), format=RdfFormat.N_QUADS))
    subjects = {str(quad.subject) for quad in found}

    assert f"<{iris.base()}id/person/yoon-suk-yeol>" in subjects
    assert not any("macron" in subject for subject in subjects)
    assert any(quad.predicate.value.endswith("#exact") for quad in found)
    report = exports.write(store, io.BytesIO(), "trig", Selection(about=(seoul,)))
    assert report[0] == len(found)


def test_a_summit_comes_with_its_documents_whichever_text_tells_of_them(store: Store) -> None:
    """One text says what the summit adopted, another who refused it."""
    seoul = entity(store, "ai seoul summit 2024")
    found = networkx.parse_graphml(written(store, "graphml", Selection(about=(seoul,))).decode())
    named = {
        (source.rpartition("/")[2], data["relation"], target.rpartition("/")[2])
        for source, target, data in found.edges(data=True)
    }

    assert ("ai-seoul-summit-2024", "adopted", "charter") in named
    assert ("charter", "refusedBy", "absent") in named


def test_what_concerns_a_class(store: Store) -> None:
    found = json.loads(written(store, "cytoscape", Selection(classes=(class_name("sg:Organization"),))))

    assert {node["data"]["class"] for node in found["elements"]["nodes"]} == {"Company", "Summit"}


def test_what_a_construct_says(store: Store) -> None:
    template = "{ ?p <http://schema.org/name> ?n ; <http://schema.org/knows> [] }"
    query = f"CONSTRUCT {template} WHERE {{ GRAPH ?g {{ ?p a sg:Person ; rdfs:label ?n }} }}"
    first, second = (written(store, "turtle", Selection(construct=query)) for _ in range(2))

    assert first == second
    assert b"Narendra Modi" in first
    with pytest.raises(InputError, match="CONSTRUCT"):
        written(store, "turtle", Selection(construct="SELECT * { ?s ?p ?o }"))


def test_tables_of_a_construct_hold_its_triples_and_its_network(store: Store) -> None:
    query = "CONSTRUCT { ?s sg:chairedBy ?o } WHERE { GRAPH ?g { ?s sg:chairedBy ?o } }"
    chosen = Selection(construct=f"PREFIX sg: <{iris.ONTOLOGY}> {query}")
    book = openpyxl.load_workbook(io.BytesIO(written(store, "xlsx", chosen)))
    archive = zipfile.ZipFile(io.BytesIO(written(store, "datapackage", chosen)))
    triples = list(csv.reader(io.StringIO(written(store, "csv", chosen).decode(), newline="")))

    assert book.sheetnames == ["Triples", "Entities", "Relations"]
    assert [[cell or "" for cell in row] for row in book["Triples"].iter_rows(values_only=True)] == triples
    assert archive.read("triples.csv") == written(store, "csv", chosen)
    assert len(list(book["Relations"].rows)) == len(triples)
    described = json.loads(archive.read("datapackage.json"))
    assert [item["name"] for item in described["resources"]] == ["triples", "entities", "relations"]


@pytest.mark.parametrize("name", ["", "no such summit", "Q5", "paris"])
def test_a_summit_that_is_not_there_is_refused_with_those_that_are(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="ai-seoul-summit-2024"):
        entity(store, name)


def test_an_unknown_class_is_refused() -> None:
    with pytest.raises(InputError, match="Company"):
        class_name("sg:Cat")


def test_a_document_that_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(InputError, match="stats --documents"):
        written(store, "trig", Selection(documents=("0" * 16,)))


@given(st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]))), st.integers(1, 5))
def test_lines_are_sorted_on_disk_as_in_memory(lines: list[str], run: int) -> None:
    with SortedLines(run) as sorter:
        for line in lines:
            sorter.add(line)
        assert list(sorter) == sorted(set(lines))


MEMORY = """
import resource, sys
from summitgraph.graph import exports
from summitgraph.graph.selection import Selection
from summitgraph.graph.store import open_reader
from pathlib import Path
snapshot, reader = open_reader(Path(sys.argv[1]))
with open("/dev/null", "wb") as sink:
    exports.write(reader, sink, sys.argv[2], Selection())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.fixture(scope="module")
def small_and_large(tmp_path_factory: pytest.TempPathFactory, quads: list[Quad]) -> list[Path]:
    """Two stores, one of thirty times as many documents, none of them like another."""
    text = (serialize(quads, format=RdfFormat.N_QUADS) or b"").decode()
    roots = []
    for count in (20, 600):
        root = tmp_path_factory.mktemp("store")
        with Writer(root) as writer:
            lines = "".join(text.replace(document().id, f"{number:016x}") for number in range(count))
            writer.database.bulk_load(lines.encode(), RdfFormat.N_QUADS)
            writer.publish()
        roots.append(root)
    return roots


@pytest.mark.parametrize("form", ["trig", "turtle", "gexf", "csv"])
def test_memory_does_not_grow_with_the_graph(small_and_large: list[Path], form: str) -> None:
    """A few megabytes more are what the store itself takes."""
    used = []
    for root in small_and_large:
        command = [sys.executable, "-c", MEMORY, str(root), form]
        used.append(int(subprocess.run(command, capture_output=True, text=True, check=True).stdout))

    assert used[1] - used[0] < 40, used


def test_no_half_file_is_left_where_the_disk_is_full(tmp_path: Path, store: Store) -> None:
    """The limit on file sizes stands for a full disk."""
    path = tmp_path / "out.trig"
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from pathlib import Path; from summitgraph.graph import export;"
        "export.to_file(Path(sys.argv[1]), lambda f: f.write(b'x' * 100_000))"
    )
    run = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=False)

    assert "cannot be written" in run.stderr
    assert list(tmp_path.iterdir()) == []
    assert export.to_file(path, lambda file: exports.write(store, file, "trig", ALL)[0]) > 0
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000

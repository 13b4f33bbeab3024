"""Networks as files for Gephi (GEXF, GraphML), Cytoscape, Graphviz and Neo4j."""

from __future__ import annotations

import csv
import io
import json
import math
import zipfile
from collections.abc import Callable, Iterator
from typing import IO
from xml.sax.saxutils import escape, quoteattr

import regex

from .network import Network, styles

_CONTROL = regex.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # characters that XML 1.0 does not allow
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every file in an archive, so that two exports are the same bytes
_SMALLEST = 10
_LONGEST = 2000  # characters of a string in DOT
_FIELDS = (("label", "string"), ("class", "string"), ("wikidata", "string"), ("colour", "string"))


def size(degree: int) -> float:
    """Return how large a node is drawn: by the square root of its degree, so that its area tells it."""
    return round(_SMALLEST * math.sqrt(1 + degree), 1)


def gexf(network: Network, language: str) -> Iterator[str]:
    """Yield GEXF 1.3 (gexf.net) with colours, sizes and weights for Gephi."""
    nodes, edges = network.count()
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">\n'
    yield "<meta><creator>SummitGraph</creator></meta>\n"
    yield '<graph defaultedgetype="directed" mode="static">\n<attributes class="node">\n'
    yield '<attribute id="class" title="class" type="string"/><attribute id="wikidata" title="wikidata" type="anyURI"/>\n'
    yield '</attributes>\n<attributes class="edge">\n<attribute id="relation" title="relation" type="string"/>'
    yield '<attribute id="confidence" title="confidence" type="double"/>\n</attributes>\n'
    yield f'<nodes count="{nodes}">\n'
    for node in network.nodes(language):
        red, green, blue = (int(node.colour[place : place + 2], 16) for place in (1, 3, 5))
        item = f'<attvalue for="wikidata" value={_attribute(node.item)}/>' if node.item else ""
        yield (
            f"<node id={_attribute(node.iri)} label={_attribute(node.label)}>"
            f'<attvalues><attvalue for="class" value={_attribute(node.kind)}/>{item}</attvalues>'
            f'<viz:color r="{red}" g="{green}" b="{blue}"/><viz:size value="{size(node.degree)}"/></node>\n'
        )
    yield f'</nodes>\n<edges count="{edges}">\n'
    for number, edge in enumerate(network.edges(language)):
        yield (
            f'<edge id="{number}" source={_attribute(edge.source)} target={_attribute(edge.target)} '
            f'label={_attribute(edge.label)} weight="{edge.weight}"><attvalues>'
            f'<attvalue for="relation" value={_attribute(edge.relation)}/>'
            f'<attvalue for="confidence" value="{edge.confidence}"/></attvalues></edge>\n'
        )
    yield "</edges>\n</graph>\n</gexf>\n"


def graphml(network: Network, language: str) -> Iterator[str]:
    """Yield GraphML (graphml.graphdrawing.org) with typed attributes."""
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    for name, kind in (*_FIELDS, ("size", "double")):
        yield f'<key id="n_{name}" for="node" attr.name="{name}" attr.type="{kind}"/>\n'
    for name, kind in (("label", "string"), ("relation", "string"), ("weight", "double"), ("confidence", "double")):
        yield f'<key id="e_{name}" for="edge" attr.name="{name}" attr.type="{kind}"/>\n'
    yield '<graph id="summitgraph" edgedefault="directed">\n'
    for node in network.nodes(language):
        values = (("label", node.label), ("class", node.kind), ("wikidata", node.item), ("colour", node.colour))
        data = "".join(f'<data key="n_{name}">{_text(value)}</data>' for name, value in values if value)
        yield f'<node id={_attribute(node.iri)}>{data}<data key="n_size">{size(node.degree)}</data></node>\n'
    for number, edge in enumerate(network.edges(language)):
        named = (
            ("label", edge.label),
            ("relation", edge.relation),
            ("weight", edge.weight),
            ("confidence", edge.confidence),
        )
        data = "".join(f'<data key="e_{name}">{_text(str(value))}</data>' for name, value in named)
        yield f'<edge id="e{number}" source={_attribute(edge.source)} target={_attribute(edge.target)}>{data}</edge>\n'
    yield "</graph>\n</graphml>\n"


def cytoscape(network: Network, language: str) -> Iterator[str]:
    """Yield Cytoscape.js JSON, elements and style, which Cytoscape reads too (``.cyjs``)."""
    yield '{"format_version": "1.0", "generated_by": "SummitGraph", "target_cytoscapejs_version": "~3",\n'
    yield '"data": {"name": "SummitGraph"},\n"elements": {"nodes": [\n'
    mark = ""
    for node in network.nodes(language):
        data = {
            "id": node.iri, "name": node.label, "label": node.label, "class": node.kind, "wikidata": node.item,
            "colour": node.colour, "shape": node.shape, "size": size(node.degree),
        }  # fmt: skip
        yield mark + _json({"data": data})
        mark = ",\n"
    yield '\n], "edges": [\n'
    mark = ""
    for number, edge in enumerate(network.edges(language)):
        data = {
            "id": f"e{number}", "source": edge.source, "target": edge.target, "interaction": edge.relation,
            "label": edge.label, "weight": edge.weight, "confidence": edge.confidence,
        }  # fmt: skip
        yield mark + _json({"data": data})
        mark = ",\n"
    yield f'\n]}},\n"style": {_json(cytoscape_style())}}}\n'


def cytoscape_style() -> list[dict[str, object]]:
    """Return the style sheet of Cytoscape.js for our networks: colours and shapes by class, widths by weight."""
    plain, shape = styles()[""]
    node: dict[str, object] = {
        "label": "data(label)", "background-color": plain, "shape": shape, "width": "data(size)", "height": "data(size)",
        "font-size": 9, "text-valign": "bottom", "text-wrap": "wrap", "text-max-width": 120,
    }  # fmt: skip
    edge: dict[str, object] = {
        "label": "data(label)", "width": "mapData(weight, 1, 10, 1, 6)", "curve-style": "bezier", "font-size": 7,
        "target-arrow-shape": "triangle", "line-color": "#b8c0c8", "target-arrow-color": "#b8c0c8",
        "text-rotation": "autorotate",
    }  # fmt: skip
    by_class: list[dict[str, object]] = [
        {"selector": f'node[class = "{name}"]', "style": {"background-color": colour, "shape": form}}
        for name, (colour, form) in styles().items()
        if name
    ]
    return [{"selector": "node", "style": node}, {"selector": "edge", "style": edge}, *by_class]


def style(_: Network, __: str) -> Iterator[str]:
    """Yield the style sheet of :func:`cytoscape` alone, for networks from elsewhere."""
    yield json.dumps(cytoscape_style(), ensure_ascii=False, indent=1) + "\n"


def dot(network: Network, language: str) -> Iterator[str]:
    """Yield a graph in the DOT language of Graphviz."""
    yield 'digraph summitgraph {\n  graph [overlap=false, splines=true];\n  node [style=filled, fontcolor=white, fontname="sans"];\n'
    shapes = {"tag": "note", "round-rectangle": "box", "rectangle": "box"}
    for node in network.nodes(language):
        shape = shapes.get(node.shape, node.shape)
        yield (
            f"  {_dot(node.iri)} [label={_dot(node.label)}, shape={shape}, fillcolor={_dot(node.colour)}, "
            f"URL={_dot(node.iri)}, tooltip={_dot(node.kind)}];\n"
        )
    for edge in network.edges(language):
        yield f"  {_dot(edge.source)} -> {_dot(edge.target)} [label={_dot(edge.label)}, weight={edge.weight}];\n"
    yield "}\n"


def neo4j(network: Network, language: str, output: IO[bytes]) -> None:
    """Write a zip of ``nodes.csv`` and ``relationships.csv`` with the headers of ``neo4j-admin database import``."""
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        with member(archive, "nodes.csv") as file:
            rows = csv.writer(file)
            rows.writerow(["iri:ID", "label", "wikidata", "colour", "degree:int", ":LABEL"])
            for node in network.nodes(language):
                rows.writerow([node.iri, node.label, node.item, node.colour, node.degree, node.kind or "Thing"])
        with member(archive, "relationships.csv") as file:
            rows = csv.writer(file)
            rows.writerow([":START_ID", ":END_ID", ":TYPE", "label", "sources:int", "confidence:double"])
            for edge in network.edges(language):
                kind = regex.sub(r"(?<=[a-z])(?=[A-Z])", "_", edge.relation).upper()
                rows.writerow([edge.source, edge.target, kind, edge.label, edge.weight, edge.confidence])
        with member(archive, "README.txt") as file:
            file.write(
                "neo4j-admin database import full --nodes=nodes.csv --relationships=relationships.csv "
                "--multiline-fields=true summitgraph\n"
            )


def member(archive: zipfile.ZipFile, name: str) -> IO[str]:
    """Open a member of *archive* for writing text, without a time of its own."""
    information = zipfile.ZipInfo(name, _EPOCH)
    information.compress_type = zipfile.ZIP_DEFLATED
    return io.TextIOWrapper(archive.open(information, "w", force_zip64=True), "utf-8", newline="")


TEXT_FORMATS: dict[str, Callable[[Network, str], Iterator[str]]] = {
    "graphml": graphml, "gexf": gexf, "cytoscape": cytoscape, "cytoscape-style": style, "dot": dot,
}  # fmt: skip


def _attribute(text: str) -> str:
    return quoteattr(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def _text(text: str) -> str:
    return escape(_CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _dot(text: str) -> str:
    """Quote *text*; Graphviz takes at most 16 kB in one string, and nobody reads a label of more than a line or two."""
    flat = " ".join(_CONTROL.sub("", text).split())
    cut = flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
    return '"' + cut.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""The formats of exports: names, media types, file suffixes."""

from __future__ import annotations

MEDIA_TYPES = {
    "trig": ("application/trig", "trig"),
    "nquads": ("application/n-quads", "nq"),
    "turtle": ("text/turtle; charset=utf-8", "ttl"),
    "ntriples": ("application/n-triples", "nt"),
    "jsonld": ("application/ld+json", "jsonld"),
    "rdfxml": ("application/rdf+xml", "rdf"),
    "csv": ("text/csv; charset=utf-8", "csv"),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "datapackage": ("application/zip", "zip"),
    "graphml": ("application/graphml+xml", "graphml"),
    "gexf": ("application/gexf+xml", "gexf"),
    "cytoscape": ("application/json", "cyjs"),
    "cytoscape-style": ("application/json", "json"),
    "dot": ("text/vnd.graphviz; charset=utf-8", "gv"),
    "neo4j": ("application/zip", "zip"),
}
"""Media type and file suffix of each format."""

BINARY = frozenset({"xlsx", "datapackage", "neo4j"})

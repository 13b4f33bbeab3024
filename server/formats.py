"""The forms in which results leave the server: media types, short names, file suffixes.

The order of a table is the server's preference where a client likes several equally.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .negotiate import choose


@dataclass(frozen=True, slots=True)
class Format:
    """One serialisation; ``aliases`` are media types asked for by older clients and answered with ``media_type``."""

    name: str
    media_type: str
    suffix: str
    aliases: tuple[str, ...] = ()
    charset: bool = True

    @property
    def content_type(self) -> str:
        """Return the Content-Type header: text formats say their charset."""
        return self.media_type + ("; charset=utf-8" if self.charset else "")


HTML = Format("html", "text/html", "html", ("application/xhtml+xml",))
JSON = Format("json", "application/sparql-results+json", "srj", ("application/json",), charset=False)
XML = Format("xml", "application/sparql-results+xml", "srx", ("application/xml", "text/xml"), charset=False)
CSV = Format("csv", "text/csv", "csv")
TSV = Format("tsv", "text/tab-separated-values", "tsv")
TURTLE = Format("turtle", "text/turtle", "ttl", ("application/turtle", "application/x-turtle"))
N_TRIPLES = Format("ntriples", "application/n-triples", "nt", ("text/plain",))
RDF_XML = Format("rdfxml", "application/rdf+xml", "rdf", ("application/xml", "text/xml"), charset=False)
JSON_LD = Format("jsonld", "application/ld+json", "jsonld", ("application/json",), charset=False)
N_QUADS = Format("nquads", "application/n-quads", "nq")
TRIG = Format("trig", "application/trig", "trig")

SELECT_FORMATS = (JSON, XML, CSV, TSV, HTML)
ASK_FORMATS = (JSON, XML, HTML, CSV, TSV)
GRAPH_FORMATS = (TURTLE, N_TRIPLES, RDF_XML, JSON_LD, N_QUADS, TRIG, HTML)
RDF_FORMATS = GRAPH_FORMATS[:-1]
PARSED_FORMATS = RDF_FORMATS

BY_FORM: Mapping[str, Sequence[Format]] = {
    "SELECT": SELECT_FORMATS,
    "ASK": ASK_FORMATS,
    "CONSTRUCT": GRAPH_FORMATS,
    "DESCRIBE": GRAPH_FORMATS,
}
_SHORT = {"ttl": "turtle", "nt": "ntriples", "rdf": "rdfxml", "json-ld": "jsonld", "nq": "nquads", "srj": "json"}


def negotiate(accept: str | None, formats: Sequence[Format]) -> tuple[Format, str] | None:
    """Return the format the Accept header likes best and the media type it was asked for by; None if none fits."""
    offers = [media for item in formats for media in (item.media_type, *item.aliases)]
    owner: dict[str, Format] = {}
    for item in formats:
        for media in (item.media_type, *item.aliases):
            owner.setdefault(media, item)
    # Own names first, so that an alias never wins over another format's own name.
    own = [item.media_type for item in formats]
    chosen = choose(accept, own + [media for media in offers if media not in own])
    return (owner[chosen], chosen) if chosen else None


def by_name(name: str, formats: Sequence[Format]) -> Format | None:
    """Return the format called *name*: its short name, suffix or media type; JSON means JSON-LD for graphs."""
    name = _SHORT.get(name.lower(), name.lower())
    for item in formats:
        if name in (item.name, item.suffix, item.media_type):
            return item
    for item in formats:
        if name in item.aliases or (name == "json" and item is JSON_LD) or (name == "xml" and item is RDF_XML):
            return item
    return None


def by_media_type(content_type: str) -> Format | None:
    """Return the RDF format a Content-Type header names, parameters aside."""
    media = content_type.partition(";")[0].strip().lower()
    return next((item for item in PARSED_FORMATS if media == item.media_type or media in item.aliases), None)

"""The data set as a catalogue lists it: DCAT 3 with the size, date and languages of the data that are there now."""

from __future__ import annotations

import datetime
from importlib import resources

import pyoxigraph as ox

from .describe import DCT, RDF, XSD, Triples, void
from .engine import Engine
from .formats import RDF_FORMATS, SELECT_FORMATS

DCAT = "http://www.w3.org/ns/dcat#"
LANGUAGES = (
    "SELECT DISTINCT ?lang { ?s <http://purl.org/dc/terms/language> ?lang FILTER(isLiteral(?lang)) } ORDER BY ?lang"
)
_MEDIA_TYPE = "https://www.iana.org/assignments/media-types/"


def published(version: str) -> tuple[str, datetime.datetime]:
    """Return the number of the snapshot a version names, and when it was published (UTC).

    >>> published("7-17e2c0a5b0000000")[0]
    '7'
    """
    number, _, nanoseconds = version.partition("-")
    seconds = int(nanoseconds, 16) // 1_000_000_000
    return number, datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def dcat(engine: Engine, site: str) -> Triples:
    """Return the catalogue, the data set, its services and distributions."""
    text = (resources.files("summitgraph.server") / "dataset.ttl").read_bytes()
    triples = [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE, base_iri=site + "/")]
    dataset, service = ox.NamedNode(site + "/dataset"), ox.NamedNode(site + "/sparql#service")
    number, moment = published(engine.version())

    def add(subject: ox.NamedNode, predicate: str, value: ox.NamedNode | ox.Literal) -> None:
        triples.append(ox.Triple(subject, ox.NamedNode(predicate), value))

    add(dataset, DCAT + "version", ox.Literal(number))
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    add(dataset, DCT + "modified", ox.Literal(stamp, datatype=ox.NamedNode(XSD + "dateTime")))
    for row in engine.select(LANGUAGES):
        add(dataset, DCT + "language", ox.Literal(row["lang"]["value"]))
    for form in (*RDF_FORMATS, *(form for form in SELECT_FORMATS if form.name != "html")):
        node = ox.NamedNode(f"{site}/dataset#{form.name}")
        add(dataset, DCAT + "distribution", node)
        add(node, RDF + "type", ox.NamedNode(DCAT + "Distribution"))
        add(node, DCT + "title", ox.Literal(f"{form.media_type} from the SPARQL endpoint", language="en"))
        add(node, DCAT + "accessURL", ox.NamedNode(site + "/sparql"))
        add(node, DCAT + "accessService", service)
        add(node, DCAT + "mediaType", ox.NamedNode(_MEDIA_TYPE + form.media_type))
    # The numbers of VoID, without its partitions.
    triples += [
        item
        for item in void(engine, site, by_class=False)
        if item.subject == dataset and not isinstance(item.object, ox.BlankNode)
    ]
    return list(dict.fromkeys(triples))

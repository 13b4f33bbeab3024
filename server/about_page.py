"""What the data set is, for people: its size and date, files with everything in them, and addresses for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import schema_org
from .dataset import LANGUAGES, published
from .describe import DUMPS
from .protocol import base_of
from .reply import Environ, Reply
from .site import Site, value

_SERVICES = (
    ("SPARQL", "/sparql"),
    ("OpenAPI", "/openapi.json"),
    ("Search", "/api/search"),
    ("Reconciliation (OpenRefine)", "/reconcile"),
    ("VoID", "/.well-known/void"),
    ("SHACL examples", "/.well-known/sparql-examples"),
)
_DUMP_NAMES = {
    "ttl": "Turtle",
    "trig": "TriG",
    "nq": "N-Quads",
    "nt": "N-Triples",
    "jsonld": "JSON-LD",
    "rdf": "RDF/XML",
}


def about(site: Site, environ: Environ) -> Reply:
    """Return the page that a browser gets at ``/dataset``."""

    def values() -> Mapping[str, Any]:
        number, moment = published(site.engine.version())
        address = base_of(environ)
        return {
            "snapshot": number,
            "moment": moment.isoformat(),
            "texts_in": [value(row, "lang") for row in site.engine.select(LANGUAGES)],
            "triples": site.engine.search.counts(site.engine.version()).triples,
            "dumps": [(_DUMP_NAMES[suffix], f"/dump/summitgraph.{suffix}") for suffix in DUMPS],
            "services": [(name, address + path) for name, path in _SERVICES],
            "json_ld": schema_org.script({"@type": "Dataset", "name": "SummitGraph", "url": address + "/dataset"}),
        }

    return site.reply(environ, "about.html", values)

"""The ontology at its own address: a page in the reader's language for browsers, RDF for programs, the JSON-LD context."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from markupsafe import Markup

from summitgraph.ontology.terms import IRI, VERSION

from . import schema_org
from .describe import rdf_reply
from .formats import GRAPH_FORMATS, HTML, JSON_LD, RDF_FORMATS, by_name, negotiate
from .pages import LANGUAGES, language_of
from .problems import Problem, not_acceptable
from .reply import Environ, Reply, matches
from .site import Site

_FOLDER = resources.files("summitgraph.ontology")
_CSS = "text/css; charset=utf-8"


@lru_cache(maxsize=1)
def _triples() -> tuple[ox.Triple, ...]:
    names = sorted(item.name for item in _FOLDER.iterdir() if item.name.endswith(".ttl"))
    quads = (quad for name in names for quad in ox.parse((_FOLDER / name).read_bytes(), format=ox.RdfFormat.TURTLE))
    return tuple(quad.triple for quad in quads)


@lru_cache(maxsize=len(LANGUAGES))
def _content(language: str) -> tuple[str, Markup]:
    from summitgraph.ontology import docs  # brings rdflib, which a server that nobody asks for the page does without

    return docs.title(language), Markup(docs.content(language))


def _page(site: Site, environ: Environ) -> Reply:
    def values() -> Mapping[str, Any]:
        language = language_of(environ)
        name, content = _content(language)
        data = {"@type": "DefinedTermSet", "name": name, "url": IRI, "version": VERSION, "inLanguage": language}
        alternates = [(form.media_type, f"/ontology.{form.suffix}") for form in RDF_FORMATS]
        return {"name": name, "content": content, "alternates": alternates, "json_ld": schema_org.script(data)}

    return site.reply(environ, "ontology.html", values)


@lru_cache(maxsize=1)
def _changed() -> str:
    """Return when the newest file of the ontology was written, as HTTP says it."""
    newest = max(item.stat().st_mtime for item in Path(str(_FOLDER)).glob("*.ttl"))
    return formatdate(newest, usegmt=True)


def _tagged(reply: Reply, none_match: str | None) -> Reply:
    etag = f'"{hashlib.blake2b(reply.body, digest_size=12).hexdigest()}"'
    reply.headers += [("ETag", etag), ("Cache-Control", "no-cache"), ("Last-Modified", _changed())]
    return Reply(304, headers=reply.headers) if matches(none_match, etag) else reply


def document(site: Site, environ: Environ, accept: str | None, none_match: str | None) -> Reply:
    """Return the ontology: its page for a browser, else RDF in the format asked for.

    Raises:
        Problem: 406 if no format we write is accepted.
    """
    chosen = negotiate(accept, GRAPH_FORMATS)
    if chosen is None:
        raise not_acceptable([item.media_type for item in GRAPH_FORMATS])
    if chosen[0] is HTML:
        return _page(site, environ)
    return _tagged(rdf_reply(iter(_triples()), chosen[0].media_type), none_match)


def file(name: str, none_match: str | None) -> Reply:
    """Return a file beside the ontology: ``ttl``, ``jsonld``, ``nt`` …, ``style.css``, ``context.jsonld``, or a release.

    Raises:
        Problem: 404 if there is no such file.
    """
    if name == "style.css":
        from summitgraph.ontology import docs

        return _tagged(Reply(200, _CSS, docs.STYLE.encode()), none_match)
    if name == "context.jsonld":
        return _tagged(Reply(200, JSON_LD.content_type, (_FOLDER / name).read_bytes()), none_match)
    form = next((item for item in RDF_FORMATS if item.suffix == name), None)
    if form is not None:
        return _tagged(rdf_reply(iter(_triples()), form.media_type), none_match)
    release = _FOLDER / "released" / name / "ontology.ttl"
    if name.replace(".", "").isdigit() and release.is_file():
        turtle = by_name("turtle", RDF_FORMATS)
        assert turtle is not None
        return _tagged(Reply(200, turtle.content_type, release.read_bytes()), none_match)
    known = ", ".join(item.suffix for item in RDF_FORMATS)
    raise Problem(404, "unknown", f"no file {name!r} of the ontology", f"There are: {known}, context.jsonld, releases.")

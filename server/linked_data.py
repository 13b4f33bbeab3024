"""Linked data: an IRI of ours leads to a document about the thing, as a page or as RDF.

``/id/…`` is the thing itself and answers 303 to ``/page/…`` (HTML) or ``/data/…`` (RDF, with a suffix or by Accept).
"""

from __future__ import annotations

import re
from urllib.parse import quote

from . import entity_page
from .describe import choose_rdf
from .engine import Answer, iris
from .facts import filled
from .formats import GRAPH_FORMATS, HTML, RDF_FORMATS, Format, by_name, negotiate
from .problems import Problem, not_acceptable
from .reply import Environ, Reply, wants_html
from .site import Site, last_modified, unmodified

_DOCUMENT_GRAPH = re.compile(r"doc/([^/]+)")


class LinkedData:
    """Documents about the resources of one base IRI."""

    def __init__(self, site: Site) -> None:
        self.site, self.engine, self.base = site, site.engine, site.base

    def see_other(self, path: str, accept: str | None) -> Reply:
        """Return the 303 from a thing to the document about it; a suffix chooses the form where Accept cannot.

        Raises:
            Problem: 404 if nothing is known of the thing, 406 if no form of ours is accepted.
        """
        chosen = negotiate(accept, GRAPH_FORMATS)
        if chosen is None:
            raise not_acceptable([item.media_type for item in GRAPH_FORMATS])
        form: Format = chosen[0]
        if not self._known(path):
            stem, suffixed = (path[:-5], HTML) if path.endswith(".html") else split_suffix(path)
            if suffixed is None or not self._known(stem):
                raise unknown(self.base + "id/" + path)
            path, form = stem, suffixed
        links = [(self._address(path, item), f'rel="alternate"; type="{item.media_type}"') for item in GRAPH_FORMATS]
        header = ", ".join(f"<{target}>; {parameters}" for target, parameters in links)
        return Reply(303, headers=[("Location", self._address(path, form)), ("Vary", "Accept"), ("Link", header)])

    @staticmethod
    def _address(path: str, form: Format) -> str:
        return f"/page/{quote(path)}" if form is HTML else f"/data/{quote(path)}.{form.suffix}"

    def _known(self, path: str) -> bool:
        return bool(self.engine.select(filled("known", thing=[self.base + "id/" + path])))

    def data(self, environ: Environ, path: str) -> Reply:
        """Return RDF about a thing: its concise bounded description, and the labels of what it mentions.

        Raises:
            Problem: 404 if nothing is known of it, 406 if no format of ours is accepted.
        """
        stem, form = split_suffix(path)
        iri = f"{self.base}id/{stem}"
        form = form or choose_rdf(environ.get("HTTP_ACCEPT"))
        if not self.engine.select(filled("known", thing=[iri])):
            raise unknown(iri)
        answer = self.engine.construct(filled("description", thing=[iri]), form.name)
        quoted = quote(stem)
        links = [f'<{quote(iri, safe="/%:@!$&()*+,;=~-._#?")}>; rel="describes"']
        links += [f'</page/{quoted}>; rel="alternate"; type="{HTML.media_type}"']
        links += [
            f'</data/{quoted}.{item.suffix}>; rel="alternate"; type="{item.media_type}"'
            for item in RDF_FORMATS
            if item is not form
        ]
        return _reply(environ, answer, form, [("Link", ", ".join(links))])

    def graph(self, environ: Environ, path: str) -> Reply:
        """Return a named graph itself; a browser is led to the page of the document it was made from.

        Raises:
            Problem: 404 if there is no such graph, 406 if no format of ours is accepted.
        """
        stem, form = split_suffix(path)
        html = form is None and wants_html(environ.get("HTTP_ACCEPT"))
        if html and (match := _DOCUMENT_GRAPH.fullmatch(path)) and self._known(f"source-document/{match[1]}"):
            return Reply(303, headers=[("Location", f"/page/source-document/{quote(match[1])}"), ("Vary", "Accept")])
        form = form or choose_rdf("text/turtle" if html else environ.get("HTTP_ACCEPT"))
        iri = iris([f"{self.base}graph/{stem}"])[0]
        answer = self.engine.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{iri}> {{ ?s ?p ?o }} }}", form.name)
        if answer.size == 0:
            raise unknown(iri)
        reply = _reply(environ, answer, form, [])
        if html and reply.status == 200:  # shown by the browser, where Turtle would be downloaded
            reply.content_type = "text/plain; charset=utf-8"
        return reply

    def page(self, environ: Environ, path: str) -> Reply:
        """Return the page about a thing.

        Raises:
            Problem: 404 if nothing is known of it.
        """
        iri = iris([f"{self.base}id/{path}"])[0]
        reply = entity_page.page(self.site, environ, iri, path)
        if reply is None:
            raise unknown(iri)
        return reply


def _reply(environ: Environ, answer: Answer, form: Format, more: list[tuple[str, str]]) -> Reply:
    headers = [("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-cache"), last_modified(answer.version), *more]
    if answer.etag:
        headers.append(("ETag", answer.etag))
        if unmodified(environ, answer.etag, answer.version):
            return Reply(304, headers=headers)
    return Reply(200, form.content_type, answer.body, headers, answer.file, answer.size, answer.packed)


def unknown(iri: str) -> Problem:
    """Return the 404 for a thing of which nothing is known."""
    return Problem(404, "unknown", f"nothing is known about <{iri}>", "Look for it by name with a query on rdfs:label.")


def split_suffix(path: str) -> tuple[str, Format | None]:
    """Return *path* without the suffix of an RDF format, and the format.

    >>> split_suffix("person/macron.ttl")[0], split_suffix("model/gpt-4.5")[0]
    ('person/macron', 'model/gpt-4.5')
    """
    stem, dot, suffix = path.rpartition(".")
    form = by_name(suffix, RDF_FORMATS) if dot and stem else None
    return (stem, form) if form and form.suffix == suffix else (path, None)

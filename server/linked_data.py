"""Linked data: an IRI of ours leads to a document about the thing, as a page or as RDF.

``/id/…`` is the thing itself and answers 303 to ``/page/…`` (HTML) or ``/data/…`` (RDF, with a suffix or by Accept).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from .describe import choose_rdf
from .engine import Answer, Engine, iris
from .formats import GRAPH_FORMATS, HTML, RDF_FORMATS, Format, by_name, negotiate
from .pages import Pages, language_of, shorten
from .problems import Problem, not_acceptable
from .reply import Environ, Reply, matches

LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
PREF_LABEL = "http://www.w3.org/2004/02/skos/core#prefLabel"
ABOUT = f"""CONSTRUCT {{ $thing ?p ?o . ?o <{LABEL}> ?label . ?o ?q ?v }}
WHERE {{
  $thing ?p ?o
  OPTIONAL {{ ?o <{LABEL}> ?label }}
  OPTIONAL {{ ?o ?q ?v FILTER(isBlank(?o)) }}
}}"""
FACTS = f"""SELECT ?p ?o (SAMPLE(?name) AS ?label)
WHERE {{ $thing ?p ?o OPTIONAL {{ ?o <{LABEL}> ?name FILTER(LANGMATCHES(LANG(?name), $language)) }} }}
GROUP BY ?p ?o ORDER BY ?p ?o LIMIT 2000"""
INVERSE = f"""SELECT ?p ?o (SAMPLE(?name) AS ?label)
WHERE {{
  {{ SELECT DISTINCT ?p ?o {{ ?o ?p $thing }} LIMIT 200 }}
  OPTIONAL {{ ?o <{LABEL}> ?name FILTER(LANGMATCHES(LANG(?name), $language)) }}
}}
GROUP BY ?p ?o ORDER BY ?p ?o"""


def about(text: str, thing: str, language: str = "en") -> str:
    """Return a query of ours for one thing; the IRI is checked to be one, so it cannot end the term it stands in."""
    values = {"$thing": f"<{iris([thing])[0]}>", "$language": f'"{language}"'}
    return re.sub(r"\$(thing|language)\b", lambda match: values[match[0]], text)


class LinkedData:
    """Documents about the resources of one base IRI."""

    def __init__(self, engine: Engine, pages: Pages) -> None:
        self.engine, self.pages = engine, pages
        self.base = engine.settings.base_iri

    def see_other(self, path: str, accept: str | None) -> Reply:
        """Return the 303 from a thing to the document about it."""
        chosen = negotiate(accept, GRAPH_FORMATS)
        if chosen is None:
            raise not_acceptable([item.media_type for item in GRAPH_FORMATS])
        form = chosen[0]
        iri = self.base + "id/" + path
        if not self.engine.select(about("SELECT ?p { $thing ?p ?o } LIMIT 1", iri)) and not self.engine.select(
            about("SELECT ?p { ?s ?p $thing } LIMIT 1", iri)
        ):
            raise unknown(iri)
        quoted = quote(path)
        target = f"/page/{quoted}" if form is HTML else f"/data/{quoted}.{form.suffix}"
        return Reply(303, headers=[("Location", target), ("Vary", "Accept")])

    def data(self, iri: str, accept: str | None, form: Format | None, none_match: str | None) -> Reply:
        """Return RDF about *iri*: its triples, and the labels of what they mention."""
        form = form or choose_rdf(accept)
        answer = self.engine.construct(about(ABOUT, iri), form.name)
        if answer.size == 0 or (form.name == "jsonld" and answer.body.strip() in (b"[]", b"{}")):
            raise unknown(iri)
        return _reply(answer, form, none_match)

    def graph(self, iri: str, accept: str | None, none_match: str | None) -> Reply:
        """Return the named graph *iri* itself."""
        form = choose_rdf(accept)
        text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{iris([iri])[0]}> {{ ?s ?p ?o }} }}"
        answer = self.engine.construct(text, form.name)
        if answer.size == 0:
            raise unknown(iri)
        return _reply(answer, form, none_match)

    def page(self, environ: Environ, iri: str, path: str) -> Reply:
        """Return the page about *iri*."""
        language = language_of(environ)
        facts = self.engine.select(about(FACTS, iri, language))
        inverse = self.engine.select(about(INVERSE, iri, language))
        if not facts and not inverse:
            raise unknown(iri)
        body = self.pages.render(
            "resource.html",
            environ,
            iri=iri,
            label=_label(facts, language) or shorten(iri),
            facts=_grouped(facts),
            inverse=_grouped(inverse),
            alternates=[(item.media_type, f"/data/{quote(path)}.{item.suffix}") for item in RDF_FORMATS[:4]],
        )
        headers = [("Vary", "Accept, Accept-Language, Accept-Encoding"), ("Cache-Control", "no-cache")]
        return Reply(200, HTML.content_type, body, headers, size=len(body))


def _reply(answer: Answer, form: Format, none_match: str | None) -> Reply:
    headers = [("Vary", "Accept, Accept-Encoding"), ("Cache-Control", "no-cache")]
    if answer.etag:
        headers.append(("ETag", answer.etag))
    if answer.etag and matches(none_match, answer.etag):
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


def _cell(value: dict[str, str], label: str = "") -> list[str]:
    kind = {"uri": "iri", "literal": "literal"}.get(value["type"], "other")
    return [kind, str(value["value"]), value.get("xml:lang", ""), value.get("datatype", ""), label]


def _grouped(rows: Sequence[dict[str, Any]]) -> list[tuple[list[str], list[list[str]]]]:
    groups: dict[str, list[list[str]]] = {}
    for row in rows:
        groups.setdefault(row["p"]["value"], []).append(_cell(row["o"], row.get("label", {}).get("value", "")))
    return [(["iri", name, "", "", ""], values) for name, values in groups.items()]


def _label(facts: Sequence[dict[str, Any]], language: str) -> str:
    labels = {
        row["o"].get("xml:lang", ""): row["o"]["value"] for row in facts if row["p"]["value"] in (LABEL, PREF_LABEL)
    }
    return next((labels[code] for code in (language, "en", "fr", "ar", "") if code in labels), "")

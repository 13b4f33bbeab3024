"""The start page: what is inside, summits as cards; and the page of search results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from flask import Flask, Response, request

from summitgraph.graph.iris import is_local

from . import catalogue, schema_org, terms
from .facts import query
from .list_page import is_listed
from .local import In
from .pages import language_of
from .problems import Problem
from .protocol import base_of, read_parameters
from .reply import Environ, Reply
from .respond import respond
from .search import Hit, Question, snippet
from .site import Names, Site, value

_CARDS = 12
_RESULTS = 30
_TRIED, _SHORTEST = 4, 3  # words looked for one by one, and their letters


@dataclass(frozen=True, slots=True)
class Card:
    """A summit as the start page shows it."""

    href: str
    label: str
    language: str
    date: str
    places: list[str]
    chairs: list[str]
    count: int


def summits(site: Site, names: Names, limit: int = _CARDS) -> list[Card]:
    """Return the summits of which most is known, with date, place and chairs, the newest first."""
    rows = site.engine.select(query("summits"))
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        item = found.setdefault(value(row, "summit"), {"date": "", "places": {}, "chairs": {}, "count": 0})
        item["count"] = max(item["count"], int(value(row, "n", "0")))
        item["date"] = max(item["date"], value(row, "start"), key=len)
        for name in ("place", "chair"):
            if text := value(row, name):
                item[name + "s"][text] = None
    # "The next edition" is a summit too, but nothing to start from where others have a name.
    named = {iri: item for iri, item in found.items() if not is_local(iri)} or found
    kept = dict(sorted(named.items(), key=lambda pair: -pair[1]["count"])[:limit])
    names.learn([*kept, *(iri for item in kept.values() for iri in (*item["places"], *item["chairs"]))])
    form = In(names.language, names.locale)
    ordered = sorted(
        kept.items(), key=lambda pair: (pair[1]["date"] != "", pair[1]["date"], pair[1]["count"]), reverse=True
    )
    return [
        Card(
            site.pages.href(iri), names(iri), names.language_of(iri), form.date(item["date"]),
            [names(place) for place in item["places"]][:2], [names(chair) for chair in item["chairs"]][:3], item["count"],
        )
        for iri, item in ordered
    ]  # fmt: skip


def home(site: Site, environ: Environ) -> Reply:
    """Return the page that says what this is."""

    def values() -> Mapping[str, Any]:
        names = site.names(environ)
        held = site.engine.search.counts(site.engine.version())
        counts = {terms.local_name(term): number for term, number in held.classes.items()}
        listed = [
            {"label": terms.label(term, names.language) or name, "href": _leads(name), "count": number}
            for term, number in held.classes.items()
            if (name := terms.local_name(term)) and name not in terms.PROVENANCE | terms.CONCEPTS
        ]
        address = base_of(environ)
        return {
            "triples": held.triples,
            "stated": counts.get("Claim", 0) - held.type_claims + sum(counts.get(name, 0) for name in terms.RECORDS),
            "documents": counts.get("SourceDocument", 0) or held.documents,
            "counts": counts,
            "classes": listed,
            "summits": summits(site, names),
            "examples": catalogue.examples(),
            "endpoint": address + "/sparql",
            "json_ld": schema_org.script(
                {
                    "@type": "WebSite",
                    "name": "SummitGraph",
                    "url": address + "/",
                    "inLanguage": names.language,
                    "potentialAction": {
                        "@type": "SearchAction",
                        "target": {"@type": "EntryPoint", "urlTemplate": address + "/search?q={search_term_string}"},
                        "query-input": "required name=search_term_string",
                    },
                }
            ),
        }

    return site.reply(environ, "home.html", values)


def _leads(name: str) -> str:
    """Return where the count of a class leads: to its things, where they have names."""
    return (
        f"/list/{name}" if is_listed(name) else "/commitments" if name == "FinancialCommitment" else f"/ontology#{name}"
    )


def results(site: Site, environ: Environ) -> Reply:
    """Return the page of what a search finds."""
    words = read_parameters(environ.get("QUERY_STRING", "")).get("q", [""])[0].strip()

    def values() -> Mapping[str, Any]:
        return {
            "words": words,
            "questions": catalogue.like(words, language_of(environ)),
            "hits": nearest(site, words, language_of(environ), _RESULTS),
            "json_ld": schema_org.script({"@type": "SearchResultsPage", "name": words or "SummitGraph"}),
        }

    return site.reply(environ, "search.html", values)


def found(site: Site, words: str, language: str, limit: int) -> list[dict[str, str]]:
    """Return what a search finds, ready to be listed; nothing if there is nothing to look for."""
    version = site.engine.version()
    try:
        every = site.engine.search.find(version, Question(words[:400], lang=language, limit=limit * 4))
    except Problem as problem:
        if problem.status == 400:
            return []
        raise
    # Readers look for things and for what was said; how a link was decided or a span selected is not what they mean.
    hits = [hit for hit in every if _is_wanted(hit)][:limit]
    labels = site.engine.search.labels(version, [hit.iri for hit in hits], language)
    listed = []
    for hit in hits:
        text, code = labels.get(hit.iri, (hit.text, hit.lang))
        passage = snippet(hit.text, words)
        kind = terms.label(hit.type, language)
        href = f"/ontology#{terms.local_name(hit.iri)}" if terms.local_name(hit.iri) else site.pages.href(hit.iri)
        listed.append(
            {"href": href, "label": text, "language": code, "kind": kind, "passage": passage if passage != text else "",
             "passage_language": hit.lang, "colour": hit.iri.removeprefix(site.base + "id/").partition("/")[0]}
        )  # fmt: skip
    return listed


def nearest(site: Site, words: str, language: str, limit: int) -> list[dict[str, str]]:
    """Return what a search finds, else what searches for its longest words find, the best of each first."""
    if (hits := found(site, words, language, limit)) or len(words.split()) < 2:
        return hits
    longest = sorted({word for word in words.split() if len(word) >= _SHORTEST}, key=lambda word: (-len(word), word))
    each = [found(site, word, language, limit) for word in longest[:_TRIED]]
    mixed = (hit for row in zip_longest(*each) for hit in row if hit)
    return list({hit["href"]: hit for hit in mixed}.values())[:limit]


def _is_wanted(hit: Hit) -> bool:
    name = terms.local_name(hit.type)
    return bool(terms.local_name(hit.iri)) or not hit.type or (name != "" and name not in terms.PROVENANCE)


def missing(site: Site, environ: Environ, problem: Problem) -> bytes:
    """Return the page for a request that could not be answered; where nothing is at an address, it has searched already."""
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    words = path.rstrip("/").rpartition("/")[2].replace("-", " ").replace("_", " ")[:200]
    try:
        hits = nearest(site, words, language_of(environ), 10) if problem.status == 404 else []
    except Problem:
        hits = []  # the index is being built; the page is still of use
    query = read_parameters(environ.get("QUERY_STRING", "")).get("query", [""])[0] if path == "/sparql" else ""
    return site.pages.render(
        "problem.html", environ, problem=problem, query=query, told=problem.told(language_of(environ)), path=path, words=words, hits=hits,
        json_ld=schema_org.script({"@type": "WebPage", "name": problem.title}),
    )  # fmt: skip


def register(app: Flask, site: Site) -> None:
    """Add the routes."""

    @app.get("/")
    def show_home() -> Response:
        return respond(home(site, request.environ))

    @app.get("/search")
    def show_results() -> Response:
        return respond(results(site, request.environ))

"""What crawlers ask for: ``robots.txt``, the site map, and the dumps under names that do not change."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from flask import Flask, Response, request

from summitgraph.graph.formats import MEDIA_TYPES
from summitgraph.ontology.terms import CLASSES, NAMESPACE

from . import terms
from .dataset import published
from .describe import DUMPS
from .facts import query
from .problems import Problem
from .protocol import base_of
from .reply import Environ, Reply
from .respond import respond
from .site import Site, last_modified, unmodified, value

PER_FILE = 50_000  # addresses in one file, by the protocol (sitemaps.org)
PAGES = ("/", "/timeline", "/commitments", "/compare", "/explore", "/query", "/ontology")
_FORMS = {suffix: form for form, (_, suffix) in MEDIA_TYPES.items() if suffix in DUMPS}
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def listed_classes() -> list[str]:
    """Return the classes whose things have a page worth finding: things and texts, no records, claims or concepts."""
    return [NAMESPACE + name for name in sorted(CLASSES - terms.PROVENANCE - terms.RECORDS - terms.CONCEPTS)]


def _asked(site: Site, name: str) -> str:
    classes = " ".join(f"<{iri}>" for iri in listed_classes())
    return query(name).replace("$classes", classes).replace("$base", f'"{site.base}id/"')


def things(site: Site, number: int) -> list[str]:
    """Return the IRIs of the things of one file of the site map, in the order of their IRIs."""
    rows = site.engine.select(f"{_asked(site, 'things')} LIMIT {PER_FILE} OFFSET {PER_FILE * number}")
    return [value(row, "thing") for row in rows]


def robots(environ: Environ) -> Reply:
    """Return what crawlers may read: pages and data, no queries."""
    text = (
        "User-agent: *\nDisallow: /sparql\nDisallow: /api/\nDisallow: /store\nDisallow: /export\nDisallow: /search\n"
        "Disallow: /explore?\nDisallow: /query?\nDisallow: /commitments?\nDisallow: /compare?\nDisallow: /timeline?\n\n"
        f"Sitemap: {base_of(environ)}/sitemap.xml\n"
    )
    return Reply(200, "text/plain; charset=utf-8", text.encode(), [("Cache-Control", "max-age=3600")])


def sitemap(site: Site, environ: Environ, number: int | None) -> Reply:
    """Return the index of the site map, or one of its files.

    Raises:
        Problem: 404 if there is no such file.
    """
    version, address = site.engine.version(), base_of(environ)
    etag = f'"map-{version}-{number}"'
    headers = [("ETag", etag), last_modified(version), ("Cache-Control", "no-cache")]
    if unmodified(environ, etag, version):
        return Reply(304, headers=headers)
    day = published(version)[1].date().isoformat()
    if number is None:
        count = site.engine.select(_asked(site, "things-count"))
        files = max(1, -(-int(value(count[0], "n")) // PER_FILE))
        body = _xml("sitemapindex", "sitemap", (f"{address}/sitemap-{place}.xml" for place in range(files)), day)
        return Reply(200, "application/xml", body, headers)
    found = [address + site.pages.href(iri).replace("/id/", "/page/", 1) for iri in things(site, number)]
    if not found and number:
        raise Problem(404, "unknown", f"the site map has no file {number}", "The index lists them: /sitemap.xml.")
    pages = [address + path for path in PAGES] if number == 0 else []
    return Reply(200, "application/xml", _xml("urlset", "url", [*pages, *found], day), headers)


def _xml(root: str, item: str, addresses: Iterable[str], day: str) -> bytes:
    lines = "".join(f"<{item}><loc>{escape(text)}</loc><lastmod>{day}</lastmod></{item}>\n" for text in addresses)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n{lines}</{root}>\n'.encode()


def register(app: Flask, site: Site) -> None:
    """Add the routes."""

    @app.get("/robots.txt")
    def robots_txt() -> Response:
        return respond(robots(request.environ))

    @app.get("/favicon.ico")  # asked for where no page names an icon
    def icon() -> Response:
        return respond(Reply(302, headers=[("Location", "/static/icon.svg"), ("Cache-Control", "max-age=86400")]))

    @app.get("/sitemap.xml")
    def sitemap_index() -> Response:
        return respond(sitemap(site, request.environ, None))

    @app.get("/sitemap-<int:number>.xml")
    def sitemap_file(number: int) -> Response:
        return respond(sitemap(site, request.environ, number))

    @app.get("/dump/summitgraph.<suffix>")
    def dump(suffix: str) -> Response:
        if suffix not in DUMPS:
            raise Problem(
                404, "unknown", f"there is no dump with the suffix {suffix!r}", f"There are: {', '.join(DUMPS)}."
            )
        return respond(
            Reply(302, headers=[("Location", f"/export?format={_FORMS[suffix]}"), ("Cache-Control", "no-cache")])
        )

"""What all pages share: they are cached and tagged by the data they show, and know what things are called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from summitgraph.ontology.terms import NAMESPACE

from . import terms
from .cache import Entry
from .dataset import published
from .engine import Engine
from .formats import HTML
from .pages import COOKIE, LANGUAGES, Pages, language_of, locale_of, shorten
from .protocol import read_parameters
from .reply import Environ, Reply, matches

Row = Mapping[str, Any]
VARY = ("Vary", "Accept, Accept-Language, Accept-Encoding, Cookie")


def value(row: Row, name: str, default: str = "") -> str:
    """Return what a row of a result has for a variable."""
    cell = row.get(name)
    return str(cell["value"]) if cell else default


def unmodified(environ: Environ, etag: str, version: str) -> bool:
    """Tell whether the client has this already, by tag or else by time (RFC 9110, 13.2.2)."""
    if tags := environ.get("HTTP_IF_NONE_MATCH"):
        return matches(tags, etag)
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if not since:
        return False
    try:
        return published(version)[1].replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


def last_modified(version: str) -> tuple[str, str]:
    """Return the header that says when the data were published."""
    return ("Last-Modified", format_datetime(published(version)[1].replace(microsecond=0), usegmt=True))


_queries = ThreadPoolExecutor(8, "queries")


def together(*asked: Callable[[], Any]) -> list[Any]:
    """Return what each of several calls gives, which wait for query processes at the same time; none may call this."""
    others = [_queries.submit(call) for call in asked[1:]]
    return [asked[0](), *(other.result() for other in others)]


class Names:
    """What things are called in one language, asked for many at once and remembered."""

    def __init__(self, engine: Engine, language: str, locale: str = "") -> None:
        self.engine, self.language, self.locale = engine, language, locale
        self.version = engine.version()
        self._known: dict[str, tuple[str, str]] = {}

    def learn(self, iris: Iterable[str]) -> None:
        """Look up the names of *iris* that are not known yet."""
        wanted = [iri for iri in dict.fromkeys(iris) if iri not in self._known and not iri.startswith(NAMESPACE)]
        for start in range(0, len(wanted), 500):
            self._known |= self.engine.search.labels(self.version, wanted[start : start + 500], self.language)

    def __call__(self, iri: str) -> str:
        """Return the name of *iri*, else its last part; names of things have to be learnt first."""
        return terms.label(iri, self.language) or self._known.get(iri, ("", ""))[0] or shorten(iri)

    def language_of(self, iri: str) -> str:
        """Return the language its name is in, empty where it has none."""
        if terms.label(iri, self.language):
            return self.language
        return self._known.get(iri, ("", ""))[1]


class Site:
    """Pages over one engine."""

    def __init__(self, engine: Engine, pages: Pages) -> None:
        self.engine, self.pages, self.base = engine, pages, engine.settings.base_iri

    def names(self, environ: Environ) -> Names:
        """Return what things are called in the reader's language."""
        return Names(self.engine, language_of(environ), locale_of(environ))

    def reply(
        self,
        environ: Environ,
        template: str,
        make: Callable[[], Mapping[str, Any]],
        links: Sequence[tuple[str, str]] = (),
        *,
        status: int = 200,
    ) -> Reply:
        """Return a page: from the client's copy, ours, or made now from the values *make* returns.

        *links* are the targets and parameters of Link headers (RFC 8288).
        """
        version, language = self.engine.version(), locale_of(environ)
        address = f"{environ.get('PATH_INFO', '')}?{environ.get('QUERY_STRING', '')} {environ.get('HTTP_HOST', '')}"
        key = f"{version} {language} {template} {address} {self.pages.static_key}"
        etag = f'"{hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()}"'
        headers = [VARY, ("Cache-Control", "no-cache"), ("ETag", etag), last_modified(version)]
        if links:
            headers.append(("Link", ", ".join(f"<{target}>; {parameters}" for target, parameters in links)))
        if status == 200 and unmodified(environ, etag, version):
            return Reply(304, headers=headers)
        asked = read_parameters(environ.get("QUERY_STRING", "")).get("lang", [""])[0]
        if asked in LANGUAGES:
            headers.append(("Set-Cookie", f"{COOKIE}={asked}; Path=/; Max-Age=31536000; SameSite=Lax"))
        entry = self.engine.cache.get(etag)
        if entry is None:
            entry = Entry(self.pages.render(template, environ, **make()))
            self.engine.cache.put(etag, entry)
        return Reply(status, HTML.content_type, entry.body, headers, size=len(entry.body), packed=entry.packed)

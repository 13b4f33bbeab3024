"""Pages for people, in three languages: which words, which direction, and how a term of the graph is shown."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from . import local
from .engine import known_prefixes
from .negotiate import choose_language, choose_region
from .protocol import read_parameters
from .reasons import reason
from .reply import Environ

LANGUAGES = ("en", "ar", "fr")
RIGHT_TO_LEFT = frozenset(["ar", "fa", "he", "ur", "ps", "sd", "ug", "yi", "dv", "ckb"])
COOKIE = "lang"
SECTIONS = (
    ("/", "home"),
    ("/timeline", "timeline"),
    ("/commitments", "commitments"),
    ("/compare", "compare"),
    ("/explore", "explore"),
    ("/query", "query"),
    ("/review", "review"),
)
Cell = Sequence[str] | None  # kind (iri, literal, other), value, language, datatype[, label]


@lru_cache(maxsize=1)
def messages() -> Mapping[str, Mapping[str, str]]:
    """Return the words of the pages: language to key to text."""
    text = (resources.files("summitgraph.server") / "templates" / "messages.toml").read_text("utf-8")
    return tomllib.loads(text)


def language_of(environ: Environ) -> str:
    """Return the language a page is shown in: the parameter ``lang``, else the one chosen before, else the browser's."""
    asked = read_parameters(environ.get("QUERY_STRING", "")).get("lang", [""])[0]
    if asked in LANGUAGES:
        return asked
    for part in environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value in LANGUAGES:
            return str(value)
    return choose_language(environ.get("HTTP_ACCEPT_LANGUAGE"), LANGUAGES, "en")


def locale_of(environ: Environ) -> str:
    """Return the locale (``en_GB``) of a page's language in the reader's country, as the browser tells it."""
    language = language_of(environ)
    return local.locale_of(language, choose_region(environ.get("HTTP_ACCEPT_LANGUAGE"), language))


def direction(language: str) -> str:
    """Return the direction of a language (BCP 47 tag), ``auto`` where none is given."""
    if not language:
        return "auto"
    return "rtl" if language.lower().partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def shorten(iri: str) -> str:
    """Return *iri* with a known prefix, or its last part; never empty.

    >>> shorten("https://w3id.org/summitgraph/ontology#chairedBy")
    'sg:chairedBy'
    """
    for name, namespace in known_prefixes().items():
        if iri.startswith(namespace) and len(iri) > len(namespace):
            return f"{name}:{iri[len(namespace) :]}"
    return iri.rstrip("/#").replace("#", "/").rpartition("/")[2] or iri


@lru_cache(maxsize=1)
def static_digest() -> str:
    """Return a digest of all templates and static files: what is cached is not shown after an upgrade."""
    digest = hashlib.blake2b(digest_size=6)
    for folder in ("templates", "static"):
        for path in sorted(local.files(folder)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Pages:
    """Renders templates; links to our own resources are made local, whatever host serves them."""

    def __init__(self, base_iri: str) -> None:
        self.base_iri, self.static_key = base_iri, static_digest()
        self.templates = Environment(
            loader=PackageLoader("summitgraph.server"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.globals.update(
            asset=self.asset, built=local.is_built, term=self.term, href=self.href, direction=direction, reason=reason
        )

    def render(self, template: str, environ: Environ, **values: Any) -> bytes:
        """Return the page in the reader's language."""
        language = language_of(environ)
        words, form = messages(), local.In(language, locale_of(environ))
        path = environ.get("PATH_INFO", "/")
        page = self.templates.get_template(template).render(
            t=words[language],
            language=language,
            languages=[(code, words[code]["name"]) for code in LANGUAGES],
            language_link=lambda code: self._link(environ, code),
            sections=[(target, words[language][name], path == target) for target, name in SECTIONS],
            number=form.number,
            in_words=form,
            **values,
        )
        return page.encode()

    @staticmethod
    def asset(name: str) -> str:
        """Return the address of a static file; one address each, as scripts name each other by it too."""
        return f"/static/{name}"

    @staticmethod
    def _link(environ: Environ, language: str) -> str:
        parameters = read_parameters(environ.get("QUERY_STRING", "")) | {"lang": [language]}
        path = environ.get("PATH_INFO", "/").encode("latin-1", "replace").decode("utf-8", "replace")
        return quote(path) + "?" + urlencode(parameters, doseq=True)

    def href(self, iri: str) -> str:
        """Return where a reader is led for *iri*: into this server for our own, nowhere unless it is HTTP."""
        if iri.startswith(self.base_iri):
            rest = iri[len(self.base_iri) :]
            return "/" + quote(rest, safe="/%:@!$&'()*+,;=~-._#")
        return iri if iri.startswith(("http://", "https://")) else ""

    def term(self, cell: Cell) -> Markup:
        """Return HTML for a term: links for IRIs, language and direction for texts; everything is escaped."""
        if cell is None:
            return Markup()
        kind, value, language = cell[0], cell[1], cell[2]
        if kind == "iri":
            shown = cell[4] if len(cell) > 4 and cell[4] else shorten(value)
            href = self.href(value)
            inner = Markup("<bdi>{}</bdi>").format(shown)
            return Markup('<a href="{}" title="{}">{}</a>').format(href, value, inner) if href else escape(value)
        if kind == "literal" and language:
            return Markup('<bdi lang="{}" dir="{}">{}</bdi>').format(language, direction(language), value)
        return Markup('<bdi dir="auto">{}</bdi>').format(value)

    def results(self, environ: Environ, query: str, form: str, data: bytes) -> bytes:
        """Return the page of a query's result, which is JSON rows, a boolean, or Turtle."""
        values: dict[str, Any] = {"boolean": None, "turtle": None, "names": [], "rows": [], "truncated": False}
        if form in ("CONSTRUCT", "DESCRIBE"):
            values["turtle"] = data.decode()
            downloads = ("turtle", "ntriples", "jsonld", "rdfxml")
        else:
            values |= json.loads(data)
            downloads = ("json", "xml", "csv", "tsv")
        return self.render("results.html", environ, query=query, downloads=downloads, **values)

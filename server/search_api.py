"""``GET /api/search``: the full-text index for programs and for boxes that complete what is typed."""

from __future__ import annotations

import hashlib
import json

from . import terms
from .engine import Engine, iris, known_prefixes
from .pages import Pages
from .problems import Problem
from .protocol import read_parameters
from .reply import Environ, Reply, matches
from .search import Hit, Question, snippet

PARAMETERS = ("q", "lang", "type", "limit")
MAX_LIMIT = 100


class SearchApi:
    """The search of one front over HTTP."""

    def __init__(self, engine: Engine, pages: Pages) -> None:
        self.engine, self.search, self.pages = engine, engine.search, pages

    def __call__(self, environ: Environ) -> Reply:
        """Answer a search.

        Raises:
            Problem: 400 if a parameter is wrong, 503 if the index is not there.
        """
        question = read_question(environ.get("QUERY_STRING", ""))
        version = self.engine.version()
        headers = [("Vary", "Accept-Encoding"), ("Cache-Control", "no-cache")]
        etag = f'"{hashlib.blake2b(f"{version} {question}".encode(), digest_size=12).hexdigest()}"'
        headers.append(("ETag", etag))
        if matches(environ.get("HTTP_IF_NONE_MATCH"), etag):
            return Reply(304, headers=headers)
        hits = self.search.find(version, question)
        labels = self.search.labels(version, [hit.iri for hit in hits], question.lang or "en")
        results = [self._result(hit, labels.get(hit.iri), question) for hit in hits]
        body = json.dumps({"results": results}, ensure_ascii=False).encode()
        return Reply(200, "application/json", body, headers, size=len(body))

    def _result(self, hit: Hit, label: tuple[str, str] | None, question: Question) -> dict[str, object]:
        text, lang = label or ("", hit.lang)
        return {
            "iri": hit.iri,
            "label": text,
            "lang": lang,
            "type": hit.type,
            "kind": terms.label(hit.type, question.lang or "en"),
            "href": self.pages.href(hit.iri),
            "snippet": snippet(hit.text, question.words),
            "score": hit.score,
        }


def read_question(text: str) -> Question:
    """Return what a query string asks for.

    Raises:
        Problem: 400 with the parameter that is wrong.
    """
    given = read_parameters(text)
    if unknown := [name for name in given if name not in PARAMETERS]:
        raise _wrong(f"the search has no parameter {unknown[0]!r}", f"Use {', '.join(PARAMETERS)}.")
    if repeated := [name for name, values in given.items() if len(values) > 1]:
        raise _wrong(f"the parameter {repeated[0]!r} is there more than once", "Give it once.")
    values = {name: given.get(name, [""])[0].strip() for name in PARAMETERS}
    lang = values["lang"].lower()
    if lang and not (lang.isascii() and lang.replace("-", "").isalnum() and len(lang) <= 35):
        raise _wrong(f"lang={lang!r} is not a language tag", "Use one such as ar, en or fr.")
    limit = values["limit"] or "10"
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MAX_LIMIT):
        raise _wrong(f"limit={limit!r} is not a number from 1 to {MAX_LIMIT}")
    return Question(values["q"], lang=lang.partition("-")[0], type=_class(values["type"]), limit=int(limit))


def _class(name: str) -> str:
    """Return the IRI of a class given as an IRI, in angle brackets or not, or as a name with a known prefix."""
    if not name:
        return ""
    prefix, _, local = name.partition(":")
    if not local.startswith("//") and prefix in known_prefixes():
        name = known_prefixes()[prefix] + local
    elif "://" not in name:
        raise _wrong(f"type={name!r} is neither an IRI nor a name with a known prefix", "Use one such as sg:Person.")
    return iris([name.removeprefix("<").removesuffix(">")])[0]


def _wrong(detail: str, hint: str = "") -> Problem:
    return Problem(400, "search", detail, hint)

"""What a client is told when a request fails: a problem document (RFC 9457), a page or plain text, by Accept.

Whoever asks for Arabic or French is told in it what went wrong and how to mend it (``problems.toml``); the English words,
which may name a value or a place, stay beside.
"""

from __future__ import annotations

import html
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from importlib import resources

from .negotiate import choose, choose_language

LANGUAGES = ("en", "ar", "fr")
TYPES = (
    "text/plain",
    "application/problem+json",
    "application/json",
    "application/sparql-results+json",
    "application/ld+json",
    "text/html",
)


@dataclass
class Problem(Exception):
    """A request that cannot be answered; ``hint`` says how to mend it, ``extra`` goes into the document."""

    status: int
    code: str
    detail: str
    hint: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.detail}"

    @property
    def title(self) -> str:
        """Return the status in words."""
        return HTTPStatus(self.status).phrase

    def told(self, language: str) -> tuple[str, str]:
        """Return what went wrong and how to mend it in *language*; in English where there is no translation."""
        words = _translations().get(self.code, {}).get(language)
        if words is None:
            return self.detail, self.hint
        detail = self._filled(words["detail"]) or words.get("general", "")
        return (detail, self._filled(words.get("hint", "")) or self.hint) if detail else (self.detail, self.hint)

    def _filled(self, text: str) -> str:
        """Return *text* with the members it names, or nothing if one of them is missing."""
        try:
            return text.format_map(dict(self.extra))
        except KeyError:
            return ""

    def document(self, language: str = "en") -> dict[str, object]:
        """Return the members of the problem document."""
        detail, hint = self.told(language)
        members: dict[str, object] = {
            "type": f"urn:summitgraph:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": detail,
        }
        if detail != self.detail:
            members["detailInEnglish"] = self.detail
        if hint:
            members["hint"] = hint
        return members | dict(self.extra)

    def render(self, accept: str | None, languages: str | None = None) -> tuple[str, bytes]:
        """Return media type and body: JSON for programs that ask for any JSON, a page for browsers, else text.

        *languages* is the Accept-Language header.
        """
        language = choose_language(languages, LANGUAGES, "en")
        chosen = choose(accept, TYPES) or "text/plain"
        if chosen == "text/html":
            return "text/html; charset=utf-8", self._page(language).encode()
        if chosen != "text/plain":
            return "application/problem+json", json.dumps(self.document(language), ensure_ascii=False).encode()
        detail, hint = self.told(language)
        lines = [f"{self.status} {self.title}: {detail}", self.detail if detail != self.detail else "", hint]
        return "text/plain; charset=utf-8", "".join(f"{line}\n" for line in lines if line).encode()

    def _page(self, language: str) -> str:
        title = f"{self.status} {self.title}"
        detail, hint = self.told(language)
        own = f'<p lang="en" dir="ltr">{html.escape(self.detail)}</p>' if detail != self.detail else ""
        hint = f'<p dir="auto">{html.escape(hint)}</p>' if hint else ""
        direction = "rtl" if language == "ar" else "ltr"
        return (
            f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8"><title>{title}</title>'
            '<link rel="stylesheet" href="/static/style.css"></head><body><main>'
            f'<h1><bdi lang="en">{title}</bdi></h1><p dir="auto">{html.escape(detail)}</p>{own}{hint}'
            '<p><a href="/">SummitGraph</a></p></main></body></html>'
        )


@lru_cache(maxsize=1)
def _translations() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Return code to language to the words for detail, general and hint."""
    return tomllib.loads((resources.files("summitgraph.server") / "problems.toml").read_text("utf-8"))


def not_acceptable(offers: list[str]) -> Problem:
    """Return the 406 that lists what is offered."""
    return Problem(
        406,
        "not-acceptable",
        "none of the media types of the Accept header can be given for this resource",
        "Offered: " + ", ".join(offers) + ".",
        {"offered": offers},
    )


def method_not_allowed(method: str, allowed: str) -> Problem:
    """Return the 405 that lists what is allowed."""
    return Problem(
        405, "method", f"{method} is not possible here", f"Allowed: {allowed}.", headers=(("Allow", allowed),)
    )

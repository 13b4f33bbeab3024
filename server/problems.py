"""What a client is told when a request fails: a problem document (RFC 9457), a page or plain text, by Accept."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from .negotiate import choose

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

    def document(self) -> dict[str, object]:
        """Return the members of the problem document."""
        members: dict[str, object] = {
            "type": f"urn:summitgraph:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.hint:
            members["hint"] = self.hint
        return members | dict(self.extra)

    def render(self, accept: str | None) -> tuple[str, bytes]:
        """Return media type and body: JSON for programs that ask for any JSON, a page for browsers, else text."""
        chosen = choose(accept, TYPES) or "text/plain"
        if chosen == "text/html":
            return "text/html; charset=utf-8", self._page().encode()
        if chosen != "text/plain":
            return "application/problem+json", json.dumps(self.document(), ensure_ascii=False).encode()
        text = f"{self.status} {self.title}: {self.detail}\n" + (f"{self.hint}\n" if self.hint else "")
        return "text/plain; charset=utf-8", text.encode()

    def _page(self) -> str:
        title = f"{self.status} {self.title}"
        hint = f"<p>{html.escape(self.hint)}</p>" if self.hint else ""
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<link rel="stylesheet" href="/static/style.css"></head><body><main>'
            f"<h1>{title}</h1><p>{html.escape(self.detail)}</p>{hint}"
            '<p><a href="/">SummitGraph</a></p></main></body></html>'
        )


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

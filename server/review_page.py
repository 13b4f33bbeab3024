"""Link decisions for people: ``/review`` shows them with their sentences, ``/api/review`` gives and takes them as JSON.

To decide takes a token with the scope ``review``. The decision is carried out by ``summitgraph.reviewing`` in a process of its own,
as every change of the store is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Response, request

from summitgraph.errors import InputError
from summitgraph.graph import decisions, reference
from summitgraph.graph.decisions import OUTCOMES, Item

from .problems import Problem
from .protocol import base_of, read_body, read_parameters
from .reply import Environ, Reply
from .respond import respond
from .site import Site
from .updates import Updates

MAX_BODY = 65_536
MAX_LIMIT = 500
_FIELDS = ("id", "decision", "note", "reviewer", "document", "entity", "candidate")
_DECISIONS = ("Accepted", "Rejected", "Withdrawn")


class Reviewing:
    """The reviewing side of one front."""

    def __init__(self, site: Site, updates: Updates) -> None:
        self.site, self.updates = site, updates

    def items(self, outcomes: Sequence[str], limit: int, offset: int) -> list[Item]:
        """Return decisions of the given outcomes."""
        reference.use(self.site.engine.settings.store)
        return decisions.items(self._ask, outcomes, limit, offset)

    def _ask(self, text: str) -> list[dict[str, str]]:
        rows = self.site.engine.select(_declared(text))
        return [{name: str(cell["value"]) for name, cell in row.items()} for row in rows]

    def decide(self, environ: Environ, asked: Mapping[str, str], authorization: str | None) -> dict[str, object]:
        """Carry out a decision; return the lines that were added to the file.

        Raises:
            Problem: 401 or 403 without a token that may, 400 for a malformed decision, 404 for one of an unknown id,
                503 while another process writes.
        """
        self.updates.admit(environ | {"HTTP_AUTHORIZATION": authorization}, "review")
        if unknown := [name for name in asked if name not in _FIELDS]:
            raise _wrong(f"there is no field {unknown[0]!r}", f"Use {', '.join(_FIELDS)}.")
        if asked.get("decision") not in _DECISIONS:
            raise _wrong(f"decision is {asked.get('decision', '')!r}", f"Use one of {', '.join(_DECISIONS)}.")
        reviewer = asked.get("reviewer", "").strip()
        if not reviewer:
            raise _wrong("the reviewer is missing", "Say who decides.")
        one = {"decision": asked["decision"], "note": asked.get("note", ""), **self._about(asked)}
        answer = self._perform({"decisions": [one], "reviewer": reviewer})
        if not answer["ok"]:
            raise _refused(answer)
        return {"added": answer["added"]}

    def _about(self, asked: Mapping[str, str]) -> dict[str, str]:
        """Return document, entity and candidate: as given, or those of the decision with the id given."""
        given = {name: asked.get(name, "") for name in ("document", "entity", "candidate")}
        if all(given.values()):
            return given
        if not asked.get("id"):
            raise _wrong("neither an id nor document, entity and candidate are given", "Send the id that GET lists.")
        try:
            found = decisions.find(self._ask, asked["id"])
        except InputError as error:
            raise Problem(404, "unknown", str(error), "GET /api/review lists them.") from error
        return {"document": found.document, "entity": found.key, "candidate": found.candidate}

    def _perform(self, wanted: Mapping[str, object]) -> dict[str, Any]:
        settings = self.site.engine.settings
        try:
            done = subprocess.run(
                [sys.executable, "-m", "summitgraph.reviewing", str(settings.store)],
                input=json.dumps(wanted).encode(),
                capture_output=True,
                timeout=settings.update_deadline_s,
                check=True,
            )
            answer: dict[str, Any] = json.loads(done.stdout)
        except subprocess.TimeoutExpired as error:
            raise Problem(504, "deadline", "the decision was not carried out in time", "Try again.") from error
        except (subprocess.CalledProcessError, ValueError) as error:
            raise Problem(500, "crashed", "the process that carries out the decision ended") from error
        return answer


def _declared(text: str) -> str:
    """Return *text* with the prefixes it uses."""
    from .engine import known_prefixes

    used = {name: space for name, space in known_prefixes().items() if f"{name}:" in text}
    return "".join(f"PREFIX {name}: <{space}>\n" for name, space in used.items()) + text


def _wrong(detail: str, hint: str) -> Problem:
    return Problem(400, "review", detail, hint)


def _refused(answer: Mapping[str, Any]) -> Problem:
    if answer["error"] == "locked":
        return Problem(503, "locked", answer["message"], "Try again in a moment.", headers=(("Retry-After", "5"),))
    return Problem(400 if answer["error"] == "review" else 409, answer["error"], answer["message"])


def _page_of(environ: Environ) -> tuple[list[str], int, int]:
    """Return outcomes, limit and offset a query string asks for."""
    given = read_parameters(environ.get("QUERY_STRING", ""))
    outcomes = given.get("outcome") or ["NeedsReview"]
    if wrong := [name for name in outcomes if name not in OUTCOMES]:
        raise _wrong(f"outcome={wrong[0]!r} is not an outcome", f"Use {', '.join(OUTCOMES)}.")
    numbers = []
    for name, default, most in (("limit", "50", MAX_LIMIT), ("offset", "0", 10_000_000)):
        text = given.get(name, [default])[0]
        if not (text.isascii() and text.isdigit() and int(text[:9]) <= most):
            raise _wrong(f"{name}={text!r} is not a number up to {most}", "")
        numbers.append(int(text))
    return outcomes, numbers[0], numbers[1]


def register(app: Flask, site: Site, updates: Updates) -> None:
    """Add the routes to *app*."""
    reviewing = Reviewing(site, updates)

    @app.get("/review")
    def review_page() -> Response:
        environ = request.environ
        outcomes, limit, offset = _page_of(environ)
        items = reviewing.items(outcomes, limit + 1, offset)
        body = site.pages.render(
            "review.html",
            environ,
            items=items[:limit],
            outcome=outcomes[0],
            outcomes=OUTCOMES,
            more=offset + limit if len(items) > limit else 0,
            limit=limit,
            href=site.pages.href,
            writable=updates.gatekeeper.open,
        )
        headers = [("Vary", "Accept-Language, Accept-Encoding, Cookie"), ("Cache-Control", "no-store")]
        return respond(Reply(200, "text/html; charset=utf-8", body, headers))

    @app.post("/review")
    def decide_on_page() -> Response:
        environ = request.environ
        text = read_body(environ, MAX_BODY).decode("utf-8", "replace")
        form = {name: values[0] for name, values in read_parameters(text).items()}
        # No cookie gives rights here, so no other site can decide in a reader's name: the token is typed by the person.
        token, back = form.pop("token", ""), form.pop("back", "")
        reviewing.decide(environ, form, f"Bearer {token}" if token else None)
        target = f"/review?outcome={back}" if back in OUTCOMES else "/review"
        return respond(Reply(303, headers=[("Location", base_of(environ) + target), ("Cache-Control", "no-store")]))

    @app.route("/api/review", methods=["GET", "POST"])
    def decisions_for_programs() -> Response:
        if request.method != "POST":
            outcomes, limit, offset = _page_of(request.environ)
            items = reviewing.items(outcomes, limit, offset)
            return _json({"items": [item.as_json() for item in items], "limit": limit, "offset": offset})
        try:
            asked = json.loads(read_body(request.environ, MAX_BODY))
        except ValueError as error:
            raise _wrong(f"the body is not JSON: {error}", "Send an object with id, decision and reviewer.") from error
        if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
            raise _wrong("the body is not an object of texts", "Send an object with id, decision and reviewer.")
        return _json(reviewing.decide(request.environ, asked, request.headers.get("Authorization")))


def _json(value: object) -> Response:
    body = json.dumps(value, ensure_ascii=False).encode()
    return respond(Reply(200, "application/json", body, [("Cache-Control", "no-store"), ("Vary", "Accept-Encoding")]))

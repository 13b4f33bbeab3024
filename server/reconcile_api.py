"""The W3C Reconciliation Service API: versions 0.1 and 0.2 at ``/reconcile``, 1.0 (draft) at ``/reconcile/1.0``.

OpenRefine and other tools match the columns of a table to our entities with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, request

from summitgraph.ontology.terms import NAMESPACE

from . import reconcile_data as data
from .pages import LANGUAGES, RIGHT_TO_LEFT, language_of
from .problems import Problem
from .protocol import base_of, read_body, read_parameters
from .reconcile import Asked, Candidate, Condition, Reconciler, classes
from .reply import Reply
from .respond import respond
from .site import Site

MAX_QUERIES = 100
MAX_LIMIT = 100
MAX_IDS = 1000
_MAX_BODY = 4_194_304
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}")
_FRAMED = "default-src 'none'; style-src 'self'; frame-ancestors *"  # a client shows previews inside its own page


def register(app: Flask, site: Site) -> None:
    """Add the routes to *app*."""
    reconciler = Reconciler(site.engine)

    def lang() -> str:
        return language_of(request.environ)

    # 0.1 and 0.2

    @app.route("/reconcile", methods=["GET", "POST"])
    def reconcile() -> Response:
        given = _parameters()
        if "queries" in given:
            batch = _json(given["queries"], "queries")
            return _answer(
                {key: {"result": found} for key, found in _old_batch(reconciler, batch, lang()).items()}, given
            )
        if "query" in given:  # 0.1: one query, as JSON or as the name alone
            text = given["query"]
            one = _json(text, "query") if text.lstrip().startswith("{") else {"query": text}
            return _answer({"result": _old_batch(reconciler, {"q0": one}, lang())["q0"]}, given)
        if "extend" in given:
            return _answer(_old_extend(reconciler, _json(given["extend"], "extend"), lang()), given)
        return _answer(manifest(reconciler, base_of(request.environ), lang()), given)

    @app.route("/reconcile/extend", methods=["GET", "POST"])
    def extend() -> Response:
        given = _parameters()
        return _answer(_old_extend(reconciler, _json(given.get("extend", ""), "extend"), lang()), given)

    @app.get("/reconcile/properties")
    def propose() -> Response:
        given = _parameters()
        kind, limit = given.get("type", ""), _limit(given.get("limit"), 100)
        found = [_suggestion(one) for one in data.propose(reconciler, kind, lang(), limit)]
        return _answer({"properties": found, "limit": limit} | ({"type": kind} if kind else {}), given)

    @app.get("/reconcile/suggest/<kind>")
    def suggest(kind: str) -> Response:
        given = _parameters()
        found = [_suggestion(one) for one in _suggested(reconciler, kind, given, lang())]
        return _answer({"result": found}, given)

    @app.get("/reconcile/flyout/<kind>")
    def flyout(kind: str) -> Response:
        given = _parameters()
        id = given.get("id", "")
        if kind == "entity":
            return _answer({"id": id, "html": data.preview(reconciler, id, lang())}, given)
        named = (data.suggest_types if kind == "type" else data.suggest_properties)(id, lang(), 1000)
        one = next((found for found in named if found.id == id), None)
        if one is None:
            raise Problem(404, "unknown", f"there is no {kind} {id!r}")
        from html import escape

        return _answer({"id": id, "html": f'<p lang="{one.lang}">{escape(one.name)}</p>'}, given)

    # 1.0

    @app.get("/reconcile/1.0")
    @app.get("/reconcile/1.0/")
    def manifest_of_1() -> Response:
        return _answer(manifest_1(reconciler, base_of(request.environ), lang()), {})

    @app.post("/reconcile/1.0/match")
    def match() -> Response:
        batch = _body().get("queries")
        if not isinstance(batch, list):
            raise _wrong("'queries' is not a list")
        _few(batch)
        found = [reconciler.candidates(_asked_1(reconciler, one, lang())) for one in batch]
        return _answer({"results": [{"candidates": [_candidate(c, 1) for c in one]} for one in found]}, {})

    @app.get("/reconcile/1.0/suggest/<kind>")
    def suggest_1(kind: str) -> Response:
        found = _suggested(reconciler, kind, _parameters(), lang())
        return _answer({"result": [_suggestion(one, directed=True) for one in found]}, {})

    @app.post("/reconcile/1.0/extend")
    def extend_1() -> Response:
        meta, rows = _extend(reconciler, _body(), lang())
        listed = [
            {"id": id, "properties": [{"id": name, "values": cells} for name, cells in values.items()]}
            for id, values in rows.items()
        ]
        return _answer({"meta": [_suggestion(one, directed=True) for one in meta], "rows": listed}, {})

    @app.get("/reconcile/1.0/extend/propose")
    def propose_1() -> Response:
        given = _parameters()
        found = data.propose(reconciler, given.get("type", ""), lang(), _limit(given.get("limit"), 100))
        return _answer({"properties": [_suggestion(one, directed=True) for one in found]}, {})

    @app.get("/reconcile/preview")
    @app.get("/reconcile/1.0/preview")
    def preview() -> Response:
        body = data.preview(reconciler, _parameters().get("id", ""), lang()).encode()
        headers = [("Content-Security-Policy", _FRAMED), ("Vary", "Accept-Language, Accept-Encoding")]
        return respond(Reply(200, "text/html; charset=utf-8", body, headers))


def manifest(reconciler: Reconciler, site: str, lang: str) -> dict[str, object]:
    """Return the manifest of versions 0.1 and 0.2."""
    here = f"{site}/reconcile"
    flyouts = {kind: f"/flyout/{kind}?id=${{id}}" for kind in ("entity", "type", "property")}
    return {
        "versions": ["0.1", "0.2"],
        "name": "SummitGraph",
        "identifierSpace": reconciler.space,
        "schemaSpace": NAMESPACE,
        "defaultTypes": _types(("Person", "Organization", "State", "City", "Summit"), lang),
        "documentation": f"{site}/",
        "view": {"url": f"{site}/id/{{{{id}}}}"},
        "preview": {"url": f"{here}/preview?id={{{{id}}}}", "width": data.PREVIEW[0], "height": data.PREVIEW[1]},
        "suggest": {
            kind: {"service_url": here, "service_path": f"/suggest/{kind}", "flyout_service_path": flyouts[kind]}
            for kind in ("entity", "type", "property")
        },
        "extend": {
            "propose_properties": {"service_url": here, "service_path": "/properties"},
            "property_settings": [
                {
                    "name": "limit",
                    "label": "Limit",
                    "type": "number",
                    "default": 0,
                    "help_text": "Values at most, 0 for all",
                }
            ],
        },
        "batchSize": MAX_QUERIES,
    }


def manifest_1(reconciler: Reconciler, site: str, lang: str) -> dict[str, object]:
    """Return the manifest of version 1.0."""
    return {
        "versions": ["1.0-draft"],
        "name": "SummitGraph",
        "identifierSpace": reconciler.space,
        "schemaSpace": NAMESPACE,
        "defaultTypes": _types(("Person", "Organization", "State", "City", "Summit"), lang),
        "documentation": f"{site}/",
        "view": {"url": f"{site}/id/{{id}}"},
        "preview": {"width": data.PREVIEW[0], "height": data.PREVIEW[1]},
        "suggest": {"entity": True, "property": True, "type": True},
        "extend": {
            "proposeProperties": True,
            "propertySettings": [
                {
                    "id": "limit",
                    "name": "Limit",
                    "type": "number",
                    "default": 0,
                    "helpText": "Values at most, 0 for all",
                }
            ],
        },
        "standardizedScore": True,
        "batchSize": MAX_QUERIES,
    }


# What clients send.


def _parameters() -> dict[str, str]:
    """Return the parameters of the address and of a form, the last of each name."""
    given = read_parameters(request.environ.get("QUERY_STRING", ""))
    if request.method == "POST":
        given |= read_parameters(read_body(request.environ, _MAX_BODY).decode("utf-8", "replace"))
    return {name: values[-1] for name, values in given.items()}


def _body() -> Mapping[str, Any]:
    return _json(read_body(request.environ, _MAX_BODY).decode("utf-8", "replace"), "the body")


def _json(text: str, name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _wrong(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise _wrong(f"{name} is not a JSON object")
    return value


def _wrong(detail: str) -> Problem:
    hint = "See https://www.w3.org/community/reports/reconciliation/ for the form."
    return Problem(400, "reconcile", detail, hint)


def _few(batch: Sequence[object] | Mapping[str, object]) -> None:
    if len(batch) > MAX_QUERIES:
        raise Problem(413, "batch", f"{len(batch)} queries at once; the limit is {MAX_QUERIES}", "Send them in parts.")


def _limit(value: object, default: int) -> int:
    if value is None or value == "":
        return default
    try:
        number = int(str(value).removesuffix(".0"))
    except ValueError:
        number = -1
    if number < 0:
        raise _wrong(f"limit {value!r} is not a whole number from 0")
    return min(number, MAX_LIMIT)


def _values(value: object) -> tuple[str, ...]:
    """Return property values as texts; a value reconciled before counts by its id."""
    listed = value if isinstance(value, list) else [value]
    return tuple(str(one.get("id", one.get("name", ""))) if isinstance(one, dict) else str(one) for one in listed)


def _old_batch(reconciler: Reconciler, batch: Mapping[str, Any], lang: str) -> dict[str, list[dict[str, Any]]]:
    _few(batch)
    answers = {}
    for key, one in batch.items():
        if not isinstance(one, dict) or not (one.get("query") or one.get("properties")):
            raise _wrong(f"query {key!r} has neither a name nor properties")
        answers[key] = [_candidate(found, 0) for found in reconciler.candidates(_asked_old(reconciler, one, lang))]
    return answers


def _asked_old(reconciler: Reconciler, one: Mapping[str, Any], lang: str) -> Asked:
    types = one.get("type") or []
    conditions = []
    for given in one.get("properties") or []:
        if not isinstance(given, dict) or "pid" not in given or "v" not in given:
            raise _wrong("a property has no pid or no v")
        conditions.append(Condition(reconciler.property(str(given["pid"])), str(given["pid"]), _values(given["v"])))
    names = [types] if isinstance(types, str) else [one["id"] if isinstance(one, dict) else str(one) for one in types]
    return Asked(
        str(one.get("query") or ""),
        tuple(reconciler.type(name) for name in names),
        tuple(conditions),
        _limit(one.get("limit"), 10) or 10,
        lang,
    )


def _asked_1(reconciler: Reconciler, one: object, lang: str) -> Asked:
    if not isinstance(one, dict) or not isinstance(one.get("conditions"), list) or not one["conditions"]:
        raise _wrong("a query has no conditions")
    name, conditions = "", []
    for given in one["conditions"]:
        kind = given.get("matchType") if isinstance(given, dict) else None
        if kind not in ("name", "property", "id") or "propertyValue" not in given:
            raise _wrong("a condition has no matchType (name, id or property) or no propertyValue")
        values = _values(given["propertyValue"])
        if kind == "name":
            name = " ".join(values)
        elif kind == "id":
            raise _wrong("matching by id is not offered; the data extension fetches what has an id")
        else:
            id, quantifier = str(given.get("propertyId", "")), given.get("matchQuantifier", "any")
            if quantifier not in ("any", "all", "none"):
                raise _wrong(f"matchQuantifier {quantifier!r} is not any, all or none")
            required = given.get("required") is True
            conditions.append(Condition(reconciler.property(id), id, values, quantifier, required))
    if not isinstance(one.get("type", ""), str):
        raise _wrong("a query has one type, not several")
    wanted = str(one.get("lang", "")).partition("-")[0]
    return Asked(
        name,
        (reconciler.type(one["type"]),) if one.get("type") else (),
        tuple(conditions),
        _limit(one.get("limit"), 10) or 10,
        wanted if wanted in LANGUAGES else lang,
    )


def _suggested(reconciler: Reconciler, kind: str, given: Mapping[str, str], lang: str) -> list[data.Suggestion]:
    prefix, limit = given.get("prefix", ""), _limit(given.get("limit"), 20) or 20
    cursor = _limit(given.get("cursor"), 0)
    ways: dict[str, Callable[[], list[data.Suggestion]]] = {
        "entity": lambda: data.suggest_entities(reconciler, prefix, lang, limit, cursor),
        "type": lambda: data.suggest_types(prefix, lang, limit, cursor),
        "property": lambda: data.suggest_properties(prefix, lang, limit, cursor),
    }
    if kind not in ways:
        raise Problem(404, "unknown", f"there are no suggestions of {kind!r}", "Ask for entity, type or property.")
    return ways[kind]()


def _extend(
    reconciler: Reconciler, wanted: Mapping[str, Any], lang: str
) -> tuple[list[data.Suggestion], dict[str, dict[str, list[data.Cell]]]]:
    ids, props = wanted.get("ids"), wanted.get("properties")
    if not isinstance(ids, list) or not isinstance(props, list) or not all(isinstance(one, dict) for one in props):
        raise _wrong("an extension has lists of ids and of properties")
    if len(ids) > MAX_IDS:
        raise Problem(413, "batch", f"{len(ids)} ids at once; the limit is {MAX_IDS}", "Send them in parts.")
    asked = [(str(one.get("id", "")), _limit((one.get("settings") or {}).get("limit"), 0)) for one in props]
    return data.extend(reconciler, [str(id) for id in ids], asked, lang)


def _old_extend(reconciler: Reconciler, wanted: Mapping[str, Any], lang: str) -> dict[str, object]:
    meta, rows = _extend(reconciler, wanted, lang)
    return {"meta": [_suggestion(one) for one in meta], "rows": rows}


# What they get.


def _types(names: Sequence[str], lang: str) -> list[dict[str, str]]:
    labels = classes()
    return [{"id": name, "name": labels[name].get(lang) or labels[name]["en"]} for name in names if name in labels]


def _directed(one: dict[str, Any], lang: str) -> dict[str, Any]:
    return one | ({"lang": lang, "dir": "rtl" if lang in RIGHT_TO_LEFT else "ltr"} if lang else {})


def _candidate(found: Candidate, version: int) -> dict[str, Any]:
    one: dict[str, Any] = {
        "id": found.iri.partition("/id/")[2] or found.iri,
        "name": found.name,
        "score": found.score,
        "match": found.match,
        "type": _types(found.types, found.lang or "en"),
        "features": [{"id": id, "name": id, "value": value} for id, value in found.features.items()],
    }
    return _directed(one, found.lang) if version else one


def _suggestion(one: data.Suggestion, *, directed: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": one.id, "name": one.name}
    if one.description:
        shown["description"] = one.description
    if one.types:
        shown["notable"] = _types(one.types, one.lang or "en")
    return _directed(shown, one.lang) if directed else shown


def _answer(value: Mapping[str, object], given: Mapping[str, str]) -> Response:
    body = json.dumps(value, ensure_ascii=False)
    headers = [("Vary", "Accept-Language, Accept-Encoding"), ("Cache-Control", "no-cache")]
    if callback := given.get("callback"):  # 0.1, for browsers of its time
        if not _CALLBACK.fullmatch(callback):
            raise _wrong("callback is not the name of a function")
        script = f"/**/{callback}({body});".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        return respond(Reply(200, "application/javascript; charset=utf-8", script.encode(), headers))
    return respond(Reply(200, "application/json", body.encode(), headers))

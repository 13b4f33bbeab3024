"""The page of commitments, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request

from summitgraph.ontology.terms import NAMESPACE

from . import schema_org, terms
from .commitments import Commitment, Filter, cells, chosen, currencies, learnt, read, sums
from .pages import messages
from .problems import Problem
from .protocol import base_of, read_parameters
from .reply import Environ, Reply
from .respond import respond
from .shown import Shower
from .site import Names, Site

SORTS = ("actor", "amount", "currency", "summit", "status")
_BARS = 15
_ROWS = 500
_PARAMETERS = ("actor", "currency", "summit", "status", "least", "sort", "dir", "lang")


def read_filter(environ: Environ) -> Filter:
    """Return what the query string asks for.

    Raises:
        Problem: 400 with the parameter that is wrong.
    """
    given = {name: values[0].strip() for name, values in read_parameters(environ.get("QUERY_STRING", "")).items()}
    if unknown := [name for name in given if name not in _PARAMETERS]:
        raise _not_possible(f"there is no parameter {unknown[0]!r}", unknown[0], _PARAMETERS)
    sort = given.get("sort") or "amount"
    if sort not in SORTS:
        raise _not_possible(f"sort={sort!r} is not possible", f"sort={sort}", SORTS)
    least = None
    if text := given.get("least", ""):
        try:
            least = Decimal(text)
        except InvalidOperation:
            raise Problem(400, "number", f"least={text!r} is not a number", extra={"given": text}) from None
        if not least.is_finite():
            raise Problem(400, "number", f"least={text!r} is not a number", extra={"given": text})
    return Filter(
        given.get("actor", ""), given.get("currency", ""), given.get("summit", ""), given.get("status", ""), least, sort,
        given.get("dir") == "asc" or ("dir" not in given and sort != "amount"),
    )  # fmt: skip


def _not_possible(detail: str, given: str, possible: Sequence[str]) -> Problem:
    listed = ", ".join(possible)
    return Problem(400, "filter", detail, f"Use {listed}.", {"given": given, "possible": listed})


def _sort_link(wanted: Filter, name: str) -> str:
    values = {
        "actor": wanted.actor, "currency": wanted.currency, "summit": wanted.summit, "status": wanted.status,
        "least": str(wanted.least or ""), "sort": name,
        "dir": "asc" if (wanted.sort != name and name != "amount") or (wanted.sort == name and not wanted.ascending) else "desc",
    }  # fmt: skip
    return "?" + urlencode({key: text for key, text in values.items() if text})


def page(site: Site, environ: Environ) -> Reply:
    """Return the page."""
    wanted = read_filter(environ)

    def values() -> Mapping[str, Any]:
        names = site.names(environ)
        items = read(site.engine)
        learnt(items, names)
        shower = Shower(site.pages, names, {}, messages()[names.language])
        kept = chosen(items, wanted, names)
        used = currencies(kept)
        charted = wanted.currency or next(iter(used), "")
        form = shower.form
        largest = max((number for number, _ in used.values()), default=1)
        by_name = {
            by: sorted({iri for item in items for iri in (item.actors if by == "actor" else [item.summit]) if iri}, key=names)
            for by in ("actor", "summit")
        }  # fmt: skip
        return {
            "wanted": wanted,
            "rows": [(item, shower.money(cells(item))) for item in kept[:_ROWS]],
            "total": len(kept),
            "shower": shower,
            "actors": [(iri, names(iri)) for iri in by_name["actor"]],
            "summits": [(iri, names(iri)) for iri in by_name["summit"]],
            "currencies": [(code, form.currency(code)) for code in sorted(currencies(items))],
            "statuses": [(iri, names(iri)) for iri in sorted({item.status for item in items if item.status})],
            "columns": [
                (name, _sort_link(wanted, name), ("ascending" if wanted.ascending else "descending") if wanted.sort == name else "none")
                for name in SORTS
            ],
            "charted": charted,
            "by_actor": _bars(kept, "actor", charted, shower),
            "by_summit": _bars(kept, "summit", charted, shower),
            "by_currency": [
                (form.currency(code), f"/commitments?currency={code}", number / largest,
                 f"{form.number(number)} · {form.money(total, code, short=True)}")
                for code, (number, total) in used.items()
            ],
            "query_string": environ.get("QUERY_STRING", ""),
            "status_label": lambda iri: terms.label(iri, names.language),
            "columns_label": {name: terms.label(NAMESPACE + own, names.language) for name, own in
                              (("actor", "committedBy"), ("amount", "amount"), ("currency", "currency"), ("status", "status"))},
            "json_ld": schema_org.script(
                {
                    "@type": "Dataset", "name": messages()[names.language]["commitments"],
                    "description": messages()[names.language]["c_text"], "url": base_of(environ) + "/commitments",
                    "license": "https://creativecommons.org/publicdomain/zero/1.0/",
                    "distribution": {"@type": "DataDownload", "encodingFormat": "text/csv",
                                     "contentUrl": base_of(environ) + "/commitments.csv"},
                }
            ),
        }  # fmt: skip

    return site.reply(environ, "commitments.html", values)


def _bars(items: list[Commitment], by: str, currency: str, shower: Shower) -> list[tuple[str, str, float, str]]:
    found = sums(items, by, currency)[:_BARS]
    largest = float(found[0][1]) if found and found[0][1] else 1.0
    return [
        (
            shower.names(iri),
            shower.pages.href(iri),
            float(total) / largest,
            shower.form.money(total, currency, short=True),
        )
        for iri, total in found
    ]


def as_csv(site: Site, environ: Environ) -> Reply:
    """Return the filtered commitments as CSV (RFC 4180), with names in the reader's language and every IRI."""
    wanted, names = read_filter(environ), site.names(environ)
    items = read(site.engine)
    learnt(items, names)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        ["commitment", "actors", "actor_iris", "minimum", "maximum", "comparator", "currency", "purposes", "beneficiaries",
         "summit", "summit_iri", "summit_stated", "status", "announced_on", "part_of_another", "confidence", "sources", "words"]
    )  # fmt: skip
    for item in chosen(items, wanted, names):
        writer.writerow([_safe(cell) for cell in _row(item, names)])
    headers = [("Content-Disposition", 'attachment; filename="commitments.csv"'), ("Vary", "Accept-Language, Cookie")]
    # With a byte order mark, or spreadsheets take Arabic for something else.
    return Reply(200, "text/csv; charset=utf-8", b"\xef\xbb\xbf" + text.getvalue().encode(), headers)


def _row(item: Commitment, names: Names) -> list[str]:
    return [
        item.iri, "; ".join(map(names, item.actors)), " ".join(item.actors), _plain(item.low), _plain(item.high),
        terms.local_name(item.comparator), item.currency, "; ".join(item.purposes), "; ".join(map(names, item.beneficiaries)),
        names(item.summit) if item.summit else "", item.summit, "yes" if item.stated else "no", terms.local_name(item.status),
        item.date, "yes" if item.part else "no", item.confidence, " ".join(item.sources),
        " | ".join(" ".join(words.split()) for _, words in item.sources.values()),
    ]  # fmt: skip


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number:f}"


def _safe(cell: str) -> str:
    """Return *cell* so that no spreadsheet takes it for a formula.

    >>> _safe("=1+1"), _safe("-5"), _safe("Norway")
    ("'=1+1", '-5', 'Norway')
    """
    risky = cell[:1] in ("=", "+", "@", "\t", "\r") or (cell[:1] == "-" and not cell[1:2].isdigit())
    return f"'{cell}" if risky else cell


def register(app: Flask, site: Site) -> None:
    """Add the routes."""

    @app.get("/commitments")
    def show_commitments() -> Response:
        return respond(page(site, request.environ))

    @app.get("/commitments.csv")
    def commitments_csv() -> Response:
        return respond(as_csv(site, request.environ))

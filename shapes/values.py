"""Literals as values that can be compared, after XML Schema 1.1 part 2; what is ill-formed has no value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import lru_cache

import regex
from pyoxigraph import Literal

XSD = "http://www.w3.org/2001/XMLSchema#"
LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_INTEGERS: dict[str, tuple[int | None, int | None]] = {
    "integer": (None, None), "nonNegativeInteger": (0, None), "positiveInteger": (1, None), "nonPositiveInteger": (None, 0),
    "negativeInteger": (None, -1), "long": (-(2**63), 2**63 - 1), "int": (-(2**31), 2**31 - 1), "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127), "unsignedLong": (0, 2**64 - 1), "unsignedInt": (0, 2**32 - 1), "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
}  # fmt: skip
_TIMEZONE = r"(?P<zone>Z|[+-](?:0\d|1[0-4]):[0-5]\d)?"

Comparable = tuple[str, object]
"""A family of values that compare with each other, and the value."""


@lru_cache(maxsize=16384)
def value(literal: Literal) -> Comparable | None:
    """Return the value of *literal*, or None where it is ill-formed; unknown datatypes give their lexical form."""
    datatype, text = literal.datatype.value, literal.value
    if not datatype.startswith(XSD):
        return (datatype, text)
    name = datatype[len(XSD) :]
    if name in _INTEGERS:
        return _integer(text, *_INTEGERS[name])
    read = _READERS.get(name)
    return read(text) if read else (datatype, text)


def compare(first: Literal, second: Literal) -> int | None:
    """Return -1, 0 or 1, or None where the two cannot be compared (SPARQL 1.1, section 17.3)."""
    one, other = value(first), value(second)
    if one is None or other is None or one[0] != other[0]:
        return None
    left, right = one[1], other[1]
    if one[0] == "time" and isinstance(left, tuple) and isinstance(right, tuple):
        if (left[1] is None) != (right[1] is None):
            return None  # with and without a time zone
        left, right = left[0], right[0]
    try:
        return int(left > right) - int(left < right)  # type: ignore[operator]
    except TypeError:
        return None


def _integer(text: str, low: int | None, high: int | None) -> Comparable | None:
    if not regex.fullmatch(r"[+-]?\d+", text):
        return None
    number = int(text)
    return ("number", Decimal(number)) if (low is None or number >= low) and (high is None or number <= high) else None


def _decimal(text: str) -> Comparable | None:
    return ("number", Decimal(text)) if regex.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", text) else None


def _double(text: str) -> Comparable | None:
    if not regex.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?INF|NaN", text):
        return None
    return ("number", float(text.replace("INF", "inf")))


def _boolean(text: str) -> Comparable | None:
    return ("boolean", text in ("true", "1")) if text in ("true", "false", "1", "0") else None


def _date(text: str) -> Comparable | None:
    match = regex.fullmatch(rf"(?P<day>-?\d{{4,}}-\d\d-\d\d){_TIMEZONE}", text)
    try:
        return match and ("date", (date.fromisoformat(match["day"]), match["zone"] or ""))
    except ValueError:
        return None


def _datetime(text: str) -> Comparable | None:
    match = regex.fullmatch(rf"(?P<moment>\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?){_TIMEZONE}", text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match["moment"])
    except ValueError:
        return None
    zone = match["zone"]
    if zone is None:
        return ("time", (moment, None))
    hours, minutes = (0, 0) if zone == "Z" else (int(zone[1:3]), int(zone[4:6]))
    offset = timezone(timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1))
    return ("time", (moment.replace(tzinfo=offset).astimezone(UTC).replace(tzinfo=None), "zoned"))


def _month(text: str) -> Comparable | None:
    match = regex.fullmatch(rf"(?P<year>-?\d{{4,}})-(?P<month>0[1-9]|1[0-2]){_TIMEZONE}", text)
    return match and ("month", (int(match["year"]), int(match["month"])))


def _year(text: str) -> Comparable | None:
    match = regex.fullmatch(rf"(?P<year>-?\d{{4,}}){_TIMEZONE}", text)
    return match and ("year", int(match["year"]))


_READERS: dict[str, Callable[[str], Comparable | None]] = {
    "decimal": _decimal, "double": _double, "float": _double, "boolean": _boolean, "date": _date, "dateTime": _datetime,
    "gYearMonth": _month, "gYear": _year,
}  # fmt: skip

"""The reasons of link decisions in the reader's language: the graph keeps them in English."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

import regex

from summitgraph.ontology.terms import NAMESPACE

from . import terms


@lru_cache(maxsize=1)
def _forms() -> list[tuple[regex.Pattern[str], dict[str, str]]]:
    text = (resources.files("summitgraph.server") / "reasons.toml").read_text("utf-8")
    return [(regex.compile(form["en"]), form) for form in tomllib.loads(text)["reason"]]


def reason(text: str, language: str) -> tuple[str, str]:
    """Return a reason in *language* and the language it is in: English where there is no translation.

    >>> reason("a family name alone; only the country is in the text", "fr")
    ('un nom de famille seul ; le texte ne donne que le pays', 'fr')
    """
    if language == "en":
        return text, "en"
    for pattern, form in _forms():
        if (match := pattern.fullmatch(text)) and language in form:
            words = [_kind(part or "", language) for part in match.groups()]
            return form[language].format(*words), language
    return text, "en"


def _kind(text: str, language: str) -> str:
    """Return *text* with the classes it names, as in “Samsung (Q20718, Company)”, in *language*."""
    return regex.sub(
        r"(?<=, )\w+(?=\))|^\w+$", lambda match: terms.label(NAMESPACE + match[0], language) or match[0], text
    )

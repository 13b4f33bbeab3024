"""Items of Wikidata as rows of the reference table: which kind they are by their classes, their names, their country.

The JSON of one item is the same in dumps and in the answers of the API (https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from summitgraph.errors import InputError

from . import reference
from .reference import KINDS, LANGUAGES

CLASSES = reference.FOLDER / "classes.csv"
Entry = dict[str, str]  # a row of wikidata.csv, by column
_MAX_ALIASES = 20
_COUNTRY = ("P27", "P17")  # of citizenship; country


@cache
def kinds() -> Mapping[str, str]:
    """Return the kind of each class that is known, by identifier."""
    return read_classes(CLASSES)


def read_classes(path: Path) -> dict[str, str]:
    """Return kinds by class from a CSV with the columns class and kind (and any others).

    Raises:
        InputError: If a row is malformed; names file and row.
    """
    found: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if not {"class", "kind"} <= set(reader.fieldnames or ()):
                raise InputError(f"{path.name}:1: expected the columns class and kind")
            for number, entry in enumerate(reader, 2):
                if not reference.is_qid(entry["class"] or "") or entry["kind"] not in KINDS:
                    raise InputError(
                        f"{path.name}:{number}: expected a class (Q5) and a kind, got {list(entry.values())}"
                    )
                found[entry["class"]] = entry["kind"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    return found


def classes_of(item: Mapping[str, Any], prop: str = "P31") -> Iterator[str]:
    """Yield the items a statement of *item* leads to; best-ranked ones only (preferred before normal, none deprecated)."""
    claims = [claim for claim in item.get("claims", {}).get(prop, ()) if claim.get("rank") != "deprecated"]
    preferred = [claim for claim in claims if claim.get("rank") == "preferred"]
    for claim in preferred or claims:
        value = claim.get("mainsnak", {}).get("datavalue", {}).get("value", {})
        if isinstance(value, dict) and str(value.get("id", "")).startswith("Q"):
            yield value["id"]


def kind_of(classes: Iterable[str], known: Mapping[str, str]) -> str:
    """Return the kind of what has *classes*: the most telling of those known, empty where none is.

    ``Organization`` says least, so any other kind goes before it.
    """
    found = [known[name] for name in classes if name in known]
    return next((kind for kind in found if kind != "Organization"), found[0] if found else "")


def entry(item: Mapping[str, Any], kind: str, evidence: str) -> Entry | None:
    """Return *item* as a row of the table; None for what has no name in any of our languages."""
    labels = {lang: _value(item.get("labels", {}).get(lang)) for lang in LANGUAGES}
    english = labels["en"] or labels["fr"] or labels["ar"]
    if not english:
        return None
    aliases = {
        lang: [text for one in item.get("aliases", {}).get(lang, ()) if (text := _value(one))][:_MAX_ALIASES]
        for lang in LANGUAGES
    }
    country = next((qid for prop in _COUNTRY for qid in classes_of(item, prop)), "")
    return row(str(item["id"]), kind, {**labels, "en": english}, aliases, country, evidence)


def row(
    qid: str, kind: str, labels: Mapping[str, str], aliases: Mapping[str, Iterable[str]], parent: str, evidence: str
) -> Entry:
    """Return a row of the table; what would break a line or a list of aliases is taken out of names."""
    clean = {lang: _clean(labels.get(lang, "")) for lang in LANGUAGES}
    return {
        "qid": qid,
        "kind": kind,
        **{f"label_{lang}": clean[lang] for lang in LANGUAGES},
        **{
            f"aliases_{lang}": "|".join(
                dict.fromkeys(name for text in aliases.get(lang, ()) if (name := _clean(text)) and name != clean[lang])
            )
            for lang in LANGUAGES
        },
        "part_of_or_country_qid": parent,
        "evidence": evidence,
    }


def descriptions(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the descriptions of *item* in our languages."""
    found = {lang: _value(item.get("descriptions", {}).get(lang)) for lang in LANGUAGES}
    return {lang: text for lang, text in found.items() if text}


def _value(one: object) -> str:
    return _clean(str(one.get("value", ""))) if isinstance(one, dict) else ""


def _clean(text: str) -> str:
    return " ".join(text.replace("|", " ").split())

"""Look up at Wikidata what the reference table does not know, and what has become of what it does. Only when somebody asks.

What is found goes into the store's own table (``reference/`` in the store): rows, descriptions, and what Wikidata has merged or
deleted. Nothing is linked here: the linker decides as ever, and of a row found by its name alone only context can convince it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pyoxigraph import QuerySolutions, Store

from . import iris, names, query, reference, snapshots, wikidata_items
from .names import fold
from .reference import CHANGES, COLUMNS, DESCRIPTIONS, LANGUAGES, LOOKED_UP
from .wikidata_api import Api
from .wikidata_items import Entry

CACHE = "wikidata-cache"  # folder in the store
REFRESH_AGE_S = 86_400.0
_QUERIES = Path(__file__).parent / "queries"
_ALIAS_LETTERS = 4  # shorter ones are often words


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entity nothing is known about: its kind, a name in each language it is named in, the documents that name it."""

    entity: str
    kind: str
    names: Mapping[str, str]
    documents: frozenset[str]


@dataclass
class Plan:
    """What would be looked up."""

    wanted: list[Wanted] = field(default_factory=list)
    linked: dict[str, frozenset[str]] = field(default_factory=dict)  # documents by item

    def searches(self) -> list[tuple[str, str, Wanted]]:
        """Return name and language of each search."""
        return [(name, lang, one) for one in self.wanted for lang, name in sorted(one.names.items())]


@dataclass
class Found:
    """What looking up gave."""

    rows: dict[str, Entry] = field(default_factory=dict)
    descriptions: dict[tuple[str, str], str] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)  # new identifier by old one; empty for a deleted item
    documents: set[str] = field(default_factory=set)  # whose links may be others now
    new: int = 0


def plan(store: Store) -> Plan:
    """Return what the documents of *store* name and nothing is known about, and the items they link to."""
    known = {reference.iri(row).value for row in reference.load().rows}
    kinds = {kind for kind in wikidata_items.kinds().values() if kind != "Organization"}
    types = ", ".join(f"<{iris.term(kind).value}>" for kind in sorted(kinds))
    result = Plan()
    collected: dict[tuple[str, str], tuple[dict[str, str], set[str]]] = {}
    solutions = _solutions(store, (_QUERIES / "unlinked.rq").read_text("utf-8").replace("$types", types))
    for row in solutions:
        entity, kind = row["entity"].value, row["type"].value.rpartition("#")[2]
        if entity in known:
            continue
        found, documents = collected.setdefault((entity, kind), ({}, set()))
        documents.add(row["graph"].value.rpartition("/")[2])
        name, lang = row["name"].value, row["name"].language or ""
        if lang in LANGUAGES and len(name) > len(found.get(lang, "")) and (kind != "Person" or " " in name):
            found[lang] = name  # the longest form says most
    for (entity, kind), (found, documents) in sorted(collected.items()):
        if found:
            result.wanted.append(Wanted(entity, kind, found, frozenset(documents)))
    items: dict[str, set[str]] = {}
    for row in _solutions(store, (_QUERIES / "linked.rq").read_text("utf-8")):
        items.setdefault(row["item"].value.rpartition("/")[2], set()).add(row["graph"].value.rpartition("/")[2])
    result.linked = {qid: frozenset(documents) for qid, documents in sorted(items.items())}
    return result


def _solutions(store: Store, text: str) -> QuerySolutions:
    found = query.select(store, text)
    assert isinstance(found, QuerySolutions)
    return found


def run(
    api: Api, wanted: Plan, folder: Path, *, refresh: bool = True, progress: Callable[[str], object] | None = None
) -> Found:
    """Look *wanted* up and keep what is found in the table at *folder*, also if it is interrupted.

    Args:
        api: Where to ask.
        wanted: What to look up.
        folder: The store's own table.
        refresh: Ask too what has become of the items documents link to.
        progress: Told in words what is being done.

    Raises:
        OnlineError: If the API does not answer; what was found until then is kept, and the next run goes on from there.
    """
    tell = progress or (lambda _: None)
    found = _read(folder)
    before = set(found.rows)
    try:
        _search(api, wanted, found, tell)
        found.new = len(set(found.rows) - before)
        if refresh:
            _refresh(api, wanted.linked, found, tell)
    finally:
        _write(folder, found)
    return found


def _search(api: Api, wanted: Plan, found: Found, tell: Callable[[str], object]) -> None:
    searches = wanted.searches()
    candidates: dict[str, list[tuple[Wanted, str, str]]] = {}
    for number, (name, lang, one) in enumerate(searches, 1):
        tell(f"search {number} of {len(searches)}: {name}")
        for hit in api.search(name, lang):
            match = hit.get("match")
            texts = [str(match.get("text", "")) if isinstance(match, dict) else "", str(hit.get("label", ""))]
            if reference.is_qid(str(hit["id"])) and fold(name) in map(fold, texts):
                candidates.setdefault(hit["id"], []).append((one, name, lang))
    tell(f"{len(candidates)} items to fetch")
    for qid, item in api.entities(candidates, LANGUAGES):
        if "missing" in item:
            continue
        kind = wikidata_items.kind_of(wikidata_items.classes_of(item), wikidata_items.kinds())
        fitting = [asked for asked in candidates[qid] if kind and names.kinds_agree(asked[0].kind, kind)]
        if not fitting:
            continue
        one, name, lang = fitting[0]
        seen = f"revision {item.get('lastrevid', 'unknown')}, {date.today().isoformat()}"
        entry = wikidata_items.entry(item, kind, f"{LOOKED_UP}Wikidata search for “{name}” ({lang}), {seen}")
        if entry is not None:
            found.rows.setdefault(str(item["id"]), _without_short(entry))
            _describe(found, str(item["id"]), wikidata_items.descriptions(item))
            for asked, _, _ in fitting:
                found.documents |= asked.documents


def _refresh(api: Api, linked: Mapping[str, frozenset[str]], found: Found, tell: Callable[[str], object]) -> None:
    table = reference.load().by_qid()
    tell(f"{len(linked)} linked items to refresh")
    for qid, item in api.entities(linked, LANGUAGES, REFRESH_AGE_S):
        if "missing" in item:
            found.changes[qid] = ""
            found.documents |= linked[qid]
            continue
        now = str(item["id"])
        if now != qid:
            found.changes[qid] = now
            found.documents |= linked[qid]
        known = table.get(qid)
        kind = known.kind if known is not None else ""
        evidence = f"Wikidata API, revision {item.get('lastrevid', 'unknown')}, {date.today().isoformat()}"
        entry = wikidata_items.entry(item, kind, evidence) if kind else None
        if entry is not None:
            earlier = found.rows.get(now)
            if earlier is not None and earlier["evidence"].startswith(LOOKED_UP):
                entry["evidence"] = earlier["evidence"]
            found.rows[now] = _without_short(entry)
        _describe(found, now, wikidata_items.descriptions(item))


def _describe(found: Found, qid: str, words: Mapping[str, str]) -> None:
    found.descriptions.update({(qid, lang): text for lang, text in words.items()})


def _without_short(entry: Entry) -> Entry:
    """Return *entry* without aliases that are as likely words: one word of few letters."""
    for lang in LANGUAGES:
        kept = [name for name in entry[f"aliases_{lang}"].split("|") if " " in name or len(name) >= _ALIAS_LETTERS]
        entry[f"aliases_{lang}"] = "|".join(kept)
    return entry


def _read(folder: Path) -> Found:
    """Return what the table at *folder* holds."""
    found = Found()
    if not folder.is_dir():
        return found
    reference.load(folder)  # refuses what is malformed, by file and row
    for entry in _rows(folder / "wikidata.csv"):
        found.rows[entry["qid"]] = entry
    for entry in _rows(folder / "descriptions.csv"):
        found.descriptions[entry["qid"], entry["lang"]] = entry["text"]
    for entry in _rows(folder / "changes.csv"):
        found.changes[entry["qid"]] = entry["to"]
    return found


def _rows(path: Path) -> Iterable[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(folder: Path, found: Found) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    today = date.today().isoformat()
    dates = {entry["qid"]: entry["seen_at"] for entry in _rows(folder / "changes.csv")}
    order = sorted(found.rows, key=lambda qid: int(qid[1:]))
    tables: dict[str, tuple[tuple[str, ...], list[list[str]]]] = {
        "wikidata.csv": (COLUMNS, [[found.rows[qid][column] for column in COLUMNS] for qid in order]),
        "descriptions.csv": (
            DESCRIPTIONS,
            [[qid, lang, text] for (qid, lang), text in sorted(found.descriptions.items())],
        ),
        "changes.csv": (
            CHANGES,
            [
                [qid, "redirect" if to else "deleted", to, dates.get(qid, today)]
                for qid, to in sorted(found.changes.items())
            ],
        ),
    }
    for name, (header, lines) in tables.items():
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
        snapshots.replace_file(folder / name, stream.getvalue())

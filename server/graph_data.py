"""Parts of the graph as nodes and edges: what surrounds a thing, how two things are connected, and the whole."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

from summitgraph.graph.iris import graph
from summitgraph.ontology.terms import NAMESPACE, SUPERCLASSES

from . import terms
from .engine import Engine, iris
from .facts import filled, read_records
from .pages import Pages
from .shown import Shower
from .site import Names, Row, value

Edge = tuple[str, str, str]  # subject, local name of the property, object
_CHUNK = 300
_RECORDS = 60  # statements, commitments … of one thing
_FRONTIER = 3000  # things looked at in one step of a path
MAX_STEPS = 6
_LONGEST = 90  # characters of a name in a drawing
_PATHS = 12  # things in the middle of equally short paths


@lru_cache(maxsize=1)
def layout() -> Mapping[str, Any]:
    """Return which properties and records are drawn (``drawing.toml``)."""
    return tomllib.loads((resources.files("summitgraph.server") / "drawing.toml").read_text("utf-8"))


@dataclass(slots=True)
class Part:
    """Edges of the graph; ``more`` if there are others that were left out."""

    edges: list[Edge] = field(default_factory=list)
    more: bool = False
    alone: list[str] = field(default_factory=list)  # things to show though no edge leads to them

    @property
    def things(self) -> list[str]:
        """Return the IRIs of everything in it."""
        ends = (end for subject, _, object_ in self.edges for end in (subject, object_))
        return list(dict.fromkeys((*self.alone, *ends)))


def _properties(*names: str) -> list[str]:
    return [NAMESPACE + name for kind in names for name in layout()[kind]]


def _edges(rows: Iterable[Row]) -> list[Edge]:
    found = ((value(row, "s"), terms.local_name(value(row, "p")), value(row, "o")) for row in rows)
    return list(dict.fromkeys(edge for edge in found if edge[1] and edge[0] != edge[2]))


def surroundings(engine: Engine, thing: str, limit: int) -> Part:
    """Return the edges at *thing*: at most *limit* to things, and the records that name it with what they name."""
    rows = engine.select(filled("edges-at", thing=[thing], properties=_properties("direct")) + f" LIMIT {limit + 1}")
    records = [NAMESPACE + name for name in layout()["records"]]
    roles = _properties("roles")
    text = filled("records-at", thing=[thing], roles=roles, records=records).replace("$limit", str(_RECORDS))
    named = engine.select(text)
    return Part(_edges([*rows[:limit], *named]), len(rows) > limit, [thing])


def overview(engine: Engine, limit: int) -> Part:
    """Return the *limit* things with most edges, and the edges between them; facts of the reference table alone are left out."""
    edges = _edges(
        engine.select(filled("edges", properties=_properties("direct"), reference=[graph("reference").value]))
    )
    degree: dict[str, int] = {}
    for subject, _, object_ in edges:
        degree[subject] = degree.get(subject, 0) + 1
        degree[object_] = degree.get(object_, 0) + 1
    kept = set(sorted(degree, key=lambda iri: (-degree[iri], iri))[:limit])
    shown = [edge for edge in edges if edge[0] in kept and edge[2] in kept]
    return Part(shown, len(shown) < len(edges))


def shortest_paths(engine: Engine, start: str, goal: str) -> Part:
    """Return the shortest paths between two things, in either direction of the edges; no edges if there is none.

    Searched from both ends, from the smaller side each time (at most six steps in all).
    """
    sides: tuple[dict[str, int], dict[str, int]] = ({start: 0}, {goal: 0})
    edges: dict[Edge, None] = {}
    frontiers = [[start], [goal]]
    for _ in range(MAX_STEPS):
        if sides[0].keys() & sides[1].keys():
            break
        side = 0 if len(frontiers[0]) <= len(frontiers[1]) else 1
        reached = sides[side]
        steps = max(reached.values()) + 1
        found = _around(engine, frontiers[side][:_FRONTIER])
        edges |= dict.fromkeys(found)
        new = {end for edge in found for end in (edge[0], edge[2]) if end not in reached}
        reached.update(dict.fromkeys(new, steps))
        frontiers[side] = sorted(new)
        if not new:
            break
    middles = sides[0].keys() & sides[1].keys()
    if not middles:
        return Part([], False, [start, goal])
    return Part(_between(edges, sides, middles), False, [start, goal])


def _around(engine: Engine, things: Sequence[str]) -> list[Edge]:
    found: list[Edge] = []
    for place in range(0, len(things), _CHUNK):
        text = filled("edges-around", things=things[place : place + _CHUNK], properties=_properties("direct", "roles"))
        found += _edges(engine.select(text))
    return found


def _between(edges: Iterable[Edge], sides: tuple[dict[str, int], dict[str, int]], middles: Iterable[str]) -> list[Edge]:
    """Return the edges of the shortest paths through the best of *middles*."""
    length = {middle: sides[0][middle] + sides[1][middle] for middle in middles}
    best = min(length.values())
    chosen = sorted(middle for middle, steps in length.items() if steps == best)[:_PATHS]
    by_end: dict[str, list[Edge]] = {}
    for edge in edges:
        by_end.setdefault(edge[0], []).append(edge)
        by_end.setdefault(edge[2], []).append(edge)
    result: dict[Edge, None] = {}
    for side in sides:
        level = list(chosen)
        while level:
            below: dict[str, None] = {}
            for thing in level:
                for edge in by_end.get(thing, ()):
                    other = edge[2] if edge[0] == thing else edge[0]
                    if side.get(other) == side[thing] - 1 and len(below) < _PATHS:
                        result[edge] = None
                        below[other] = None
            level = list(below)
    return list(result)


def described(part: Part, engine: Engine, pages: Pages, names: Names) -> dict[str, Any]:
    """Return a part as the explorer reads it: nodes with names and classes, edges with the names of their properties."""
    things = part.things
    prefix = engine.settings.base_iri + "id/"
    kinds = {iri: iri.removeprefix(prefix).partition("/")[0] if iri.startswith(prefix) else "" for iri in things}
    record_kinds = {_dashed(name): name for name in layout()["records"]}
    records = _record_labels(engine, pages, names, [iri for iri in things if kinds[iri] in record_kinds])
    names.learn(iri for iri in things if iri not in records)
    nodes = [
        {
            "id": iri,
            "label": records.get(iri) or _cut(names(iri), _LONGEST),
            "kind": kinds[iri],
            "class": terms.label(NAMESPACE + _camel(kinds[iri]), names.language) or kinds[iri],
            "href": pages.href(iri),
            "record": kinds[iri] in record_kinds,
        }
        for iri in things
    ]
    edges = [
        {
            "id": f"{subject} {name} {object_}",
            "source": subject,
            "target": object_,
            "property": name,
            "label": terms.label(NAMESPACE + name, names.language) or name,
        }
        for subject, name, object_ in part.edges
    ]
    return {"nodes": nodes, "edges": edges, "more": part.more}


def _record_labels(engine: Engine, pages: Pages, names: Names, listed: Sequence[str]) -> dict[str, str]:
    """Return what records are called: the sum, the first words said, the title."""
    shower = Shower(pages, names, {}, {})
    found: dict[str, str] = {}
    for place in range(0, len(listed), _CHUNK):
        rows = engine.select(filled("records-listed", things=listed[place : place + _CHUNK]))
        for item in read_records(rows):
            money = item.values.get("amount", [])
            words = next((item.first(name) for name in ("quote", "gist", "title", "purpose") if item.first(name)), "")
            text = shower.money(money[0], short=True) if money and money[0]["type"] == "money" else words
            found[item.iri] = _cut(text, 48)
            found[item.iri] = found[item.iri] or terms.label(
                NAMESPACE + terms.most_specific(item.kinds), names.language
            )
    return found


def _cut(text: str, length: int) -> str:
    """Return *text*, or as many of its words as fit into *length* characters."""
    if len(text) <= length:
        return text
    return (text[:length].rpartition(" ")[0] or text[:length]) + " …"


def _dashed(name: str) -> str:
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")


@lru_cache(maxsize=256)
def _camel(kind: str) -> str:
    """Return the class a kind, as it stands in IRIs, belongs to.

    >>> _camel("international-organization"), _camel("ai-model")
    ('InternationalOrganization', 'AIModel')
    """
    plain = kind.replace("-", "").lower()
    return next((name for name in SUPERCLASSES if name.lower() == plain), "")


def check(values: Sequence[str]) -> list[str]:
    """Return *values*, checked to be IRIs; the angle brackets of Turtle may be around them.

    Raises:
        Problem: 400 if one is none.
    """
    return list(iris([item.strip().removeprefix("<").removesuffix(">") for item in values]))

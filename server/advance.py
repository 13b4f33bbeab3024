"""The next view made of the last one, where it is known which graphs differ: what it costs is in proportion to those.

A view holds the named graphs as they are and their union as its default graph, so the last view tells what the graphs held
before, and the snapshot what they hold now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import pyoxigraph as ox

_TYPE, _BELOW = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "http://www.w3.org/2000/01/rdf-schema#subClassOf"
_DEFAULT = ox.DefaultGraph()


class Changes:
    """What differs between two views: triples of the union that went and that came."""

    def __init__(self) -> None:
        self.removed: set[ox.Triple] = set()
        self.added: set[ox.Triple] = set()

    def subjects(self, properties: Collection[str]) -> set[str] | None:
        """Return the things whose indexed texts or classes differ; None where the hierarchy of classes does."""
        found: set[str] = set()
        for triple in (*self.removed, *self.added):
            predicate = triple.predicate.value
            if predicate == _BELOW:
                return None
            if (predicate == _TYPE or predicate in properties) and isinstance(triple.subject, ox.NamedNode):
                found.add(triple.subject.value)
        return found


def advance(last: Path, snapshot: Path, target: Path, graphs: Iterable[str]) -> tuple[ox.Store, Changes]:
    """Write the view of *snapshot* to *target*, made of the view *last*, from which only *graphs* (IRIs) differ.

    Raises:
        OSError: If one of them cannot be read or written.
    """
    old, new = ox.Store.read_only(str(last)), ox.Store.read_only(str(snapshot))
    old.backup(str(target))
    copy = ox.Store(str(target))
    changes = Changes()
    for iri in graphs:
        graph = ox.NamedNode(iri)
        before = set(old.quads_for_pattern(None, None, None, graph))
        after = set(new.quads_for_pattern(None, None, None, graph))
        gone = before - after
        if not new.contains_named_graph(graph):
            copy.remove_graph(graph)
        else:
            copy.add_graph(graph)
            for quad in gone:
                copy.remove(quad)
            copy.extend(after - before)
        changes.removed.update(quad.triple for quad in gone)
        changes.added.update(quad.triple for quad in after - before)
    changes.added = {item for item in changes.added if _in_default(item) not in copy}
    changes.removed = {item for item in changes.removed if not _is_held(copy, new, item)}
    for item in changes.removed:
        copy.remove(_in_default(item))
    copy.extend(map(_in_default, changes.added))
    copy.flush()
    return copy, changes


def _in_default(triple: ox.Triple) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, _DEFAULT)


def _is_held(copy: ox.Store, snapshot: ox.Store, triple: ox.Triple) -> bool:
    """Tell whether a graph still holds *triple*, which the union therefore keeps."""
    if _in_default(triple) in snapshot:
        return True
    quads = copy.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
    return any(not isinstance(quad.graph_name, ox.DefaultGraph) for quad in quads)

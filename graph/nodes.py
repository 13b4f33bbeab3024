"""Which IRI an entity of a document has: that of a known row where the decision about it is settled, else one of its own."""

from __future__ import annotations

from pyoxigraph import NamedNode

from summitgraph.ontology import terms

from . import iris, reference
from .link import Link
from .records import Entity

# Kinds of which two may bear one name: people and bodies. A coalition is what a summit launched, and has the name it was given there.
NAMESAKES = frozenset(
    ("Person", "Organization", *(kind for kind, above in terms.SUPERCLASSES.items() if "Organization" in above))
) - {"Coalition"}


def label(entity: Entity, decision: Link | None) -> str:
    """Return the English label the loaders know, unless the decision about it is still open or was no."""
    return "" if decision is not None and not decision.settled else entity.label


def node(entity: Entity, decision: Link | None, document: str) -> NamedNode:
    """Return the IRI of *entity* in *document* (16 hexadecimal digits), as *decision* leaves it."""
    if decision is not None and decision.settled:
        return reference.iri(decision.row)
    name = label(entity, decision) or (entity.names[0].text if entity.names else "")
    if not name:
        return iris.local(entity.kind, document, entity.description or entity.id)
    if entity.kind == "Summit" and entity.edition and entity.edition not in name:
        name = f"{name} {entity.edition}"
    found = iris.entity(entity.kind, name)
    if found in reference.taken() or not _tells_apart(entity, name):
        return iris.scoped(entity.kind, name, document)
    return found


def _tells_apart(entity: Entity, name: str) -> bool:
    """Tell whether two texts that say *name* mean one thing without anybody having decided so.

    Two people of one full name may be two, and so may two bodies: a name alone joins nothing. What a text gives its own name and number
    does: an edition of a summit, and what belongs to one (see docs/decisions/0010-same-name.md).
    """
    if entity.kind == "Summit":
        return any(character.isdigit() for character in name)
    return entity.kind not in NAMESAKES

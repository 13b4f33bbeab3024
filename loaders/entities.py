"""The entities of one document while it is being read: names, mentions, and which of them are the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .normalise import fold


@dataclass
class Draft:
    """An entity still being collected; offsets are of the folded text."""

    id: str
    kind: str
    key: str = ""  # QID or other identifier of a known name
    label: str = ""  # English label of the known name
    names: list[tuple[str, int, int]] = field(default_factory=list)  # words, start, end
    mentions: list[tuple[int, int]] = field(default_factory=list)
    description: str = ""
    country: str = ""
    year: str = ""  # of a summit's edition
    places: set[str] = field(default_factory=set)  # ids of places a summit's name or sentence gives
    own_cities: set[str] = field(default_factory=set)  # of those, the ones inside its name
    series: str = ""  # of a summit called by place or year: the summit whose other edition it is
    told: float = 0  # of a summit: how much the text tells of it
    canonical: str = ""  # id of the entity this one turned out to be


class EntityTable:
    """All entities of a document; an id stays valid after two entities turned out to be one."""

    def __init__(self) -> None:
        self._drafts: dict[str, Draft] = {}
        self._by_key: dict[str, str] = {}
        self._by_name: dict[tuple[str, str], str] = {}

    def __getitem__(self, entity_id: str) -> Draft:
        draft = self._drafts[entity_id]
        while draft.canonical:
            draft = self._drafts[draft.canonical]
        return draft

    def all(self) -> Iterable[Draft]:
        """Return the entities in order of first appearance, merged ones left out."""
        return [draft for draft in self._drafts.values() if not draft.canonical]

    def known(self, key: str, kind: str, label: str) -> Draft:
        """Return the entity of a known name, made on first use."""
        if key not in self._by_key:
            draft = self._new(kind, key)
            draft.label = label
            self._by_key[key] = draft.id
        return self[self._by_key[key]]

    def named(self, name: str, kind: str) -> Draft:
        """Return the entity called *name* of the same family of kinds, made on first use."""
        place = (family(kind), _bare(name))
        if place not in self._by_name:
            self._by_name[place] = self._new(kind).id
        return self[self._by_name[place]]

    def described(self, description: str, kind: str) -> Draft:
        """Return the entity that the text only describes, one for each description."""
        draft = self.named(description, kind)
        if not draft.names:
            draft.description = description
        return draft

    def find(self, name: str, kind: str) -> Draft | None:
        """Return the entity called *name*, or None."""
        found = self._by_name.get((family(kind), _bare(name)))
        return self[found] if found else None

    def add_alias(self, draft: Draft, name: str) -> None:
        """Let *name* mean *draft* from now on."""
        self._by_name.setdefault((family(draft.kind), _bare(name)), draft.id)

    def merge(self, kept: Draft, gone: Draft) -> None:
        """Record that *gone* is *kept*."""
        if kept is gone:
            return
        gone.canonical = kept.id
        kept.names += gone.names
        kept.mentions += gone.mentions
        kept.places |= gone.places
        kept.own_cities |= gone.own_cities
        kept.year = kept.year or gone.year
        if not kept.key:
            kept.key, kept.label = gone.key, gone.label
        kept.country = kept.country or gone.country
        kept.told += gone.told

    def clear_mentions(self) -> None:
        """Forget where entities stood, not what they are: the second reading records it again."""
        for draft in self._drafts.values():
            if draft.kind != "Summit":  # "the 16th summit", of which a longer form stands where it was read first
                draft.names.clear()
            draft.mentions.clear()

    def _new(self, kind: str, key: str = "") -> Draft:
        draft = Draft(f"e{len(self._drafts) + 1}", kind, key)
        self._drafts[draft.id] = draft
        return draft


def family(kind: str) -> str:
    """Return the family in which one name means one thing: a foundation and an initiative may be one, a city is apart."""
    if kind in ("Person", "State", "City", "Summit", "Session", "Topic", "Principle", "SummitSeries"):
        return kind
    if kind in ("Declaration", "Report", "Document"):
        return "Document"
    if kind in ("Technology", "AIModel"):
        return "Technology"
    if kind in ("Venue", "Place"):
        return "Venue"
    return "Organization"


_ARTICLES = ("ال", "the ", "le ", "la ", "les ", "l'", "el ", "los ", "las ")


def _bare(name: str) -> str:
    folded = " ".join("".join(char if char.isalnum() or char == "'" else " " for char in fold(name)).split())
    for article in _ARTICLES:
        if folded.startswith(article) and len(folded) > len(article) + 2:
            return folded[len(article) :]
    return folded

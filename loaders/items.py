"""The units the patterns see: every mention, value and quotation of a sentence is one item, one character wide.

A sentence is turned into an *annotated* string in which each item is a single private-use character that names its type, so
that a pattern can be an ordinary regular expression over words and items alike (a cascade of finite-state steps, after
FASTUS, Hobbs et al. 1997).
"""

from __future__ import annotations

from dataclasses import dataclass

ORGANIZATIONS = (
    "Organization",
    "Company",
    "InternationalOrganization",
    "GovernmentBody",
    "AcademicInstitution",
    "CivilSocietyOrganization",
    "Foundation",
    "MediaOrganization",
    "Coalition",
)
ENTITY_TYPES = (
    "Person",
    "State",
    "City",
    "Venue",
    "Place",
    *ORGANIZATIONS,
    "Summit",
    "Session",
    "SummitSeries",
    "Initiative",
    "Declaration",
    "Report",
    "Document",
    "Technology",
    "AIModel",
    "Topic",
)
VALUE_TYPES = ("Title", "Demonym", "Money", "Date", "Year", "Count", "Number", "Period", "Quote", "Unknown", "Pronoun")
TYPES = (*ENTITY_TYPES, *VALUE_TYPES)

GROUPS: dict[str, tuple[str, ...]] = {
    "Org": ORGANIZATIONS,
    "Actor": ("Person", "State", *ORGANIZATIONS, "Initiative", "Pronoun"),
    "Body": ("State", *ORGANIZATIONS, "Initiative"),
    "Location": ("City", "Venue", "Place", "State"),
    "Event": ("Summit", "Session"),
    "Doc": ("Declaration", "Report", "Document"),
    "Init": ("Initiative", "Coalition", "Foundation", "Organization", "CivilSocietyOrganization"),
    "Tech": ("Technology", "AIModel"),
    "Human": ("Person", "Pronoun"),
    "When": ("Date", "Year"),
    "Any": ENTITY_TYPES,
}

_FIRST = 0xE000
CODE = {name: chr(_FIRST + number) for number, name in enumerate(TYPES)}
TYPE_OF = {char: name for name, char in CODE.items()}
ITEM_CLASS = f"[{chr(_FIRST)}-{chr(_FIRST + len(TYPES) - 1)}]"


def codes(type_names: str) -> str:
    """Return the item characters for ``A|B`` type or group names, to stand inside a character class.

    Raises:
        KeyError: If a name is neither a type nor a group.
    """
    found: list[str] = []
    for name in type_names.split("|"):
        found += [CODE[member] for member in GROUPS.get(name, (name,))]
    return "".join(dict.fromkeys(found))


@dataclass(slots=True, init=False)
class Item:
    """A mention, value or quotation. ``start``/``end``: the words themselves; ``outer_*``: with title and apposition."""

    type: str
    start: int
    end: int
    entity: str  # id in the document's entity table, for entity types
    value: object  # Money, DateRange, Count … for value types; a QID for a demonym
    outer_start: int
    outer_end: int
    anaphor: bool
    parts: list[Item]

    def __init__(
        self,
        type: str,
        start: int,
        end: int,
        entity: str = "",
        value: object = None,
        outer_start: int = -1,
        outer_end: int = -1,
        anaphor: bool = False,
        parts: list[Item] | None = None,
    ) -> None:
        """Make an item; written out, as a text has thousands."""
        self.type = type
        self.start = start
        self.end = end
        self.entity = entity
        self.value = value
        self.outer_start, self.outer_end = (outer_start, outer_end) if outer_start >= 0 else (start, end)
        self.anaphor = anaphor
        self.parts = [] if parts is None else parts

    def copy(self) -> Item:
        """Return an item of its own, for another reading."""
        return Item(
            self.type,
            self.start,
            self.end,
            self.entity,
            self.value,
            self.outer_start,
            self.outer_end,
            self.anaphor,
            list(self.parts),
        )

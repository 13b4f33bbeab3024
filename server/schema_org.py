"""What search engines read in a page: schema.org as JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from . import terms
from .site import Row, value

_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"
_ALT = "http://www.w3.org/2004/02/skos/core#altLabel"
_SAME = "http://www.w3.org/2002/07/owl#sameAs"
# Local names of our classes to schema.org's, the most general last.
TYPES = (
    ("Summit", "Event"), ("Session", "Event"), ("Event", "Event"), ("SummitSeries", "EventSeries"), ("Person", "Person"),
    ("State", "Country"), ("City", "City"), ("Venue", "Place"), ("Place", "Place"), ("Company", "Corporation"),
    ("MediaOrganization", "NewsMediaOrganization"), ("AcademicInstitution", "CollegeOrUniversity"),
    ("GovernmentBody", "GovernmentOrganization"), ("Organization", "Organization"), ("Initiative", "Project"),
    ("Report", "Report"), ("Document", "CreativeWork"), ("SourceDocument", "Article"), ("Statement", "Quotation"),
    ("Topic", "DefinedTerm"), ("AIModel", "SoftwareApplication"), ("Technology", "Thing"),
)  # fmt: skip
_PROPERTIES = {
    "startDate": "startDate", "endDate": "endDate", "heldAt": "location", "hostedBy": "organizer", "organizedBy": "organizer",
    "hasParticipant": "attendee", "nationality": "nationality", "affiliatedWith": "affiliation", "memberOf": "memberOf",
    "publishedOn": "datePublished",
}  # fmt: skip


def script(data: Mapping[str, Any]) -> Markup:
    """Return JSON-LD as a block of data; nothing in it can end the block."""
    text = json.dumps({"@context": "https://schema.org", **data}, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(text))


def type_of(kinds: Iterable[str]) -> str:
    """Return the schema.org type for classes of ours (local names)."""
    kinds = list(kinds)
    return next((name for ours, name in TYPES if terms.is_a(kinds, ours)), "Thing")


def entity(iri: str, page: str, kinds: Sequence[str], rows: Sequence[Row], names: Mapping[str, str]) -> Markup:
    """Return a thing as schema.org describes it; *names* are those of what it mentions."""
    data: dict[str, Any] = {"@type": type_of(kinds), "@id": iri, "url": page}
    for row in rows:
        predicate, cell = value(row, "p"), row["o"]
        text = {"@language": cell["xml:lang"], "@value": cell["value"]} if "xml:lang" in cell else cell["value"]
        if predicate == _LABEL:
            data.setdefault("name", []).append(text)
        elif predicate == _ALT:
            data.setdefault("alternateName", []).append(text)
        elif predicate == _SAME:
            data.setdefault("sameAs", []).append(cell["value"])
        elif target := _PROPERTIES.get(terms.local_name(predicate)):
            linked = cell["type"] == "uri"
            known = {"@id": cell["value"], "name": names.get(cell["value"], "")} if linked else cell["value"]
            if target in ("startDate", "endDate") and len(str(known)) <= len(str(data.get(target, ""))):
                continue  # the fullest date
            if target in ("startDate", "endDate", "datePublished"):
                data[target] = known
            else:
                data.setdefault(target, []).append(known)
    return script(data)

"""What a language model is asked for: a JSON schema and an explanation, both made from the ontology."""

from __future__ import annotations

from functools import cache
from typing import Any

from summitgraph.ontology import terms

_OF_THE_MACHINERY = frozenset(
    ("Claim", "Evidence", "SourceDocument", "Extraction", "LinkDecision", "MonetaryAmount", "Finding", "Record")
)
# Written by the graph where a record says so (see docs/architecture.md), or the other direction of a property asked for.
_DERIVED = frozenset(
    ("hasParticipant", "participatedIn", "signed", "signedBy", "refusedBy", "refusedToSign", "partnerOf", "nextEdition")
)
_SCHEMES = frozenset(
    ("StatementKind", "TallyKind", "Comparator", "ParticipationRole", "CommitmentStatus", "PositionStatus", "Office")
)


@cache
def records() -> dict[str, tuple[str, ...]]:
    """Return the kinds of record a text can state, and the roles of each."""
    found = {}
    for name in sorted(terms.CLASSES):
        above = terms.SUPERCLASSES.get(name, ())
        if "Record" not in above or name in ("Commitment", "Finding"):
            continue
        own = {name, *above} - {"Record"}
        roles = [
            role for role, domain in terms.DOMAINS.items() if own & set(domain) and role not in ("office", "partOf")
        ]
        found[name] = tuple(sorted(roles))
    return found


@cache
def properties() -> tuple[str, ...]:
    """Return the properties a text can state directly."""
    wanted = []
    for name, domain in terms.DOMAINS.items():
        kinds = {kind for given in domain for kind in (given, *terms.SUPERCLASSES.get(given, ()))}
        if domain and not kinds & _OF_THE_MACHINERY and name not in _DERIVED:
            wanted.append(name)
    return tuple(sorted(wanted))


@cache
def kinds() -> tuple[str, ...]:
    """Return the classes of the things a text can name."""
    no = _OF_THE_MACHINERY | set(records()) | {"Commitment"}
    return tuple(
        sorted(
            name
            for name in terms.CLASSES
            if name not in no and not name.endswith("Kind") and name not in _SCHEMES | {"Currency", "LinkOutcome"}
        )
    )


@cache
def schema() -> dict[str, Any]:
    """Return the JSON schema of an answer, in the subset that constrained decoding knows: every key required, no others."""

    def thing(**fields: Any) -> dict[str, Any]:
        return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}

    def listed(item: dict[str, Any]) -> dict[str, Any]:
        return {"type": "array", "items": item}

    words = {"type": "string"}
    roles = sorted({role for found in records().values() for role in found})
    return thing(
        entities=listed(thing(id=words, kind={"type": "string", "enum": list(kinds())}, name=words)),
        facts=listed(
            thing(subject=words, property={"type": "string", "enum": list(properties())}, object=words, quotation=words)
        ),
        records=listed(
            thing(
                kind={"type": "string", "enum": list(records())},
                roles=listed(thing(role={"type": "string", "enum": roles}, value=words)),
                quotation=words,
            )
        ),
    )


@cache
def instructions() -> str:
    """Return what the model is told before it reads."""
    lines = [
        "You read an article and return what it states about international summits, as JSON, and nothing it does not state.",
        "Leave out what is denied, hypothetical, only expected of others, or an interpretation.",
        "Every name and every quotation is copied from the article character for character, in its own language: a quotation is the",
        "shortest stretch of the article that states the fact. What is not in the article word for word is thrown away.",
        "entities: everything that takes part in a fact, once, with an id of your own (e1, e2, …), its class, its name in the article.",
        "facts: subject (an entity's id), property, object (an entity's id, or a date as YYYY-MM-DD, YYYY-MM or YYYY, or words).",
        "records: what takes more than a subject and an object. A value is an entity's id, a concept, a date, a whole number, words of the",
        "article, or for amount a sum in whole units: 109000000000 EUR, or 30000000000..50000000000 EUR for a range.",
        "",
        "Properties, with the classes they stand between:",
    ]
    lines += [
        f"  {name}: {' or '.join(terms.DOMAINS[name])} -> {' or '.join(terms.RANGES[name]) or 'words'}"
        for name in properties()
    ]
    lines.append("Records and their roles:")
    for name, roles in records().items():
        shown = ", ".join(f"{role} ({' or '.join(terms.RANGES[role]) or 'a class'})" for role in roles)
        lines.append(f"  {name}: {shown}")
    lines.append("Concepts:")
    for scheme, concepts in terms.CONCEPTS_BY_SCHEME.items():
        if scheme not in ("Currencies", "Topics", "Offices", "LinkOutcomes", "FindingKinds"):
            lines.append(f"  {scheme}: {', '.join(concepts)}")
    return "\n".join(lines)

"""What a reading hands over: the drafts of its table as entities, with the words they are called by."""

from __future__ import annotations

from collections.abc import Sequence

from summitgraph.graph.records import Entity, EntityRef, Fact, Name, Span

from .entities import EntityTable
from .gazetteer import is_arabic
from .source import Source


def entities(source: Source, table: EntityTable, facts: Sequence[Fact]) -> tuple[Entity, ...]:
    used = {
        value.id for fact in facts for values in fact.roles.values() for value in values if isinstance(value, EntityRef)
    }
    entities = []
    for draft in table.all():
        if not draft.mentions and not draft.names and draft.id not in used:
            continue
        names = []
        seen = set()
        for _, start, end in sorted(draft.names, key=lambda name: (-(name[2] - name[1]), name[1])):
            left, right = source.folded.original(start, end)
            words = source.document.text[left:right]
            if words not in seen:
                seen.add(words)
                names.append(Name(words, _script_language(words, source.language.code), Span(left, right)))
        mentions = tuple(sorted({Span(*source.folded.original(start, end)) for start, end in draft.mentions}))
        description = draft.description or ("" if names else draft.label)
        country = table[draft.country].id if draft.country else ""
        qid = draft.key if draft.key.startswith("Q") and draft.key[1:].isdigit() else ""
        entities.append(
            Entity(draft.id, draft.kind, tuple(names), mentions, description, draft.year, country, qid, draft.label)
        )
    return tuple(entities)


def _script_language(words: str, code: str) -> str:
    """Return the language of a name: the document's, or ``und`` for Latin letters inside an Arabic text."""
    return "und" if code == "ar" and not is_arabic(words) else code

"""Whether a text is about summits at all: one named once in passing does not make it so, and other heights bear that name too."""

from __future__ import annotations

from collections.abc import Sequence

from summitgraph.graph.records import EntityRef, Fact

from . import lead
from .entities import EntityTable
from .sentences import Sentences

_OFTEN, _ENOUGH = 2, 3  # mentions of a summit, facts about whatever: what makes up for no fact about a summit


def is_about_summits(sentences: Sentences, table: EntityTable, facts: Sequence[Fact]) -> bool:
    """Tell whether the text says anything of a summit, has one for a heading, or comes back to one among what it states."""
    summits = {draft.id: draft for draft in table.all() if draft.kind == "Summit"}
    for fact in facts:
        values = [] if lead.only_supposed(fact) else [value for values in fact.roles.values() for value in values]
        if any(isinstance(value, EntityRef) and table[value.id].id in summits for value in values):
            return True
    headings = [span for b, span in zip(sentences.boundaries, sentences.spans, strict=True) if b.heading]
    places = [place for draft in summits.values() for place, _ in draft.mentions]
    if facts and any(start <= place < end for place in places for start, end in headings):
        return True
    often = max((len(draft.mentions) for draft in summits.values()), default=0) >= _OFTEN
    return often and len(facts) >= _ENOUGH

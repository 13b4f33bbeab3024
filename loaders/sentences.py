"""The sentences of a text as annotated strings, and where each entity stands in them."""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from .annotate import Annotated, annotate
from .entities import EntityTable
from .gazetteer import Gazetteer
from .items import ENTITY_TYPES
from .recognise import Found, choose, quotations, to_folded, without_asides
from .segment import segment
from .source import Source

_TOO_LONG = 4000  # characters: a table or a list, no sentence


class Sentences:
    """Makes the sentences of a source for each reading, and records the mentions."""

    def __init__(self, source: Source, table: EntityTable) -> None:
        self.source = source
        self.table = table
        text, folded = source.document.text, source.folded
        self.quotes = without_asides(quotations(text, folded), text, folded, source.language)
        self.boundaries = segment(text)
        self.spans = [(to_folded(folded, s.start), to_folded(folded, s.end - 1) + 1) for s in self.boundaries]
        self.noted: set[tuple[str, tuple[int, int]]] = set()  # entity id, place

    def annotated(self, found: Found, aliases: Gazetteer) -> Sequence[Annotated]:
        """Return the sentences with the items of a reading in their places; *aliases* are names the document taught."""
        source = self.source
        folded, prefilter = source.folded, source.language.prefilter
        items = choose(found, source.document.text, folded, source.language, self.table, self.quotes, aliases)
        starts = [item.outer_start for item in items]
        sentences = []
        for number, (boundary, (start, end)) in enumerate(zip(self.boundaries, self.spans, strict=True)):
            if end - start > _TOO_LONG:
                continue
            first = bisect.bisect_left(starts, start)
            last = bisect.bisect_left(starts, end)
            inside = [item for item in items[first:last] if item.outer_end <= end]
            sentence = Annotated(number, boundary.paragraph, boundary.heading)
            for item in inside:
                if item.outer_start < item.start:  # a quoted name: the marks belong to it
                    item.start, item.end = item.outer_start, item.outer_end
            annotate(folded.text, start, end, inside, sentence)
            for item in inside:
                if item.parts and item.parts[0].type == "Quote" and item.type != "Quote":
                    inner = item.parts[0].parts[0]
                    item.start, item.end = inner.start, inner.end
            sentence.words = prefilter.words(folded.text[start:end])
            sentence.prefilter = prefilter
            sentences.append(sentence)
        return sentences

    def note(self, sentence: Annotated) -> None:
        """Record where each entity of the sentence stands."""
        for item in sentence.items:
            if item is None:
                continue
            for member in (item, *item.parts):
                if member.entity and (member.type in ENTITY_TYPES or member.type == "Demonym"):
                    draft = self.table[member.entity]
                    place = (member.start, member.end)
                    if (draft.id, place) not in self.noted:
                        self.noted.add((draft.id, place))
                        draft.mentions.append(place)
                        if not member.anaphor and member.type != "Demonym" and not draft.description:
                            draft.names.append((self.source.folded.text[member.start : member.end], *place))

    def forget(self) -> None:
        """Forget where entities stood: the next reading records it again."""
        self.table.clear_mentions()
        self.noted.clear()

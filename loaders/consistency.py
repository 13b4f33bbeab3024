"""One text, one date of a summit: where facts contradict each other, the ones that the rest of the text bears out stay.

What a single passage contradicts in itself is left alone: that is the gate's to refuse.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from summitgraph.graph.records import DateValue, EntityRef, Fact, Span

_DATES = ("startDate", "endDate")
_EDITIONS = ("previousEdition", "nextEdition")


def consistent(facts: Sequence[Fact], years: Mapping[str, str]) -> tuple[list[Fact], list[Fact]]:
    """Return the facts that can all be true, and those given up for them.

    Args:
        facts: What was found, in any order, with final confidence.
        years: The year of an edition by the id of its summit, as names and places told it.
    """
    dropped = {id(fact) for fact in (*_dates(facts, years), *_editions(facts))}
    return [f for f in facts if id(f) not in dropped], [f for f in facts if id(f) in dropped]


def _dates(facts: Sequence[Fact], years: Mapping[str, str]) -> Iterable[Fact]:
    """Yield the dates of a summit that disagree with the passage that dates it best."""
    passages: dict[str, dict[tuple[Span, ...], list[Fact]]] = defaultdict(lambda: defaultdict(list))
    for fact in facts:
        if fact.kind in _DATES and isinstance(subject := fact.roles["subject"][0], EntityRef):
            passages[subject.id][fact.evidence].append(fact)
    for summit, found in passages.items():
        if len(found) < 2:
            continue
        groups = list(found.values())

        def worth(group: list[Fact], summit: str = summit, groups: list[list[Fact]] = groups) -> tuple[object, ...]:
            values = _values(group)
            agreeing = sum(not _contradict(group, other) for other in groups)
            in_year = any(value.startswith(years[summit]) for value in values) if years.get(summit) else True
            return (
                in_year,
                agreeing,
                round(max(f.confidence for f in group), 1),
                -min(f.evidence[0].start for f in group),
            )

        best = max(groups, key=worth)
        for group in groups:
            if _contradict(best, group):
                yield from group


def _values(group: Iterable[Fact]) -> list[str]:
    return [v.value for fact in group for v in fact.roles["object"] if isinstance(v, DateValue)]


def _contradict(first: list[Fact], second: list[Fact]) -> bool:
    """Tell whether two passages date the same end of a summit differently, however precisely each of them does."""
    for kind in _DATES:
        for one in _values(f for f in first if f.kind == kind):
            for other in _values(f for f in second if f.kind == kind):
                if not (one.startswith(other) or other.startswith(one)):
                    return True
    ends, starts = (
        _values(f for group in (first, second) for f in group if f.kind == kind) for kind in reversed(_DATES)
    )
    return any(end < start[: len(end)] for end in ends for start in starts)


def _editions(facts: Sequence[Fact]) -> Iterable[Fact]:
    """Yield what makes one summit both the edition before and the edition after another: the less certain of the two."""
    said: dict[tuple[object, object], Fact] = {}
    for fact in sorted((f for f in facts if f.kind in _EDITIONS), key=lambda f: -f.confidence):
        subject, other = fact.roles["subject"][0], fact.roles["object"][0]
        earlier, later = (other, subject) if fact.kind == "previousEdition" else (subject, other)
        if (later, earlier) in said or earlier == later:
            yield fact
        else:
            said.setdefault((earlier, later), fact)

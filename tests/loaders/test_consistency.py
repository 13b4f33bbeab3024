"""What one text cannot mean together: the facts that the rest of it bears out stay, and what is given up is told."""

from __future__ import annotations

import pytest

from summitgraph.graph.records import DateValue, EntityRef, Fact, Span, Value
from summitgraph.loaders.consistency import consistent


def dated(kind: str, value: str, place: int, confidence: float = 0.9, summit: str = "e1") -> Fact:
    roles: dict[str, tuple[Value, ...]] = {"subject": (EntityRef(summit),), "object": (DateValue(value),)}
    return Fact(f"{kind}{place}", kind, roles, (Span(place, place + 10),), "rule", confidence)


def order(kind: str, subject: str, other: str, confidence: float) -> Fact:
    roles = {"subject": (EntityRef(subject),), "object": (EntityRef(other),)}
    return Fact(f"{kind}{confidence}", kind, roles, (Span(0, 5),), "rule", confidence)


def values(facts: list[Fact]) -> list[str]:
    return [value.value for fact in facts for value in fact.roles["object"] if isinstance(value, DateValue)]


RANGE = (dated("startDate", "2031-02-10", 10), dated("endDate", "2031-02-11", 10))


@pytest.mark.parametrize(
    "other",
    [
        (dated("startDate", "2031-11-22", 400), dated("endDate", "2031-11-22", 400)),  # another meeting
        (dated("startDate", "2030-05", 400),),
        (dated("endDate", "2031-01", 400),),  # ends before it starts
    ],
)
def test_another_date_gives_way_to_the_one_that_more_speaks_for(other: tuple[Fact, ...]) -> None:
    again = (dated("startDate", "2031-02", 700, 0.7),)
    kept, given_up = consistent([*other, *RANGE, *again], {})

    assert set(values(kept)) == {"2031-02-10", "2031-02-11", "2031-02"}
    assert given_up == list(other)


def test_the_year_of_the_edition_tells() -> None:
    kept, _ = consistent(
        [dated("startDate", "2030-05-01", 0, 0.95), dated("startDate", "2031-02-10", 90, 0.6)], {"e1": "2031"}
    )

    assert values(kept) == ["2031-02-10"]


def test_dates_that_agree_stay_however_precise() -> None:
    facts = [*RANGE, dated("startDate", "2031", 200), dated("endDate", "2031-02", 300)]

    assert consistent(facts, {}) == (facts, [])


def test_what_one_passage_contradicts_in_itself_is_left_to_the_gate() -> None:
    facts = [dated("startDate", "2031-02-11", 10), dated("endDate", "2031-02-10", 10)]

    assert consistent(facts, {}) == (facts, [])


def test_no_summit_is_both_before_and_after_another() -> None:
    sure, doubtful = order("previousEdition", "e1", "e2", 0.9), order("nextEdition", "e1", "e2", 0.7)
    same = order("nextEdition", "e2", "e1", 0.8)  # says what `sure` says

    kept, given_up = consistent([doubtful, sure, same], {})

    assert kept == [sure, same]
    assert given_up == [doubtful]

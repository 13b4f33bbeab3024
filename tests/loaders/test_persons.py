"""Names that tell a person from a company or a place."""

from __future__ import annotations

import pytest

from summitgraph.loaders.persons import is_no_person, is_personal


@pytest.mark.parametrize(
    "name",
    [
        "wanjiru mutua",
        "javier ocampo",
        "oh byoung-il",
        "wu zhaohui",
        "jean-noel lavigne",
        "bart de graaf",
        "luiz inacio lula da silva",
        "mohammed bin khalid al suwaidi",
        "j. robert muller",
        "yoon suk yeol",
    ],
)
def test_a_name_with_a_given_name_is_a_persons(name: str) -> None:
    assert is_personal(name)


@pytest.mark.parametrize(
    "name",
    [
        "matt",
        "martin luther king park",
        "philip morris",
        "li auto",
        "mistral ai",
        "nile basin",
        "anna lindh foundation",
    ],
)
def test_a_place_or_a_firm_or_half_a_name_is_no_persons(name: str) -> None:
    assert not is_personal(name)


def test_what_an_award_or_a_portfolio_is_called_is_nobody() -> None:
    assert is_no_person("award")
    assert is_no_person("development cooperation")
    assert not is_no_person("wanjiru mutua")

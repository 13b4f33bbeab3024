"""Word classes as trees of letters match what the flat ones match."""

from __future__ import annotations

import regex
from hypothesis import given
from hypothesis import strategies as st

from summitgraph.loaders.expression import with_trees

WORDS = st.lists(st.text("abc ", min_size=1, max_size=4), min_size=4, max_size=8, unique=True)


@given(
    WORDS,
    st.text("abc xyz", max_size=12),
    st.sampled_from(["(?:{})", "(?:{}) x", "(?<!b)(?:{})+y", "(?<=(?:{}))x", "[(](?:{})|z"]),
)
def test_a_tree_of_letters_matches_where_its_words_do(words: list[str], text: str, form: str) -> None:
    expression = form.format("|".join(words))

    found = [match.span() for match in regex.finditer(with_trees(expression), text)]

    assert found == [match.span() for match in regex.finditer(expression, text)]


def test_words_that_end_where_longer_ones_go_on_are_tried_longest_first_as_they_are_written() -> None:
    assert with_trees("(?:signed|signs|sign|sealed) it") == "(?:s(?:ign(?:ed|s)?|ealed)) it"
    assert with_trees("(?:a|ab|abc|d)") == "(?:a|ab|abc|d)"
    assert with_trees("(?<=(?:signed|signs|sign|sealed))x") == "(?<=(?:signed|signs|sign|sealed))x"

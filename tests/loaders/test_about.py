"""Which texts are about summits: one that only mentions a summit, or another height of that name, gives nothing."""

from __future__ import annotations

import pytest

from summitgraph.graph.records import Document
from summitgraph.loaders.extract import extract


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "en",
            "The climbers reached the summit of the mountain at dawn. Ana Petrov, a guide, said the summit was icy.",
        ),
        ("en", "Finance minister Ana Petrov opened a bakery. She had once read a book about the African Union summit."),
        (
            "fr",
            "La ministre Ana Petrov a inauguré une boulangerie. Elle avait lu un livre sur le sommet de l'Union africaine.",
        ),
        ("ar", "افتتحت الوزيرة مخبزا في لشبونة. وكانت قد تحدثت قبل سنوات عن القمة العربية."),
        ("ar", "بلغ المتسلقون قمة الجبل عند الفجر، وقال المرشد إن القمة مغطاة بالثلج."),
    ],
)
def test_a_text_that_says_nothing_of_a_summit_gives_nothing(code: str, text: str) -> None:
    assert extract(Document(text, code)).entities == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "The Lisbon energy summit was held on 3 May 2031."),
        ("en", "The Lisbon energy summit\n\nPresident Ana Petrov said: “We will not wait for anyone.”"),
        ("ar", "عقدت قمة لشبونة للطاقة في 3 مايو 2031."),
    ],
)
def test_a_text_that_says_something_of_a_summit_has_it(code: str, text: str) -> None:
    assert "Summit" in {entity.kind for entity in extract(Document(text, code)).entities}

"""A rule that fails on a text is left out there in use; in a test it is a failure."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from summitgraph.loaders import mishaps


@pytest.fixture(autouse=True)
def _no_rule_fails() -> Generator[None]:
    before = set(mishaps._told)
    yield
    assert mishaps._told == before

"""The W3C suites for SPARQL 1.0 and 1.1, over HTTP against our own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .expected import expected_failures
from .manifest import Case, cases, suite_path
from .runner import RUNNERS, Server, ordered, running

pytestmark = pytest.mark.skipif(
    suite_path() is None, reason="the W3C tests are not here; set SUMMITGRAPH_W3C_TESTS to their folder"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return the server under test, for all tests of the module."""
    with running(tmp_path_factory.mktemp("w3c") / "store") as found:
        yield found


def marked(case: Case) -> object:
    """Return the case as a parameter, marked if it is expected to fail."""
    reason = expected_failures().get(case.id)
    marks = [pytest.mark.xfail(reason=reason, strict=True, raises=AssertionError)] if reason else []
    return pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", [marked(case) for case in ordered()])
def test_w3c(case: Case, server: Server) -> None:
    RUNNERS[case.kind](case, server)


def test_suites_are_whole() -> None:
    """Tests were found in number, each has a runner and a name of its own, and each expected failure exists."""
    names = [case.id for case in cases()]

    assert len(names) > 1000
    assert len(set(names)) == len(names)
    assert {case.kind for case in cases()} <= set(RUNNERS)
    assert set(expected_failures()) <= set(names)

"""Run all suites and write the table of ``docs/conformance.md``: ``python -m tests.conformance.report [FILE]``."""

from __future__ import annotations

import logging
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from .expected import expected_failures
from .manifest import Case, suite_path
from .runner import RUNNERS, ordered, running

log = logging.getLogger(__name__)
TITLES = {
    "ProtocolTest": "SPARQL 1.1 Protocol",
    "GraphStoreProtocolTest": "SPARQL 1.1 Graph Store HTTP Protocol",
    "ServiceDescriptionTest": "SPARQL 1.1 Service Description",
    "QueryEvaluationTest": "Query evaluation, SPARQL 1.0 and 1.1",
    "CSVResultFormatTest": "CSV results",
    "UpdateEvaluationTest": "Update evaluation",
    "PositiveSyntaxTest": "Query syntax 1.0, correct",
    "NegativeSyntaxTest": "Query syntax 1.0, wrong",
    "PositiveSyntaxTest11": "Query syntax 1.1, correct",
    "NegativeSyntaxTest11": "Query syntax 1.1, wrong",
    "PositiveUpdateSyntaxTest11": "Update syntax 1.1, correct",
    "NegativeUpdateSyntaxTest11": "Update syntax 1.1, wrong",
}
HEAD = """# Conformance

The W3C test suites for SPARQL, run by their manifests over HTTP against our own server. This file is written by
`python -m tests.conformance.report docs/conformance.md`; the same tests run in the test suite, where a test that is
expected to fail and passes is an error. Numbers and booleans are compared by value, blank nodes by isomorphism.
The suites are found beside the checkout or through `SUMMITGRAPH_W3C_TESTS`. Entailment regimes are not run.

"""


def run_all() -> dict[Case, str]:
    """Return each test with what went wrong, empty for a pass."""
    outcomes = {}
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "store") as server:
        for case in ordered():
            try:
                RUNNERS[case.kind](case, server)
                outcomes[case] = ""
            except AssertionError as error:
                outcomes[case] = str(error).partition("\n")[0] or "another result than expected"
    return outcomes


def page(outcomes: Mapping[Case, str]) -> str:
    """Return the page for the outcomes."""
    total = Counter(case.kind for case in outcomes)
    passed = Counter(case.kind for case, problem in outcomes.items() if not problem)
    lines = ["| suite | tests | passed |", "| --- | ---: | ---: |"]
    lines += [f"| {TITLES[kind]} | {total[kind]} | {passed[kind]} |" for kind in TITLES if total[kind]]
    lines.append(f"| **all** | **{total.total()}** | **{passed.total()}** |")
    reasons = expected_failures()
    groups: dict[str, list[str]] = defaultdict(list)
    for case, problem in outcomes.items():
        if problem:
            groups[reasons.get(case.id, f"Not expected: {problem}")].append(case.id)
    lines += ["", "## What does not pass, and why", ""]
    for reason, names in groups.items():
        lines += [f"- {reason} ({len(names)})  ", "  " + ", ".join(f"`{name}`" for name in sorted(names))]
    return HEAD + "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the page to ``arguments[0]``, or to standard output; 1 if something failed that is not expected to."""
    if suite_path() is None:
        log.error("the W3C tests are not here; set SUMMITGRAPH_W3C_TESTS to their folder")
        return 2
    outcomes = run_all()
    text = page(outcomes)
    if arguments:
        Path(arguments[0]).write_text(text, "utf-8")
    else:
        sys.stdout.write(text)
    failed = {case.id for case, problem in outcomes.items() if problem}
    return 0 if failed == set(expected_failures()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

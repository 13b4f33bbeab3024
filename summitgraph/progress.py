"""What a load tells a person while it runs and when it is done; on standard error."""

from __future__ import annotations

import sys

from summitgraph.pipeline import Loaded, Summary
from summitgraph.shapes import report


class Progress:
    """A bar on a terminal (documents, characters and facts per second, time left); nothing in a pipe."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        self._bar = tqdm(total=total, unit="doc", file=sys.stderr, disable=not sys.stderr.isatty(), dynamic_ncols=True)
        self._characters = self._facts = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, result: Loaded) -> None:
        """Count one more document."""
        self._characters += result.characters
        self._facts += result.facts
        if self._bar.disable:
            return
        elapsed = max(1e-6, self._bar.format_dict["elapsed"])
        self._bar.set_postfix_str(
            f"{self._characters / elapsed:,.0f} chars/s, {self._facts / elapsed:,.0f} facts/s", refresh=False
        )
        self._bar.update()
        if self._bar.total is not None and self._bar.n > self._bar.total:
            self._bar.total = self._bar.n  # an archive held more than one


def describe(result: Loaded, language: str) -> list[str]:
    """Return what a person should know of one document, none where all went well."""
    if result.outcome in ("failed", "no summit"):
        return [f"{result.source}: {result.reason}"]
    if result.outcome == "rejected" and result.report is not None:
        return [f"{result.source}: not stored, it does not conform", report.text(result.report, language)]
    return [f"{result.source}: note: {finding}" for finding in result.findings]


def total(summary: Summary) -> str:
    """Return the outcome of a whole load as one line."""
    stored = summary.of("stored")
    characters, facts = sum(r.characters for r in stored), sum(r.facts for r in stored)
    return (
        f"{len(stored)} stored ({characters:,} characters, {facts:,} facts), {len(summary.of('unchanged'))} unchanged, "
        f"{len(summary.of('no summit'))} without a summit, {len(summary.of('rejected'))} rejected, "
        f"{len(summary.of('failed'))} failed in {summary.seconds:.1f} s"
    )

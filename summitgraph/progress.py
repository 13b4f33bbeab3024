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


def describe(result: Loaded, language: str) -> list[str]:
    """Return what a person should know of one document, none where all went well."""
    if result.outcome in ("failed", "no summit"):
        return [f"{result.source}: {result.reason}"]
    if result.outcome == "rejected" and result.report is not None:
        return [f"{result.source}: not stored, it does not conform", report.text(result.report, language)]
    return [f"{result.source}: note: {finding}" for finding in result.findings]


def total(summary: Summary) -> str:
    """Return the outcome of a whole load as one line."""
    seconds = max(summary.seconds, 1e-6)
    return (
        f"{summary.count('stored')} stored ({summary.characters:,} characters, {summary.facts:,} facts), "
        f"{summary.count('unchanged')} unchanged, {summary.count('no summit')} without a summit, "
        f"{summary.count('rejected')} rejected, {summary.count('failed')} failed in {summary.seconds:.1f} s "
        f"({sum(summary.counts.values()) / seconds:,.0f} documents a second)"
    )

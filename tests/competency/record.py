"""Write the answers of today as those expected: ``python -m tests.competency.record``; then read the diff, row by row."""

from __future__ import annotations

from summitgraph.server.catalogue import examples

from . import ANSWERS, ask, file, serving_samples


def main() -> None:
    """Replace all expected answers."""
    for old in ANSWERS.iterdir():
        old.unlink()
    with serving_samples() as client:
        for example in (one for one in examples() if not one.service):
            file(example).write_text(ask(client, example), "utf-8")


if __name__ == "__main__":
    main()

"""Reading takes time in proportion to a text's length: nothing is looked through again for each sentence."""

from __future__ import annotations

import time
from pathlib import Path

from summitgraph.graph.records import Document
from summitgraph.loaders import extract, patterns

SAMPLES = Path(patterns.FOLDER).parent / "samples"


def seconds(text: str) -> float:
    start = time.process_time()
    extract(Document(text, "en"))
    return time.process_time() - start


def test_a_text_sixteen_times_as_long_takes_sixteen_times_as_long() -> None:
    article = "\n\n".join(path.read_text("utf-8") for path in sorted((SAMPLES / "en").glob("*.txt")))
    seconds(article)  # compiles what it needs
    short, long = (min(seconds("\n\n".join([article] * times)) for _ in range(2)) for times in (4, 64))

    assert long < 16 * short * 2  # a quadratic step would show as much more

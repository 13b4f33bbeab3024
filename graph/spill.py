"""Sort more lines than fit into memory: sorted runs in temporary files, merged (Knuth, TAOCP vol. 3, 5.4)."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import IO

_RUN = 100_000  # lines in memory at once


class SortedLines:
    """Takes lines in any order and gives each once, sorted by code point; a context manager that removes its files."""

    def __init__(self, run: int = _RUN) -> None:
        self._run = run
        self._lines: set[str] = set()
        self._files: list[IO[str]] = []
        self._stack = ExitStack()

    def __enter__(self) -> SortedLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, line: str) -> None:
        """Take a line, without its end; it holds no line break."""
        self._lines.add(line)
        if len(self._lines) >= self._run:
            temporary = tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n")  # noqa: SIM115
            file = self._stack.enter_context(temporary)
            file.writelines(f"{one}\n" for one in sorted(self._lines))
            self._files.append(file)
            self._lines.clear()

    def __iter__(self) -> Iterator[str]:
        """Yield the lines."""
        for file in self._files:
            file.seek(0)
        runs = [(line.removesuffix("\n") for line in file) for file in self._files]
        last = None
        for line in heapq.merge(*runs, sorted(self._lines)):
            if line != last:
                yield line
            last = line

"""Where a result is held until it is whole: counted, cut off at its limit, in a file where it is long."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

INLINE_BYTES = 4_194_304  # longer results go through a file


class TooLarge(Exception):
    """The result passed the limit on its size."""


class Spool:
    """A result on its way: held in memory up to INLINE_BYTES, then in an unnamed file; at most *limit* bytes.

    ``marks`` counts how often *mark* has come by.
    """

    def __init__(self, limit: int, mark: bytes = b"") -> None:
        self.limit, self.size = limit, 0
        self.mark, self.marks, self.tail = mark, 0, b""
        self.chunks: list[bytes] = []
        self.file: IO[bytes] | None = None

    def write(self, data: bytes) -> int:
        """Take *data*; raise TooLarge beyond the limit."""
        self.size += len(data)
        if self.size > self.limit:
            raise TooLarge
        if self.mark:
            seen = self.tail + data if self.tail else data
            self.marks += seen.count(self.mark)
            if len(self.mark) > 1:
                self.tail = seen[-len(self.mark) + 1 :]
        if self.file is None:
            self.chunks.append(data)
            if self.size > INLINE_BYTES:
                self.file = tempfile.TemporaryFile(buffering=262_144)  # noqa: SIM115 - closed by close()
                self.file.writelines(self.chunks)
                self.chunks.clear()
        else:
            self.file.write(data)
        return len(data)

    def lines(self) -> Iterator[bytes]:
        """Yield what is there, line by line."""
        if self.file is None:
            yield from b"".join(self.chunks).splitlines(keepends=True)
        else:
            self.file.seek(0)
            yield from self.file

    def flush(self) -> None:
        """Do nothing: the reader is told when all is there."""

    def close(self) -> None:
        """Give back the file."""
        if self.file is not None:
            self.file.close()

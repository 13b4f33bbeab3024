"""Results already given, kept while the data stay the same; bounded by bytes, the oldest use goes first."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field


def etag_of(normal: str, form: str, base: str, version: str, dataset: tuple[object, ...]) -> str:
    """Return the entity tag of a result, known before it is computed: of its normal text, format, base IRI, data and dataset."""
    key = "\0".join((normal, form, base, version, _WHOLE if dataset is WHOLE else repr(dataset)))
    return '"' + hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest() + '"'


WHOLE = (None, None, False, False)  # the dataset of a query whose request names none
_WHOLE = repr(WHOLE)


@dataclass(slots=True)
class Entry:
    """One result: its bytes, plain and by content coding."""

    body: bytes
    packed: dict[str, bytes] = field(default_factory=dict)  # filled when somebody asks for it compressed
    rows: int | None = None
    truncated: bool = False

    @property
    def cost(self) -> int:
        """Return the bytes it may come to hold, with a flat sum for its bookkeeping."""
        return len(self.body) * 3 // 2 + 512


class Cache:
    """A least-recently-used store of entries; an entry may take half of the whole."""

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self.hits = self.misses = 0
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Entry | None:
        """Return the entry of *key*, if there is one."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                self.misses += 1
            else:
                self.hits += 1
                self._entries.move_to_end(key)
            return entry

    @property
    def largest(self) -> int:
        """Return how many bytes a body may have to be kept."""
        return self.limit // 3 - 512

    def put(self, key: Hashable, entry: Entry) -> None:
        """Keep *entry*, unless it is too big."""
        if entry.cost > self.limit // 2:
            return
        with self._lock:
            old = self._entries.pop(key, None)
            self.size += entry.cost - (old.cost if old else 0)
            self._entries[key] = entry
            while self.size > self.limit:
                _, oldest = self._entries.popitem(last=False)
                self.size -= oldest.cost

"""The Wikidata API over HTTP, as its operators ask of clients: named, one request at a time, patient, and never the same twice.

See https://www.wikidata.org/w/api.php, https://www.mediawiki.org/wiki/API:Etiquette and
https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import logging
import platform
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from summitgraph import __version__
from summitgraph.errors import SummitGraphError

from . import snapshots

log = logging.getLogger(__name__)

API = "https://www.wikidata.org/w/api.php"
MAXLAG_S = 5
BATCH = 50  # entities one request may ask for
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_BUSY = frozenset({"maxlag", "ratelimited", "readonly", "internal_api_error_DBQueryError"})
_TIMEOUT_S = 30.0
_LONGEST_S = 120.0
_DAY_S = 86_400.0


class OnlineError(SummitGraphError):
    """Wikidata does not answer, or not as it should."""


@dataclass
class Api:
    """One API and the answers kept of it.

    Args:
        cache: Folder of answers; one that is there is not asked for again.
        url: Address of ``api.php``.
        contact: Address or page of who runs this, told to the operators.
        interval_s: Seconds between two requests, at least.
        tries: How often a request is made before it counts as failed.
        max_age_s: Answers older than this are asked for again.
    """

    cache: Path
    url: str = API
    contact: str = "https://w3id.org/summitgraph"
    interval_s: float = 1.0
    tries: int = 6
    max_age_s: float = 30 * _DAY_S
    first_wait_s: float = 1.0
    sleep: Callable[[float], object] = time.sleep
    requests: int = field(default=0, init=False)
    _last: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OnlineError(f"{self.url!r} is not the address of an API; expected something like {API}")

    @property
    def user_agent(self) -> str:
        """Return what the operators of the API see."""
        return f"SummitGraph/{__version__} ({self.contact}) Python/{platform.python_version()}"

    def search(self, name: str, language: str, limit: int = 7) -> list[dict[str, Any]]:
        """Return the items found by a name in a language: id, label, match and more."""
        reply = self.ask(
            {
                "action": "wbsearchentities",
                "search": name,
                "language": language,
                "uselang": language,
                "type": "item",
                "limit": str(limit),
            }
        )
        found = reply.get("search")
        if not isinstance(found, list):
            raise OnlineError(f"{self.url}: a search was answered without results; is it the API of a Wikibase?")
        return [one for one in found if isinstance(one, dict) and "id" in one]

    def entities(
        self, ids: Iterable[str], languages: Sequence[str], max_age_s: float | None = None
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield items by the identifier asked for; one that was merged has another ``id``, a deleted one ``missing``."""
        waiting = iter(sorted(set(ids), key=lambda qid: int(qid[1:])))
        while batch := list(islice(waiting, BATCH)):
            reply = self.ask(
                {
                    "action": "wbgetentities",
                    "ids": "|".join(batch),
                    "props": "info|labels|aliases|descriptions|claims",
                    "languages": "|".join(languages),
                    "redirects": "yes",
                },
                max_age_s,
            )
            entities = reply.get("entities")
            if not isinstance(entities, dict):
                raise OnlineError(f"{self.url}: entities were asked for and not given; is it the API of a Wikibase?")
            moved = {
                one["redirects"]["from"]: one for one in entities.values() if isinstance(one.get("redirects"), dict)
            }
            for qid in batch:
                if (found := entities.get(qid, moved.get(qid))) is not None:
                    yield qid, found

    def known(self, parameters: Mapping[str, str]) -> bool:
        """Tell whether the answer to a request is kept and fresh."""
        return self._kept(self._path(parameters), self.max_age_s) is not None

    def ask(self, parameters: Mapping[str, str], max_age_s: float | None = None) -> dict[str, Any]:
        """Return the answer to a request: the one that is kept, or a new one.

        Raises:
            OnlineError: If it is refused, or not answered after all tries.
        """
        path = self._path(parameters)
        kept = self._kept(path, self.max_age_s if max_age_s is None else max_age_s)
        if kept is not None:
            return kept
        reply = self._request({**parameters, "format": "json", "formatversion": "2", "maxlag": str(MAXLAG_S)})
        self.cache.mkdir(parents=True, exist_ok=True)
        snapshots.replace_file(path, json.dumps(reply, ensure_ascii=False))
        return reply

    def _path(self, parameters: Mapping[str, str]) -> Path:
        key = json.dumps([self.url, sorted(parameters.items())]).encode()
        return self.cache / f"{hashlib.blake2b(key, digest_size=16).hexdigest()}.json"

    @staticmethod
    def _kept(path: Path, max_age_s: float) -> dict[str, Any] | None:
        try:
            if time.time() - path.stat().st_mtime > max_age_s:
                return None
            reply = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError):
            return None  # not there, or cut short: asked for again
        return reply if isinstance(reply, dict) else None

    def _request(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        problem = ""
        for number in range(self.tries):
            wait = self.first_wait_s * 2**number
            try:
                reply = self._once(parameters)
            except urllib.error.HTTPError as error:
                if error.code not in _AGAIN:
                    raise OnlineError(f"{self.url} refuses the request: {error.code} {error.reason}") from error
                problem, wait = f"{error.code} {error.reason}", _retry_after(error.headers.get("Retry-After"), wait)
            except (OSError, http.client.HTTPException, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"
            else:
                failure = reply.get("error")
                if not isinstance(failure, dict):
                    return reply
                if failure.get("code") not in _BUSY:
                    raise OnlineError(f"{self.url} refuses the request: {failure.get('info') or failure.get('code')}")
                problem = str(failure.get("info") or failure["code"])
                if "lag" in failure:
                    wait = max(wait, min(float(failure["lag"]), _LONGEST_S))
            if number + 1 < self.tries:
                log.info("%s: %s; trying again in %.0f s", self.url, problem, wait)
                self.sleep(min(wait, _LONGEST_S))
        raise OnlineError(
            f"{self.url} did not answer after {self.tries} tries ({problem}); run the same command again later, it goes on where it stopped"
        )

    def _once(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        pause = self._last + self.interval_s - time.monotonic()
        if pause > 0:
            self.sleep(pause)
        self._last = time.monotonic()
        self.requests += 1
        request = urllib.request.Request(
            f"{self.url}?{urlencode(parameters)}",
            headers={"User-Agent": self.user_agent, "Accept": "application/json", "Accept-Encoding": "gzip"},
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            body = response.read()
            if response.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
        reply = json.loads(body)
        if not isinstance(reply, dict):
            raise ValueError("the answer is not a JSON object")
        return reply


def _retry_after(text: str | None, otherwise: float) -> float:
    """Return how long a server asks to wait, in seconds; a date or nothing counts as our own wait."""
    try:
        return max(0.0, float(text or ""))
    except ValueError:
        return otherwise

"""Who may write: bearer tokens, kept only as SHA-256, each with the scopes it opens."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from summitgraph.errors import InputError

from .problems import Problem
from .settings import Settings

SCOPES = frozenset(["update", "store", "review"])
TRIES, PER_S = 10, 60.0


def read_tokens(settings: Settings) -> Mapping[str, frozenset[str]]:
    """Return the digests of all tokens with their scopes; the token of the environment opens everything.

    Raises:
        InputError: If the token file cannot be read as lines ``<sha256> <scope>[,<scope>]``.
    """
    tokens: dict[str, frozenset[str]] = {}
    if settings.token:
        tokens[digest(settings.token)] = SCOPES
    if settings.token_file is not None:
        tokens |= _read_file(settings.token_file)
    return tokens


def _read_file(path: Path) -> dict[str, frozenset[str]]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the token file {path} cannot be read: {error}") from error
    tokens = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        value, _, names = line.strip().partition(" ")
        scopes = frozenset(name.strip() for name in names.split(",") if name.strip())
        if len(value) != 64 or not scopes or scopes - SCOPES:
            known = ", ".join(sorted(SCOPES))
            raise InputError(f"{path}:{number}: expected a SHA-256 in 64 digits and scopes of: {known}")
        tokens[value.lower()] = scopes
    return tokens


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Gatekeeper:
    """Checks Authorization headers, and slows down who guesses."""

    def __init__(self, tokens: Mapping[str, frozenset[str]]) -> None:
        self.tokens = tokens
        self._failures: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Tell whether anybody may write."""
        return bool(self.tokens)

    def check(self, header: str | None, scope: str, client: str) -> None:
        """Let a request with *scope* pass.

        Raises:
            Problem: 403 if writing is off or not in the token's scopes, 401 without a known token, 429 after guesses.
        """
        if not self.tokens:
            hint = "Set SUMMITGRAPH_TOKEN_FILE, or SUMMITGRAPH_TOKEN for development, and start again."
            raise Problem(403, "read-only", "this server takes no writes: it has no token", hint)
        with self._lock:
            now = time.monotonic()
            recent = [moment for moment in self._failures.get(client, ()) if now - moment < PER_S]
            if len(recent) >= TRIES:
                raise Problem(429, "rate", "too many wrong tokens", "Wait a minute.", headers=(("Retry-After", "60"),))
        method, _, token = (header or "").partition(" ")
        given = digest(token.strip()) if method.lower() == "bearer" else ""
        scopes = next((found for known, found in self.tokens.items() if hmac.compare_digest(known, given)), None)
        if scopes is None:
            if given:
                with self._lock:
                    self._failures = {name: times for name, times in self._failures.items() if now - times[-1] < PER_S}
                    self._failures[client] = [*recent, now]
            detail = "the token is not known" if given else "writing needs a token"
            challenge = 'Bearer realm="summitgraph"' + (', error="invalid_token"' if given else "")
            hint = "Send it as: Authorization: Bearer TOKEN"
            raise Problem(401, "token", detail, hint, headers=(("WWW-Authenticate", challenge),))
        if scope not in scopes:
            raise Problem(403, "scope", f"the token does not open {scope!r}", f"It opens: {', '.join(sorted(scopes))}.")

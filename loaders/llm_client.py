"""Ask a language model over the OpenAI-compatible HTTP protocol (``POST …/chat/completions``), with patience.

Only the standard library: one blocking request at a time needs no more, and the default install stays small. What can go better the
next time is tried again, with pauses that grow: 408, 409, 429 (for as long as ``Retry-After`` says), 5xx, a connection that fails or
breaks off, an answer that is no JSON. What cannot is an error at once.
"""

from __future__ import annotations

import http.client
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from summitgraph.errors import InputError, SummitGraphError

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 60.0
_AGAIN = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 529))
_ANSWER_BYTES = 20_000_000


class ModelError(SummitGraphError):
    """The model could not be asked, or never gave a usable answer."""


class CutAnswerError(ModelError):
    """The answer was longer than the model may write."""


@dataclass
class Usage:
    """What the asking took so far."""

    requests: int = 0
    retries: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0


class Client:
    """One model at one address.

    Args:
        base_url: Where the API begins: ``http://127.0.0.1:8080/v1``.
        model: The model's name there.
        key: Sent as bearer token; empty for none.
        timeout: Seconds without a byte after which a request has failed.
        attempts: Requests for one answer at most.
        pause: Seconds before the second attempt; doubled each time.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str = "",
        timeout: float = 120.0,
        attempts: int = 5,
        pause: float = 1.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise InputError(f"--base-url {base_url}: expected an address such as http://127.0.0.1:8080/v1")
        self.url = base_url.rstrip("/") + "/chat/completions"
        self.model = model
        self.timeout, self.attempts, self.pause = timeout, attempts, pause
        self.usage = Usage()
        self._key = key
        self._sleep = sleep
        self._constrained = True  # until the server says that it does not know schemas

    def ask(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> Any:
        """Return the model's answer to *messages*, parsed; it was asked to keep to the JSON *schema*.

        Raises:
            ModelError: If no attempt gave JSON; the message is that of the last one.
            CutAnswerError: If the answer was cut at the length the model may write.
            InputError: If the server refuses the key, the address or the model.
        """
        began = time.monotonic()
        problem = ""
        try:
            for attempt in range(self.attempts):
                if attempt:
                    self.usage.retries += 1
                try:
                    return self._once(messages, schema)
                except _AgainError as error:
                    problem = str(error)
                    log.info("%s: %s", self.url, problem)
                    if attempt + 1 < self.attempts:
                        self._sleep(min(max(error.after, self.pause * 2**attempt), _LONGEST_PAUSE_S))
        finally:
            self.usage.seconds += time.monotonic() - began
        raise ModelError(f"the model gave no usable answer in {self.attempts} attempts; the last: {problem}")

    def _once(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> Any:
        body: dict[str, Any] = {"model": self.model, "messages": list(messages), "temperature": 0}
        body["response_format"] = (
            {"type": "json_schema", "json_schema": {"name": "facts", "strict": True, "schema": schema}}
            if self._constrained
            else {"type": "json_object"}
        )
        answer = self._post(body)
        if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list) or not answer["choices"]:
            raise _AgainError("an answer without choices")
        used = answer.get("usage") or {}
        self.usage.prompt_tokens += int(used.get("prompt_tokens") or 0)
        self.usage.completion_tokens += int(used.get("completion_tokens") or 0)
        choice = answer["choices"][0]
        if choice.get("finish_reason") == "length":
            raise CutAnswerError("the answer was cut: it is longer than the model may write")
        content = (choice.get("message") or {}).get("content")
        try:
            return json.loads(str(content or ""))
        except ValueError as error:
            raise _AgainError(f"the answer is no JSON: {error}") from error

    def _post(self, body: Mapping[str, Any]) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self.url, json.dumps(body).encode(), headers, method="POST")
        self.usage.requests += 1
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as reply:
                return json.loads(reply.read(_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(2000).decode("utf-8", "replace").strip()
            raise self._refusal(error.code, said, error.headers.get("Retry-After")) from error
        except (OSError, http.client.HTTPException) as error:  # no connection, no answer in time, broken off
            reason = getattr(error, "reason", None) or error
            raise _AgainError(f"{type(error).__name__}: {reason}") from error
        except ValueError as error:
            raise _AgainError(f"the server's answer is no JSON: {error}") from error

    def _refusal(self, code: int, said: str, after: str | None) -> Exception:
        words = " ".join(said.split())[:300]
        if code == 400 and self._constrained and ("response_format" in said or "json_schema" in said):
            self._constrained = False
            return _AgainError("the server knows no schemas; asking for plain JSON")
        if code in _AGAIN:
            return _AgainError(f"HTTP {code} {words}", float(after) if after and after.isdigit() else 0.0)
        if code in (401, 403):
            return InputError(
                f"{self.url} refuses the key (HTTP {code}); name its variable with --api-key-env: {words}"
            )
        if code == 404:
            return InputError(f"{self.url} is not there, or has no model {self.model!r} (HTTP 404): {words}")
        return ModelError(f"{self.url} answers HTTP {code}: {words}")


class _AgainError(Exception):
    """Something that may go better the next time, after so many seconds."""

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after

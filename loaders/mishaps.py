"""A rule that fails on a text is left out there and told of once; the other rules go on."""

from __future__ import annotations

import logging

from .rules import Pattern

_log = logging.getLogger(__name__)
_told: set[str] = set()


def note(pattern: Pattern, error: Exception) -> None:
    """Say which rule failed and how, the first time in the life of a process."""
    if pattern.id not in _told:
        _told.add(pattern.id)
        _log.warning(
            "%s: %s is left out where it fails: %s: %s", pattern.where_from, pattern.id, type(error).__name__, error
        )

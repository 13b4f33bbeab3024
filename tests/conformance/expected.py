"""The tests known to fail, each with its reason."""

from __future__ import annotations

import tomllib
from pathlib import Path


def expected_failures() -> dict[str, str]:
    """Return test id to reason."""
    groups = tomllib.loads(Path(__file__).with_name("expected_failures.toml").read_text("utf-8"))["group"]
    return {test: group["reason"] for group in groups for test in group["tests"]}

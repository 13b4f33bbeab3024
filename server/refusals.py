"""Why a query got no result from a query process, in words for its client."""

from __future__ import annotations

import signal

from .problems import Problem


def busy(detail: str, limit: float) -> Problem:
    return Problem(503, "busy", detail, "Try again in a moment.", {"limit": limit}, headers=(("Retry-After", "2"),))


def deadline_passed(deadline_s: float) -> Problem:
    return Problem(
        504,
        "deadline",
        f"the query was stopped at its deadline of {deadline_s:g} s",
        "Narrow it: name classes and properties, avoid unconnected patterns, add LIMIT, or split it.",
        {"limit": deadline_s},
    )


def died(status: int) -> Problem:
    if status == -signal.SIGABRT:
        return memory_problem()
    return crash_problem(f"the process that ran the query ended ({_name(status)})")


def crash_problem(detail: str) -> Problem:
    """Return the 500 for a query the engine did not survive."""
    return Problem(500, "crashed", detail, "The query is harmful to the engine; simplify it. The server goes on.")


def memory_problem() -> Problem:
    """Return the 507 for a query that needed more memory than it may have."""
    return Problem(
        507,
        "memory",
        "the query needed more memory than it may have",
        "Avoid ORDER BY, DISTINCT and GROUP BY over unconnected patterns, and long texts made by CONCAT.",
    )


def _name(status: int) -> str:
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"status {status}"

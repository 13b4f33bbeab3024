"""Queries given on the command line pass the server's guard too: what would hurt the engine, or reach the network, is refused."""

from __future__ import annotations

from summitgraph.errors import QueryError


def guarded(text: str) -> str:
    """Return *text* if it is safe to run.

    Raises:
        QueryError: If it is nested too deep, too long, or calls a service; says where, and what to do.
    """
    from summitgraph.server.guard import Limits, check_query
    from summitgraph.server.problems import Problem

    try:
        check_query(text, Limits(length=100_000))
    except Problem as problem:
        raise QueryError(" ".join(part for part in (problem.detail, problem.hint) if part)) from problem
    return text

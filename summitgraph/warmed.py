"""Imported once by the process that worker processes are forked from: what every one of them needs, in memory they share."""

from __future__ import annotations

from summitgraph.workers import warm

warm()

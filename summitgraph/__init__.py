"""SummitGraph: texts about international summits as a validated knowledge graph."""

__version__ = "0.1.0"

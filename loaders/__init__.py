"""Text becomes mentions and facts with exact evidence; no RDF here."""

from .extract import VERSION, extract

__all__ = ["VERSION", "extract"]

"""Text becomes mentions and facts with exact evidence; no RDF here."""

from .extract import extract, warm
from .version import version

__all__ = ["extract", "version", "warm"]

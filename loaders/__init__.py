"""Text becomes mentions and facts with exact evidence; no RDF here."""

"""Facts become RDF with provenance and links, and go into the store."""

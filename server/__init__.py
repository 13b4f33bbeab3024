"""The HTTP server: SPARQL endpoint, linked data and pages."""

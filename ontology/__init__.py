"""The OWL ontology for summits, actors and commitments, as data, and its loader."""

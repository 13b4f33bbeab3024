"""The SHACL shapes and the gate that every document passes before it is stored."""

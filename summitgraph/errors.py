"""The exceptions SummitGraph raises on purpose; each message says what to do."""


class SummitGraphError(Exception):
    """Base of every error a user can cause and mend; its text is one clear sentence."""


class InputError(SummitGraphError):
    """A document, table or argument cannot be used as given."""


class PatternError(SummitGraphError):
    """A pattern file is wrong; the message names file, line and pattern."""


class StoreError(SummitGraphError):
    """The store cannot be opened, read or written."""


class StoreLockedError(StoreError):
    """Another process is writing to the store."""


class QueryError(SummitGraphError):
    """A SPARQL query or update cannot be run as written."""

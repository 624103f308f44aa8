"""Finding candidates: exact and approximate vector indexes, terms, filters, and the union of channels."""

"""What a partner is: schema, readers, validation, identity, facets."""

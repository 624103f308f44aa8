"""What changes between two builds, kept in SQL: partners, relations, text vectors, API keys, and the sequence of changes."""

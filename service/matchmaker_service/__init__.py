"""The HTTP service over `matchmaker`. Its routes come with a later version; the package is reserved here."""

"""From pair evidence to an explained, reciprocal, diverse list of partners."""

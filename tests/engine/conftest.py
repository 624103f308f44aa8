"""The store's databases, for what follows a store."""

from tests.store.conftest import database, url

__all__ = ["database", "url"]

"""Alembic's scripts: how the tables came to be as tables.py has them."""

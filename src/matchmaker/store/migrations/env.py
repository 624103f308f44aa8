"""Run by Alembic, inside the transaction that `Database.migrate` opened."""

from __future__ import annotations

from alembic import context

from matchmaker.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

"""Ids of partners in the order of their code points on PostgreSQL too, so that pages can be merged with those of a bundle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """SQLite orders by bytes anyway."""
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("partners", "id", type_=sa.String(200, collation="C"), existing_nullable=False)

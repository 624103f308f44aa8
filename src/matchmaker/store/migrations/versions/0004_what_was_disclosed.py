"""Figures of overlaps that were disclosed; the newest change of a kind is found without looking through the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table, and the index."""
    op.create_table(
        "disclosures",
        sa.Column("digest", sa.LargeBinary(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("release", sa.Integer, nullable=False),
        sa.Column("counts", sa.Text, nullable=False),
        sa.Column("shown", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_disclosures"),
    )
    op.create_index("ix_changes_kind_number", "changes", ["kind", "number"])

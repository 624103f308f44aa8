"""What a service keeps: accounts, activity, impressions and feedback, jobs, the signing key; keys that expire."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True)
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the tables, and the column of keys."""
    op.add_column("api_keys", sa.Column("expires_at", _TIME))
    op.create_table(
        "signing_keys",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_signing_keys"),
    )
    op.create_table(
        "accounts",
        sa.Column("partner", sa.String(200), nullable=False),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("population", sa.String(20), nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("value", sa.Double),
        sa.Column("currency", sa.String(20)),
        sa.Column("date", sa.Date),
        sa.Column("key_id", sa.String(8), nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("partner", "account", "population", name="pk_accounts"),
    )
    op.create_index("ix_accounts_account", "accounts", ["account"])
    op.create_table(
        "activity",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("target", sa.String(200), nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_activity"),
        sa.UniqueConstraint("id", name="uq_activity_id"),
    )
    for column in ("source", "target"):
        op.create_index(f"ix_activity_{column}", "activity", [column])
    op.create_table(
        "impressions",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("recommendation_id", sa.Text, nullable=False),
        sa.Column("partner", sa.String(200), nullable=False),
        sa.Column("shown", sa.String(200), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("model_version", sa.String(200), nullable=False),
        sa.Column("shown_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_impressions"),
        sa.UniqueConstraint("recommendation_id", name="uq_impressions_recommendation_id"),
    )
    op.create_index("ix_impressions_partner", "impressions", ["partner"])
    op.create_table(
        "feedback",
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("recommendation_id", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("note", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_feedback"),
        sa.UniqueConstraint("recommendation_id", "outcome", name="uq_feedback_recommendation_id_outcome"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("key", sa.String(16)),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger),
        sa.Column("failed", sa.BigInteger, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(200)),
        sa.Column("lease_until", _TIME),
        sa.Column("result", sa.Text),
        sa.Column("format", sa.String(20)),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_status", "jobs", ["status"])

"""Every table of the store. Times are UTC, JSON is canonical text, digests and vectors are raw bytes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

SEQUENCE = "changes"
"""Name of the one counter: the number of the newest change."""

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""Counts up by itself."""


_ID = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
"""Ordered by code points, as Python orders and SQLite does."""


class Moment(sa.TypeDecorator[dt.datetime]):
    """A UTC time with its zone; SQLite forgets zones, and is reminded."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ANN401
        """On the way in."""
        del dialect
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without zone")
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:  # noqa: ANN401
        """On the way out."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Index(None, "kind", "number"),
)

partners = sa.Table(
    "partners",
    metadata,
    sa.Column("id", _ID, primary_key=True),
    sa.Column("name_key", sa.Text, nullable=False, index=True),
    sa.Column("domain", sa.Text, index=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False, index=True),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

vectors = sa.Table(
    "vectors",
    metadata,
    sa.Column("fingerprint", sa.String(64), primary_key=True),
    sa.Column("digest", sa.LargeBinary(16), primary_key=True),
    sa.Column("vector", sa.LargeBinary, nullable=False),
)

relations = sa.Table(
    "relations",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("a", sa.String(200), nullable=False, index=True),
    sa.Column("b", sa.String(200), nullable=False, index=True),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("change", sa.BigInteger, nullable=False, index=True),
    sa.Column("deleted", sa.Boolean, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),
    sa.Column("scopes", sa.String(100), nullable=False),
    sa.Column("partner", sa.String(200)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("revoked_at", Moment),
    sa.Column("expires_at", Moment),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("owner", sa.String(16), primary_key=True),
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("request", sa.LargeBinary(32), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("at", Moment, nullable=False, index=True),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("at", Moment, nullable=False, index=True),
    sa.Column("owner", sa.String(16), nullable=False),
    sa.Column("action", sa.String(60), nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.LargeBinary(32), nullable=False),
)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("partner", sa.String(200), primary_key=True),
    sa.Column("account", sa.String(32), primary_key=True, index=True),
    sa.Column("population", sa.String(20), primary_key=True),
    sa.Column("segment", sa.Text),
    sa.Column("value", sa.Double),
    sa.Column("currency", sa.String(20)),
    sa.Column("date", sa.Date),
    sa.Column("key_id", sa.String(8), nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
)

disclosures = sa.Table(
    "disclosures",
    metadata,
    sa.Column("digest", sa.LargeBinary(16), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("release", sa.Integer, nullable=False),
    sa.Column("counts", sa.Text, nullable=False),
    sa.Column("shown", sa.Text, nullable=False),
)

activity = sa.Table(
    "activity",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("id", sa.String(64), nullable=False, unique=True),
    sa.Column("source", sa.String(200), nullable=False, index=True),
    sa.Column("target", sa.String(200), nullable=False, index=True),
    sa.Column("date", sa.Date, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("at", Moment, nullable=False),
)

impressions = sa.Table(
    "impressions",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("recommendation_id", sa.Text, nullable=False, unique=True),
    sa.Column("partner", sa.String(200), nullable=False, index=True),
    sa.Column("shown", sa.String(200), nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("model_version", sa.String(200), nullable=False),
    sa.Column("shown_at", Moment, nullable=False),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True),
    sa.Column("recommendation_id", sa.Text, nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("at", Moment, nullable=False),
    sa.Column("note", sa.Text),
    sa.UniqueConstraint("recommendation_id", "outcome"),
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("key", sa.String(16)),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("status", sa.String(12), nullable=False, index=True),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger),
    sa.Column("failed", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(200)),
    sa.Column("lease_until", Moment),
    sa.Column("result", sa.Text),
    sa.Column("format", sa.String(20)),
    sa.Column("created_at", Moment, nullable=False),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("finished_at", Moment),
)

"""What was shown to whom, and what came of it: impressions and outcomes, joined by the recommendation's id."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matchmaker.errors import SettingsError
from matchmaker.store.database import Writing
from matchmaker.store.rows import insert
from matchmaker.store.tables import feedback as outcomes
from matchmaker.store.tables import impressions

OUTCOMES = ("accepted", "declined", "activated")


@dataclass(frozen=True)
class Impression:
    """One partner shown to another. rank: 1 for the first; model_version: of the bundle that ranked."""

    recommendation_id: str
    partner: str
    shown: str
    rank: int
    model_version: str
    shown_at: dt.datetime


@dataclass(frozen=True)
class Outcome:
    """What came of a recommendation. outcome: one of `OUTCOMES`."""

    recommendation_id: str
    outcome: str
    at: dt.datetime
    note: str | None = None


@dataclass(frozen=True)
class Observed:
    """An impression and its last outcome, None while there is none. number: the impression's place, a cursor."""

    number: int
    impression: Impression
    outcome: Outcome | None


def add_impressions(writing: Writing, shown: Sequence[Impression]) -> list[bool]:
    """Keep impressions, each recommendation id once, the first one; whether each was new, in their order."""
    return _add(writing, impressions, [_columns(one) for one in shown], ("recommendation_id",))


def add_outcomes(writing: Writing, found: Sequence[Outcome]) -> list[bool]:
    """Keep outcomes, each recommendation id and outcome once, the first one; whether each was new, in their order.

    An outcome may come before its impression, or without one: `observed` knows it once there is one. Raises SettingsError.
    """
    for one in found:
        if one.outcome not in OUTCOMES:
            raise SettingsError(f"An outcome is one of {', '.join(OUTCOMES)}, not {one.outcome!r}.")
    return _add(writing, outcomes, [_columns(one) for one in found], ("recommendation_id", "outcome"))


def of(connection: sa.Connection, recommendation_id: str) -> list[Outcome]:
    """The outcomes of a recommendation, in the order of their times."""
    query = sa.select(outcomes).where(outcomes.c.recommendation_id == recommendation_id)
    return [_outcome(row) for row in connection.execute(query.order_by(outcomes.c.at, outcomes.c.number))]


def observed(connection: sa.Connection, after: int, limit: int, *, partner: str | None = None) -> list[Observed]:
    """Up to `limit` impressions of higher numbers than `after`, in order, each with its last outcome; of one asking partner, if it
    is named.
    """
    query = sa.select(impressions).where(impressions.c.number > after)
    if partner is not None:
        query = query.where(impressions.c.partner == partner)
    shown = list(connection.execute(query.order_by(impressions.c.number).limit(limit)))
    wanted = outcomes.c.recommendation_id.in_([row.recommendation_id for row in shown])
    ordered = sa.select(outcomes).where(wanted).order_by(outcomes.c.at, outcomes.c.number)
    last = {row.recommendation_id: _outcome(row) for row in connection.execute(ordered)}
    return [Observed(row.number, _impression(row), last.get(row.recommendation_id)) for row in shown]


def _add(writing: Writing, table: sa.Table, rows: Sequence[dict[str, object]], unique: tuple[str, ...]) -> list[bool]:
    """Insert in turn; numbers are committed in their order, so that a cursor skips none."""
    writing.alone()
    statement = insert(writing.sql, table).on_conflict_do_nothing(index_elements=unique).returning(table.c.number)
    return [writing.sql.execute(statement, row).first() is not None for row in rows]


def _columns(one: Impression | Outcome) -> dict[str, object]:
    return dict(vars(one))


def _impression(row: sa.Row[Any]) -> Impression:
    return Impression(row.recommendation_id, row.partner, row.shown, row.rank, row.model_version, row.shown_at)


def _outcome(row: sa.Row[Any]) -> Outcome:
    return Outcome(row.recommendation_id, row.outcome, row.at, row.note)

"""Web vendors in 2018: whose audiences come to stand near one another, by the shares of their reach in three countries.

Germany, France and the United States do not overlap; the EU as a whole does, and is left out. Reach is a share of the pages of a
region, so that shares of it say where a vendor is strong, not where its pages are. Eight months hold two overlapping origins of two
months each; the events are read from the same table as the motion.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from matchmaker.trajectories.backtest import backtest, nearness_event
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.kinds import SHARES
from matchmaker.trajectories.lines import FEWEST
from matchmaker.trajectories.proof import Proof
from matchmaker.trajectories.shares import hellinger

REGIONS = ("de", "fr", "us")
MONTHS_AHEAD = 2
PARTNERS = 300


def snapshots_of(folder: Path) -> Snapshots:
    """Vendors seen in two of the three countries at least, by month."""
    import pandas as pd

    table = pd.read_parquet(folder / "reach_monthly.parquet").query("kind == 'tracker' and region in @REGIONS")
    wide = table.pivot_table(index="id", columns=["month", "region"], values="reach")
    months = sorted(
        month for month, count in table.groupby("month")["region"].nunique().items() if count == len(REGIONS)
    )
    amounts = np.stack([[wide[month, region].to_numpy() for region in REGIONS] for month in months]).transpose(2, 0, 1)
    known = np.isfinite(amounts).sum(axis=2, keepdims=True) >= 2
    dates = np.array(months, dtype="datetime64[M]").astype("datetime64[D]")
    return hellinger(np.where(known, np.nan_to_num(amounts), 0.0), dates)


def proof(folder: Path, draws: int) -> Proof:
    """Ask at the last two months that have a past of four snapshots and two months after them."""
    snapshots = snapshots_of(folder)
    count = len(snapshots.dates)
    origins = [snapshots.dates[place] for place in range(FEWEST - 1, count - MONTHS_AHEAD)][-2:]
    event = nearness_event(SHARES, snapshots)
    return backtest(
        {SHARES: snapshots}, event, years=MONTHS_AHEAD / 12, origins=origins, partners=PARTNERS, draws=draws
    )

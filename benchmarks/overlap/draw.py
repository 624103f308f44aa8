"""Accounts by chance: few partners have many, few accounts are had by many, as it is in the world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from matchmaker.profiles.accounts import POPULATIONS

_SHARES = (0.5, 0.35, 0.15)
"""Of the populations."""


def drawn(rows: int, partners: int, accounts: int, folder: Path) -> Path:
    """A Parquet file of so many rows with the columns partner, account, population, value, currency; made once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"accounts-{rows}-{partners}-{accounts}.parquet"
    if path.is_file():
        return path
    rng = np.random.default_rng(7)
    size = rng.lognormal(0.0, 1.2, partners)
    fame = rng.permutation((np.arange(accounts) + 20.0) ** -0.8)
    owner = rng.choice(partners, rows, p=size / size.sum())
    account = np.searchsorted(np.cumsum(fame / fame.sum()), rng.random(rows)).clip(0, accounts - 1)
    population = rng.choice(len(POPULATIONS), rows, p=_SHARES)
    value = np.where(population == POPULATIONS.index("opportunity"), np.round(rng.lognormal(9.0, 1.0, rows)), np.nan)
    table = pa.table(
        {
            "partner": pa.array([f"partner-{one:05d}" for one in range(partners)]).take(pa.array(owner)),
            "account": pa.array([f"company-{one:07d}.com" for one in range(accounts)]).take(pa.array(account)),
            "population": pa.array(POPULATIONS).take(pa.array(population)),
            "value": pa.array(value, from_pandas=True),
            "currency": pa.array(["EUR"] * rows),
        }
    )
    pq.write_table(table, path, compression="zstd")
    return path

"""Does past growth of a vendor's reach say anything of the next growth? The bar for any projection of motion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.quality.table import PlainTable

BLOCK = 3


def tables(folder: Path) -> Iterator[PlainTable]:
    """Yield one table: quarters of monthly log reach (mean of 3 months), growth against the growth after it.

    Growth of neighbouring quarters shares its middle quarter, whose noise pulls the correlation down, and GDPR in
    May 2018 breaks the series: read the windows apart.
    """
    import pandas as pd
    from scipy.stats import spearmanr

    reach = pd.read_parquet(folder / "reach_monthly.parquet").query("kind == 'tracker' and region == 'global'")
    level = reach.pivot_table(index="id", columns="month", values="reach").clip(lower=1e-6).apply(np.log)
    quarters = [level.iloc[:, k : k + BLOCK] for k in range(0, level.shape[1] - BLOCK + 1, BLOCK)]
    rows: list[list[str | float]] = []
    for three in zip(quarters, quarters[1:], quarters[2:], strict=False):
        known = pd.concat({k: quarter.mean(axis=1) for k, quarter in enumerate(three)}, axis=1).dropna()
        before, now, after = (known[k] for k in range(3))
        rho = float(spearmanr(now - before, after - now).statistic)
        explained = float(np.corrcoef(now, after)[0, 1] ** 2)
        stay = float((after - now).abs().mean())
        go_on = float((after - now - (now - before)).abs().mean())
        rows.append([f"{three[0].columns[0]} .. {three[2].columns[-1]}", len(known), rho, explained, stay, go_on])
    head = ["window", "vendors", "growth rho", "level R2", "MAE no change", "MAE same growth"]
    yield PlainTable("web_vendors: motion of reach, quarter to quarter", head, rows)

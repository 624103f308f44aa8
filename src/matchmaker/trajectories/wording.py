"""What may be said of trajectories that converge. The word in question appears nowhere else in an answer."""

from __future__ import annotations

NOT_SHOWN = "trajectories are converging; on this data that has not been shown to predict partnerships"
SHOWN = "trajectories are converging; on this data that has been shown to predict partnerships"


def wording(predicts: bool) -> str:
    """The sentence for a backtest that met the rule, or did not, or was never made (False)."""
    return SHOWN if predicts else NOT_SHOWN

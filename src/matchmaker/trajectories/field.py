"""Facet vectors over time, and what all partners do together: the drift of the whole field and the axes it varies along.

Everybody adds the word of the year to the homepage; that is no motion of anybody. A plain mean of each snapshot would not do
as the drift, since it jumps with who is present: a vector is held to be its partner's own place plus the drift of its date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import EncoderError, SettingsError
from matchmaker.threads import single_threaded

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Dates = NDArray[np.datetime64]

AXES = 16
YEAR = 365.25
"""Days of the unit of time: horizons are in years, speeds in distance a year."""
ABSENT = -1
_ROUNDS, _SAMPLE = 8, 100_000
_CALM = 1e-3
"""Of the mean motion: partners that move less than that weigh alike."""


@dataclass(frozen=True)
class Snapshots:
    """One facet of n partners at T dates. Texts repeat from date to date, so each distinct vector is kept once.

    vectors: (m, d) float32; codes: (n, T) row of `vectors` at each date, -1 where the partner is not there; dates: (T,)
    datetime64[D], strictly ascending, with any gaps.
    """

    vectors: Singles
    codes: Ints
    dates: Dates

    def __post_init__(self) -> None:
        if self.codes.ndim != 2 or self.codes.shape[1] != len(self.dates) or not len(self.dates):
            raise SettingsError(
                f"codes are {self.codes.shape}; one column is needed for each of {len(self.dates)} dates."
            )
        if (np.diff(self.dates.astype("datetime64[D]").astype(np.int64)) <= 0).any():
            raise SettingsError("Dates of snapshots must ascend, each once. Sort them, and join those of one day.")
        if not np.isfinite(self.vectors).all():
            raise SettingsError("A vector holds NaN or infinity. Mark a partner that is not there by the mask.")

    @classmethod
    def from_array(
        cls,
        values: NDArray[np.floating],
        dates: Sequence[object] | Dates,
        present: NDArray[np.bool_] | None = None,
        *,
        encoders: Sequence[str] | None = None,
    ) -> Snapshots:
        """From (n, T, d) vectors and an (n, T) mask of who is there (default everybody).

        encoders: fingerprint of the encoder of each date. Raises EncoderError where there are several: what differs between two
        encoders would be read as motion. Raises SettingsError for shapes that do not fit.
        """
        check_encoders(encoders or ())
        if values.ndim != 3:
            raise SettingsError(f"Vectors of snapshots are (partners, dates, numbers); these are {values.shape}.")
        n, count, width = values.shape
        there = np.ones((n, count), dtype=bool) if present is None else np.asarray(present, dtype=bool)
        if there.shape != (n, count):
            raise SettingsError(f"The mask is {there.shape}; it must be {(n, count)}, as the vectors are.")
        codes = np.where(there, np.arange(n * count).reshape(n, count), ABSENT)
        flat = np.where(there[:, :, None], values, 0.0).reshape(-1, width).astype(np.float32)
        return cls(flat, codes, np.asarray(dates, dtype="datetime64[D]"))

    @property
    def present(self) -> NDArray[np.bool_]:
        """(n, T) bool."""
        return np.asarray(self.codes >= 0)

    @property
    def years(self) -> Floats:
        """(T,) time of each date in years from the last one, at most 0."""
        days = self.dates.astype("datetime64[D]").astype(np.int64)
        return np.asarray((days - days[-1]) / YEAR, dtype=np.float64)

    def until(self, date: np.datetime64) -> Snapshots:
        """What was known on a day: the snapshots up to and including it. Raises SettingsError where there is none."""
        kept = int(np.searchsorted(self.dates, date, side="right"))
        if not kept:
            raise SettingsError(f"No snapshot is as old as {date}; the first is of {self.dates[0]}.")
        return replace(self, codes=self.codes[:, :kept], dates=self.dates[:kept])

    def at(self, place: int) -> Singles:
        """(n, d) vectors at date number `place`, zeros for those who are not there."""
        code = self.codes[:, place]
        return np.where((code >= 0)[:, None], self.vectors[code], np.float32(0.0))


@dataclass(frozen=True)
class Field:
    """Where partners differ. centre: (d,) of the last date; axes: (k, d) orthonormal rows."""

    centre: Singles
    axes: Singles

    @classmethod
    def fit(cls, snapshots: Snapshots, axes: int = AXES) -> Field:
        """Centre, and the `axes` directions of largest variance about the mean of each date, of these snapshots alone: give only
        the past. Of many partners some are drawn evenly: 100,000 snapshots say enough of 16 axes.
        """
        drawn = snapshots.codes[:: max(1, snapshots.codes.size // _SAMPLE)]
        width = snapshots.vectors.shape[1]
        spread, centre = np.zeros((width, width)), np.zeros(width, dtype=np.float32)
        for code in drawn.T:
            there = code >= 0
            if there.any():
                part = snapshots.vectors[code[there]]
                centre = part.mean(axis=0, dtype=np.float64).astype(np.float32)
                spread += (part - centre).T @ (part - centre)
        found = _largest(spread, axes)
        # An axis has no sign of its own; a fixed one makes two fits of the same data the same arrays.
        largest = np.take_along_axis(found, np.abs(found).argmax(axis=1)[:, None], axis=1)
        return cls(centre, np.ascontiguousarray(found * np.where(largest < 0, -1.0, 1.0), dtype=np.float32))

    def project(self, vectors: NDArray[np.floating]) -> Singles:
        """(m, d) vectors as of the last date to (m, k)."""
        return np.asarray((vectors - self.centre) @ self.axes.T, dtype=np.float32)

    def tracks(self, snapshots: Snapshots) -> Singles:
        """(n, T, k) where each partner stood at each date, the drift taken away, NaN where it was not there."""
        found = self.project(snapshots.vectors)[snapshots.codes]
        found -= _drift(found, snapshots.present)
        found[~snapshots.present] = np.nan
        return np.asarray(found)


def check_encoders(fingerprints: Sequence[str]) -> None:
    """Raise EncoderError where snapshots were encoded by several encoders."""
    several = sorted(set(fingerprints))
    if len(several) > 1:
        raise EncoderError(
            f"The snapshots were encoded by {len(several)} encoders ({', '.join(name[:12] for name in several)}): what differs "
            "between them would be read as motion. Encode the texts of all snapshots again with one of them."
        )


def _drift(tracks: Singles, there: NDArray[np.bool_]) -> Singles:
    """(T, k) what all partners do together: the effect of each date in the two-way model place = partner + date, 0 on the last.

    A partner weighs the less the more it moves, so that a few that run do not pull the others along: where most stand still, the
    drift is what those share. Reweighted least squares for the least sum of the partners' root mean squares; partner effects are
    eliminated. Dates that no partner links with the last one keep the shift of least length among themselves.
    Sources: unbalanced two-way layout, Searle, Linear Models, 1971; Weiszfeld, Tohoku Math. J. 1937.
    """
    mask = there.astype(np.float32)
    count = np.maximum(mask.sum(axis=1), 1.0)
    own = _centred(tracks, mask, count)
    drift = np.zeros(tracks.shape[1:], dtype=np.float32)
    for _ in range(_ROUNDS):
        rest = _centred(own - drift, mask, count)
        moved = np.sqrt(np.square(rest).sum(axis=2).sum(axis=1) / count)
        weight = (count > 1) / np.maximum(moved, max(_CALM * float(moved.mean()), 1e-12))
        weighted = mask * weight[:, None]
        system = np.diag(weighted.sum(axis=0)) - (weighted / count[:, None]).T @ mask
        target = np.einsum("nt,ntk->tk", weighted, own, optimize=False)
        drift = np.linalg.lstsq(system.astype(np.float64), target.astype(np.float64), rcond=1e-10)[0].astype(np.float32)
    return np.asarray(drift - drift[-1])


def _centred(values: Singles, mask: Singles, count: Singles) -> Singles:
    """(n, T, k) values about each partner's mean over the dates at which it was there, 0 at the others."""
    mean = np.einsum("nt,ntk->nk", mask, values, optimize=False) / count[:, None]
    return np.asarray((values - mean[:, None, :]) * mask[:, :, None])


@single_threaded
def _largest(spread: Floats, axes: int) -> Floats:
    """(axes, d) eigenvectors of the largest eigenvalues. On one thread: several wait for one another on a busy machine."""
    return np.asarray(np.linalg.eigh(spread)[1][:, ::-1][:, :axes].T)

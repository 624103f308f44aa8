"""All that dated data say of partners, made in one go: at a build, or on the spot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matchmaker.trajectories.encode import Vectors, encoded, motion_of
from matchmaker.trajectories.entries import Entries
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.gains import DatedAccounts
from matchmaker.trajectories.grounds import Grounds, grounds_of
from matchmaker.trajectories.kinds import SHARES
from matchmaker.trajectories.motion import HORIZON, Motion
from matchmaker.trajectories.shares import account_shares

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.profiles.accounts import AccountTable
    from matchmaker.profiles.schema import Relation
    from matchmaker.progress import Progress
    from matchmaker.trajectories.history import History

OLD = Grounds(None, "the bundle was built before one was made at build; build it again")
NOT_ASKED = Grounds(None, "no relations were given")


@dataclass(frozen=True)
class Observed:
    """motion: of dated profiles; proof: what its wording rests on; gains: dated customers, or None; entries: segments that
    partners are likely to enter, or None. All of the same partners, in the order of `motion.ids`.
    """

    motion: Motion
    proof: Grounds
    gains: DatedAccounts | None = None
    entries: Entries | None = None

    @classmethod
    def of(
        cls,
        history: History,
        encoder: Encoder,
        *,
        relations: Sequence[Relation] | None = None,
        accounts: AccountTable | None = None,
        years: float = HORIZON,
        most: int | None = None,
        origins: int | None = None,
        progress: Progress | None = None,
    ) -> Observed:
        """Motion, and the backtest of the partnerships among `relations`, None where nobody asks for one.

        Dated customers are a facet of their own, the shares of their segments. years: horizon of the backtest; most, origins: its
        bounds (`grounds_of`). Raises CatalogueError where nothing could move.
        """
        shares = account_shares(accounts, history.ids, history.dates) if accounts is not None else None
        more = {} if shares is None else {SHARES: shares[0]}
        seen: dict[str, Snapshots] = {}
        whole = relations is not None and (most is None or len(history.ids) <= most)
        facets = _kept(encoded(history, encoder, progress), seen, whole=whole)
        motion = motion_of(history, facets, encoder.fingerprint, more)
        texts = next(iter(seen.values()))
        seen |= more
        proof = NOT_ASKED
        if relations is not None:
            proof = grounds_of(seen, relations, history.ids, years=years, most=most, origins=origins, progress=progress)
        gains = DatedAccounts.of(accounts, history.ids) if accounts is not None else None
        return cls(motion, proof, gains, Entries.of(history, texts))


def _kept(
    facets: Iterable[tuple[str, Snapshots, Vectors]], seen: dict[str, Snapshots], *, whole: bool
) -> Iterator[tuple[str, Snapshots, Vectors]]:
    """The facets, of which the first stays in `seen`, which a backtest needs `whole`: of many partners all would not fit."""
    for name, snapshots, vectors in facets:
        if whole or not seen:
            seen[name] = snapshots
        yield name, snapshots, vectors

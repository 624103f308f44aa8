"""Every partner's list, without reasons: what `recommend` lists, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.asking import check
from matchmaker.batch.candidates import Finder
from matchmaker.batch.run import Work
from matchmaker.engine import DIVERSITY, Matchmaker
from matchmaker.fitted import existing, rival_pairs
from matchmaker.matching.confidence import grade
from matchmaker.matching.diversity import with_popularity
from matchmaker.matching.ragged import Ints
from matchmaker.narrate import shares
from matchmaker.registry.bundle import open_bundle
from matchmaker.threads import single_threaded

if TYPE_CHECKING:
    import pyarrow as pa

    from matchmaker.matching.bulk import ScoredPairs

PART = 512
"""Partners of a part: some seconds' work."""
_SAMPLE = 64
_TOGETHER = 16
"""Partners whose pairs are scored in one go."""
NONE = "no eligible partner"


@dataclass(frozen=True)
class Settings:
    """What is asked for every partner, as in `Matchmaker.recommend`."""

    k: int = 10
    popularity_weight: float = 0.5
    diversity: float = DIVERSITY
    include_existing: bool = False


def lists_work(model: Path, out: Path, settings: Settings, *, part_partners: int = PART) -> Work:
    """Listing the best partners of every partner of a bundle. Raises SettingsError, BundleError."""
    check(k=settings.k, popularity_weight=settings.popularity_weight, diversity=settings.diversity)
    bundle = open_bundle(model)
    count = int(bundle.manifest["partners"])
    return Work(
        label="partners",
        made_of={
            "command": "match-all",
            "bundle": bundle.version,
            "settings": {**asdict(settings), "output": out.suffix.lower()},
            "part size": part_partners,
        },
        open=partial(ListWorker, bundle.folder, settings),
        parts=lambda: _ranges(count, part_partners),
        steps=len,
        total=count,
        part_size=part_partners,
        sample=_SAMPLE,
        empty=_schema().empty_table(),
    )


def _ranges(count: int, size: int) -> Iterator[range]:
    return (range(low, min(low + size, count)) for low in range(0, count, size))


@dataclass(frozen=True)
class _Pairs:
    """The pairs of one partner with its candidates."""

    rows: Ints
    fit_type: NDArray[np.str_]


class Lister(Matchmaker):
    """An engine that lists for many partners at once: same candidates, same numbers, same order as `recommend`."""

    def open_lists(self) -> None:
        """Prepare the scoring of many pairs, and the filling of many lists."""
        from matchmaker.matching import compiled  # and the compiler, which the main process has no use for
        from matchmaker.matching.bulk import PairScorer

        fitted, self._fill = self.fitted, compiled.greedy
        self._scorer = PairScorer(fitted.space, fitted.config, rival_pairs(fitted.relations))
        self._finder = Finder(fitted.space, fitted.indexes, fitted.standing, fitted.config.channel_quota)

    def lists(self, rows: Sequence[int], settings: Settings) -> Iterator[tuple[int, Ints, ScoredPairs]]:
        """For each partner the rows that it is matched with, best first, and these pairs' numbers."""
        space = self.fitted.space
        found = self._found(rows, settings)
        ends = np.cumsum([0, *map(len, found)])
        pairs = np.repeat(np.array(rows, dtype=np.int64), np.diff(ends)), np.concatenate(found)
        scored, taught = self._scorer.score(*pairs), self.fitted.taught
        judged = None if taught is None else taught.judge_pairs(*pairs, settings.popularity_weight)
        for place, (row, others) in enumerate(zip(rows, found, strict=True)):
            mine = scored.take(slice(ends[place], ends[place + 1]))
            if judged is None:
                nats = with_popularity(mine.nats, space.size[others], settings.popularity_weight)
            else:
                nats = judged.order[ends[place] : ends[place + 1]]
            keep = np.ones(len(others), dtype=bool)
            order = self._list(_Pairs(others, mine.fit_type), nats, settings.k, settings.diversity, keep)
            yield row, others[order], mine.take(np.array(order, dtype=np.int64))

    def _found(self, rows: Sequence[int], settings: Settings) -> list[Ints]:
        """The candidates of each partner, as `recommend` finds them."""
        fitted, finder, quota = self.fitted, self._finder, self.config.channel_quota
        sides, barred = [fitted.space.side(row) for row in rows], []
        for row in rows:
            mine = np.array([row], dtype=np.int64)
            if not settings.include_existing:
                mine = np.union1d(mine, existing(fitted.relations.of(row)))
            barred.append(mine[fitted.standing[mine]])
        found = []
        for side, others, rows_found in zip(sides, barred, finder.find(sides, barred), strict=True):
            with finder.without(others) as allowed:
                if rows_found is None or np.count_nonzero(allowed) <= self.config.exhaustive_below:
                    nobody = np.zeros(0, dtype=np.int64)
                    rows_found = self._candidates(side, allowed, exhaustive=False, examples=nobody)[0]
                elif fitted.taught is not None:
                    rows_found = np.union1d(rows_found, fitted.taught.candidates(side, allowed, quota))
            found.append(rows_found)
        return found


class ListWorker:
    """Makes the lists of ranges of partners."""

    def __init__(self, version: Path, settings: Settings) -> None:
        self._settings = settings
        self._engine = Lister.load(version, background_check=False)
        self._engine.open_lists()
        _set_faiss()

    @single_threaded
    def table(self, content: range) -> pa.Table:
        """The lists of a range of partners, a row a match; a partner without any has one row that says so."""
        import pyarrow as pa

        rows: list[dict[str, Any]] = []
        for low in range(0, len(content), _TOGETHER):
            for row, others, scored in self._engine.lists(content[low : low + _TOGETHER], self._settings):
                rows.extend(self._told(row, others, scored))
        return pa.Table.from_pylist(rows, schema=_schema())

    def _told(self, row: int, others: Ints, scored: ScoredPairs) -> Iterator[dict[str, Any]]:
        fitted = self._engine.fitted
        space, you = fitted.space, fitted.space.ids[row]
        if not len(others):
            yield {"partner": you, "status": NONE}
        complete = np.minimum(space.completeness[row], space.completeness[others]).tolist()
        numbers = zip(
            np.round(scored.mutual, 6).tolist(),
            shares(scored.value_to_a),
            shares(scored.value_to_b),
            np.round(scored.balance, 6).tolist(),
            (scored.value_to_a <= scored.value_to_b).tolist(),
            strict=True,
        )
        shown = fitted.profiles.shown(others.tolist())
        for place, (mutual, mine, theirs, balance, weaker) in enumerate(numbers):
            match = space.ids[others[place]]
            yield {
                "partner": you,
                "rank": place + 1,
                "match": match,
                "mutual": mutual,
                "value_to_you": mine,
                "value_to_them": theirs,
                "balance": balance,
                "weaker_side": you if weaker else match,
                "fit_type": str(scored.fit_type[place]),
                "one_way_street": bool(scored.one_way[place]),
                "confidence": grade(complete[place]),
                "size_band": shown[place]["size_band"],
                "status": "ok",
            }


def _schema() -> pa.Schema:
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    numbers = [(name, number) for name in ("mutual", "value_to_you", "value_to_them", "balance")]
    fields = [("partner", text), ("rank", pa.int32()), ("match", text), *numbers, ("weaker_side", text)]
    fields += [("fit_type", text), ("one_way_street", pa.bool_()), ("confidence", text), ("size_band", text)]
    return pa.schema([*fields, ("status", text)])


def _set_faiss() -> None:
    """One thread of FAISS for each process, as there are as many processes as cores; and many queries compared as one is, to the
    last bit.
    """
    import faiss

    faiss.omp_set_num_threads(1)
    faiss.cvar.distance_compute_blas_threshold = 1 << 30

"""Is there a clear market for a link? Yes only where sources that rest on data of their own agree, and fame is not why.

| kind         | rests on             | speaks for a link where                                                                 |
|--------------|----------------------|-----------------------------------------------------------------------------------------|
| profiles     | profiles             | what both say of themselves raises its log-odds above those of an average pair          |
| goals        | profiles             | it meets a goal that is stated                                                          |
| peers        | links of look-alikes | partners like the one have it, or the one has links with partners like the other        |
| surroundings | partners in common   | both have the same partners, or partners like the other                                 |
| demand       | counted demand       | at least `ENOUGH` requests, workflows or deals were counted (demand.py)                 |
| audience     | shared accounts      | they share more accounts than chance, the lower bound of lift lying above 1             |

What two kinds that rest on the same data say counts once. Log-odds are contributions of what was learned (matching/learned), those
of fame left out, the mean of both sides; where nothing was learned `standing_of_prior` says what stands in their place.

    total = sum of the log-odds beyond fame + sum over sources of ln(lower bound / what is typical for the asking partner)

yes: at least `SOURCES` speak for it, total >= `LEAST`, and it is among the best `SHARE` of its stratum of fame, or the best of it.
no: none speaks for it, at least `SOURCES` speak against it, and total <= `MOST`. unknown: all others, with what is wanting.
A pair without a link is not a bad pair, so unknown is the rule. Thresholds were chosen on splits of their own (docs/gaps.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.gaps.demand import AUDIENCE, DEMAND, Counted, Floats
from matchmaker.matching.learned import texts
from matchmaker.matching.ragged import Ints

PROFILES, GOALS, PEERS, SURROUNDINGS = "profiles", "goals", "peers", "surroundings"
RESTS_ON = {
    PROFILES: "profiles",
    GOALS: "profiles",
    PEERS: "links of look-alikes",
    SURROUNDINGS: "partners in common",
    DEMAND: "counted demand",
    AUDIENCE: "shared accounts",
}
FAME = frozenset(
    ("fame", "fame_often", "lasting", "expected", "unlinked", "expected_new", "chance", "asks", "other")
)  # fmt: skip
"""Features of matching/learned that say how well known a side is: no evidence of a market."""
OF_FEATURE = {
    **dict.fromkeys((*texts.FEATURES, "thin"), PROFILES),
    **dict.fromkeys(("alike_asks", "alike_others", "alike_both", "complement"), PEERS),
    **dict.fromkeys(("common", "common_often", "allocation", "circle", "circled", "same_circle"), SURROUNDINGS),
    **dict.fromkeys(
        ("count", "lift", "bound", "excess", "cosine", "near_16", "near_64", "weight_16", "weight_64"), AUDIENCE
    ),
}
"""Kind of evidence that each of the other features is."""
YES, UNKNOWN, NO = 1, 0, -1
WORDS = {YES: "yes", UNKNOWN: "unknown", NO: "no"}
SOURCES = 2
"""Sources of their own that have to agree."""
FOR, AGAINST = 0.0, -0.05
"""Nats beyond fame above which a kind speaks for a link, and below which it speaks against it."""
LEAST, MOST = 0.35, -0.25
SHARE = {True: 0.06, False: 0.2}
"""By whether the asking partner has links: without any its list rests on profiles and the links of others, and is flatter."""
PRIOR_NATS = 0.15
"""Log-odds of a link that a nat of prior evidence is worth: the slope on public links of products (docs/gaps.md)."""


@dataclass(frozen=True)
class Standing:
    """k candidates of one asking partner, as profiles and history see them; arrays (k,) unless told.

    rows: of the candidates; odds: log-odds of a link, which rank; chance: in (0, 1), NaN where it is not known; kinds: kind to
    log-odds beyond fame, 0 an average pair, NaN unknown; stratum: of fame (dial.py); linked: whether the asking one has links.
    """

    rows: Ints
    odds: Floats
    chance: Floats
    kinds: Mapping[str, Floats]
    stratum: Ints
    linked: bool


def standing_of(
    rows: Ints,
    odds: tuple[Floats, Floats],
    parts: Floats,
    names: Sequence[str],
    chance: Floats,
    stratum: Ints,
    linked: tuple[bool, NDArray[np.bool_]],
) -> Standing:
    """Of what was learned: `odds` one way and back, `parts` (2, k, features), `names` and `chance` as of `Judged`.

    stratum: (k,) of the candidates; linked: whether the asking partner has links, and which of the candidates (k,) have.
    One with links ranks others with links by the mean of both sides, for a market is common to both, and those without by what is
    beyond fame: they are new rather than unpopular. One without links ranks as it was learned to.
    """
    mean = parts.mean(axis=0)
    kinds = {
        kind: mean[:, [OF_FEATURE.get(name) == kind for name in names]].sum(axis=1)
        for kind in dict.fromkeys(OF_FEATURE[name] for name in names if name not in FAME)
    }
    asks, others = linked
    there, back = odds
    famous = parts[0][:, [name in FAME for name in names]].sum(axis=1)
    ranked = np.where(others, (there + back) / 2.0, there - famous) if asks else there
    return Standing(rows, ranked, chance, kinds, stratum, asks)


def standing_of_prior(rows: Ints, nats: Floats, stratum: Ints, peers: Floats, *, linked: bool) -> Standing:
    """Where nothing was learned: `PRIOR_NATS` times what mutual evidence `nats` (k,) lies above its mean; chance unknown.

    peers: (k,) of `peers_beyond_chance`, how many rivals and look-alikes have the link.
    """
    odds = PRIOR_NATS * (nats - nats.mean()) if len(nats) else np.zeros(0)
    return Standing(rows, odds, np.full(len(rows), np.nan), {PROFILES: odds, PEERS: peers}, stratum, linked)


@dataclass(frozen=True)
class Market:
    """Verdicts of k pairs. verdict: (k,) of YES, UNKNOWN, NO; total: (k,) nats; higher: (k,) in [0, 1), share of the candidates of
    its stratum that stand higher; share: of `SHARE`; speaks: kind to (k,) 1 for, -1 against, 0 neither, NaN unknown.
    """

    verdict: NDArray[np.int8]
    total: Floats
    higher: Floats
    share: float
    speaks: Mapping[str, Floats]

    def agree(self, place: int, way: int = YES) -> list[str]:
        """Kinds that speak for (YES) or against (NO) the link at a position."""
        return [kind for kind, said in self.speaks.items() if said[place] == way]


def market(standing: Standing, sources: Sequence[Counted], met: Floats | None = None) -> Market:
    """Judge the candidates of one partner. sources: what was counted of them; met: (k,) 1 where a stated goal of either side is
    met, 0 where none is, NaN where none is stated.
    """
    speaks = {kind: _sides(nats) for kind, nats in standing.kinds.items()}
    if met is not None:
        speaks[GOALS] = np.where(np.isnan(met), np.nan, (met > 0).astype(np.float64))
    for source in sources:
        speaks[source.kind] = _either(speaks.get(source.kind), source.speaks)
    total = sum((np.nan_to_num(nats) for nats in standing.kinds.values()), np.zeros(len(standing.rows)))
    total = total + shifts(sources, len(standing.rows))
    rank, among = within(total, standing.stratum)
    share = SHARE[standing.linked]
    best = rank < np.maximum(np.floor(share * among + 0.5), 1.0)
    pro, contra = _sources(speaks, YES), _sources(speaks, NO)
    yes = (pro >= SOURCES) & (total >= LEAST) & best
    no = (pro == 0) & (contra >= SOURCES) & (total <= MOST)
    return Market(yes.astype(np.int8) - no.astype(np.int8), total, rank / among, share, speaks)


def shifts(sources: Sequence[Counted], k: int) -> Floats:
    """(k,) nats that counted demand adds: units cancel, each source being held against what is typical for the asking partner."""
    return sum((source.shift for source in sources), np.zeros(k))


def within(total: Floats, stratum: Ints) -> tuple[Ints, Ints]:
    """(k,) how many of its stratum stand higher, equal ones in the order given, and (k,) how many it holds."""
    rank, among = np.empty(len(total), dtype=np.int64), np.empty(len(total), dtype=np.int64)
    for one in np.unique(stratum):
        mine = np.flatnonzero(stratum == one)
        rank[mine[np.argsort(-total[mine], kind="stable")]] = np.arange(len(mine))
        among[mine] = len(mine)
    return rank, among


def peers_beyond_chance(have: Floats, expected: Floats) -> Floats:
    """(k,) nats >= 0, ln((have + 1) / (expected + 1)): so many peers have the link, so many chance lets expect (Gamma-Poisson).

    Fewer than expected says nothing: the famous are linked for other reasons than their peers are.
    """
    return np.asarray(np.maximum(np.log((have + 1.0) / (expected + 1.0)), 0.0))


def _sides(nats: Floats) -> Floats:
    return np.where(np.isnan(nats), np.nan, (nats > FOR).astype(np.float64) - (nats < AGAINST).astype(np.float64))


def _either(one: Floats | None, other: Floats) -> Floats:
    """What two that rest on the same data say: the more favourable of them, where either is known."""
    return other if one is None else np.fmax(one, other)


def _sources(speaks: Mapping[str, Floats], way: int) -> Ints:
    """(k,) number of sources of their own that speak one way."""
    rests: dict[str, NDArray[np.bool_]] = {}
    for kind, said in speaks.items():
        rests[RESTS_ON[kind]] = rests.get(RESTS_ON[kind], np.zeros(len(said), dtype=bool)) | (said == way)
    return np.asarray(sum(rests.values(), np.zeros(len(next(iter(speaks.values()))), dtype=np.int64)))

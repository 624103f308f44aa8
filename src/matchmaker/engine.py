"""`Matchmaker`: one object behind the HTTP service, the CLI and the notebooks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from matchmaker.asking import EXAMPLE_NATS, Examples, Weights, best_score, check, own_weights, weighed
from matchmaker.channels import candidates
from matchmaker.config import Config
from matchmaker.converging import Courses
from matchmaker.errors import BundleCorruptError, FilterError, NotFittedError, SettingsError
from matchmaker.fitted import Fitted, existing, voice_of
from matchmaker.matching.diversity import diversified, with_popularity
from matchmaker.matching.fit_type import COMPETITOR
from matchmaker.matching.ragged import Ints
from matchmaker.matching.reasons import Voice
from matchmaker.matching.scorer import Scored, score
from matchmaker.matching.space import Side
from matchmaker.narrate import Narrator, Relations, goal_note, plain_chance, trust_notes, with_history
from matchmaker.results import EcosystemMap, Explanation, Found, PairScores, Profile, Recommendations, Similar
from matchmaker.threads import single_threaded

if TYPE_CHECKING:
    from matchmaker.audience.incidence import Incidence
    from matchmaker.audience.pairs import Overlap
    from matchmaker.encoders.base import Encoder
    from matchmaker.gaps.ecosystem import EcosystemGaps
    from matchmaker.lacking import Gaps, PairGaps
    from matchmaker.matching.diversity import Greedy
    from matchmaker.matching.learned.model import Judged
    from matchmaker.moving import Collisions, PartnerOrbit
    from matchmaker.profiles.catalogue import Catalogue
    from matchmaker.profiles.schema import Partner
    from matchmaker.progress import Progress
    from matchmaker.registry.integrity import BackgroundCheck
    from matchmaker.trajectories.history import History

POOL = 100
"""Candidates that compete for a diversified list."""
_HEADINGS = 200
"""Matches among which stated courses are looked for."""
DIVERSITY = 0.3
"""Of a list for which nothing else is asked."""
RIVALS, RIVAL_DISCOUNT = 0.2, 0.9
"""Rivals are marked, not dropped. Unless they are asked for or are all there is, they take at most this share of a list and
count this much of their relevance: who asks for partners does not ask for look-alikes."""


class Ranked(Protocol):
    """What a list is made of beside relevance: the row and the fit type of each pair, (m,)."""

    @property
    def rows(self) -> Ints:
        """Of the partners that are listed."""

    @property
    def fit_type(self) -> NDArray[np.str_]:
        """As in fit_type.py."""


class Matchmaker:
    """Recommends partners, scores pairs in both directions, and explains each of them.

    `config` decides the results; `encoder` overrides `config.encoder` by an object (docs/encoders.md); `cache_dir` is where
    text vectors are kept between builds. Nothing is loaded before it is needed: answering for a stored partner never
    imports torch.
    """

    def __init__(
        self, config: Config | None = None, *, encoder: Encoder | None = None, cache_dir: Path | None = None
    ) -> None:
        self.config = config or Config()
        self._encoder = encoder
        self._cache_dir = cache_dir
        self._fitted: Fitted | None = None
        self._check: BackgroundCheck | None = None
        self._fill: Greedy | None = None

    @property
    def fitted(self) -> Fitted:
        """The ecosystem in use.

        Raises NotFittedError before `fit` or `load`, and BundleCorruptError once the background check found a changed file.
        """
        if self._check is not None and self._check.problems:
            raise BundleCorruptError(
                f"The bundle in use has changed on disk: {self._check.problems[0]}. Build it again, or load another version."
            )
        if self._fitted is None:
            raise NotFittedError(
                "This Matchmaker holds no ecosystem yet: call fit(catalogue) or Matchmaker.load(folder)."
            )
        return self._fitted

    @property
    def encoder(self) -> Encoder:
        """The encoder of the ecosystem, opened on first use. Raises EncoderError when it is not the one that was built with."""
        if self._encoder is None:
            from matchmaker.encoders import open_encoder

            self._encoder = open_encoder(
                self.config.encoder,
                cache_dir=self._cache_dir,
                batch_size=self.config.batch_size,
                threads=self.config.threads,
            )
        return self._encoder

    def fit(
        self,
        catalogue: Catalogue | Sequence[Partner],
        *,
        snapshots: History | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Profile and index every partner of `catalogue` (profiles.load_catalogue makes one from files).

        snapshots: the partners as they were (trajectories/history.py reads them), of which motion is taken. Where the catalogue
        has dated partnerships enough, they are backtested, and `fitted.proof` says what came of it or why none was made.
        """
        from matchmaker.fitting import fit

        fitted = fit(catalogue, self.encoder, self.config, progress)
        if snapshots is not None:
            from matchmaker.moving import with_motion

            fitted = with_motion(fitted, catalogue, snapshots, self.encoder, progress)
        self._fitted, self._check = fitted, None
        return self

    def save(self, folder: Path | str) -> Path:
        """Write a bundle version under `folder` and make it current; returns the version's folder. Raises StorageError."""
        from matchmaker.registry.codec import save

        return save(self.fitted, Path(folder))

    @classmethod
    def load(cls, folder: Path | str, *, cache_dir: Path | None = None, background_check: bool = True) -> Self:
        """Open a bundle: its current version, or a version's own folder.

        Sizes, shapes, small files and the golden queries are checked at once; with `background_check` every file is
        hashed on a thread of its own, and from the moment one is found changed every answer raises BundleCorruptError
        (`integrity` tells how far it is) and index files, otherwise read when they are first searched, are read at once.
        Raises BundleError.
        """
        from matchmaker.registry.codec import load
        from matchmaker.registry.integrity import BackgroundCheck

        fitted, version = load(Path(folder))
        engine = cls(fitted.config, cache_dir=cache_dir)
        engine._fitted = fitted
        if background_check:  # it is to live long, perhaps longer than the files
            engine._check = BackgroundCheck(version)
            for index in fitted.indexes.each().values():
                index.open()
        return engine

    def on(self, fitted: Fitted, encoder: Encoder) -> Matchmaker:
        """The same engine on a changed form of its ecosystem; what the background check finds counts for both."""
        engine = Matchmaker(fitted.config, encoder=encoder, cache_dir=self._cache_dir)
        engine._fitted, engine._check = fitted, self._check
        return engine

    @property
    def integrity(self) -> BackgroundCheck | None:
        """The background check of the loaded bundle; None where there is nothing to check."""
        return self._check

    @property
    def basis(self) -> str:
        """What answers rest on: declared weights alone (`prior`), or history too."""
        return self.fitted.basis

    @single_threaded
    def recommend(
        self,
        partner: str | Partner,
        k: int = 10,
        *,
        fit_type: str | None = None,
        motion: str | None = None,
        relation: str | None = None,
        filters: Mapping[str, Any] | None = None,
        popularity_weight: float = 0.5,
        diversity: float = DIVERSITY,
        like: Sequence[str] = (),
        unlike: Sequence[str] = (),
        weights: Weights | None = None,
        include_existing: bool = False,
        explain: bool = True,
        exhaustive: bool = False,
    ) -> Recommendations:
        """The k partners worth talking to, best first, diversified, with reasons from both sides.

        partner: an id, an exact name, or a Partner that need not be in the catalogue. fit_type: one of complement, competitor,
        expansion, stretch. motion: technology, strategic, or one of integrate, co-market, co-sell, refer.
        relation: "collision" lists only those that it is on a collision course with, seen to move or, where it is in no snapshot,
        stated (docs/collisions.md).
        filters: docs/filters.md. popularity_weight: 0 small-but-mighty to 1 famous, 0.5 neutral. diversity: 0 plain ranking to 1.
        like, unlike: stored partners whose likes rise or sink in the order, and which are not listed themselves: relevance gains
        `EXAMPLE_NATS` times each match's `example_score`; no value changes, as with popularity_weight.
        weights: what counts for the asking side, as names of PriorWeights with numbers; what is left out stays as configured. Its
        values are weighed by them and are percentiles among totals so weighed; the other side's values stay as they are.
        include_existing: also list partners it already has. exhaustive: score every partner instead of retrieved candidates.
        Raises UnknownPartnerError, FilterError, SettingsError.
        """
        check(k=k, fit_type=fit_type, motion=motion, popularity_weight=popularity_weight, diversity=diversity)
        side, name, voice, relations = self._asking(partner)
        courses = Courses.of(self.fitted, None if side.row is None else name, voice.name, relation)
        examples = Examples.of(self.fitted, like, unlike)
        own = own_weights(self.config, side, weights)
        side, mine = weighed(self.fitted, side, partner, own)
        allowed = courses.allowed(self._allowed(side, relations, filters, include_existing=include_existing))
        allowed[examples.rows] = False
        everybody = exhaustive or courses.narrows
        rows, channels = self._candidates(side, allowed, exhaustive=everybody, examples=examples.like)
        scored = self._score(side, rows, relations, mine)
        narrator = Narrator(self.fitted, side, name, voice, relations)
        near = examples.scores(self.fitted.space.topic, rows)
        judged = self._judged(side, rows, popularity_weight)
        size = self.fitted.space.size[rows]
        nats = with_popularity(scored.nats, size, popularity_weight) if judged is None else judged.order
        nats = nats + EXAMPLE_NATS * near
        keep = courses.keep(_keeps(scored, narrator, fit_type, motion), scored, narrator)
        order = self._list(scored, nats, k, diversity, keep)
        matches = narrator.matches(scored, order, [channels(position) for position in order], explain=explain)
        matches = courses.told(examples.told(matches, near[order].tolist()))
        if judged is not None:
            matches = with_history(matches, judged, order, explain=explain)
        notes = goal_note(name, side, voice) + trust_notes(name, side, self.fitted.count) + courses.notes(matches)
        if len(matches) < k:
            notes.append(f"only {len(matches)} of the {k} asked for are eligible")
        notes += self._unmet(filters)
        return Recommendations(
            partner=name if side.row is not None else None,
            name=voice.name,
            matches=matches,
            considered=len(rows),
            catalogue=self.fitted.count,
            settings={
                "k": k,
                "fit_type": fit_type,
                "motion": motion,
                "relation": relation,
                "filters": dict(filters or {}),
                "popularity_weight": popularity_weight,
                "diversity": diversity,
                "like": [self.fitted.space.ids[row] for row in examples.like],
                "unlike": [self.fitted.space.ids[row] for row in examples.unlike],
                "weights": None if own is None else own.model_dump(),
                "include_existing": include_existing,
            },
            notes=notes,
            basis=self.basis,
        )

    @single_threaded
    def score_pairs(self, pairs: Iterable[tuple[str, str]]) -> PairScores:
        """Score many pairs (a, b), answered in the order asked; an unknown partner or a == b is reported in its row's status.

        Each row has its `chance` of being observed as partners too, None where nothing was learned.
        """
        asked = [(str(a), str(b)) for a, b in pairs]
        rows: list[dict[str, Any]] = [{"a": a, "b": b, "status": "ok"} for a, b in asked]
        by_side: dict[int, list[tuple[int, int]]] = {}
        known = self.fitted.rows
        for place, (a, b) in enumerate(asked):
            unknown = [partner for partner in (a, b) if partner not in known]
            if unknown or a == b:
                rows[place]["status"] = f"unknown partner {unknown[0]}" if unknown else "a and b are the same"
                continue
            by_side.setdefault(known[a], []).append((place, known[b]))
        for row, places in by_side.items():
            others = np.array([other for _, other in places], dtype=np.int64)
            scored = self._score(self.fitted.space.side(row), others, self.fitted.relations.of(row))
            judged = self._judged(self.fitted.space.side(row), others)
            for position, (place, _) in enumerate(places):
                rows[place].update(_numbers(scored, position))
                if judged is not None:
                    rows[place][CHANCE] = plain_chance(judged.chance[position])
        empty = dict.fromkeys((*_NUMBERS, CHANCE))
        return PairScores([{**empty, **row} for row in rows], basis=self.basis)

    @single_threaded
    def explain(self, a: str | Partner, b: str) -> Explanation:
        """One pair from both sides: exact contributions, what meets what, what is shared, the weaker side named."""
        side, name, voice, relations = self._asking(a)
        other = self.fitted.row(b)
        if other == side.row:
            raise SettingsError(f"{b!r} cannot be matched with itself: name two different partners.")
        scored = self._score(side, np.array([other]), relations)
        narrator = Narrator(self.fitted, side, name, voice, relations)
        match = narrator.matches(scored, [0], [()], explain=True)[0]
        judged = self._judged(side, np.array([other]))
        if judged is not None:
            match = with_history([match], judged, [0], explain=True)[0]
        common = narrator.common(other)
        theirs = self.fitted.space.side(other, asking=False)
        notes = goal_note(name, side, voice) + goal_note(self.fitted.space.ids[other], theirs, self.fitted.voice(other))
        return Explanation(
            a=name,
            b=self.fitted.space.ids[other],
            match=match,
            shared={**common.labels, "terms": common.terms, "accounts": common.accounts},
            weaker_side=match.weaker_side,
            notes=notes,
            basis=self.basis,
        )

    @single_threaded
    def gaps(
        self, partner: str, other: str | None = None, k: int = 10, *, popularity_weight: float = 0.5
    ) -> Gaps | PairGaps:
        """The k integrations that a partner lacks, best first, each with its market, effort and evidence; or what stands between
        it and another one. docs/gaps.md.

        Raises UnknownPartnerError, SettingsError.
        """
        check(k=k, popularity_weight=popularity_weight)
        row = self.fitted.row(partner)
        if other is None:
            return self.fitted.lacking.of(row, k, popularity_weight)
        theirs = self.fitted.row(other)
        if row == theirs:
            raise SettingsError("A partner has no gap with itself: name two different ones.")
        return self.fitted.lacking.between(row, theirs)

    @single_threaded
    def ecosystem_gaps(self, hubs: Sequence[str] = (), k: int = 20) -> EcosystemGaps:
        """What all partners lack together, or those around some hubs; at most k gaps of each kind. docs/gaps.md.

        Raises UnknownPartnerError, SettingsError.
        """
        check(k=k)
        fitted = self.fitted
        return fitted.lacking.whole([fitted.space.ids[fitted.row(hub)] for hub in hubs], k)

    def collisions(
        self, partner: str, k: int = 10, *, years: float = 1.0, least: float = 0.05, accounts: bool = True
    ) -> Collisions:
        """The partners that one is about to meet, likeliest first: when, how surely, in what, and what kind of meeting it is.

        Of whom no dated snapshot is in the bundle the stated course is told, which nobody has seen. years: horizon; least: smallest
        chance that is listed; accounts: whether what only accounts tell is told. docs/collisions.md.
        Raises UnknownPartnerError, SettingsError.
        """
        from matchmaker import moving

        check(k=k)
        row = self.fitted.row(partner)
        fitted = self.fitted if accounts else moving.without_accounts(self.fitted)
        if fitted.motion is not None and fitted.space.ids[row] in fitted.motion.rows:
            return moving.observed(fitted, row, k, years, least)
        matches = self.recommend(partner, max(k, _HEADINGS), diversity=0.0, include_existing=True, explain=False)
        return moving.stated(fitted, row, matches.matches, k, years)

    def orbit(
        self, partner: str, k: int = 12, *, years: float = 1.0, facet: str | None = None, accounts: bool = True
    ) -> PartnerOrbit:
        """One partner's track in a facet, those of the k likeliest collisions and nearest others, what lies ahead, where they meet.

        Of a bundle without dated snapshots there is none, and a note says so. years: horizon; facet: by default that of the
        likeliest collision; accounts: as of `collisions`. Raises UnknownPartnerError, SettingsError.
        """
        from matchmaker import moving

        check(k=k)
        fitted = self.fitted if accounts else moving.without_accounts(self.fitted)
        return moving.orbit(fitted, self.fitted.row(partner), k, years, facet)

    def overlap(self, a: str, b: str) -> Overlap:
        """What two partners' accounts have in common, exactly and by population; for the owner of the data alone (docs/overlap.md).

        Raises UnknownPartnerError, SettingsError where no accounts are known.
        """
        from matchmaker.audience.pairs import overlap_of_pair

        ids = self.fitted.space.ids
        return overlap_of_pair(self._held(), ids[self.fitted.row(a)], ids[self.fitted.row(b)])

    def overlaps(self, partner: str, k: int = 10, *, by: str = "lift") -> list[Overlap]:
        """The k partners that share most accounts with one; by: lift, shared, give, get, greenfield or revenue.

        Raises as `overlap`.
        """
        from matchmaker.audience.pairs import overlaps_of

        return overlaps_of(self._held(), self.fitted.space.ids[self.fitted.row(partner)], by=by, limit=k)

    def _held(self) -> Incidence:
        held = self.fitted.held
        if held is None:
            raise SettingsError("No accounts are known: build with --accounts to count what partners share.")
        return held

    def similar(self, like: Sequence[str], k: int = 10, *, unlike: Sequence[str] = ()) -> Similar:
        """Look-alikes of the `like` examples, away from the `unlike` ones: best_score (asking.py) over whole-profile cosines."""
        if not like:
            raise SettingsError("Name at least one partner to be like.")
        check(k=k)
        positive = np.array([self.fitted.row(partner) for partner in like], dtype=np.int64)
        negative = np.array([self.fitted.row(partner) for partner in unlike], dtype=np.int64)
        topic = self.fitted.space.topic
        scores = best_score(topic, topic[positive], topic[negative])
        scores[np.concatenate((positive, negative))] = -np.inf
        scores[~self.fitted.standing] = -np.inf
        best = [int(row) for row in np.argsort(-scores, kind="stable")[:k] if np.isfinite(scores[row])]
        ids = self.fitted.space.ids
        return Similar(
            like=[ids[row] for row in positive],
            unlike=[ids[row] for row in negative],
            partners=[
                {
                    "rank": rank,
                    "partner": ids[row],
                    "name": self.fitted.profiles.names[row],
                    "similarity": round(float(scores[row]), 6),
                    "categories": list(self.fitted.profiles.shown([row])[0]["categories"]),
                }
                for rank, row in enumerate(best, start=1)
            ],
        )

    @single_threaded
    def search(self, query: str, k: int = 10, *, by: str = "name", filters: Mapping[str, Any] | None = None) -> Found:
        """The k partners that `query` names or describes, best first.

        by: name (ids and names, misspelt too), domain (of a URL, e-mail address or host), meaning (words that say what a partner
        does; needs the encoder). How each is scored: finding.py. filters: docs/filters.md, without `relation`.
        Raises FilterError, SettingsError, EncoderError.
        """
        from matchmaker.finding import search

        check(k=k)
        if filters and "relation" in filters:
            raise FilterError("A search has no asking partner that a relation could be with: leave 'relation' out.")
        allowed = self.fitted.standing & self._filtered(filters, {})
        return search(self.fitted, query, k, by, allowed, lambda: self.encoder)

    def partner(self, partner: str) -> Profile:
        """One partner as it states itself, and as the engine reads it. Raises UnknownPartnerError."""
        from matchmaker.portrait import profile_of

        return profile_of(self.fitted, self.fitted.row(partner))

    @single_threaded
    def map(self, *, limit: int = 2000) -> EcosystemMap:
        """The ecosystem in two dimensions, at most `limit` partners of it, 1 to 2,000; the first call of a build takes seconds.

        Where there are more, the largest and others by chance stand for them, half and half. Raises SettingsError.
        """
        from matchmaker.projection import ecosystem_map

        return ecosystem_map(self.fitted, limit)

    def _asking(self, partner: str | Partner) -> tuple[Side, str, Voice, Relations]:
        fitted = self.fitted
        if isinstance(partner, str):
            row = fitted.row(partner)
            return fitted.space.side(row), fitted.space.ids[row], fitted.voice(row), fitted.relations.of(row)
        from matchmaker.fitting import place

        placed = place(fitted, partner, self.encoder)
        return placed.side, partner.id, voice_of(placed.told), {}

    def _allowed(
        self, side: Side, relations: Relations, filters: Mapping[str, Any] | None, *, include_existing: bool
    ) -> NDArray[np.bool_]:
        allowed = self.fitted.standing & self._filtered(filters, relations)
        if not include_existing:
            allowed[existing(relations)] = False
        if side.row is not None:
            allowed[side.row] = False
        return allowed

    def _filtered(self, filters: Mapping[str, Any] | None, relations: Relations) -> NDArray[np.bool_] | np.bool_:
        if not filters:
            return np.True_
        from matchmaker.retrieval.filters import Filter

        return Filter.parse(filters).mask(self.fitted.columns, relations=relations)

    def _unmet(self, filters: Mapping[str, Any] | None) -> list[str]:
        if not filters:
            return []
        from matchmaker.retrieval.filters import Filter

        return Filter.parse(filters).unmet(self.fitted.columns)

    def _candidates(
        self, side: Side, allowed: NDArray[np.bool_], *, exhaustive: bool, examples: Ints
    ) -> tuple[Ints, Callable[[int], tuple[str, ...]]]:
        """Rows to score, and the channels that found the row at a position; few eligible partners are all scored, so that a narrow
        filter never loses one.
        """
        if exhaustive or np.count_nonzero(allowed) <= self.config.exhaustive_below:
            return np.flatnonzero(allowed), lambda position: ()
        taught, quota = self.fitted.taught, self.config.channel_quota
        learned = None if taught is None else taught.candidates(side, allowed, quota)
        found = candidates(self.fitted.space, self.fitted.indexes, side, allowed, quota, examples, learned)
        return found.ids, found.tag_at

    def _score(
        self, side: Side, rows: Ints, relations: Relations, weights: NDArray[np.float64] | None = None
    ) -> Scored:
        return score(self.fitted.space, self.config, side, rows, self.fitted.rivals(relations, rows), weights)

    def _judged(self, side: Side, rows: Ints, popularity_weight: float = 0.5) -> Judged | None:
        taught = self.fitted.taught
        return None if taught is None else taught.judge(side, rows, popularity_weight)

    def _list(
        self,
        scored: Ranked,
        nats: NDArray[np.float64],
        k: int,
        diversity: float,
        keep: NDArray[np.bool_],
        steps: list[float] | None = None,
    ) -> list[int]:
        """Positions of the k listed pairs, in list order; `steps` as in `diversified`."""
        space = self.fitted.space
        order = np.argsort(-nats, kind="stable")
        order = order[keep[order]]
        rival = scored.fit_type[order] == COMPETITOR
        limit = k if diversity <= 0 or rival.all() else math.ceil(RIVALS * k)
        # Rivals have a pool of their own, lest they crowd out of it what a list is for.
        pool = np.sort(np.concatenate((np.flatnonzero(~rival)[: max(POOL, k)], np.flatnonzero(rival)[: max(POOL, k)])))
        rival, pool = rival[pool], order[pool]
        rows = scored.rows[pool]
        lead = space.labels["categories"].leading[rows]
        band = np.floor(np.nan_to_num(space.size[rows], nan=1.25) * 4).astype(np.int64)
        vectors = space.topic[rows]
        counts = relevance(nats[pool], rival & (limit < k))
        near, groups = vectors @ vectors.T, (lead, band)
        chosen = diversified(
            counts, near, groups, k, diversity, capped=rival, limit=limit, steps=steps, fill=self._fill
        )
        return [int(pool[position]) for position in chosen]


def relevance(nats: NDArray[np.float64], discounted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What pairs (m,) of this reciprocal evidence in nats count in a list, `discounted` rivals among them."""
    return np.asarray(np.maximum(nats, 0.0) * np.where(discounted, RIVAL_DISCOUNT, 1.0))


CHANCE = "chance"
_NUMBERS = (
    "mutual", "value_to_a", "value_to_b", "balance", "one_way_street", "fit_type",
)  # fmt: skip


def _numbers(scored: Scored, position: int) -> dict[str, Any]:
    return {
        "mutual": float(scored.mutual[position]),
        "value_to_a": float(scored.out.value[position]),
        "value_to_b": float(scored.back.value[position]),
        "balance": float(scored.balance[position]),
        "one_way_street": bool(scored.one_way[position]),
        "fit_type": str(scored.fit_type[position]),
    }


def _keeps(scored: Scored, narrator: Narrator, fit_type: str | None, motion: str | None) -> NDArray[np.bool_]:
    """Which pairs are of the fit type and support the motion asked for."""
    keep = np.ones(len(scored.rows), dtype=bool) if fit_type is None else scored.fit_type == fit_type
    if motion is not None:
        kept = np.flatnonzero(keep)
        told = narrator.motions(scored, kept.tolist())
        keep[kept] = [any(motion in (found.kind, found.name) for found in motions) for motions in told]
    return np.asarray(keep)

"""From a catalogue to a fitted ecosystem, and from one profile to a side that asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.channels import Indexes
from matchmaker.fitted import Fitted, RelationTable
from matchmaker.matching.build import build_space, labels_of, size_percentiles
from matchmaker.matching.confidence import completeness
from matchmaker.matching.gain import goal_marks
from matchmaker.matching.peers import borrowed
from matchmaker.matching.ragged import Items
from matchmaker.matching.scorer import with_scales
from matchmaker.matching.space import Side
from matchmaker.profiles.catalogue import Catalogue
from matchmaker.profiles.facets import Facets, build_facets, content_key
from matchmaker.profiles.table import ProfileTable, tell

if TYPE_CHECKING:
    from matchmaker.audience.incidence import Incidence
    from matchmaker.config import Config
    from matchmaker.encoders.base import Encoder
    from matchmaker.profiles.schema import Partner
    from matchmaker.progress import Progress


def fit(
    catalogue: Catalogue | Sequence[Partner], encoder: Encoder, config: Config, progress: Progress | None = None
) -> Fitted:
    """Profile and index a whole catalogue."""
    if not isinstance(catalogue, Catalogue):
        catalogue = Catalogue.from_partners(list(catalogue))
    built = build_space(catalogue, encoder, config, progress)
    rows = {partner: row for row, partner in enumerate(built.space.ids)}
    return Fitted(
        config=config,
        encoder=encoder.name,
        fingerprint=encoder.fingerprint,
        space=built.space,
        whitening=built.whitening,
        profiles=ProfileTable.build(
            catalogue.partners, built.facets, built.goals, [bool(peers) for peers in built.space.inferred_goals]
        ),
        relations=RelationTable.build(catalogue.relations, rows),
        indexes=Indexes.build(built.space, config, progress),
        catalogue=catalogue.fingerprint,
        demand=catalogue.demand,
        held=_held(catalogue, built.space.ids),
    )


def _held(catalogue: Catalogue, ids: Sequence[str]) -> Incidence | None:
    if catalogue.accounts is None:
        return None
    from matchmaker.audience.incidence import Incidence

    return Incidence.of_table(catalogue.accounts, ids)


@dataclass(frozen=True)
class Placed:
    """A profile that the build has not seen, as one side of a pair; told: what answers tell of it (profiles/table.py)."""

    partner: Partner
    side: Side
    told: dict[str, Any]


def texts_of(partner: Partner) -> list[str]:
    """The texts that `place` has encoded."""
    return _texts(build_facets(partner))


def _texts(facets: Facets) -> list[str]:
    return [*facets.audience, *facets.goals, *facets.offers, facets.profile, facets.summary]


def place(
    fitted: Fitted, partner: Partner, encoder: Encoder, *, account: int | None = None, connected: Iterable[str] = ()
) -> Placed:
    """A profile that is not in the catalogue, embedded and scaled like the partners that are.

    account: the row whose accounts are its own, None without any; connected: ids that known relations connect it to.
    Raises EncoderError when `encoder` is not the one that made the stored vectors.
    """
    fitted.check_encoder(encoder)
    facets = build_facets(partner)
    vectors = encoder.encode(_texts(facets))
    ends = np.cumsum([len(facets.audience), len(facets.goals), len(facets.offers), 1, 1])
    audience, goals, capabilities, topic, summary = (_one(part) for part in np.split(vectors, ends[:-1]))
    space = fitted.space
    labels = _labels(fitted, partner, connected)
    spoken: Sequence[str] = facets.goals
    if not spoken:
        goals, spoken = _borrowed(fitted, labels["categories"])
    peers = not facets.goals and bool(spoken)
    size = np.array([np.nan if partner.size is None else partner.size])
    side = Side(
        row=account,
        audience=fitted.whitening["audience"].apply(audience.mean())[0],
        heading=audience.mean()[0],
        topic=fitted.whitening["topic"].apply(topic.mean())[0],
        summary=summary.mean()[0],
        capabilities=capabilities,
        goals=goals,
        marks=goal_marks(goals, capabilities, *fitted.reference_texts),
        pooled=capabilities.mean()[0],
        states_audience=bool(facets.audience) and "audience" not in facets.inferred,
        inferred_goals=peers,
        terms=space.lexical.vector(facets.wording),
        labels=labels,
        size=float(size_percentiles(size, fitted.known_sizes)[0]),
        completeness=completeness(partner, facets),
    )
    twins = fitted.reference_contents == content_key(partner)
    scaled = with_scales(space, fitted.config, side, twins)
    return Placed(partner, replace(scaled, row=None), tell(partner, facets, spoken, peers))


def _labels(fitted: Fitted, partner: Partner, connected: Iterable[str]) -> dict[str, NDArray[np.int32]]:
    """Codes of the partner's labels of each kind, as far as the build knows them."""
    originals = [one for one in connected if fitted.is_original(one)]
    neighbours = {partner.id: {*(fitted.known_id(name) for name in partner.integrations), *originals}}
    return {kind: sets.encode(labels_of(partner, kind, neighbours)) for kind, sets in fitted.space.labels.items()}


def _borrowed(fitted: Fitted, codes: NDArray[np.int32]) -> tuple[Items, list[str]]:
    """Goals typical of the stored partners of these categories, and their texts; none where the categories have too few."""
    space = fitted.space
    stated = space.distinct[~space.inferred_goals[space.distinct] & (space.goals.counts()[space.distinct] > 0)]
    numbers = borrowed(space.goals, space.labels["categories"], codes, stated)
    owners = np.searchsorted(space.goals.offsets, numbers, side="right") - 1
    said = fitted.profiles.shown(owners.tolist())
    texts = [
        str(one["facet_goals"][number - space.goals.offsets[owner]])
        for one, number, owner in zip(said, numbers, owners, strict=True)
    ]
    return _one(space.goals.vectors[numbers]), texts


def _one(vectors: np.ndarray) -> Items:
    return Items(np.asarray(vectors, dtype=np.float32), np.array([0, len(vectors)], dtype=np.int64))

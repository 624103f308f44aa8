"""From a history to its motion: the texts of each facet at each date, each distinct text encoded once, by one encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from matchmaker.errors import CatalogueError
from matchmaker.matching.ragged import unit
from matchmaker.profiles.facets import Facets, build_facets
from matchmaker.trajectories.atlas import Atlas
from matchmaker.trajectories.field import ABSENT, Singles, Snapshots
from matchmaker.trajectories.history import History
from matchmaker.trajectories.kinds import AUDIENCE, CAPABILITIES, GOALS
from matchmaker.trajectories.motion import FacetMotion, Motion
from matchmaker.trajectories.packed import Packed

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.profiles.schema import Partner
    from matchmaker.progress import Progress

FACETS = (AUDIENCE, CAPABILITIES, GOALS)
Texts = tuple[str, ...]


def facet_texts(facets: Facets, facet: str) -> Texts:
    """What a snapshot says in a facet, as it is embedded. An audience that was read out of the description is none: it would move
    as the capabilities do, and every meeting would look like that of rivals.
    """
    if facet == AUDIENCE:
        return () if AUDIENCE in facets.inferred else facets.audience
    return facets.offers if facet == CAPABILITIES else facets.goals


class Vectors(NamedTuple):
    """Texts with their vectors: number by text, and (m, d) unit rows."""

    number: dict[str, int]
    rows: Singles

    @classmethod
    def of(cls, texts: Iterable[str], encoder: Encoder, progress: Progress | None) -> Vectors:
        """Encode each distinct text once."""
        distinct = sorted(set(texts))
        return cls({text: place for place, text in enumerate(distinct)}, encoder.encode(distinct, progress=progress))

    def mean(self, texts: Texts) -> Singles:
        """(d,) mean of some texts."""
        return np.asarray(self.rows[[self.number[text] for text in texts]].mean(axis=0))


def encoded(
    history: History, encoder: Encoder, progress: Progress | None = None
) -> Iterator[tuple[str, Snapshots, Vectors]]:
    """Each facet that anybody states with its snapshots, partners in the order of `history.ids`, and the vectors of its texts.

    A facet of several texts stands at the unit mean of their vectors. A partner without a text of the facet is absent from it.
    """
    dates = np.array(history.dates, dtype="datetime64[D]")
    for facet, rows in _said(history).items():
        distinct = sorted({texts for one in rows for texts in one if texts})
        if distinct:
            place = {texts: number for number, texts in enumerate(distinct)}
            codes = np.array([[place.get(texts, ABSENT) for texts in one] for one in rows], dtype=np.int64)
            vectors = Vectors.of((text for texts in distinct for text in texts), encoder, progress)
            pooled = unit(np.stack([vectors.mean(texts) for texts in distinct]))
            yield facet, Snapshots(pooled, codes, dates), vectors


def fit_motion(history: History, encoder: Encoder, *, progress: Progress | None = None) -> Motion:
    """Motion of every partner of `history`, with the texts that give a meeting point its name.

    Raises CatalogueError where no snapshot states an audience, a capability or a goal.
    """
    return motion_of(history, encoded(history, encoder, progress), encoder.fingerprint)


def motion_of(
    history: History,
    facets: Iterable[tuple[str, Snapshots, Vectors]],
    fingerprint: str,
    more: Mapping[str, Snapshots] | None = None,
) -> Motion:
    """Motion of facets as `encoded` gives them, each of which is let go once it is fitted; more: facets that have no texts."""
    last = [history.profiles[name][max(history.profiles[name])] for name in history.ids]
    found = {}
    for name, snapshots, vectors in facets:
        one = FacetMotion.fit(snapshots)
        found[name] = replace(one, atlas=_atlas(name, last, one, vectors))
    if not found:
        raise CatalogueError(
            "No snapshot states an audience, a capability, a description or a goal: nothing could move."
        )
    found |= {name: FacetMotion.fit(snapshots) for name, snapshots in (more or {}).items()}
    dates = np.array(history.dates, dtype="datetime64[D]")
    return Motion(Packed.of(history.ids), dates, found, fingerprint, history.refused)


def _said(history: History) -> dict[str, list[list[Texts]]]:
    """Facet to partner to date: the texts, none where the partner was not there."""
    found: dict[str, list[list[Texts]]] = {facet: [] for facet in FACETS}
    for name in history.ids:
        facets = {day: build_facets(partner) for day, partner in history.profiles[name].items()}
        for facet, rows in found.items():
            rows.append([facet_texts(facets[day], facet) if day in facets else () for day in history.dates])
    return found


def _atlas(facet: str, last: Sequence[Partner], motion: FacetMotion, vectors: Vectors) -> Atlas:
    """What partners said last. Capabilities stand where they do with their categories, and are shown without."""
    shown: dict[str, str] = {}
    said = []
    for partner in last:
        facets = build_facets(partner)
        texts = facet_texts(facets, facet)
        shown.update(zip(texts, facets.capabilities if facet == CAPABILITIES else texts, strict=True))
        said.append(texts)
    distinct = sorted(shown)
    places = motion.project(np.stack([vectors.mean((text,)) for text in distinct]))
    return Atlas.of(
        said, dict(zip(distinct, places, strict=True)), [_labels(facet, partner) for partner in last], shown
    )


def _labels(facet: str, partner: Partner) -> Sequence[str]:
    return (*partner.industries, *partner.company_sizes, *partner.regions) if facet == AUDIENCE else partner.categories

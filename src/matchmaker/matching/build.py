"""From a catalogue and an encoder to the space of the formulas: embed facets, whiten, count labels, fit scales."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import AccountSets
from matchmaker.matching.confidence import completeness
from matchmaker.matching.evidence import KINDS, dense_evidence, gain_matrix, lexical_strength, sparse_matrix
from matchmaker.matching.gain import goal_marks
from matchmaker.matching.peers import peer_goals
from matchmaker.matching.prior import TOTAL, totals, weights_for
from matchmaker.matching.ragged import Ints, Items, LabelSets, offsets_of
from matchmaker.matching.scales import KNOTS, Scales
from matchmaker.matching.space import LABEL_KINDS, Space
from matchmaker.matching.whitening import Whitening
from matchmaker.profiles.facets import Facets, build_facets, content_key
from matchmaker.progress import Progress, Silent
from matchmaker.retrieval.lexical import LexicalIndex

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.encoders.base import Encoder
    from matchmaker.profiles.catalogue import Catalogue
    from matchmaker.profiles.schema import Partner, Relation

CHUNK = 512
"""Partners scaled at a time; bounds the working memory of the second pass to about 100 MB."""
CONNECTED = frozenset({"partnership", "integration"})
OVER = frozenset({"ended", "declined"})


@dataclass(frozen=True)
class Built:
    """A space, what is needed to place a profile that is not in the catalogue, and the texts behind the vectors.

    goals: the goal texts of each partner, its own or its peers', in the order of `space.goals`.
    """

    space: Space
    whitening: dict[str, Whitening]
    facets: tuple[Facets, ...]
    goals: tuple[tuple[str, ...], ...]


def build_space(catalogue: Catalogue, encoder: Encoder, config: Config, progress: Progress | None = None) -> Built:
    """Embed and index every partner of `catalogue`.

    Everything that is fitted (whitening, term and label weights, scales) is fitted on distinct profiles only, in the order of
    their content, so that neither the order of rows nor a duplicate changes anybody's score.
    """
    progress = progress or Silent()
    partners = catalogue.partners
    facets = tuple(build_facets(partner) for partner in partners)
    contents = np.array([content_key(partner) for partner in partners])
    distinct = _distinct(contents, _degrees(catalogue))
    vectors = _encode(facets, encoder, progress)
    audience, topic = vectors["audience"].mean(), vectors["topic"].mean()
    whitening = {"audience": Whitening.fit(audience[distinct]), "topic": Whitening.fit(topic[distinct])}
    counted = np.zeros(len(partners), dtype=bool)
    counted[distinct] = True
    labels = label_sets(partners, catalogue.relations, counted)
    goals, source, inferred = peer_goals(vectors["goals"], labels["categories"], distinct)
    rows = {partner.id: row for row, partner in enumerate(partners)}
    space = Space(
        ids=tuple(partner.id for partner in partners),
        audience=whitening["audience"].apply(audience),
        heading=audience,
        topic=whitening["topic"].apply(topic),
        summary=vectors["summary"].mean(),
        capabilities=vectors["capabilities"],
        goals=goals,
        marks=_marks(goals, vectors["capabilities"], audience, distinct[: config.reference_size]),
        pooled=vectors["capabilities"].mean(),
        lexical=LexicalIndex.fit([facet.wording for facet in facets], fit_mask=counted),
        labels=labels,
        size=_size_percentiles(partners, distinct),
        completeness=np.array([completeness(*pair) for pair in zip(partners, facets, strict=True)], dtype=np.float32),
        states_audience=np.array([bool(one.audience) and "audience" not in one.inferred for one in facets]),
        inferred_goals=inferred,
        accounts=AccountSets.fit(catalogue.accounts, rows) if catalogue.accounts else None,
        distinct=distinct,
        reference=distinct[: config.reference_size],
    )
    stated = [text for facet in facets for text in facet.goals]
    texts = [stated[number] for number in source]
    per_partner = tuple(tuple(texts[low:high]) for low, high in itertools.pairwise(goals.offsets))
    return Built(replace(space, scales=fit_scales(space, contents, config, progress)), whitening, facets, per_partner)


def label_sets(
    partners: Sequence[Partner], relations: Iterable[Relation], counted: NDArray[np.bool_]
) -> dict[str, LabelSets]:
    """Label sets of every partner, by kind; `neighbours` are the ids it is connected to in the known relations."""
    ids = {name.casefold(): partner.id for partner in partners for name in (partner.name, partner.id)}
    neighbours = {partner.id: {ids.get(name.casefold(), name) for name in partner.integrations} for partner in partners}
    duplicates = {partner.id for partner, one in zip(partners, counted, strict=True) if not one}
    for relation in relations:
        if relation.type in CONNECTED and relation.status not in OVER:
            for one, other in ((relation.a, relation.b), (relation.b, relation.a)):
                if other not in duplicates:  # the original stands for it already
                    neighbours[one].add(other)
    return {
        kind: LabelSets.fit([labels_of(partner, kind, neighbours) for partner in partners], counted)
        for kind in LABEL_KINDS
    }


def labels_of(partner: Partner, kind: str, neighbours: dict[str, set[str]]) -> Iterable[str]:
    """The labels of one kind that a partner carries."""
    if kind == "neighbours":
        return neighbours.get(partner.id, set(partner.integrations))
    if kind in ("auth", "formats", "objects"):
        found: tuple[str, ...] = getattr(partner.interface, kind)
        return found
    found = getattr(partner, kind)
    return found


def fit_scales(space: Space, contents: NDArray[np.str_], config: Config, progress: Progress) -> Scales:
    """The percentile scales of every partner, (n, TOTAL + 1): one for each kind of evidence, then that of the total.

    A partner is not compared with itself, nor with a reference of the same content: a duplicate has its twin's scales.
    """
    offered = space.capabilities.take(space.reference)
    has_goals = space.goals.counts() > 0
    said = space.lexical.said(np.arange(len(space)))
    fitted = Scales(np.empty((len(space), TOTAL + 1, KNOTS), np.float32), np.empty((len(space), TOTAL + 1), np.float32))
    progress.start("Fitting percentile scales", len(space))
    for low in range(0, len(space), CHUNK):
        rows = np.arange(low, min(low + CHUNK, len(space)))
        found = dense_evidence(space, rows, space.reference) | sparse_matrix(space, rows, space.reference)
        found["gain"] = gain_matrix(space, rows, offered)
        raw = np.stack([found[kind] for kind in KINDS])
        itself = contents[rows][:, None] == contents[space.reference][None, :]
        raw[:, itself] = np.nan
        for place, values in enumerate(raw):
            fitted.put(rows, place, Scales.fit(values))
        strength = lexical_strength(said[rows][:, None], said[space.reference][None, :])
        kinds = Scales(fitted.knots[rows, :TOTAL], fitted.width[rows, :TOTAL])
        total = totals(raw, kinds, weights_for(config, has_goals[rows]), strength)
        total[itself] = np.nan
        fitted.put(rows, TOTAL, Scales.fit(total))
        progress.advance(len(rows))
    progress.done()
    return fitted


def _marks(goals: Items, capabilities: Items, audience: NDArray[np.float32], reference: Ints) -> NDArray[np.float32]:
    """Marks of all goals, some partners at a time."""
    others, audiences = capabilities.take(reference), audience[reference]
    parts = [np.zeros((0, 4), dtype=np.float32)]
    for low in range(0, len(goals), CHUNK):
        rows = np.arange(low, min(low + CHUNK, len(goals)))
        parts.append(goal_marks(goals.take(rows), capabilities.take(rows), others, audiences))
    return np.concatenate(parts)


def _distinct(keys: Iterable[str], degrees: Ints) -> Ints:
    """Rows of one partner of each content, the best connected and then the first, ordered by content key.

    No order of rows changes it, nor a duplicate that nobody is connected to.
    """
    chosen: dict[str, int] = {}
    for row, key in enumerate(map(str, keys)):
        if key not in chosen or degrees[row] > degrees[chosen[key]]:
            chosen[key] = row
    return np.array([chosen[key] for key in sorted(chosen)], dtype=np.int64)


def _degrees(catalogue: Catalogue) -> Ints:
    """(n,) number of known relations of each partner."""
    rows = {partner.id: row for row, partner in enumerate(catalogue.partners)}
    ends = [rows[end] for relation in catalogue.relations for end in (relation.a, relation.b)]
    return np.bincount(np.array(ends, dtype=np.int64), minlength=len(rows)).astype(np.int64)


def _encode(facets: Sequence[Facets], encoder: Encoder, progress: Progress) -> dict[str, Items]:
    """Vectors of every facet text; each distinct text is encoded once."""
    texts: dict[str, list[tuple[str, ...]]] = {
        "audience": [facet.audience for facet in facets],
        "goals": [facet.goals for facet in facets],
        "capabilities": [facet.offers for facet in facets],
        "topic": [(facet.profile,) for facet in facets],
        "summary": [(facet.summary,) for facet in facets],
    }
    distinct = sorted({text for lists in texts.values() for texts_of_one in lists for text in texts_of_one})
    vectors = encoder.encode(distinct, progress=progress)
    place = {text: number for number, text in enumerate(distinct)}
    return {
        name: Items(
            vectors[np.array([place[text] for one in lists for text in one], dtype=np.int64)],
            offsets_of(lists),
        )
        for name, lists in texts.items()
    }


def _size_percentiles(partners: Sequence[Partner], distinct: Ints) -> NDArray[np.float32]:
    """Mid-rank percentile of each stated size among distinct partners, NaN where none is stated."""
    sizes = np.array([np.nan if partner.size is None else float(partner.size) for partner in partners])
    return size_percentiles(sizes, np.sort(sizes[distinct][~np.isnan(sizes[distinct])]))


def size_percentiles(sizes: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float32]:
    """Mid-rank percentile of each of `sizes` among the `known` ones, ascending; NaN where it is NaN, or none is known."""
    if not len(known):
        return np.full(len(sizes), np.nan, dtype=np.float32)
    middle = (np.searchsorted(known, sizes, "left") + np.searchsorted(known, sizes, "right")) / (2.0 * len(known))
    return np.where(np.isnan(sizes), np.nan, middle).astype(np.float32)

"""An ecosystem with what changed since it was built: new rows behind the built ones, and built rows that no longer stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from matchmaker.fitted import Fitted, RelationTable
from matchmaker.fitting import Placed
from matchmaker.profiles.schema import Relation


def with_changes(
    built: Fitted,
    placed: Iterable[Placed],
    deleted: Collection[str] = (),
    relations: Sequence[Relation] = (),
    ended: Sequence[Relation] = (),
) -> Fitted:
    """`built` with partners created, replaced or deleted, and relations put or ended; `built` itself stays as it is.

    placed: partners placed on `built`, each id once, standing for what was built under that id; deleted: ids; relations: put
    beside the built ones, or in the place of one with the same ends, type and direction; ended: built relations that no longer
    stand. Those with an unknown end are left out. What the build fitted (whitening, references, label and term weights, indexes)
    stays: labels and words that it has not seen count from the next build on. The order of the changes changes nothing.
    Raises ValueError for an id twice, or a `built` that has changes already.
    """
    if built.built is not None:
        raise ValueError("changes are applied to an ecosystem as it was built")
    late = sorted(placed, key=lambda one: one.partner.id)
    ids = [one.partner.id for one in late]
    if len({*ids, *deleted}) < len(ids) + len(set(deleted)):
        raise ValueError("an id stands twice among the changes")
    before = [built.rows.get(one) for one in ids]
    count = len(built.space)
    gone = np.zeros(count + len(late), dtype=bool)
    gone[[row for row in (*before, *map(built.rows.get, deleted)) if row is not None]] = True
    moved = np.where(gone[:count], -1, np.arange(count))
    for place, row in enumerate(before):
        if row is not None:
            moved[row] = count + place
    space = built.space.followed_by([one.side for one in late], ids, before) if late else built.space
    changed = replace(
        built,
        space=space,
        indexes=built.indexes.followed_by(space) if late else built.indexes,
        profiles=built.profiles.followed_by([one.partner for one in late], [one.told for one in late]),
        built=built,
        gone=gone,
    )
    known = sorted(
        (one for one in relations if one.a in changed.rows and one.b in changed.rows), key=Relation.model_dump_json
    )
    added = RelationTable.build(known, changed.rows)
    return replace(changed, relations=built.relations.changed(moved, [*relations, *ended], built.rows, added))

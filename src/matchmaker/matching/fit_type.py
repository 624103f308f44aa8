"""What kind of fit a pair is: audience near or far, capabilities near or far; explicit relations win.

|                 | capabilities differ | capabilities alike |
|-----------------|---------------------|--------------------|
| audience near   | complement          | competitor         |
| audience far    | stretch             | expansion          |

A competitor is marked, never dropped: coopetition is legal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COMPLEMENT, COMPETITOR, EXPANSION, STRETCH = "complement", "competitor", "expansion", "stretch"
FIT_TYPES = (COMPLEMENT, COMPETITOR, EXPANSION, STRETCH)

AUDIENCE_NEAR = 0.5
"""Audiences are near from the middle of both sides' scales, taken together."""
CAPABILITIES_ALIKE = 0.9
"""Capabilities are alike from the top tenth of both sides' scales, taken together: rivals are few."""
OTHER_KIND_ALIKE = 0.95
"""The same for partners of which each has categories and none in common: shipping software is no carrier's rival."""
SAME_TEXT, OTHER_KIND_TEXT = 3.0, 4.5
"""Nats from which whole profiles are so alike that they offer the same, whatever their capability lists say; the second where
categories are known and none is shared. Told stated alternatives from integrations with AUC .93 (docs/quality.md)."""
SAME_KIND, SAME_KIND_ALIKE = 0.9, 0.5
"""Partners that share a rare category are of one kind; then capabilities in the upper half of the scales make them rivals."""


def fit_types(
    audience: Floats, redundancy: Floats, category: Floats, common: Floats, likeness: Floats, rivals: NDArray[np.bool_]
) -> NDArray[np.str_]:
    """Fit type of k pairs, as `fit_codes` tells them."""
    return np.array(FIT_TYPES)[fit_codes(audience, redundancy, category, common, likeness, rivals)]


def fit_codes(
    audience: Floats, redundancy: Floats, category: Floats, common: Floats, likeness: Floats, rivals: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Places in `FIT_TYPES` of k pairs.

    audience, redundancy, category: (k,) mean percentile of both sides in [0, 1), NaN where unknown (an unknown audience
    counts as near, unknown capabilities as different: the types that promise least about what is not known).
    common: (k,) weighted Jaccard of categories, NaN where either has none. likeness: (k,) mean surprise of topic, summary and
    lexical evidence from both sides, nats. rivals: (k,) bool, an explicit competitor relation.
    """
    near = ~(audience < AUDIENCE_NEAR)
    alike = redundancy >= np.where(common == 0.0, OTHER_KIND_ALIKE, CAPABILITIES_ALIKE)
    alike |= (category >= SAME_KIND) & (redundancy >= SAME_KIND_ALIKE)
    alike |= likeness >= np.where(common == 0.0, OTHER_KIND_TEXT, SAME_TEXT)
    codes = np.where(near, np.where(alike, 1, 0), np.where(alike, 2, 3))
    return np.where(rivals, 1, codes).astype(np.int8)

"""The model card of a bundle, written from its own facts."""

from __future__ import annotations

from typing import Any

_CARD = """# Matchmaker bundle {version}

Made {created} from a catalogue of {partners} partners and {relations} known relations (fingerprint `{catalogue}`).

- **Basis:** prior. No history was learned from; scores follow from the declared weights below and are no probability of success.
- **Encoder:** {encoder[name]} (fingerprint `{encoder[fingerprint]}`).
- **Goals:** {with_goals} of {partners} partners have goals to score by, {goals_from_peers} of them taken from category peers.
- **Indexes:** {index_lines}.

## Weights

| evidence | with goals | without goals |
|---|---|---|
{weight_lines}

## Intended use and limits

Ranking partners to talk to, with reasons from both sides. Profiles are as true as the catalogue they came from. Facets marked
`inferred` were read out of descriptions. A low confidence means a sparse profile, not a bad partner.
"""


def model_card(facts: dict[str, Any]) -> str:
    """Markdown text of the card."""
    weights, goalless = facts["config"]["weights"], facts["config"]["goalless_weights"]
    return _CARD.format(
        **facts,
        index_lines=", ".join(
            f"{name} {index['kind']} (recall@50 {index['recall']:.3f})" for name, index in facts["indexes"].items()
        ),
        weight_lines="\n".join(f"| {kind} | {weights[kind]:.2f} | {goalless[kind]:.2f} |" for kind in weights),
    )

"""The model card of a bundle, written from its own facts."""

from __future__ import annotations

from typing import Any

_CARD = """# Matchmaker bundle {version}

Made {created} from a catalogue of {partners} partners and {relations} known relations (fingerprint `{catalogue}`).

- **Basis:** {basis_lines}
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

_PRIOR = "prior. No history was learned from; scores follow from the declared weights below and are no probability of success."
_LEARNED = """learned from {source}, on version {base}, seed {seed}. Lists follow history; values each way follow from the declared
  weights below. A chance is calibrated to observed partnerships and no probability of success."""
_HISTORY = """
## What it learned from, and how it did

{data}. Left out: {left_out}.

{verdict}

| kept back | read | with history | prior | popularity | difference from the prior, 95 % |
|---|---|---|---|---|---|
{rows}

Chance, read on partners that it was not fitted on: {chances}. Pairs without a link are unlabelled, not negative.
"""

_MOTION = """
## Motion

{dates} dates of {partners:,} partners, {first} to {last}. Seen four times or more, by facet: {facets}. Dated accounts
{dated_accounts:,}, entries into segments {segment_entries:,}.

{proof}

{checks}Where partners converge, answers say: "{wording}".
"""


def model_card(facts: dict[str, Any]) -> str:
    """Markdown text of the card."""
    learned, motion = facts["learned"], facts.get("motion")
    basis = _PRIOR if learned is None else _LEARNED.format(source=learned["from"], **learned)
    card = _plain_card(facts, basis) + ("" if learned is None else _history(learned))
    return card + ("" if motion is None else _motion(motion))


def _motion(motion: dict[str, Any]) -> str:
    rows = [
        f"| {one['name']} | {'met' if one['passed'] else 'not met'} | {_figure(one['figure'])} | {one['sentence']} |"
        for one in motion["checks"]
    ]
    head = ["| check | | figure, 95 % | |", "|---|---|---|---|"]
    facets = ", ".join(f"{name} {count:,}" for name, count in motion["facets"].items())
    checks = "\n".join([*head, *rows, "", ""]) if rows else ""
    return _MOTION.format(**{**motion, "facets": facets, "checks": checks})


def _figure(figure: dict[str, Any] | float | None) -> str:
    if figure is None:
        return "-"
    return interval(figure) if isinstance(figure, dict) else f"{figure:g}"


def _history(learned: dict[str, Any]) -> str:
    rows = [
        f"| {split} | {metric} | {' | '.join(_level(one[name]) for name in ('ours', 'prior', 'popularity'))} | "
        f"{interval(one['difference'])} |"
        for split, figures in learned["figures"].items()
        for metric, one in figures.items()
    ]
    chances = [
        f"{split}: Brier skill {interval(one['skill'])}, ECE of the shown {one['ece']:.3f}"
        + ("" if learned["chance_shown"].get(split, True) else " (not shown)")
        for split, one in learned["probability"].items()
    ]
    data = learned["data"]
    counts = [f"{name.replace('_', ' ')} {count:,}" for name, count in data.items() if isinstance(count, int)]
    left_out = [f"{reason} {count:,}" for reason, count in data["left_out"].items()]
    gate = learned["gate"]
    head = "The gate let it pass." if gate["passed"] else "**The gate refused it.**"
    checks = [f"- {'met' if one['passed'] else 'not met'}: {one['sentence']}" for one in gate["checks"]]
    return _HISTORY.format(
        data=", ".join(counts).capitalize(),
        left_out=", ".join(left_out) or "nothing",
        verdict="\n".join([head, "", *checks]),
        rows="\n".join(rows),
        chances="; ".join(chances),
    )


def _level(figure: dict[str, Any]) -> str:
    return (
        "-" if figure["estimate"] is None else f"{figure['estimate']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
    )


def interval(figure: dict[str, Any]) -> str:
    """A difference with its interval, as it stands in a manifest."""
    if figure["estimate"] is None:
        return "-"
    return f"{figure['estimate']:+.3f} [{figure['low']:+.3f}, {figure['high']:+.3f}]"


def _plain_card(facts: dict[str, Any], basis: str) -> str:
    weights, goalless = facts["config"]["weights"], facts["config"]["goalless_weights"]
    return _CARD.format(
        **facts,
        basis_lines=basis,
        index_lines=", ".join(
            f"{name} {index['kind']} (recall@50 {index['recall']:.3f})" for name, index in facts["indexes"].items()
        ),
        weight_lines="\n".join(f"| {kind} | {weights[kind]:.2f} | {goalless[kind]:.2f} |" for kind in weights),
    )

"""Command for what partners lack: gaps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from matchmaker.cli.options import DEFAULT_MODEL, Json, ModelDir, Number
from matchmaker.cli.output import answer, console, table

if TYPE_CHECKING:
    from matchmaker.gaps.ecosystem import EcosystemGaps, Filler
    from matchmaker.gaps.interface import Gap
    from matchmaker.gaps.missing import DemandSeen, MissingLink
    from matchmaker.lacking import Gaps, MissingIntegration, PairGaps
    from matchmaker.naming import Naming

_SILENT = "acts_not_stated"
_SHOWN = 3
"""Of sources, gaps and names in a cell or a line."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(gaps)


def gaps(
    partner: Annotated[str | None, typer.Argument(help="Id or exact name of a stored partner.")] = None,
    other: Annotated[str | None, typer.Argument(help="Another one: what stands between the two.")] = None,
    model: ModelDir = DEFAULT_MODEL,
    k: Number = 10,
    ecosystem: Annotated[
        bool,
        typer.Option("--ecosystem", help="What all partners lack together, or those around PARTNER if it is named."),
    ] = False,
    popularity_weight: Annotated[
        float, typer.Option(help="0 small-but-mighty … 0.5 neutral … 1 famous.", min=0, max=1)
    ] = 0.5,
    json: Json = False,
) -> None:
    """Integrations that a partner lacks, each with its market and effort; what stands between two; what an ecosystem lacks."""
    from matchmaker.engine import Matchmaker
    from matchmaker.errors import SettingsError
    from matchmaker.naming import Naming

    if ecosystem and other is not None:
        raise SettingsError("--ecosystem takes one partner at most, the hub whose ecosystem is looked at.")
    if partner is None and not ecosystem:
        raise SettingsError("Name a stored partner, or ask with --ecosystem for what all lack together.")
    engine = Matchmaker.load(model, background_check=False)
    naming = Naming.of(engine.fitted)
    if ecosystem:
        found = engine.ecosystem_gaps([] if partner is None else [partner], k)
        answer(found, json, lambda found: _show_ecosystem(found, naming))
    else:
        assert partner is not None  # noqa: S101 - checked above
        lacking = engine.gaps(partner, other, k, popularity_weight=popularity_weight)
        answer(lacking, json, lambda found: _show(found, naming))


def _show(found: Gaps | PairGaps, naming: Naming) -> None:
    from matchmaker.lacking import PairGaps

    if isinstance(found, PairGaps):
        _show_pair(found, naming)
        return
    asking = naming.shown(found.partner)
    if not found.missing:
        typer.echo(f"Nobody here is left that {asking} has no integration with.")
    _cards(
        f"Integrations that {asking} lacks, best to build first",
        [one for one in found.missing if not one.blocked],
        naming,
    )
    blocked = [one for one in found.missing if one.blocked]
    _cards(f"Blocked: {asking} lacks them too, and with what both publish nothing can pass today", blocked, naming)
    _tell(found.notes, found.basis)


def _cards(title: str, missing: list[MissingIntegration], naming: Naming) -> None:
    """A table of links and what is said of each; nothing where there is none."""
    if not missing:
        return
    columns = ["", "partner", "market", "chance", "demand", "effort", "interface", "rivals have it"]
    table(title, columns, [_row(one, naming) for one in missing])
    for one in missing:
        typer.echo(f"{one.link.rank}. {naming.shown(one.link.partner)}: {one.link.reason}")
        for line in _built(one.interface.gaps, naming):
            typer.echo(f"   {line}")


def _row(one: MissingIntegration, naming: Naming) -> tuple[str, ...]:
    link = one.link
    return (
        str(link.rank),
        naming.shown(link.partner) + (" (rival)" if link.rival else ""),
        link.clear_market,
        "" if link.chance is None else f"{link.chance:.0%}",
        "; ".join(_counted(seen) for seen in link.demand if seen.count)[:60],
        "" if link.effort is None else _pieces(link.effort),
        one.interface.verdict,
        f"{len(link.rivals)} of {link.rival_count}" if link.rival_count else "",
    )


def _counted(seen: DemandSeen) -> str:
    bound = "" if seen.lower_bound is None else f", at least {math.floor(10 * seen.lower_bound) / 10:.1f}"
    return f"{seen.count:g} {seen.unit}{bound}"


def _show_pair(found: PairGaps, naming: Naming) -> None:
    fit = found.interface
    effort = "" if fit.effort is None else f", {_pieces(fit.effort)} to build"
    typer.echo(f"{naming.shown(found.a)} and {naming.shown(found.b)}: {fit.verdict}{effort}")
    typer.echo(fit.reason)
    for way in fit.directions:
        flows = ", ".join(flow.thing for flow in way.flows[:_SHOWN]) or "nothing"
        source, target = naming.shown(way.source), naming.shown(way.target)
        typer.echo(f"\n{source} → {target}: {way.verdict}; could pass: {flows}")
        for line in _built(way.gaps, naming):
            typer.echo(f"   {line}")
    if found.link is not None:
        _show_link(found.link)
    _tell([], found.basis)


def _show_link(link: MissingLink) -> None:
    typer.echo(f"\nClear market: {link.clear_market}; {link.reason}")
    for one in link.evidence:
        weighs = "" if one.nats is None else f", weighs {one.nats:+.2f}"
        typer.echo(f"   {one.kind}: {one.says}{weighs} ({one.rests_on})")
    for seen in link.demand:
        typer.echo(f"   {seen.source}: {_counted(seen) if seen.count else seen.reason}")


def _built(gaps: tuple[Gap, ...], naming: Naming) -> list[str]:
    """What has to be built; who states nothing is told of once, elsewhere."""
    told = [gap for gap in gaps if gap.code != _SILENT]
    return [f"{gap.severity}, {naming.shown(gap.builder)}: {gap.sentence}" for gap in told[:_SHOWN]]


def _show_ecosystem(found: EcosystemGaps, naming: Naming) -> None:
    typer.echo(
        f"{found.members} partners, {found.stated_goals} stated goals that they do not meet themselves, {found.met} met by another."
    )
    _listed(
        f"Goals that nobody clearly meets ({found.counts['goals']})",
        "Every stated goal is met by somebody, or by the one who states it.",
        ["goal", "askers", "asked by", "nearest (cosine)", "outside"],
        [
            (
                one.goal,
                str(one.askers),
                ", ".join(map(naming.shown, one.asked_by[:_SHOWN])),
                _filler(one.nearest, one.bar, naming),
                _fillers(one.fillers, naming),
            )
            for one in found.goals
        ],
    )
    _listed(
        f"Capabilities with a single provider ({found.counts['single']})",
        "No capability that others depend on has a single provider.",
        ["capability", "provider", "depend on it", "outside"],
        [
            (one.capability, naming.shown(one.partner), str(one.dependents), _fillers(one.fillers, naming))
            for one in found.single
        ],
    )
    _listed(
        f"Audiences that nobody serves ({found.counts['audiences']})",
        "No audience that is asked for goes unserved.",
        ["industry", "size", "region", "askers", "outside"],
        [
            (
                one.industry or "any",
                one.company_size or "any",
                one.region or "any",
                str(one.askers),
                _fillers(one.fillers, naming),
            )
            for one in found.audiences
        ],
    )
    _listed(
        f"Segments without a partner ({found.counts['segments']})",
        "No segment is without a partner.",
        ["segment", "members that connect", "outside"],
        [(one.category, str(one.connections), _fillers(one.fillers, naming)) for one in found.segments],
    )
    for one in found.outside:
        typer.echo(f"{one.name} is no partner of the catalogue, and {one.connections} connect to it")


def _listed(title: str, none: str, columns: list[str], rows: list[tuple[str, ...]]) -> None:
    """A table, or the sentence that says that there is nothing to list."""
    if rows:
        table(title, columns, rows)
    else:
        typer.echo(none)


def _filler(one: Filler | None, bar: float, naming: Naming) -> str:
    near = "" if one is None or one.cosine is None else f" ({one.cosine:.2f} of {bar:.2f})"
    return "" if one is None else f"{naming.shown(one.partner)}: {one.evidence}{near}"


def _fillers(several: tuple[Filler, ...], naming: Naming) -> str:
    return ", ".join(naming.shown(one.partner) for one in several[:_SHOWN])


def _tell(notes: list[str], basis: str) -> None:
    for note in notes:
        console().print(f"Note: {note}")
    typer.echo(f"Basis: {basis}.")


def _pieces(effort: float) -> str:
    return f"{effort:g} {'piece' if effort == 1 else 'pieces'}"

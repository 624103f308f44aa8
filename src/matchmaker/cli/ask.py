"""Commands that ask a bundle: recommend, explain, similar, search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from matchmaker.cli.options import DEFAULT_MODEL, Json, ModelDir, Number, Partner, Where
from matchmaker.cli.output import answer, console, show_mappings, table
from matchmaker.results import BASIS

if TYPE_CHECKING:
    from matchmaker.results import Explanation, Found, Match, Recommendations, Similar

_EVIDENCE = {
    "gain": "goals met",
    "overlap": "shared accounts",
    "lexical": "same words",
    "topic": "same topics",
    "summary": "same summary",
    "fit": "practical fit",
    "distinct": "unlike offers",
}
"""Kinds of evidence for people, as the page of the service names them; the others go by their own names."""

_FEATURES = {
    **_EVIDENCE,
    "prior": "declared weights",
    "category": "category",
    "redundancy": "like offers",
    "common": "partners in common",
    "common_often": "partners in common, by how often they are linked",
    "allocation": "partners in common that few others have",
    "alike_asks": "look-alikes of the asking one work with the other",
    "alike_others": "the asking one works with look-alikes of the other",
    "alike_both": "look-alikes of both work together",
    "circle": "the other is like partners of the asking one",
    "circled": "the asking one is like partners of the other",
    "same_circle": "their partners are alike",
    "complement": "such profiles go together",
    "fame": "how many partners the other has",
    "fame_often": "how often the other is linked",
    "lasting": "how many partners the other lastingly has",
    "expected": "how many partners its profile lets expect",
    "unlinked": "the other has no known partner",
    "expected_new": "how many partners to expect where none is known",
    "count": "number of shared accounts",
    "lift": "shared accounts beyond chance",
    "bound": "shared accounts beyond chance, at the least",
    "excess": "shared accounts beyond chance, beside what varies",
    "cosine": "part of their accounts that is shared",
    "near_16": "accounts of a like kind, broadly",
    "near_64": "accounts of a like kind, closely",
    "weight_16": "accounts of a like kind and their number, broadly",
    "weight_64": "accounts of a like kind and their number, closely",
    "chance": "shared accounts that chance gives",
    "asks": "accounts of the asking one",
    "other": "accounts of the other",
    "thin": "declared weights, where accounts say little",
}
"""What history is read by, likewise: the features of matching/learned."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(recommend)
    app.command()(explain)
    app.command()(similar)
    app.command()(search)


def recommend(
    partner: Annotated[str | None, typer.Argument(help="Id or exact name of a stored partner.")] = None,
    model: ModelDir = DEFAULT_MODEL,
    k: Number = 10,
    fit_type: Annotated[str | None, typer.Option(help="complement, competitor, expansion or stretch.")] = None,
    motion: Annotated[
        str | None, typer.Option(help="technology, strategic, integrate, co-market, co-sell or refer.")
    ] = None,
    relation: Annotated[
        str | None, typer.Option(help="collision: only those that it is on a collision course with.")
    ] = None,
    where: Where = None,
    popularity_weight: Annotated[
        float, typer.Option(help="0 small-but-mighty … 0.5 neutral … 1 famous.", min=0, max=1)
    ] = 0.5,
    diversity: Annotated[float, typer.Option(help="0 plain ranking … 1 most varied.", min=0, max=1)] = 0.3,
    like: Annotated[list[str] | None, typer.Option(help="Partners whose likes are wanted. Repeatable.")] = None,
    unlike: Annotated[list[str] | None, typer.Option(help="Partners whose likes are not wanted. Repeatable.")] = None,
    include_existing: Annotated[bool, typer.Option(help="Also list partners that it already has.")] = False,
    profile: Annotated[
        Path | None,
        typer.Option(help="File with the one profile of a partner that is not in the catalogue.", readable=False),
    ] = None,
    reasons: Annotated[bool, typer.Option(help="Print the reasons below the table.")] = True,
    json: Json = False,
) -> None:
    """The partners worth talking to, with the value for both sides. Partners it already has are left out unless asked for."""
    from matchmaker.engine import Matchmaker
    from matchmaker.errors import SettingsError
    from matchmaker.retrieval.filters import Filter

    if (partner is None) == (profile is None):
        raise SettingsError("Name a stored partner, or give --profile FILE, and not both.")
    engine = Matchmaker.load(model, background_check=False)
    result = engine.recommend(
        partner if partner is not None else _profile(profile),
        k,
        fit_type=fit_type,
        motion=motion,
        relation=relation,
        filters=Filter.from_arguments(where or []).conditions,
        popularity_weight=popularity_weight,
        diversity=diversity,
        like=like or (),
        unlike=unlike or (),
        include_existing=include_existing,
    )
    answer(result, json, lambda found: show_recommendations(found, reasons=reasons))


def explain(a: Partner, b: Partner, model: ModelDir = DEFAULT_MODEL, json: Json = False) -> None:
    """One pair from both sides: the exact contributions, what meets what, the weaker side."""
    from matchmaker.engine import Matchmaker

    answer(Matchmaker.load(model, background_check=False).explain(a, b), json, show_explanation)


def similar(
    like: Annotated[list[str], typer.Argument(help="Partners to be like (ids or names).")],
    unlike: Annotated[list[str] | None, typer.Option(help="Partners to be unlike. Repeatable.")] = None,
    model: ModelDir = DEFAULT_MODEL,
    k: Number = 10,
    json: Json = False,
) -> None:
    """Look-alikes of examples: rivals and peers, not matches."""
    from matchmaker.engine import Matchmaker

    answer(Matchmaker.load(model, background_check=False).similar(like, k, unlike=unlike or []), json, _show_similar)


def search(
    query: Annotated[str, typer.Argument(help="A name, a domain, or words that say what a partner does.")],
    by: Annotated[
        str, typer.Option(help="name (misspelt too), domain (URL, e-mail address or host) or meaning.")
    ] = "name",
    where: Where = None,
    model: ModelDir = DEFAULT_MODEL,
    k: Number = 10,
    json: Json = False,
) -> None:
    """Partners by name, by domain, or by what they do."""
    from matchmaker.engine import Matchmaker
    from matchmaker.retrieval.filters import Filter

    engine = Matchmaker.load(model, background_check=False)
    answer(engine.search(query, k, by=by, filters=Filter.from_arguments(where or []).conditions), json, _show_found)


def show_recommendations(found: Recommendations, *, reasons: bool = True) -> None:
    """A readable list."""
    out = console()
    rows: list[tuple[object, ...]] = [
        (
            match.rank,
            match.name,
            ", ".join(match.categories[:2]),
            f"{match.mutual:.3f}",
            f"{match.value_to_you:.3f}",
            f"{match.value_to_them:.3f}",
            _marks(match),
            ", ".join(motion["name"] for motion in match.motions) or "-",
            match.confidence,
        )
        for match in found
    ]
    columns = ["#", "partner", "category", "mutual", "for you", "for them", "fit", "motions", "confidence"]
    if found.basis != BASIS:
        columns.append("chance")
        rows = [(*row, _chance(match.history)) for row, match in zip(rows, found, strict=True)]
    if any(match.collision for match in found):
        columns.append("collision")
        rows = [(*row, _collision(match.collision)) for row, match in zip(rows, found, strict=True)]
    table(f"Partners for {found.name}", columns, rows, right=["#", "mutual", "for you", "for them", "chance"])
    if reasons:
        for match in found:
            out.print(f"{match.rank}. {match.name}", style="bold")
            for side in match.sides:
                out.print(f"   {side.sentence}")
            if match.stated_course:
                out.print(_course(match.stated_course))
            if match.collision and "evidence" in match.collision:
                out.print(f"   {match.collision['evidence']}")
    scored = f"\n{found.considered} of {found.catalogue} partners scored; basis: {found.basis}"
    if found.basis == BASIS:
        out.print(
            f"{scored} (declared weights, no history, not a probability of success). Variety and size weigh in the order too; "
            "--diversity 0 ranks by mutual value alone."
        )
    else:
        out.print(
            f"{scored}: giants, established and small partners take turns, the likeliest of each first. A chance is one of being "
            "seen as partners, and no probability of success; values follow from declared weights."
        )
    for note in found.notes:
        out.print(f"Note: {note}.")


def show_explanation(found: Explanation) -> None:
    """Both sides of a pair."""
    out, match = console(), found.match
    out.print(f"{found.a} and {found.b}", style="bold", end="")
    out.print(f": mutual {match.mutual:.3f}, balance {match.balance:.3f}, {_marks(match)}")
    for side in match.sides:
        out.print(f"\nFor {side.receiver}: value {side.value:.3f}")
        out.print(f"  {side.sentence}")
        rows = [
            (_EVIDENCE.get(kind, kind), _percent(_standing(side.percentiles, kind)), f"{nats:.3f}")
            for kind, nats in sorted(side.contributions.items(), key=lambda one: -one[1])
            if nats
        ]
        table(
            f"Evidence, {side.total:.3f} in all",
            ["evidence", "stronger than, of its pairs", "adds"],
            rows,
            right=["stronger than, of its pairs", "adds"],
        )
    out.print(
        "What evidence adds: 0.7 for a pair in the middle of all, 2.3 for one of the best tenth, times its weight."
    )
    for motion in match.motions:
        out.print(f"{motion['kind']}: {motion['name']} ({motion['evidence']})")
    if match.stated_course:
        out.print(_course(match.stated_course))
    if match.history:
        _show_history(found, match.history)
    out.print(f"Weaker side: {found.weaker_side}. Confidence: {match.confidence}. Basis: {_basis(found.basis)}.")
    for note in found.notes:
        out.print(f"Note: {note}.")


def _basis(basis: str) -> str:
    return f"{basis} (declared weights, no history)" if basis == BASIS else basis


def _show_history(found: Explanation, history: dict[str, Any]) -> None:
    """What past partnerships say: the strongest features of both sides."""
    console().print(f"\nChance of being seen as partners: {_chance(history)} (no probability of success)")
    for side, receiver in (("yours", found.a), ("theirs", found.b)):
        parts = sorted(history["contributions"][side].items(), key=lambda one: -abs(one[1]))
        rows = [(_FEATURES.get(name, name), f"{odds:+.3f}") for name, odds in parts[:8] if odds]
        title = f"History, as {receiver} asks: {history['log_odds'][side]:+.3f} in all, above 0 speaks for it"
        table(title, ["what", "adds"], rows, right=["adds"])


def _chance(history: dict[str, Any] | None) -> str:
    return "-" if history is None or history["chance"] is None else f"{100 * history['chance']:.1f} %"


def _show_similar(found: Similar) -> None:
    rows = [
        (one["rank"], one["name"], ", ".join(one["categories"][:2]), f"{one['similarity']:.3f}")
        for one in found.partners
    ]
    table(f"Like {', '.join(found.like)}", ["#", "partner", "category", "similarity"], rows, right=["#", "similarity"])


def _show_found(found: Found) -> None:
    rows = [
        (
            *(one[name] for name in ("rank", "partner", "name", "domain")),
            ", ".join(one["categories"][:2]),
            f"{one['score']:.3f}",
            one["how"],
        )
        for one in found.rows
    ]
    columns = ["#", "id", "partner", "domain", "category", "score", "how"]
    table(f"Found by {found.by}: {found.query}", columns, rows, right=["#", "score"])
    if not rows:
        console().print("No partner is found; try another --by.")


def _marks(match: Match) -> str:
    return f"{match.fit_type}, ONE WAY" if match.one_way_street else match.fit_type


def _course(course: dict[str, Any]) -> str:
    ours, theirs = course["ours"], course["theirs"]
    return (
        f"   Collision course ({course['basis']}): “{ours['goal']}” leads into their {ours['into']}, "
        f"“{theirs['goal']}” into our {theirs['into']}."
    )


def _collision(course: dict[str, Any] | None) -> str:
    """Chance and kind of a course that was seen; of any other its basis."""
    if course is None:
        return "-"
    return ", ".join((f"{course['chance']:.0%}", *course["kinds"])) if "chance" in course else str(course["basis"])


def _standing(percentiles: dict[str, float | None], kind: str) -> float | None:
    """Percentile of the evidence that a contribution rests on; what is distinct is what redundancy leaves of one."""
    if kind != "distinct":
        return percentiles.get(kind)
    redundancy = percentiles.get("redundancy")
    return None if redundancy is None else 1.0 - redundancy


def _percent(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"


def _profile(path: Path | None) -> Any:  # noqa: ANN401 - a Partner
    from matchmaker.errors import CatalogueError
    from matchmaker.profiles.catalogue import load_catalogue

    loaded = load_catalogue(path or Path())
    show_mappings(loaded)
    if len(loaded.partners) != 1:
        raise CatalogueError(f"{path} must hold exactly one profile, not {len(loaded.partners)}.")
    return loaded.partners[0]

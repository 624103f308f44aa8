"""The tools: each one question to the engine. None of them writes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matchmaker.errors import SettingsError
from matchmaker_service.mcp import answers, arguments

if TYPE_CHECKING:
    from matchmaker import Matchmaker

_EMPTY: tuple[object, ...] = (None, "", [], {}, ())
_FACETS = ("audience", "goals", "capabilities")
_opening = threading.Lock()
"""Held while a search by meaning runs: the encoder is opened once, and would share the cores badly."""


def recommend(engine: Matchmaker, asked: arguments.Recommend) -> answers.Answer:
    """Partners worth talking to."""
    from matchmaker.retrieval.filters import Filter

    found = engine.recommend(
        asked.partner,
        asked.k,
        fit_type=asked.fit_type,
        motion=asked.motion,
        filters=Filter.from_arguments(asked.where).conditions,
        popularity_weight=asked.popularity_weight,
        diversity=asked.diversity,
        include_existing=asked.include_existing,
    ).to_dict()
    for match in found["matches"]:
        match["reasons"] = [side["sentence"] for side in match["sides"]]
    return answers.Recommendations.of(found, notes=[*found["notes"], *answers.caution(found["basis"])])


def explain(engine: Matchmaker, asked: arguments.Pair) -> answers.Answer:
    """One pair from both sides."""
    found = engine.explain(asked.a, asked.b).to_dict()
    sides = [_weighty(side) for side in found["match"]["sides"]]
    shared = {name: one for name, one in found["shared"].items() if one not in _EMPTY}
    return answers.Explanation.of(
        found, sides=sides, shared=shared, notes=[*found["notes"], *answers.caution(found["basis"])]
    )


def search(engine: Matchmaker, asked: arguments.Search) -> answers.Answer:
    """Partners by name, domain or meaning."""
    if asked.by == "meaning":
        with _opening:
            found = engine.search(asked.query, asked.k, by="meaning")
    else:
        found = engine.search(asked.query, asked.k, by=asked.by)
    notes = [] if len(found) else [f"No partner is found by {asked.by}; try another way of looking."]
    if asked.by == "meaning":
        notes.append("There is always a nearest partner: read the score before you trust a hit.")
    return answers.Partners(partners=[answers.Row.of(row) for row in found.rows], notes=notes)


def context(engine: Matchmaker, asked: arguments.Context) -> answers.Answer:
    """One partner's profile, facets and relations."""
    found = engine.partner(asked.partner).to_dict()
    repeated = {"id", "name"} | {one for one in _FACETS if found["facets"][one]["source"] == "stated"}
    counts = Counter(one["type"] for one in found["relations"])
    relations = sorted(found["relations"], key=lambda one: counts[one["type"]])
    notes = []
    if len(relations) > arguments.MOST:
        notes.append(f"{arguments.MOST} of {len(relations)} known relations are listed.")
    return answers.Context.of(
        found,
        stated=_present({name: one for name, one in found["stated"].items() if name not in repeated}),
        relations=relations[: arguments.MOST],
        relations_by_type=counts,
        notes=notes,
    )


def similar(engine: Matchmaker, asked: arguments.Similar) -> answers.Answer:
    """Look-alikes of examples."""
    found = engine.similar(asked.like, asked.k, unlike=asked.unlike)
    return answers.Alike.of(found.to_dict(), notes=["Look-alikes are peers and rivals, not matches."])


def score_pairs(engine: Matchmaker, asked: arguments.Pairs) -> answers.Answer:
    """Both directions of many pairs."""
    known = engine.fitted.known_id
    found = engine.score_pairs((known(a), known(b)) for a, b in asked.pairs)
    scored = sum(row["status"] == "ok" for row in found.rows)
    notes = answers.caution(found.basis)
    if scored < len(found):
        notes.append("A pair with a status has no numbers; find_partners finds the ids of partners.")
    return answers.Scores.of({"pairs": _present(found.rows)}, scored=scored, basis=found.basis, notes=notes)


def gaps(engine: Matchmaker, asked: arguments.Gaps) -> answers.Answer:
    """Integrations that a partner lacks, or what stands between two."""
    fitted = engine.fitted
    notes = answers.caution(engine.basis)
    if asked.other is None:
        found = engine.gaps(asked.partner, k=asked.k, popularity_weight=asked.popularity_weight).to_dict()
        missing = [_lacked(one) for one in found["missing"]]
        return answers.Gaps.of(found, missing=missing, notes=[*found["notes"], *notes])
    found = engine.gaps(asked.partner, asked.other).to_dict()
    a, b = (fitted.profiles.names[fitted.rows[found[end]]] for end in "ab")
    fit = found["interface"]
    return answers.Gaps.of(
        found,
        partner=found["a"],
        name=a,
        other=found["b"],
        other_name=b,
        interface={**fit, "gaps": fit["directions"][0]["gaps"]},
        link=None if found["link"] is None else _lacked(found["link"]),
        notes=notes,
    )


def overlaps(engine: Matchmaker, asked: arguments.Overlaps) -> answers.Answer:
    """What accounts partners share."""
    fitted = engine.fitted
    partner = fitted.space.ids[fitted.row(asked.partner)]
    if asked.other is not None:
        other = fitted.space.ids[fitted.row(asked.other)]
        if partner == other:
            raise SettingsError("A partner shares everything with itself: name two different ones.")
    if fitted.held is None:
        notes = ["No accounts are known: the bundle was built without --accounts."]
        return answers.Overlaps.of({"partner": partner}, notes=notes)
    found = engine.overlaps(partner, asked.k, by=asked.by) if asked.other is None else [engine.overlap(partner, other)]
    rows = [{**one.to_dict(), "name": fitted.profiles.names[fitted.rows[one.other]]} for one in found]
    notes = list(dict.fromkeys(reason for one in found for reason in one.reasons))
    return answers.Overlaps.of({"partner": partner}, overlaps=rows, notes=notes)


def collisions(engine: Matchmaker, asked: arguments.Collisions) -> answers.Answer:
    """Whom a partner is about to meet, and what may be said of that."""
    found = engine.collisions(asked.partner, asked.k, years=asked.years, least=asked.least).to_dict()
    proof = found.get("proof")
    return answers.Collisions.of(found, notes=[*found["notes"], *([proof] if proof else [])])


def _lacked(link: Mapping[str, Any]) -> dict[str, Any]:
    """A missing link with the demand that was counted, and what it unlocks by name."""
    return {
        **link,
        "demand": [one for one in link["demand"] if one["count"] is not None],
        "unlocks": link["unlocks"]["partners"],
        "unlocks_count": link["unlocks"]["partner_count"],
    }


def _weighty(side: Mapping[str, Any]) -> dict[str, Any]:
    """A side whose evidence is sorted by weight, without what weighs nothing."""
    weights = sorted(side["contributions"].items(), key=lambda one: -abs(one[1]))
    return {**side, "contributions": {kind: nats for kind, nats in weights if abs(nats) >= 0.0005}}


def _present(value: Any) -> Any:  # noqa: ANN401 - plain JSON data
    """Plain data without null and empty values, at any depth."""
    if isinstance(value, Mapping):
        held = {name: _present(one) for name, one in value.items()}
        return {name: one for name, one in held.items() if one not in _EMPTY}
    return [_present(one) for one in value] if isinstance(value, (list, tuple)) else value


@dataclass(frozen=True)
class Tool:
    """One tool. arguments, answer: its input and output schema; ask: runs on a thread of its own."""

    name: str
    title: str
    description: str
    arguments: type[arguments.Arguments]
    answer: type[answers.Answer]
    ask: Callable[[Matchmaker, Any], answers.Answer]

    def __call__(self, engine: Matchmaker, sent: Mapping[str, Any]) -> dict[str, Any]:
        """The compact answer to what a client sent. Raises MatchmakerError."""
        return self.ask(engine, self.arguments.read(sent)).compact()


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "find_partner_recommendations",
            "Find partner recommendations",
            "The partners that a business should talk to, best first, with what each side gets, the fit type, the kinds of "
            "partnership that the evidence supports and the reasons in sentences. Partners it already works with are left out "
            "unless include_existing is set.",
            arguments.Recommend,
            answers.Recommendations,
            recommend,
        ),
        Tool(
            "explain_match",
            "Explain a match",
            "Why two partners fit or do not fit: the value for each side, the evidence behind it and its weight, which goals "
            "meet which capabilities, what both share, and which side gets less.",
            arguments.Pair,
            answers.Explanation,
            explain,
        ),
        Tool(
            "find_partners",
            "Find partners",
            "Look partners up by name (misspelt too), by web domain, or by the meaning of a description. Gives the ids that the "
            "other tools take.",
            arguments.Search,
            answers.Partners,
            search,
        ),
        Tool(
            "get_partner_context",
            "Get a partner's context",
            "One partner's profile: its audience, goals and capabilities with where each comes from (stated, inferred, "
            "peers), what else it states, and its known relations.",
            arguments.Context,
            answers.Context,
            context,
        ),
        Tool(
            "find_similar_partners",
            "Find similar partners",
            "Look-alikes of some example partners, away from others. Those are peers and rivals; for whom to partner with use "
            "find_partner_recommendations.",
            arguments.Similar,
            answers.Alike,
            similar,
        ),
        Tool(
            "score_pairs",
            "Score pairs",
            "The value of many pairs for both sides, in the order given. A pair that cannot be scored says why in its status "
            "and stops no other.",
            arguments.Pairs,
            answers.Scores,
            score_pairs,
        ),
        Tool(
            "find_integration_gaps",
            "Find integration gaps",
            "The integrations that a partner does not have, best to build first: whether there is a clear market and why, counted "
            "demand, effort in pieces, what is missing and who has to build it, which rivals have it, whom it unlocks. With "
            "`other`: what stands between the two.",
            arguments.Gaps,
            answers.Gaps,
            gaps,
        ),
        Tool(
            "find_account_overlaps",
            "Find account overlaps",
            "Which accounts two partners share, by population: customers, prospects, opportunities; lift beyond chance, what each "
            "side can give and get. Without `other`: the partners that share most. Exact counts, for the owner of the data.",
            arguments.Overlaps,
            answers.Overlaps,
            overlaps,
        ),
        Tool(
            "find_collisions",
            "Find collision courses",
            "The partners that one is about to meet: in what, how surely, by when, as which kind of meeting, with evidence. Of "
            "dated snapshots where there are any, else only where goals lead, which nobody saw: `basis` tells. Report it in the "
            "words of `wording`.",
            arguments.Collisions,
            answers.Collisions,
            collisions,
        ),
    )
}

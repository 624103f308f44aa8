"""What each tool answers. A model reads it: numbers are short, and what is absent is left out (fields with a default)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from matchmaker.results import BASIS

_NO_HISTORY = (
    "Values follow from declared weights, not from history: they rank pairs, and are no probability of success."
)
_HISTORY = (
    "The order follows from observed partnerships: a chance is one of being observed as partners, and no probability of success. "
    "Values each way follow from declared weights."
)


def caution(basis: str) -> list[str]:
    """Notes on how far values of this basis may be trusted."""
    return [_NO_HISTORY if basis == BASIS else _HISTORY]


def _known(value: object) -> object:
    return {name: one for name, one in value.items() if one is not None} if isinstance(value, Mapping) else value


Short = Annotated[float, AfterValidator(lambda value: round(value, 3))]
Known = Annotated[dict[str, Short], BeforeValidator(_known)]


class Answer(BaseModel):
    """Base: reads what it needs out of the engine's plain data."""

    model_config = ConfigDict(extra="ignore")

    @classmethod
    def of(cls, plain: Mapping[str, Any], **more: object) -> Self:
        """The answer from the engine's plain data and `more`."""
        return cls.model_validate({**plain, **more})

    def compact(self) -> dict[str, Any]:
        """Plain data without what is absent or empty."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Motion(Answer):
    """A kind of partnership that the evidence supports."""

    kind: str = Field(description="technology or strategic")
    name: str = Field(description="integrate, co-market, co-sell or refer")
    evidence: str


class Relation(Answer):
    """A known relation."""

    type: str
    status: str | None = None
    a: str | None = Field(
        None, description="id of the end that a directed relation starts from; absent: it has no direction"
    )
    b: str | None = Field(None, description="id of the end that a directed relation leads to")
    partner: str | None = Field(None, description="id of the other side")
    name: str | None = Field(None, description="name of the other side")
    announced_on: str | None = None
    started_on: str | None = None
    ended_on: str | None = None
    source: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _ends(cls, fact: Mapping[str, Any]) -> dict[str, Any]:
        """Which end is which says something of a directed relation alone."""
        return {name: one for name, one in fact.items() if name not in ("a", "b") or fact.get("directed")}


class Meeting(Answer):
    """A goal of the receiver that a capability of the giver meets."""

    goal: str
    capability: str
    cosine: Short


class Side(Answer):
    """One direction of a pair: what the receiver gets."""

    receiver: str = Field(description="id of the partner that gets the value")
    value: Short = Field(description="0 to 1: rank of this pair among the receiver's pairs")
    sentence: str
    total: Short | None = Field(None, description="evidence in nats, the sum of the contributions")
    contributions: Known = Field(default_factory=dict, description="nats by kind of evidence; zero is left out")
    percentiles: Known = Field(default_factory=dict, description="0 to 1 by kind of evidence; unknown is left out")
    meets: list[Meeting] = []


class _Heading(Answer):
    goal: str
    into: str
    target: str


class Course(Answer):
    """Two partners whose stated goals lead into each other's field."""

    basis: str
    ours: _Heading
    theirs: _Heading


class Observed(Answer):
    """A collision course that was seen in dated snapshots."""

    facet: str = Field(
        description="where they are likeliest to meet: audience, capabilities, goals or shares of an audience"
    )
    chance: Short = Field(description="0 to 1: of standing within reach of each other at the horizon")
    kinds: list[str] = Field([], description="what kind of meeting it is")
    evidence: str = Field("", description="distances with dates and intervals, and what they are about to meet in")


class Match(Answer):
    """One pair, seen from the asking partner."""

    partner: str = Field(description="id")
    name: str
    mutual: Short = Field(description="0 to 1: the harmonic mean of both values, so the weaker side decides")
    value_to_you: Short = Field(description="0 to 1: what the asking partner gets")
    value_to_them: Short = Field(description="0 to 1: what the other side gets")
    balance: Short = Field(description="smaller value / larger value")
    weaker_side: str = Field(description="id of the side that gets less")
    one_way_street: bool = Field(False, description="true: one side gets little; absent: false")
    fit_type: str
    motions: list[Motion] = []
    categories: list[str] = []
    size_band: str | None = None
    confidence: str = Field(description="how complete the profiles are that this rests on")
    stated_course: Course | None = Field(None, description="a collision course, stated and not observed")
    collision: Observed | None = Field(None, description="a collision course, observed in dated snapshots")
    relations: list[Relation] = []


class Listed(Match):
    """A match in a list, with its reasons."""

    rank: int
    reasons: list[str] = Field([], description="what the asking partner gets, then what the other gets")


class Recommendations(Answer):
    """Answer of find_partner_recommendations."""

    partner: str = Field(description="id of the asking partner")
    name: str
    matches: list[Listed]
    considered: int = Field(description="partners scored")
    catalogue: int = Field(description="partners there are")
    basis: str
    notes: list[str] = []


class Explanation(Answer):
    """Answer of explain_match."""

    a: str
    b: str
    match: Match = Field(description="the pair as a sees it")
    sides: list[Side]
    shared: dict[str, list[str] | int] = Field(default_factory=dict, description="what both have; empty is left out")
    basis: str
    notes: list[str] = []


class Row(Answer):
    """One partner of a list."""

    rank: int
    partner: str = Field(description="id")
    name: str
    categories: list[str] = []
    domain: str | None = None
    size_band: str | None = None
    score: Short | None = Field(None, description="0 to 1: how well the query is met")
    how: str | None = Field(None, description="exact, prefix, words, fuzzy, domain or meaning")
    matched: str | None = Field(None, description="the id, name or domain that the query met")
    similarity: Short | None = Field(None, description="cosine of whole profiles; below 0: nearer to `unlike`")


class Partners(Answer):
    """Answer of find_partners."""

    partners: list[Row]
    notes: list[str] = []


class Facet(Answer):
    """One of the three facets, as the engine reads it."""

    source: str = Field(description="stated, inferred from the description, taken from peers of the category, or none")
    texts: list[str] = []


class Context(Answer):
    """Answer of get_partner_context."""

    partner: str = Field(description="id")
    name: str
    facets: dict[str, Facet] = Field(description="audience, goals, capabilities")
    stated: dict[str, Any] = Field(description="what it states beside its stated facets")
    completeness: Short = Field(description="0 to 1: how much of a profile there is")
    confidence: str
    size_percentile: Short | None = Field(None, description="0 to 1 within the ecosystem; absent: unknown")
    relations: list[Relation] = Field([], description="known relations, 50 at most, those of rare types first")
    relations_by_type: dict[str, int] = Field(default_factory=dict, description="how many there are of each type")
    notes: list[str] = []


class Alike(Answer):
    """Answer of find_similar_partners."""

    like: list[str]
    unlike: list[str] = []
    partners: list[Row]
    notes: list[str] = []


class Score(Answer):
    """One scored pair; a pair that cannot be scored has a status and no numbers."""

    a: str
    b: str
    status: str = Field("ok", description="why the pair has no numbers; absent: it has them")
    mutual: Short | None = None
    value_to_a: Short | None = None
    value_to_b: Short | None = None
    balance: Short | None = None
    one_way_street: bool = Field(False, description="absent: false")
    fit_type: str | None = None


class Scores(Answer):
    """Answer of score_pairs."""

    pairs: list[Score] = Field(description="in the order asked")
    scored: int = Field(description="pairs with numbers")
    basis: str
    notes: list[str] = []


class Piece(Answer):
    """Something missing between two interfaces."""

    sentence: str
    severity: str = Field(description="blocking, major, minor, or open: to be found out")
    builder: str = Field(description="who has to build it: a partner's id, or connector")
    effort: Short = Field(0.0, description="pieces; absent: none, or unknown")


class Interface(Answer):
    """Whether two partners can be integrated with what they publish."""

    verdict: str = Field(description="ready, needs work, blocked or unknown")
    reason: str
    gaps: list[Piece] = Field([], description="of the better direction, those that the cheapest way waits for first")


class Demand(Answer):
    """What one source counted; sources are never added up."""

    source: str
    unit: str
    count: Short | None = None
    lower_bound: Short | None = Field(None, description="in the same unit")


class Lacked(Answer):
    """An integration that a partner does not have."""

    rank: int = Field(description="among all that it lacks")
    partner: str = Field(description="id of the other side")
    name: str | None = None
    clear_market: str = Field(description="yes, no or unknown")
    reason: str = Field(description="why")
    chance: Short | None = Field(None, description="of coming about; absent: history does not tell")
    effort: Short | None = Field(None, description="pieces to build; absent: unknown, which is not none")
    demand: list[Demand] = []
    interface: Interface | None = Field(None, description="absent: told of the pair")
    rivals: list[str] = Field([], description="rivals and look-alikes that have it")
    unlocks: list[str] = Field([], description="partners of the other that the asking one lacks")
    unlocks_count: int = Field(0, description="how many there are")


class Gaps(Answer):
    """Answer of find_integration_gaps: of one partner (`missing`), or of a pair (`interface`, `link`)."""

    partner: str
    name: str
    missing: list[Lacked] = Field([], description="best to build first")
    considered: int | None = Field(None, description="partners that it has no integration with")
    other: str | None = None
    other_name: str | None = None
    connected: bool = Field(False, description="whether the pair is integrated already; absent: no")
    interface: Interface | None = None
    link: Lacked | None = Field(None, description="the missing link as `partner` sees it; absent: they have it")
    basis: str
    notes: list[str] = []


class Overlap(Answer):
    """What two partners' accounts have in common, seen from `partner`."""

    other: str = Field(description="id")
    name: str
    your_accounts: int
    their_accounts: int
    shared: int
    matrix: dict[str, dict[str, int]] = Field(description="shared accounts by your population, then theirs")
    share_of_yours: Short | None = None
    share_of_theirs: Short | None = None
    lift: Short | None = Field(None, description="1 is what chance gives; absent: too few accounts")
    lift_low: Short | None = Field(None, description="5 % lower bound of the lift")
    p_value: Short | None = None
    greenfield: int = Field(0, description="their customers that you do not have")
    give: int = Field(0, description="your customers that are their prospects")
    get: int = Field(0, description="their customers that are your prospects")
    quadrant: str = Field(description="both, you give, you get or neither")
    potential_revenue: Short | None = Field(None, description="your open opportunities with accounts that they have")
    currency: str | None = None


class Overlaps(Answer):
    """Answer of find_account_overlaps."""

    partner: str
    overlaps: list[Overlap] = []
    notes: list[str] = []


class Colliding(Answer):
    """A partner on a collision course: seen to move (facet, chance, kinds, evidence), or only stated (course)."""

    rank: int
    partner: str = Field(description="id")
    name: str
    facet: str | None = Field(None, description="where they are likeliest to meet")
    chance: Short | None = Field(None, description="0 to 1: of standing within reach of each other at the horizon")
    until: str | None = Field(None, description="day of the horizon")
    means: list[str] = Field([], description="kind of meeting, and what it is")
    evidence: list[str] = Field([], description="of each facet: distances with dates, intervals, the meeting point")
    fit_type: str | None = None
    course: Course | None = Field(None, description="where both sides' goals lead")


class Collisions(Answer):
    """Answer of find_collisions."""

    partner: str = Field(description="id")
    name: str
    basis: str = Field(description="observed motion; or stated, not observed")
    wording: str | None = Field(None, description="what may be said of the list: report it in these words")
    last: str | None = Field(None, description="day of the last snapshot")
    years: Short = Field(description="horizon")
    collisions: list[Colliding] = Field([], description="likeliest first; absent: none")
    notes: list[str] = []

"""What the engine answers: small objects that turn into plain data, JSON and pandas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LEARNED = "calibrated to observed partnerships"
"""The order follows from history, and a chance is one of being observed as partners; values each way are the prior's still."""
BASIS = "prior"
"""No history has been learned from: the numbers follow from declared weights, and are no probability of success."""


class _Answer:
    """Shared conversions."""

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)  # type: ignore[call-overload,no-any-return]

    def to_json(self) -> str:
        """One JSON object, indented."""
        import orjson

        return orjson.dumps(self.to_dict(), option=orjson.OPT_INDENT_2).decode()


@dataclass(frozen=True)
class SideReport(_Answer):
    """One direction of a pair.

    receiver: id of the partner that gets the value; value: in [0, 1), percentile of this pair among the receiver's
    pairs; total: evidence total in nats, the sum of `contributions`; percentiles: kind -> [0, 1) or None when unknown.
    """

    receiver: str
    value: float
    total: float
    contributions: dict[str, float]
    percentiles: dict[str, float | None]
    meets: list[dict[str, Any]]
    sentence: str


@dataclass(frozen=True)
class Match(_Answer):
    """One recommended partner. mutual, value_to_you, value_to_them, balance in [0, 1]; confidence share in [0, 1].

    example_score: in [-1, 1], nearness to the `like` examples, below 0 where an `unlike` one is nearer; None without examples.
    history: what was learned of the pair, None where nothing was: `chance` of being observed as partners, in (0, 1), None where it
    would say no more than a base rate, `yours` and `theirs` the same from one side alone, `log_odds` both ways, and, explained,
    the `contributions` that these add up from.
    collision: the course that both are on, None where none is known: `basis` "observed motion" with `verdict`, `facet`, `chance` of
    meeting in it `until` a day, `kinds` and one sentence of `evidence`; or, where only those on a course were asked for and nobody
    was seen to move, the `stated_course`.
    """

    rank: int
    partner: str
    name: str
    mutual: float
    value_to_you: float
    value_to_them: float
    balance: float
    weaker_side: str
    one_way_street: bool
    fit_type: str
    motions: list[dict[str, str]]
    categories: list[str]
    size_band: str | None
    confidence: str
    completeness: float
    stated_course: dict[str, Any] | None
    relations: list[dict[str, Any]]
    channels: list[str]
    sides: list[SideReport] = field(default_factory=list)
    example_score: float | None = None
    history: dict[str, Any] | None = None
    collision: dict[str, Any] | None = None
    basis: str = BASIS


@dataclass(frozen=True)
class Recommendations(_Answer):
    """A list for one partner, best first, with what was asked and what was left out."""

    partner: str | None
    name: str
    matches: list[Match]
    considered: int
    catalogue: int
    settings: dict[str, Any]
    notes: list[str]
    basis: str = BASIS

    def __iter__(self) -> Iterator[Match]:
        """The matches, best first."""
        return iter(self.matches)

    def __len__(self) -> int:
        """Number of matches."""
        return len(self.matches)

    def to_frame(self) -> pd.DataFrame:
        """One row a match; lists and dicts stay as they are."""
        import pandas as pd

        rows = [{key: value for key, value in match.to_dict().items() if key != "sides"} for match in self.matches]
        return pd.DataFrame(rows)


@dataclass(frozen=True)
class Explanation(_Answer):
    """A pair from both sides, the exact numbers and what they rest on."""

    a: str
    b: str
    match: Match
    shared: dict[str, Any]
    weaker_side: str
    notes: list[str]
    basis: str = BASIS


@dataclass(frozen=True)
class PairScores(_Answer):
    """Scores of many pairs, in the order asked; a pair that cannot be scored has null numbers and a status."""

    rows: list[dict[str, Any]]
    basis: str = BASIS

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """One row a pair."""
        import pandas as pd

        return pd.DataFrame(self.rows)


@dataclass(frozen=True)
class Similar(_Answer):
    """Partners most like the examples, best first: look-alikes and rivals, not matches."""

    like: list[str]
    unlike: list[str]
    partners: list[dict[str, Any]]

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.partners)

    def to_frame(self) -> pd.DataFrame:
        """One row a partner."""
        import pandas as pd

        return pd.DataFrame(self.partners)


@dataclass(frozen=True)
class Found(_Answer):
    """What a search found, best first.

    rows: rank, partner, name, categories, domain, size_band, score in [0, 1], how (exact, prefix, words, fuzzy, domain, meaning)
    and matched, the name, id or domain that matched; None where the whole profile did.
    """

    query: str
    by: str
    rows: list[dict[str, Any]]

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.rows)

    def to_frame(self) -> pd.DataFrame:
        """One row a partner."""
        import pandas as pd

        return pd.DataFrame(self.rows)


@dataclass(frozen=True)
class Profile(_Answer):
    """One partner: what it states, and what the engine reads out of that.

    stated: every field of the data contract; facets: audience, goals, capabilities, each with its texts and their source: stated,
    inferred (from the description), peers (typical of its category) or none; completeness in [0, 1]; confidence: that in a word;
    size_percentile in [0, 1], None when unknown; relations: partner, name, type, status and whatever else is known of each.
    """

    partner: str
    name: str
    stated: dict[str, Any]
    facets: dict[str, dict[str, Any]]
    completeness: float
    confidence: str
    size_percentile: float | None
    relations: list[dict[str, Any]]


@dataclass(frozen=True)
class EcosystemMap(_Answer):
    """The ecosystem in two dimensions: partners that stand near each other say alike things of themselves.

    partners: partner, name, x and y in [-1, 1], category (its rarest one, or None), size (percentile in [0, 1] or None), size_band,
    placed (drawn beside its neighbours, after the map was made); edges: a, b, type, status of the relations between them.
    shown of total partners are drawn, `sample` says which. trustworthiness in [0, 1]: how far neighbours on the map are neighbours
    in truth (Venna and Kaski 2001), None where there are too few partners to tell.
    """

    partners: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    shown: int
    total: int
    sample: str
    trustworthiness: float | None

    def __len__(self) -> int:
        """Number of partners drawn."""
        return len(self.partners)

"""Lists of matches as finished bodies: asked of the engine once a generation, signed, reduced to the fields asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import ConfigDict, Field, StringConstraints, create_model, model_validator

from matchmaker.config import PriorWeights
from matchmaker.profiles.schema import Partner
from matchmaker.results import Match, Recommendations
from matchmaker.retrieval.filters import Filter
from matchmaker_service import metrics
from matchmaker_service.answers import Answer
from matchmaker_service.bodies import EXAMPLE, Filters, Identity, ProfileBody, Wishes, Words
from matchmaker_service.ecosystem import View
from matchmaker_service.problems import Refused
from matchmaker_service.reply import body, tag_of
from matchmaker_service.routes.common import check_stands
from matchmaker_service.services import Services
from matchmaker_service.tokens import Recommended, Signer

FIELDS = frozenset({field.name for field in dataclasses.fields(Match)} | {"recommendation_id"})


class _Asked(Wishes):
    """What both ways to ask have in common."""

    explain: bool = Field(False, description="With the reasons of both sides, in sentences and exact contributions.")
    relation: Literal["collision"] | None = Field(
        None,
        description="`collision`: only partners on a collision course with it, seen to move or else stated. docs/collisions.md.",
        examples=["collision"],
    )

    def asked(self) -> dict[str, Any]:
        """As `Matchmaker.recommend` takes them."""
        return {**super().asked(), "explain": self.explain, "relation": self.relation}


class MatchQuery(_Asked):
    """How to list the matches of a stored partner."""

    where: list[Words] = Field(
        [], max_length=20, description="Filters: `category=returns,reviews`, `size>=1000`. docs/filters.md.",
        examples=[["category=returns"]],
    )  # fmt: skip
    fields: Annotated[str, StringConstraints(max_length=500)] | None = Field(
        None, description="Names of fields, with commas between: only these of each match.", examples=["partner,mutual"]
    )


DEFAULT = MatchQuery()
"""The question whose answers may have been made ahead (`matchmaker prepare`)."""
_DEFAULT_JSON = DEFAULT.model_dump_json()


def _weight(name: str) -> Any:  # noqa: ANN401 - pydantic's own
    return Field(ge=0, le=1000, description=f"What the evidence `{name}` counts; docs/concepts.md tells what it is.")


_FIELDS: dict[str, Any] = {name: (Annotated[float, _weight(name)], None) for name in PriorWeights.model_fields}
OwnWeights = create_model(
    "OwnWeights",
    __config__=ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False),
    __doc__="Weights from 0 on, not all of them 0.",
    **_FIELDS,
)


class Question(_Asked):
    """Matches for a profile that need not be stored, or for a stored partner with wishes of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"profile": EXAMPLE, "k": 5},
                {"partner": "shipbob", "k": 5, "filters": {"category": ["returns"]}, "like": ["loop-returns"]},
                {"partner": "shipbob", "k": 5, "relation": "collision"},
            ]
        }
    )

    profile: ProfileBody | None = Field(None, description="A profile to match; this or `partner`.")
    partner: Identity | None = Field(None, description="Id of a stored partner; this or `profile`.")
    filters: Filters = Field({}, description="Filters as in docs/filters.md.")
    like: list[Identity] = Field([], max_length=20, description="Stored partners whose likes come first.")
    unlike: list[Identity] = Field([], max_length=20, description="Stored partners whose likes come last.")
    weights: OwnWeights | None = Field(
        None,
        description="What counts for the asking side, by kind of evidence; what is left out stays. docs/concepts.md.",
    )
    fields: list[Words] | None = Field(None, max_length=40, description="Only these fields of each match.")

    @model_validator(mode="after")
    def _one(self) -> Question:
        if (self.profile is None) == (self.partner is None):
            raise ValueError("give a profile, or the id of a stored partner, and not both")
        return self


def at_hand(kept: Services, partner: str, asked: MatchQuery) -> Answer | None:
    """The matches of a stored partner where they were asked for before, or made ahead."""
    view = kept.ecosystem.view
    question = _question(partner, asked)
    found = view.answers.get(question)
    if found is not None:
        metrics.cache.labels("at hand").inc()
        return found
    made = view.ahead.made(view.engine.fitted.rows.get(partner)) if asked == DEFAULT else None
    if made is None:
        return None
    metrics.cache.labels("made ahead").inc()
    meta = {"considered": made.considered, "catalogue": view.engine.fitted.count, "settings": made.settings}
    rows = [_signed(row, view, kept.signer, partner) for row in made.matches]
    answer = Answer(body(rows, view, warnings=made.notes, meta=meta), tag_of(view.version, view.change, question))
    view.answers.put(question, answer)
    return answer


async def stored(kept: Services, partner: str, asked: MatchQuery) -> Answer:
    """The matches of a stored partner. Raises Refused, UnknownPartnerError, FilterError, SettingsError."""
    await kept.ecosystem.told(partner)
    found = at_hand(kept, partner, asked)
    if found is not None:
        return found
    metrics.cache.labels("asked").inc()
    return await kept.work.score(lambda: _ask_stored(kept, partner, asked))


async def asked_for(kept: Services, asked: Question) -> Answer:
    """The matches that a question asks for. Raises as `stored` does, and EncoderError."""
    await kept.ecosystem.told(*filter(None, (asked.partner, *asked.like, *asked.unlike)))
    ask = kept.work.encode if asked.profile is not None else kept.work.score
    return await ask(lambda: _ask(kept, asked))


def _question(partner: str, asked: MatchQuery) -> str:
    return f"{partner}?{_DEFAULT_JSON if asked is DEFAULT else asked.model_dump_json()}"


def _ask_stored(kept: Services, partner: str, asked: MatchQuery) -> Answer:
    fields = _fields(None if asked.fields is None else asked.fields.split(","), "/query/fields")
    view, question = check_stands(kept, kept.ecosystem.view, partner), _question(partner, asked)
    found = view.engine.recommend(
        partner,
        filters=Filter.from_arguments(asked.where).conditions,
        **asked.asked(),
    )
    answer = Answer(_told(found, view, kept.signer, partner, fields), tag_of(view.version, view.change, question))
    view.answers.put(question, answer)
    return answer


def _ask(kept: Services, asked: Question) -> Answer:
    fields = _fields(asked.fields, "/fields")
    view = check_stands(kept, kept.ecosystem.view, *filter(None, (asked.partner, *asked.like, *asked.unlike)))
    one: str | Partner = asked.partner or cast(ProfileBody, asked.profile).partner("anonymous")
    found = view.engine.recommend(
        one,
        filters=asked.filters,
        **asked.asked(),
        like=asked.like,
        unlike=asked.unlike,
        weights=None if asked.weights is None else asked.weights.model_dump(exclude_unset=True),
    )
    content = _told(found, view, kept.signer, asked.partner, fields)
    return Answer(content, tag_of(view.version, view.change, asked.model_dump_json()))


def _fields(named: Sequence[str] | None, where: str) -> list[str] | None:
    if named is None:
        return None
    wanted = [name.strip() for name in named]
    if not set(wanted) <= FIELDS:
        told = f"A match has no such field; it has {', '.join(sorted(FIELDS))}."
        raise Refused("invalid_request", told, wrong=[(where, "names an unknown field")])
    return wanted


def _signed(row: dict[str, Any], view: View, signer: Signer, partner: str | None) -> dict[str, Any]:
    """A match with its recommendation id; who has no id cannot be fed back."""
    token = None
    if partner is not None:
        token = signer.recommendation(Recommended(partner, row["partner"], row["rank"], view.version, view.change))
    row["recommendation_id"] = token
    return row


def _told(
    found: Recommendations, view: View, signer: Signer, partner: str | None, fields: Sequence[str] | None
) -> bytes:
    """The body."""
    rows = [_signed(dict(vars(match)), view, signer, partner) for match in found.matches]
    if fields is not None:
        rows = [{name: row[name] for name in fields} for row in rows]
    meta = {"considered": found.considered, "catalogue": found.catalogue, "settings": found.settings}
    return body(rows, view, warnings=found.notes, meta=meta)

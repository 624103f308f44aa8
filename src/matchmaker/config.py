"""Settings of the engine: validated, closed, and written into every bundle's manifest.

Fields marked *results* change what is recommended and enter the bundle; fields marked *speed* do not.
"""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriorWeights(_Closed):
    """What each kind of evidence counts in the cold-start prior (decides results); they need not sum to 1.

    A declared prior, ours, not literature; chosen on splits of public catalogues (docs/quality.md), the same for every catalogue.
    """

    gain: float = Field(0.45, ge=0)
    """Goals of one met by capabilities of the other."""
    audience: float = Field(0.20, ge=0)
    """Audiences described alike."""
    overlap: float = Field(0.25, ge=0)
    """Accounts in common beyond chance (only where accounts are known)."""
    lexical: float = Field(0.20, ge=0)
    """The same specific words in both profiles; terse profiles count it less (matching/evidence.py)."""
    topic: float = Field(0.05, ge=0)
    """Whole profiles alike in meaning, beyond what all profiles share."""
    summary: float = Field(0.05, ge=0)
    """Names and descriptions alike in meaning."""
    category: float = Field(0.0, ge=0)
    """The same categories."""
    fit: float = Field(0.10, ge=0)
    """Regions, customer sizes, industries and stack that go together."""
    distinct: float = Field(0.10, ge=0)
    """Capabilities that do not stand in for one another."""

    @model_validator(mode="after")
    def _some_weight(self) -> Self:
        if sum(self.model_dump().values()) <= 0:
            raise ValueError("at least one weight must be above 0")
        return self


class GoallessWeights(PriorWeights):
    """What stands in for gain where one side states no goals (decides results): closeness of the market takes over."""

    gain: float = Field(0.0, ge=0)
    lexical: float = Field(0.75, ge=0)
    topic: float = Field(0.20, ge=0)
    summary: float = Field(0.25, ge=0)
    distinct: float = Field(0.0, ge=0)


class Config(_Closed):
    """All settings of `Matchmaker`."""

    encoder: str = "minilm"
    """Encoder name or folder (docs/encoders.md). *Results.*"""
    weights: PriorWeights = Field(default_factory=PriorWeights)
    """Prior weights of a partner whose goals are known. *Results.*"""
    goalless_weights: GoallessWeights = Field(default_factory=GoallessWeights)
    """Prior weights of a partner without goals. *Results.*"""
    reference_size: int = Field(512, ge=16, le=8192)
    """Partners in the fixed sample behind every percentile scale. *Results.*"""
    channel_quota: int = Field(64, ge=8, le=4096)
    """Candidates each retrieval channel may bring. *Results* above `exhaustive_below` partners."""
    exhaustive_below: int = Field(1_000, ge=0)
    """Catalogues smaller than this are scored whole, without retrieval. *Speed.*"""
    exact_below: int = Field(20_000, ge=0)
    """Indexes of fewer vectors are exact; larger ones approximate with measured recall. *Results* above it."""
    batch_size: int = Field(32, ge=1, le=4096)
    """Texts encoded at a time. *Speed.*"""
    threads: int | None = Field(None, ge=1)
    """Threads of the encoder; None leaves the library's choice. *Speed.*"""

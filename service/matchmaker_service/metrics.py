"""Prometheus metrics: requests of every status, the stages of an answer, the state of the ecosystem."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SEVERAL = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which several workers keep their numbers, so that any of them answers for all."""

registry = CollectorRegistry()
requests = Counter("matchmaker_requests", "Requests answered.", ("route", "method", "status"), registry=registry)
latency = Histogram(
    "matchmaker_request_seconds",
    "From the head of a request to the end of its answer.",
    ("route",),
    buckets=_FAST,
    registry=registry,
)
stages = Histogram(
    "matchmaker_stage_seconds",
    "Stages of an answer: wait (for a thread), score, encode (an anonymous profile and its answer), draw (a map), store.",
    ("stage",),
    buckets=_FAST,
    registry=registry,
)


def _gauge(name: str, told: str, among: Literal["livesum", "livemin", "livemax", "livemostrecent"]) -> Gauge:
    """A gauge; `among`: which of several workers' numbers is told."""
    return Gauge(f"matchmaker_{name}", told, registry=registry, multiprocess_mode=among)


in_flight = _gauge("requests_in_flight", "Requests being answered.", "livesum")
partners = _gauge("partners", "Partners that can be recommended.", "livemostrecent")
behind = _gauge("changes_behind", "Changes of the store that are not yet in the answers.", "livemax")
unplaced = _gauge("partners_unplaced", "Partners of the store that could not be placed.", "livemax")
change = _gauge("change", "Number of the newest change in the answers.", "livemin")
swaps = Counter("matchmaker_bundle_swaps", "Bundles exchanged while serving.", ("result",), registry=registry)
failures = Counter("matchmaker_follow_failures", "Times that the store could not be followed.", registry=registry)
cache = Counter(
    "matchmaker_answers", "Answers with matches, by whether they were at hand.", ("source",), registry=registry
)
jobs = Counter("matchmaker_jobs", "Jobs ended.", ("kind", "result"), registry=registry)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a stage of an answer."""
    begun = perf_counter()
    try:
        yield
    finally:
        stages.labels(name).observe(perf_counter() - begun)


def exposition() -> bytes:
    """All metrics in Prometheus' text format, those of the other workers among them."""
    if SEVERAL in os.environ:
        several = CollectorRegistry()
        MultiProcessCollector(several)  # type: ignore[no-untyped-call]
        return generate_latest(several)
    return generate_latest(registry)

"""From a bundle and its history to a version that has learned, with the trial that says whether it may be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from matchmaker.errors import SettingsError
from matchmaker.matching.learned import from_accounts, from_links
from matchmaker.matching.learned.model import Learned
from matchmaker.registry.bundle import MANIFEST
from matchmaker.registry.codec import load, save
from matchmaker.threads import single_threaded
from matchmaker.training import trial
from matchmaker.training.history import History, history_of

if TYPE_CHECKING:
    from matchmaker.evaluation.gate import Verdict
    from matchmaker.fitted import Fitted
    from matchmaker.profiles.schema import Relation
    from matchmaker.progress import Progress
    from matchmaker.store.database import Database
    from matchmaker.training.trial import Trial

SOURCES = ("auto", "links", "accounts")
FEWEST = 2 * from_links.FEWEST
"""Links from which on something is learned: half of them are kept back."""


@dataclass(frozen=True)
class Lesson:
    """What was learned and how it did. learned: ready to answer; history: what it was learned from."""

    learned: Learned
    history: History
    trial: Trial

    @property
    def verdict(self) -> Verdict:
        """What the gate says."""
        return self.trial.verdict


@dataclass(frozen=True)
class Trained:
    """A lesson and the version that it was written to, None where it was not to be written."""

    lesson: Lesson
    version: Path | None


def chosen(fitted: Fitted, history: History, source: str) -> str:
    """What to learn from where `source` is asked for, links or accounts. Raises SettingsError where there is too little of it."""
    if source not in SOURCES:
        raise SettingsError(f"One learns from {', '.join(SOURCES)}, not from {source!r}.")
    if fitted.built is not None:
        raise SettingsError("An ecosystem with changes since its build is not learned from: build it again.")
    links = len(history.links.ends)
    if source == "accounts" or (source == "auto" and links < FEWEST and fitted.space.accounts is not None):
        return "accounts"
    if links < FEWEST:
        raise SettingsError(
            f"{links} links are too few to learn from while half of them are kept back: at least {FEWEST} are needed. "
            "Add relations with --relations or --from-store, build with --accounts to learn from these, or stay with the prior."
        )
    return "links"


@single_threaded
def learn(
    fitted: Fitted, history: History, *, source: str = "auto", seed: int = 0, progress: Progress | None = None
) -> Lesson:
    """Learn from links, or from the accounts of the ecosystem; `auto`: from links where there are enough.

    The same seed gives the same bytes. Raises SettingsError where there is too little to learn from.
    """
    space, config = fitted.space, fitted.config
    model: from_links.LinkModel | from_accounts.AccountModel
    source = chosen(fitted, history, source)
    if source == "links":
        found = trial.of_links(space, config, history.links, history.apart, seed=seed, progress=progress)
        model = from_links.learn(space, config, history.links, rivals=history.apart, seed=seed)
        data = history.to_dict()
    else:
        held = from_accounts.held_by(space)
        found = trial.of_accounts(space, config, held, seed=seed, progress=progress)
        model = from_accounts.learn(space, config, held, seed=seed)
        own = np.diff(held.indptr)
        counts = {"accounts": held.shape[1], "holdings": int(own.sum()), "partners_with_accounts": int((own > 0).sum())}
        data = {**counts, "left_out": {}}
    facts: dict[str, Any] = {
        "from": source,
        "seed": seed,
        "base": fitted.version,
        "data": data,
        **found.to_dict(),
    }
    return Lesson(Learned(model, found.calibration, facts), history, found)


def train(
    folder: Path,
    *,
    relations: Iterable[Relation] = (),
    database: Database | None = None,
    source: str = "auto",
    seed: int = 0,
    write: bool = True,
    progress: Progress | None = None,
) -> Trained:
    """Learn from what the current version of the bundle in `folder`, further relations and a store know.

    The lesson is written as a new version, which is not current yet: registry/versions.py promotes it behind the gate.

    Raises BundleError, SettingsError, StoreError, StorageError.
    """
    if (folder / MANIFEST).is_file():
        raise SettingsError(f"{folder} is a version; name the bundle's folder, {folder.parent}, to add one to it.")
    fitted, _ = load(folder)
    history = history_of(fitted, relations, database)
    lesson = learn(fitted, history, source=source, seed=seed, progress=progress)
    if not write:
        return Trained(lesson, None)
    return Trained(lesson, save(replace(fitted, learned=lesson.learned), folder, current=False))

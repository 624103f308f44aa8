"""The ecosystem that answers: a bundle in step with the store, exchanged for another one without a pause."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.engine import Matchmaker
from matchmaker.errors import BundleError, MatchmakerError
from matchmaker.live import Live
from matchmaker.registry.bundle import current_version
from matchmaker.registry.lists import made_at
from matchmaker.registry.versions import Admission, admit, former, returning
from matchmaker.store.database import Database
from matchmaker_service import logs, metrics
from matchmaker_service.ahead import Ahead
from matchmaker_service.answers import Answers
from matchmaker_service.apart import Apart, Away
from matchmaker_service.overlay import Built

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.fitted import Fitted


_LONGEST = 0.8
"""Seconds of rest between two looks at most."""
_PATIENCE, _TICK = 1.0, 0.02
"""Seconds that a question waits for what was just written of its partner, and between two looks whether it is there."""
_AT_ONCE = 100
"""Changes that one generation has more than the one before at most: with many under way, the first need not wait for the last."""
_AGAIN = 2.0
"""Seconds after which partners that could not be placed are tried again."""


class View:
    """One generation of the ecosystem: an engine, and which change of the store and version of the bundle it stands for."""

    def __init__(self, engine: Matchmaker, change: int, fitted: Fitted, ahead: Ahead) -> None:
        self.engine, self.change, self.ahead = engine, change, ahead
        self.version, self.basis = fitted.version, fitted.basis
        self.answers = Answers()


class Ecosystem:
    """Follows the store and the bundle folder on a thread of its own. `view` may be read by anybody at any time."""

    def __init__(
        self, database: Database, folder: Path, cache_dir: Path | None, poll: float, apart: Apart | None = None
    ) -> None:
        """Load the current version of the bundle in `folder`. apart: where texts are encoded; in this process where none is given.

        Raises BundleError, StoreError.
        """
        self._database, self._folder, self._cache_dir, self._poll, self._apart = (
            database, folder, cache_dir, poll, apart,
        )  # fmt: skip
        self._swapping, self._catching, self._awake, self._ended = (
            threading.Lock(), threading.Lock(), threading.Event(), threading.Event(),
        )  # fmt: skip
        self._showing, self._hurry = threading.Lock(), threading.Event()
        self._unusable: str | None = None
        self._noting, self._pending = threading.Lock(), dict[str, int]()
        self._again = 0.0
        self._encoder: Encoder | None = None
        self._log = logs.logger()
        self.trouble: str | None = None
        """Why the store cannot be followed, None while it can."""
        self.also: list[Callable[[], None]] = []
        """Called at each look at the store."""
        engine = self._loaded(folder)
        self._use(self._live_of(engine), engine, self._lists_of(engine))
        self._thread = threading.Thread(target=self._follow, name="follow", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """Stop following, and whoever encodes."""
        self._ended.set()
        self._awake.set()
        self._hurry.set()
        if self._thread.is_alive():
            self._thread.join(10)
        if self._apart is not None:
            self._apart.close()

    @property
    def view(self) -> View:
        """The newest generation."""
        return self._view

    @property
    def built(self) -> Built:
        """Partners and relations of the bundle in use, as they were built."""
        return self._built

    @property
    def failed(self) -> dict[str, str]:
        """Partners of the store that could not be placed, and why."""
        return self._live.failed

    def wrote(self, partners: Sequence[str]) -> None:
        """Look at the store now: these partners, or their relations, were written by this process."""
        if partners:
            change = self._database.newest()
            with self._noting:
                self._pending.update(dict.fromkeys(partners, change))
        self._awake.set()

    def pending(self, *partners: str) -> bool:
        """Whether one of these was written by this process, and is not in the answers yet."""
        return any(self._pending.get(one, 0) > self._view.change for one in partners)

    async def told(self, *partners: str) -> None:
        """Wait until what this process wrote of these partners is in the answers, `_PATIENCE` seconds at most."""
        until = time.monotonic() + _PATIENCE
        while self.pending(*partners) and time.monotonic() < until:
            self._hurry.set()
            await asyncio.sleep(_TICK)

    def caught_up(self) -> View:
        """A generation with everything that is in the store now. Raises StoreError."""
        newest = self._database.newest()
        while newest > self._view.change:
            self._catch_up()
        return self._view

    def _catch_up(self) -> None:
        """A generation with everything that is in the store, or with the next `_AT_ONCE` changes."""
        with self._catching:
            live = self._live
            live.catch_up(_AT_ONCE)
            with self._showing:
                if live is self._live and live.engine is not self._view.engine:
                    self._show()
            with self._noting:
                self._pending = {key: one for key, one in self._pending.items() if one > self._view.change}

    def activate(self, version: str, *, force: bool = False, reason: str | None = None, by: str | None = None) -> str:
        """Answer from this version of the bundle, once it has passed the gate (or is forced past it) and its golden queries, and
        make it the current one for every process; the version before. Raises what `versions.admit` does, StoreError, StorageError.
        """
        with self._swapping:  # who looks at the folder meanwhile would go back to the version that is current still
            if current_version(self._folder) == version:
                return self._exchanged(version)
            return self._admitted(lambda: admit(self._folder, version, force=force, reason=reason, by=by))[1]

    def roll_back(self, *, by: str | None = None) -> tuple[str, str]:
        """The same for the version that was current before the one that is: its name, and the version that answered before.

        Raises BundleMissingError where there is none, BundleError, StoreError, StorageError.
        """
        with self._swapping:
            former(self._folder)  # where there is none, no exchange has failed
            return self._admitted(lambda: returning(self._folder, by=by))

    def _admitted(self, ask: Callable[[], Admission]) -> tuple[str, str]:
        try:
            admission = ask()
        except BundleError:
            metrics.swaps.labels("failed").inc()
            raise
        before = self._exchanged(admission.version)
        admission.carry_out()
        return admission.version, before

    def _exchanged(self, version: str) -> str:
        before = self._view.version
        if before != version:
            self._swap(version)
        return before

    def _swap(self, version: str) -> None:
        try:
            engine = self._loaded(self._folder / version)
            live = self._live_of(engine, self._live)
            ahead = self._lists_of(engine)
            self._follow_by(ahead, live)
            with self._catching:
                while (
                    live.change < self._live.change
                ):  # what came while all that was read, and is in the answers by now
                    live.catch_up(_AT_ONCE)
                with self._showing:
                    self._use(live, engine, ahead)
        except MatchmakerError:
            metrics.swaps.labels("failed").inc()
            raise
        metrics.swaps.labels("done").inc()
        self._log.info("bundle in use", version=version)

    def warm_up(self) -> None:
        """Open the encoder and make the look-ups of names and filters, so that the first who needs them need not wait; it is logged
        when the encoder cannot be opened.
        """
        try:
            fitted = self._view.engine.fitted
            _ = fitted.columns, fitted.directory.names
            gc.freeze()  # what is loaded by now stays: it need not be looked through for garbage
            if self._apart is None:
                self._encoder = self._built_engine.encoder
            else:
                self._away(self._built_engine, self._apart).warm_up()
        except MatchmakerError as error:
            self._log.warning("encoder cannot be opened", error=str(error))

    def _live_of(self, engine: Matchmaker, beside: Live | None = None) -> Live:
        placer = None if self._apart is None else self._away(engine, self._apart)
        return Live(self._database, engine, placer, beside)

    def _away(self, engine: Matchmaker, apart: Apart) -> Away:
        return apart.placer(self._version_folder(engine.fitted.version), engine.fitted)

    def _loaded(self, folder: Path) -> Matchmaker:
        engine = Matchmaker.load(folder, cache_dir=self._cache_dir)
        shared = self._encoder
        if shared is not None and shared.fingerprint == engine.fitted.fingerprint:
            return engine.on(engine.fitted, shared)  # a second model would take memory and seconds
        return engine

    def _version_folder(self, version: str) -> Path:
        inside = self._folder / version
        return inside if inside.is_dir() else self._folder

    def _use(self, live: Live, engine: Matchmaker, ahead: Ahead) -> None:
        self._live, self._built, self._built_engine, self._ahead = live, Built(engine.fitted), engine, ahead
        self._show()

    def _lists_of(self, engine: Matchmaker) -> Ahead:
        version = self._version_folder(engine.fitted.version)
        self._lists_made = made_at(version)
        return Ahead(version, engine.fitted)

    def _follow_by(self, ahead: Ahead, live: Live) -> None:
        try:
            ahead.follow(live.engine.fitted, live.placed, live.related)
        except Exception as error:  # lists are a convenience: without them each is made when it is asked for
            self._log.error("lists made ahead cannot be used", error=type(error).__name__, exc_info=error)
            ahead.drop()

    def _show(self) -> None:
        live = self._live
        change = live.change
        fitted = live.engine.fitted
        self._follow_by(self._ahead, live)  # before anybody sees the generation
        self._view = View(live.engine, change, fitted, self._ahead)
        metrics.partners.set(self._view.engine.fitted.count)
        metrics.change.set(change)
        metrics.unplaced.set(len(live.failed))

    def _follow(self) -> None:
        while not self._ended.is_set():
            self._awake.wait(self._poll)
            self._awake.clear()
            begun = time.thread_time()  # what is done elsewhere costs no answer anything
            try:
                self._look()
            except Exception as error:  # whatever it is, the next look may succeed
                metrics.failures.inc()
                self._log.error("look failed", error=type(error).__name__, exc_info=error)
            # Many writes are taken together, so that following them leaves two thirds of a core to the questions.
            self._hurry.wait(min(2.0 * (time.thread_time() - begun), _LONGEST))
            self._hurry.clear()

    def _look(self) -> None:
        for call in self.also:  # first: they must not wait for what may fail below
            with suppress(MatchmakerError):
                call()
        try:
            behind = self._database.newest() - self._view.change
            metrics.behind.set(max(behind, 0))
            if behind > 0 or (self._live.failed and time.monotonic() > self._again):
                self._again = time.monotonic() + _AGAIN
                self._catch_up()
                if self._database.newest() - self._view.change > 0:
                    self._awake.set()
            self.trouble = None
        except Exception as error:
            if self.trouble is None:
                self._log.error("store cannot be followed", error=type(error).__name__)
            metrics.failures.inc()
            self.trouble = str(error) if isinstance(error, MatchmakerError) else type(error).__name__
        self._look_at_bundle()

    def _look_for_lists(self) -> None:
        """Lists may be made while the bundle answers."""
        if made_at(self._version_folder(self._view.version)) != self._lists_made:
            ahead = self._lists_of(self._built_engine)
            self._follow_by(ahead, self._live)
            with self._showing:
                self._ahead = ahead
                self._show()

    def _look_at_bundle(self) -> None:
        """Another process may have made another version current."""
        if not self._swapping.acquire(blocking=False):
            return  # somebody is exchanging it; what is written is followed meanwhile
        named = None
        try:
            named = current_version(self._folder)
            if named is not None and named not in (self._view.version, self._unusable):
                self._swap(named)
            self._look_for_lists()
        except (MatchmakerError, OSError) as error:
            self._unusable = named  # not tried again before another one is current
            self._log.error("bundle cannot be used", version=named, error=str(error))
        finally:
            self._swapping.release()


def settled(view: View) -> dict[str, Any]:
    """What an answer says of the generation it comes from."""
    return {"model_version": view.version, "change": view.change, "basis": view.basis}

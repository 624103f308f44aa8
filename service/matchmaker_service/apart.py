"""A process of its own that encodes texts and places partners: no answer waits while it does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import EncoderError, InternalError, MatchmakerError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from matchmaker.encoders.base import Encoder
    from matchmaker.engine import Matchmaker
    from matchmaker.fitted import Fitted
    from matchmaker.fitting import Placed
    from matchmaker.placing import Asked, Placing
    from matchmaker.progress import Progress

_NICE = 5
"""Answers go first where both want the same processor."""
_STOPPING = 5.0
_KEPT = 2
"""Bundle versions that the process holds open: the one in use, and the one that takes its place."""


class Apart:
    """The process. It begins when it is first asked, and begins again when it was lost; for any number of threads."""

    def __init__(self, database_url: str, cache_dir: Path | None) -> None:
        self._given = database_url, cache_dir
        self._asking = threading.Lock()
        self._running: tuple[BaseProcess, Connection] | None = None

    def placer(self, folder: Path, fitted: Fitted) -> Away:
        """Who places partners on the bundle version in `folder`."""
        return Away(self, folder, fitted)

    def ask(self, kind: str, folder: Path, content: object) -> Any:  # noqa: ANN401 - of as many kinds as questions
        """What the process answers. Raises what it raises there, and EncoderError where the process itself is lost."""
        with self._asking:
            try:
                if self._running is None:
                    self._running = self._begun()
                pipe = self._running[1]
                pipe.send((kind, folder, content))
                good, answer = pipe.recv()
            except (OSError, EOFError) as error:
                self._end()
                raise EncoderError(
                    "The process that encodes has ended. It begins again with the next question."
                ) from error
        if not good:
            raise answer
        return answer

    def close(self) -> None:
        """End the process."""
        with self._asking:
            self._end()

    def _begun(self) -> tuple[BaseProcess, Connection]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, *self._given), name="encode", daemon=True)
        process.start()
        theirs.close()  # with the process gone, reading ours ends
        return process, ours

    def _end(self) -> None:
        if self._running is None:
            return
        process, pipe = self._running
        self._running = None
        pipe.close()
        process.join(_STOPPING)
        if process.is_alive():
            process.kill()
            process.join()


class Away:
    """Places partners on one bundle version in the process apart; a `Placer`."""

    def __init__(self, apart: Apart, folder: Path, fitted: Fitted) -> None:
        self._apart, self._folder = apart, folder
        self.encoder: Encoder = _Afar(apart, folder, fitted)

    def place(self, several: Sequence[Asked]) -> list[Placed | Exception]:
        """Each one placed, or why it could not be. Raises EncoderError where the process is lost."""
        found: list[Placed | Exception] = self._apart.ask("place", self._folder, list(several))
        return found

    def warm_up(self) -> None:
        """Have the model loaded soon. Raises EncoderError, BundleError."""
        self._apart.ask("warm up", self._folder, None)


class _Afar:
    """The encoder of a bundle version, in the process apart."""

    def __init__(self, apart: Apart, folder: Path, fitted: Fitted) -> None:
        self._apart, self._folder = apart, folder
        self.name, self.fingerprint, self.dimension = fitted.encoder, fitted.fingerprint, fitted.space.heading.shape[1]

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (n, dimension) float32. Raises EncoderError, StoreError."""
        del progress  # nobody looks
        found: NDArray[np.float32] = self._apart.ask("encode", self._folder, list(texts))
        return found


def _serve(pipe: Connection, database_url: str, cache_dir: Path | None) -> None:
    """Answer until nobody asks any more."""
    from matchmaker.store.database import Database

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for who asks, who ends this by closing the pipe
    if hasattr(os, "nice"):
        os.nice(_NICE)
    desk = _Desk(Database(database_url), cache_dir)
    while True:
        try:
            kind, folder, content = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, desk.answer(kind, folder, content)
        except Exception as error:
            answer = False, _told(error)
        pipe.send(answer)


class _Desk:
    """What the process holds open."""

    def __init__(self, database: Any, cache_dir: Path | None) -> None:  # noqa: ANN401 - a Database, imported late
        self._database, self._cache_dir = database, cache_dir
        self._open: dict[Path, tuple[Matchmaker, Placing]] = {}

    def answer(self, kind: str, folder: Path, content: Any) -> object:  # noqa: ANN401 - of as many kinds as questions
        engine, placing = self._of(folder)
        if kind == "place":
            return [_told(one) if isinstance(one, Exception) else one for one in placing.place(content)]
        if kind == "encode":
            return placing.encoder.encode(content)
        warm = getattr(engine.encoder, "warm_up", None)
        if warm is not None:  # beside the questions: texts that are known need no model
            threading.Thread(target=_quietly, args=(warm,), name="warm-up", daemon=True).start()
        return None

    def _of(self, folder: Path) -> tuple[Matchmaker, Placing]:
        from matchmaker.engine import Matchmaker
        from matchmaker.placing import Placing

        if folder not in self._open:
            engine = Matchmaker.load(folder, cache_dir=self._cache_dir, background_check=False)
            for other, _ in self._open.values():
                if other.fitted.fingerprint == engine.fitted.fingerprint:
                    engine = engine.on(engine.fitted, other.encoder)  # a second model would take memory and seconds
            self._open[folder] = engine, Placing(self._database, engine)
        self._open[folder] = self._open.pop(folder)  # the newest is the last
        while len(self._open) > _KEPT:
            del self._open[next(iter(self._open))]
        return self._open[folder]


def _quietly(warm: Callable[[], None]) -> None:
    with suppress(MatchmakerError):  # the first text that is unknown will tell
        warm()


def _told(error: Exception) -> Exception:
    """The error in a form that can be sent."""
    if isinstance(error, MatchmakerError) and "__init__" not in vars(type(error)):
        return type(error)(str(error))
    return InternalError(type(error).__name__)

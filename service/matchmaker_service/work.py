"""Where work is done that must not hold the event loop: threads that score, one that encodes, one that draws."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

from matchmaker_service import metrics
from matchmaker_service.problems import Refused

T = TypeVar("T")


class Work:
    """Three queues: scoring, encoding (one thread: a model is not faster with more), drawing maps. They are bounded together."""

    def __init__(self, threads: int, most: int) -> None:
        """threads: that score; most: questions that may wait or run at once."""
        self._scoring = ThreadPoolExecutor(threads, "score")
        self._encoding = ThreadPoolExecutor(1, "encode")
        self._drawing = ThreadPoolExecutor(1, "draw")
        self._most, self._inside = most, 0

    async def score(self, ask: Callable[[], T]) -> T:
        """The answer to a question that needs no encoder. Raises Refused when too many wait."""
        return await self._do(self._scoring, ask, "score")

    async def encode(self, ask: Callable[[], T]) -> T:
        """The answer to a question with texts of its own. Raises Refused when too many wait."""
        return await self._do(self._encoding, ask, "encode")

    async def draw(self, ask: Callable[[], T]) -> T:
        """The answer to a question that takes seconds. Raises Refused when too many wait."""
        return await self._do(self._drawing, ask, "draw")

    def close(self) -> None:
        """Wait for what runs; what waits is not begun."""
        self._scoring.shutdown(cancel_futures=True)
        self._encoding.shutdown(cancel_futures=True)
        self._drawing.shutdown(cancel_futures=True)

    async def _do(self, pool: ThreadPoolExecutor, ask: Callable[[], T], name: str) -> T:
        if self._inside >= self._most:
            raise Refused("overloaded", "Too many questions are waiting. Ask again in a moment.")
        asked = perf_counter()

        def timed() -> T:
            metrics.stages.labels("wait").observe(perf_counter() - asked)
            with metrics.stage(name):
                return ask()

        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, timed)
        finally:
            self._inside -= 1

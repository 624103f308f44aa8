"""One numerical thread while a query is answered: its products are so small that sharing one out takes longer than doing it."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


def single_threaded(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """`function` with BLAS on one thread, unless OPENBLAS_NUM_THREADS says so for the whole process already.

    Only the main thread sets the limit, which counts for the whole process: of several threads the one that leaves last would put
    back what another had set. A server of many threads sets the variable instead.
    """

    @functools.wraps(function)
    def calm(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        if os.environ.get("OPENBLAS_NUM_THREADS") == "1" or threading.current_thread() is not threading.main_thread():
            return function(*args, **kwargs)
        with _controller().limit(limits=1, user_api="blas"):
            return function(*args, **kwargs)

    return calm


@functools.cache
def _controller() -> Any:  # noqa: ANN401 - threadpoolctl is untyped
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()

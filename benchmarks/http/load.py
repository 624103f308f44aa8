"""Closed-loop and open-loop load on one server, and what came of it.

In a closed loop each connection sends its next request when it has its reply: this finds the saturated rate. In an open
loop requests are due at times drawn beforehand, whatever the server does; a latency counts from the moment a request was
due, so that the wait which one slow reply inflicts on those behind it is counted too (no coordinated omission).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from numpy.typing import NDArray

from benchmarks.http.wire import Address, Connection

TIMEOUT = 30.0
"""Seconds after which a request has failed."""
_BLOCK = 4096
_FAILURES = (OSError, EOFError, asyncio.LimitOverrunError)


@dataclass(frozen=True)
class Load:
    """What came of one run.

    seconds: wall time; latencies: (n,) float64 sorted milliseconds of every request, failed ones too; late: (n,) float64
    sorted milliseconds by which requests were sent after they were due (they waited for a free connection, or for the timer,
    which ticks in milliseconds); statuses: replies by status; errors: requests without a reply, by kind; received: bytes of
    bodies; own_cpu: cores that the generating process took, all loads that ran beside this one in it included.
    """

    seconds: float
    latencies: NDArray[np.float64]
    late: NDArray[np.float64]
    statuses: dict[int, int]
    errors: dict[str, int]
    received: int
    own_cpu: float

    @property
    def succeeded(self) -> int:
        """Requests answered with a status of 2xx."""
        return sum(number for status, number in self.statuses.items() if 200 <= status < 300)

    @property
    def failed(self) -> int:
        """All other requests."""
        return len(self.latencies) - self.succeeded

    @property
    def rate(self) -> float:
        """Requests a second that succeeded."""
        return self.succeeded / self.seconds

    def latency(self, percent: float) -> float:
        """A percentile of the latencies in milliseconds; NaN without any."""
        return percentile(self.latencies, percent)

    def to_dict(self) -> dict[str, object]:
        """Figures for JSON."""
        return {
            "seconds": self.seconds,
            "requests": len(self.latencies),
            "rate": self.rate,
            "failed": self.failed,
            "statuses": {str(status): number for status, number in sorted(self.statuses.items())},
            "errors": self.errors,
            "bytes": self.received,
            "ms": {name: _finite(self.latency(percent)) for name, percent in _TOLD.items()},
            "sent_late_ms_p99": _finite(percentile(self.late, 99)),
            "generator_cpu": self.own_cpu,
        }


_TOLD = {"p50": 50, "p90": 90, "p99": 99, "p99.9": 99.9, "max": 100}


def percentile(ordered: NDArray[np.float64], percent: float) -> float:
    """Nearest rank: the smallest of the `ordered` values that at least `percent` of them do not exceed; NaN without any."""
    if not len(ordered):
        return float("nan")
    return float(ordered[max(int(np.ceil(percent / 100 * len(ordered) - 1e-9)), 1) - 1])


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


async def closed_loop(address: Address, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """`connections` clients, each with one request under way at any time, until `seconds` have passed or none is left."""
    tally = _Tally()

    async def client(connection: Connection) -> None:
        for data in requests:
            started = time.perf_counter()
            if started - tally.begun >= seconds:
                return
            await tally.ask(connection, data, started)

    return await tally.run(address, connections, client)


async def open_loop(
    address: Address,
    requests: Iterator[bytes],
    schedule: Iterable[float],
    *,
    connections: int,
    going: Callable[[float], bool],
) -> Load:
    """Requests sent when they are due, as soon after as one of `connections` is free; those sent are waited for.

    schedule: ascending seconds since the start at which requests are due. going: whether one due then is still sent.
    """
    tally, due_times = _Tally(), iter(schedule)

    async def client(connection: Connection) -> None:
        for due in due_times:
            if not going(due) or (data := next(requests, None)) is None:
                return
            if (wait := tally.begun + due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            await tally.ask(connection, data, tally.begun + due)

    return await tally.run(address, connections, client)


def poisson(rate: float, rng: np.random.Generator) -> Iterator[float]:
    """Endless arrival times in seconds, `rate` a second on average, independent of one another."""
    now = 0.0
    while True:
        times = now + np.cumsum(rng.exponential(1 / rate, _BLOCK))
        yield from times.tolist()
        now = float(times[-1])


def steady(rate: float) -> Iterator[float]:
    """Endless arrival times in seconds, `rate` a second at equal distances."""
    return (number / rate for number in count())


@dataclass
class _Tally:
    """Counts of a run under way."""

    latencies: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    received: int = 0
    begun: float = 0.0

    async def ask(self, connection: Connection, data: bytes, since: float) -> None:
        """Send one request and count what comes of it, its latency from `since` on."""
        self.late.append(time.perf_counter() - since)
        try:
            async with asyncio.timeout(TIMEOUT):
                reply = await connection.ask(data)
        except _FAILURES as error:
            self.errors[type(error).__name__] += 1
            await asyncio.sleep(0)  # a server that refuses at once must not keep the loop to this client
        else:
            self.statuses[reply.status] += 1
            self.received += len(reply.body)
        self.latencies.append(time.perf_counter() - since)

    async def run(
        self, address: Address, connections: int, client: Callable[[Connection], Coroutine[None, None, None]]
    ) -> Load:
        """All clients until each has ended."""
        opened = [Connection(address) for _ in range(connections)]
        cpu, self.begun = time.process_time(), time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                for connection in opened:
                    group.create_task(client(connection))
        finally:
            for connection in opened:
                connection.close()
        seconds = time.perf_counter() - self.begun
        return Load(
            seconds=seconds,
            latencies=1e3 * np.sort(np.array(self.latencies)),
            late=1e3 * np.sort(np.array(self.late)),
            statuses=dict(self.statuses),
            errors=dict(self.errors),
            received=self.received,
            own_cpu=(time.process_time() - cpu) / seconds,
        )

"""The measurements, each under the load that its bar names."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import numpy as np

from benchmarks.http.bodies import NEW, matches_of, questions, writes
from benchmarks.http.draws import drawn
from benchmarks.http.load import Load, closed_loop, open_loop, poisson, steady
from benchmarks.http.servers import Server
from benchmarks.http.wire import Address, Connection, Reply, request

LISTED = 10
WRITERS, ASKERS, WATCHERS = 4, 4, 4
LIVEZ_RATE = 50.0
SETTLING = 2.0
"""Seconds after which a write must be recommendable."""
_WARM_UP, _LONGEST, _AFTER_SWAP = 2.0, 300.0, 3.0


@dataclass(frozen=True)
class Round:
    """One turn: both servers saturated one after the other, and ours at half the rate it has just reached."""

    bare: Load
    ours: Load
    half: Load
    cpu: dict[str, float]
    """Cores taken by each server while it was saturated."""

    @property
    def ratio(self) -> float:
        """Our rate over that of the bare route."""
        return self.ours.rate / self.bare.rate


@dataclass(frozen=True)
class Busy:
    """Reads and writes that went on beside a swap. swap: its status, None if there was none; found: new partners that
    could be asked for their matches a while after, of `written` that were sent."""

    reads: Load
    writes: Load
    swap: int | None
    swap_seconds: float
    written: int
    found: int


@dataclass(frozen=True)
class Encoding:
    """/livez alone, /livez while profiles are encoded, and those questions."""

    idle: Load
    livez: Load
    questions: Load


@dataclass
class Bench:
    """Both servers, and how to load them."""

    bare: Server
    ours: Server
    ids: Sequence[str]
    connections: int
    seconds: float
    seed: int
    _draws: int = field(default=0, init=False)

    async def warm_up(self) -> None:
        """Some load on both; raises SystemExit when either does not list ten matches."""
        for server in (self.bare, self.ours):
            check_answer(server.name, await one_reply(server.address, next(self._reads(None))))
            await self._saturate(server, min(_WARM_UP, self.seconds), None)

    async def round(self, exponent: float | None = None) -> Round:
        """One turn, partners drawn uniformly, or by Zipf's law with an exponent."""
        cpu = {}
        loads = []
        for server in (self.bare, self.ours):
            before = server.cpu_seconds()
            loads.append(await self._saturate(server, self.seconds, exponent))
            cpu[server.name] = (server.cpu_seconds() - before) / loads[-1].seconds
        half = await self._paced(loads[1].rate / 2, exponent, lambda due: due < self.seconds)
        return Round(loads[0], loads[1], half, cpu)

    async def busy(self, rate: float, writes_a_second: float, version: str | None) -> Busy:
        """Reads at `rate`, writes, and after a quarter of the time a swap to `version`, which both outlast."""
        swap = _Swap(self.ours.address, version, self.seconds / 4)
        begun = time.perf_counter()

        def going(due: float) -> bool:
            if swap.ended is None:
                return due < _LONGEST
            return due < self.seconds or due < swap.ended - begun + _AFTER_SWAP

        new: list[str] = []
        reads, written, _ = await asyncio.gather(
            self._paced(rate, None, going),
            open_loop(
                self.ours.address,
                self._writes(new),
                steady(writes_a_second),
                connections=WRITERS,
                going=going,
            ),
            swap.run(),
        )
        await asyncio.sleep(SETTLING)
        return Busy(reads, written, swap.status, swap.seconds, len(new), await self._askable(new))

    async def encoding(self) -> Encoding:
        """/livez at a steady rate, first alone, then while clients ask with profiles that need encoding."""
        ask = questions(self._rng())
        check_answer("/v1/matches:query", await one_reply(self.ours.address, next(ask)))
        idle = await self._watch(min(_WARM_UP, self.seconds))
        livez, asked = await asyncio.gather(
            self._watch(self.seconds),
            closed_loop(self.ours.address, ask, connections=ASKERS, seconds=self.seconds),
        )
        return Encoding(idle, livez, asked)

    def _rng(self) -> np.random.Generator:
        self._draws += 1
        return np.random.default_rng((self.seed, self._draws))

    def _reads(self, exponent: float | None) -> Iterator[bytes]:
        return matches_of(drawn(self.ids, self._rng(), exponent))

    def _writes(self, new: list[str]) -> Iterator[bytes]:
        for partner, data in writes(self.ids, self._rng()):
            if partner.startswith(NEW):
                new.append(partner)
            yield data

    async def _saturate(self, server: Server, seconds: float, exponent: float | None) -> Load:
        return await closed_loop(server.address, self._reads(exponent), connections=self.connections, seconds=seconds)

    async def _paced(self, rate: float, exponent: float | None, going: Callable[[float], bool]) -> Load:
        due = poisson(max(rate, 1.0), self._rng())
        reads = self._reads(exponent)
        return await open_loop(self.ours.address, reads, due, connections=self.connections, going=going)

    def _watch(self, seconds: float) -> Awaitable[Load]:
        def livez() -> Iterator[bytes]:
            while True:
                yield request("GET", "/livez")

        return open_loop(
            self.ours.address, livez(), steady(LIVEZ_RATE), connections=WATCHERS, going=lambda due: due < seconds
        )

    async def _askable(self, partners: Sequence[str]) -> int:
        """How many of `partners` are answered with matches."""
        connection, found = Connection(self.ours.address), 0
        for data in matches_of(iter(partners)):
            try:
                reply = await connection.ask(data)
            except (OSError, EOFError):
                continue
            found += reply.status == 200 and listed(reply.body) > 0
        connection.close()
        return found


class _Swap:
    """A version made active after a while. ended: when its reply came, at once where there is no version to swap to."""

    def __init__(self, address: Address, version: str | None, after: float) -> None:
        self._address, self._version, self._after = address, version, after
        self.status: int | None = None
        self.seconds = 0.0
        self.ended = None if version else time.perf_counter()

    async def run(self) -> None:
        """Wait, ask, and note what came of it; a swap without a reply has status 0."""
        if self._version is None:
            return
        await asyncio.sleep(self._after)
        started = time.perf_counter()
        try:
            data = request("POST", f"/v1/models/{quote(self._version, safe='')}:activate", {})
            self.status = (await one_reply(self._address, data)).status
        except (OSError, EOFError):
            self.status = 0
        self.ended = time.perf_counter()
        self.seconds = self.ended - started


async def one_reply(address: Address, data: bytes) -> Reply:
    """The reply to one request on a connection of its own. Raises as `Connection.ask` does, and TimeoutError (an OSError)."""
    connection = Connection(address)
    try:
        async with asyncio.timeout(_LONGEST):
            return await connection.ask(data)
    finally:
        connection.close()


def check_answer(name: str, reply: Reply) -> None:
    """Raise SystemExit unless the reply lists ten objects: what fails or is empty would be quick."""
    if reply.status != 200 or listed(reply.body) != LISTED:
        text = reply.body[:300].decode(errors="replace")
        raise SystemExit(f"{name} answers {reply.status} and lists no {LISTED} matches: {text}")


def listed(body: bytes) -> int:
    """Length of the longest list that the JSON object holds at its top; 0 for anything else."""
    try:
        parsed = json.loads(body)
    except ValueError:
        return 0
    values = parsed.values() if isinstance(parsed, dict) else ()
    return max((len(value) for value in values if isinstance(value, list)), default=0)

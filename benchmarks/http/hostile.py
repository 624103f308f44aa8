"""What a public door must bear: a thousand clients at once, slow ones, bodies without end. Statuses, times and memory are told.

python -m benchmarks.http.hostile [--model DIR] [--clients 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.http.bodies import matches_of
from benchmarks.http.draws import drawn
from benchmarks.http.load import Load, closed_loop, open_loop, steady
from benchmarks.http.servers import Server, free_port, serving
from benchmarks.http.verdict import table
from benchmarks.http.wire import Address, read_head, request

BODY_SECONDS = 5
HUGE = 100 << 20
_CHUNK = 64 << 10
_POST = b"POST /v1/scores:batch HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Trial:
    """One kind of hostility. statuses: of what it sent, 0 where the connection ended without an answer; livez: /livez beside it;
    memory: GB resident at most so far.
    """

    name: str
    seconds: float
    statuses: Counter[int]
    livez: Load
    memory: float | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run every trial; exit status 1 when the service has fallen over."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("models/sample"))
    parser.add_argument("--clients", type=int, default=1000)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [sys.executable, "-m", "matchmaker.cli.app", "serve", "--port", str(port)]
        environment = {
            "MATCHMAKER_MODEL": str(options.model),
            "MATCHMAKER_DATA_DIR": folder,
            "MATCHMAKER_BODY_SECONDS": str(BODY_SECONDS),
            "MATCHMAKER_LOG_LEVEL": "error",
        }
        with serving("service", command, port, Path(folder) / "log", environment, 120) as server:
            time.sleep(15)  # the encoder is opened meanwhile, and counts into the memory before
            before = server.peak_memory()
            trials = asyncio.run(_trials(server, options.model, options.clients))
            alive = asyncio.run(_status(server.address, request("GET", "/readyz"))) == 200
    print(f"memory before: {before:.2f} GB" if before else "")
    rows = [
        (
            one.name,
            f"{one.seconds:.1f}",
            ", ".join(f"{status or 'none'}: {count}" for status, count in sorted(one.statuses.items())),
            f"{one.livez.latency(50):.1f}",
            f"{one.livez.latency(99):.1f}",
            str(one.livez.failed),
            f"{one.memory:.2f}" if one.memory else "",
        )
        for one in trials
    ]
    print(table(("trial", "s", "answers", "livez p50 ms", "p99 ms", "failed", "peak GB"), rows))
    sys.exit(0 if alive else 1)


async def _trials(server: Server, model: Path, clients: int) -> list[Trial]:
    from matchmaker.registry.bundle import open_bundle

    ids = open_bundle(model).json("state")["ids"]
    at = server.address

    async def crowd() -> Counter[int]:
        asked = matches_of(drawn(ids, np.random.default_rng(1)))
        load = await closed_loop(at, _first(asked, 5 * clients), connections=clients, seconds=60)
        return Counter({**load.statuses, **({0: sum(load.errors.values())} if load.errors else {})})

    return [
        await _trial(f"{clients} clients, 5 questions each", server, crowd),
        await _trial("300 bodies that trickle", server, lambda: _all(300, lambda: _trickle(at))),
        await _trial("300 heads that never end", server, lambda: _all(300, lambda: _half_a_head(at))),
        await _trial("50 bodies of 100 MB, announced", server, lambda: _all(50, lambda: _huge(at, announced=True))),
        await _trial("50 bodies of 100 MB, in chunks", server, lambda: _all(50, lambda: _huge(at, announced=False))),
        await _trial("200 bodies of 8 MB at once", server, lambda: _all(200, lambda: _status(at, _large()))),
    ]


async def _trial(name: str, server: Server, hostile: Callable[[], Awaitable[Counter[int]]]) -> Trial:
    ended = False

    def livez() -> Iterator[bytes]:
        while True:
            yield request("GET", "/livez")

    watch = asyncio.create_task(
        open_loop(server.address, livez(), steady(20.0), connections=4, going=lambda due: not ended)
    )
    begun = time.perf_counter()
    statuses = await hostile()
    seconds, ended = time.perf_counter() - begun, True
    return Trial(name, seconds, statuses, await watch, server.peak_memory())


async def _all(count: int, one: Callable[[], Awaitable[int]]) -> Counter[int]:
    return Counter(await asyncio.gather(*(one() for _ in range(count))))


def _first(requests: Iterator[bytes], count: int) -> Iterator[bytes]:
    return (data for data, _ in zip(requests, range(count), strict=False))


def _large() -> bytes:
    """Just within the limit, and no pairs: refused for what it says, not for its size."""
    body = b'{"pairs": "' + b"x" * ((8 << 20) - 100) + b'"}'
    return _POST + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _trickle(address: Address) -> int:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(_POST + b"Content-Length: 1000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.5)

    return await _spoken(address, send)


async def _half_a_head(address: Address) -> int:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n")
        while True:
            writer.write(b"X-More: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.5)

    return await _spoken(address, send)


async def _huge(address: Address, *, announced: bool) -> int:
    async def send(writer: asyncio.StreamWriter) -> None:
        head = f"Content-Length: {HUGE}\r\n\r\n" if announced else "Transfer-Encoding: chunked\r\n\r\n"
        writer.write(_POST + head.encode())
        part = b" " * _CHUNK
        for _ in range(HUGE // _CHUNK):
            writer.write(part if announced else f"{_CHUNK:x}\r\n".encode() + part + b"\r\n")
            await writer.drain()

    return await _spoken(address, send)


async def _status(address: Address, data: bytes) -> int:
    async def send(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()

    return await _spoken(address, send)


async def _spoken(address: Address, send: Callable[[asyncio.StreamWriter], Awaitable[None]]) -> int:
    """The status of the first answer while `send` goes on; 0 where the connection ends without one."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    sending = asyncio.ensure_future(send(writer))
    try:
        async with asyncio.timeout(60):
            return read_head(await reader.readuntil(b"\r\n\r\n"))[0]
    except (OSError, EOFError):
        return 0
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()


if __name__ == "__main__":
    main()

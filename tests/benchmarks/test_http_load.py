from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import islice, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.http.load import Load, closed_loop, open_loop, percentile, poisson, steady
from benchmarks.http.wire import Address, BrokenReplyError, Connection, read_head, request

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[bool]]
GET = request("GET", "/x")


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[Address]:
    """A server that hands each request's head to `answer`, and closes when that returns False."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await answer(reader, writer, await reader.readuntil(b"\r\n\r\n")):
                pass
        except (EOFError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield Address(listening.sockets[0].getsockname()[1])
    finally:
        listening.close()


def reply(status: int = 200, body: bytes = b"{}", more: str = "") -> bytes:
    return f"HTTP/1.1 {status} Some Words\r\ncontent-length: {len(body)}\r\n{more}\r\n".encode() + body


def cycle_of(*replies: bytes | None) -> Answer:
    """Give these by turns over all connections; None closes without a word."""
    turn = iter(range(1 << 30))

    async def answer(reader, writer, head) -> bool:
        data = replies[next(turn) % len(replies)]
        if data is not None:
            writer.write(data)
        return data is not None

    return answer


def closed(answer: Answer, requests: int, connections: int = 3) -> Load:
    async def run() -> Load:
        async with server(answer) as address:
            return await closed_loop(address, repeat(GET, requests), connections=connections, seconds=20)

    return asyncio.run(run())


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.floats(0.1, 100))
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(values, percent):
    ordered = np.sort(np.array(values))
    enough = [value for value in ordered if np.mean(ordered <= value) >= percent / 100 - 1e-9]
    assert percentile(ordered, percent) == enough[0]


def test_percentiles_of_a_hundred_numbers_and_of_none():
    ordered = np.arange(1.0, 101.0)
    assert [percentile(ordered, percent) for percent in (0, 1, 50, 99, 99.9, 100)] == [1, 1, 50, 99, 100, 100]
    assert math.isnan(percentile(ordered[:0], 99))


def test_steady_times_keep_their_distance_and_poisson_times_are_exponential():
    assert list(islice(steady(20), 4)) == [0.0, 0.05, 0.1, 0.15]
    gaps = np.diff(list(islice(poisson(50, np.random.default_rng(0)), 20_001)))
    assert np.all(gaps >= 0)
    assert np.mean(gaps) == pytest.approx(1 / 50, rel=0.03)
    assert np.std(gaps) == pytest.approx(1 / 50, rel=0.03)
    assert np.mean(gaps > 2 / 50) == pytest.approx(math.exp(-2), abs=0.01)


def test_the_head_of_a_reply_tells_status_length_and_close():
    assert read_head(b"HTTP/1.1 201 Created\r\nX: y\r\nContent-Length:  12\r\n\r\n") == (201, 12, False)
    assert read_head(b"HTTP/1.1 204 No Content\r\nConnection: Close\r\n\r\n") == (204, 0, True)
    for senseless in (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"hello\r\n\r\n"):
        with pytest.raises(BrokenReplyError):
            read_head(senseless)


def test_a_request_carries_its_body_as_json():
    head, _, body = request("PUT", "/a", {"é": 1}).partition(b"\r\n\r\n")
    assert body == b'{"\\u00e9": 1}'
    assert head.split(b"\r\n")[0] == b"PUT /a HTTP/1.1"
    assert f"Content-Length: {len(body)}".encode() in head


def test_statuses_bytes_and_failures_are_counted():
    load = closed(cycle_of(reply(), reply(201, b"12345"), reply(500, b"no")), requests=30)
    assert load.statuses == {200: 10, 201: 10, 500: 10}
    assert load.received == 10 * (2 + 5 + 2)
    assert (load.succeeded, load.failed, len(load.latencies)) == (20, 10, 30)
    assert load.rate == pytest.approx(20 / load.seconds)
    assert np.all(np.diff(load.latencies) >= 0)


def test_a_request_without_a_reply_is_an_error_and_the_client_goes_on():
    load = closed(cycle_of(reply(), None), requests=20, connections=1)
    assert load.statuses == {200: 10}
    assert load.errors == {"IncompleteReadError": 10}
    assert load.failed == 10


def test_a_body_cut_short_and_a_reply_without_length_are_errors():
    async def cut(reader, writer, head) -> bool:
        writer.write(reply(200, b"whole body")[:-3])
        return False

    assert closed(cut, 4).errors == {"IncompleteReadError": 4}
    assert closed(cycle_of(b"HTTP/1.1 200 OK\r\n\r\n"), 4).errors == {"BrokenReplyError": 4}


def test_nobody_listening_is_an_error_each_time():
    async def run() -> Load:
        async with server(cycle_of(reply())) as address:
            pass
        return await closed_loop(address, repeat(GET, 5), connections=2, seconds=20)

    assert asyncio.run(run()).errors == {"ConnectionRefusedError": 5}


def test_a_reply_that_never_comes_fails_after_the_timeout(monkeypatch):
    monkeypatch.setattr("benchmarks.http.load.TIMEOUT", 0.05)

    async def silent(reader, writer, head) -> bool:
        await asyncio.sleep(0.3)
        return False

    load = closed(silent, requests=2, connections=2)
    assert load.errors == {"TimeoutError": 2}
    assert 50 <= load.latency(50) < 300


def test_a_connection_is_kept_and_opened_again_when_the_server_has_closed_it():
    opened = []

    async def answer(reader, writer, head) -> bool:
        opened.append(writer.get_extra_info("peername"))
        writer.write(reply(more="Connection: close\r\n" if len(opened) == 3 else ""))
        return len(opened) != 3

    async def run() -> None:
        async with server(answer) as address:
            connection = Connection(address)
            for _ in range(5):
                assert (await connection.ask(GET)).status == 200
            connection.close()

    asyncio.run(run())
    assert [len(set(opened[:3])), len(set(opened[3:])), len(set(opened))] == [1, 1, 2]


def test_a_closed_loop_ends_with_its_time():
    async def slow(reader, writer, head) -> bool:
        await asyncio.sleep(0.02)
        writer.write(reply())
        return True

    async def run() -> Load:
        async with server(slow) as address:
            return await closed_loop(address, repeat(GET), connections=2, seconds=0.3)

    load = asyncio.run(run())
    assert 0.3 <= load.seconds < 1.0
    assert 2 <= len(load.latencies) <= 30


def test_an_open_loop_counts_the_wait_behind_a_stall_and_a_closed_loop_hides_it():
    def stalling() -> Answer:
        turn = iter(range(1 << 30))

        async def answer(reader, writer, head) -> bool:
            if next(turn) == 20:
                await asyncio.sleep(0.5)
            writer.write(reply())
            return True

        return answer

    async def both() -> tuple[Load, Load]:
        async with server(stalling()) as address:
            first = await closed_loop(address, repeat(GET, 200), connections=1, seconds=20)
        async with server(stalling()) as address:
            second = await open_loop(address, repeat(GET), steady(200), connections=1, going=lambda due: due < 0.995)
        return first, second

    hidden, told = asyncio.run(both())
    assert (len(hidden.latencies), len(told.latencies)) == (200, 199)
    assert hidden.latency(99) < 250 < hidden.latency(100)
    # A stall of 0.5 s at 200 requests a second delays a hundred of them; half of those by more than 250 ms.
    assert 45 <= np.sum(told.latencies > 250) <= 120
    assert told.latency(99) > 400
    assert percentile(told.late, 99) > 400


def test_an_open_loop_sends_what_is_due_and_no_more():
    async def run(going) -> Load:
        async with server(cycle_of(reply())) as address:
            return await open_loop(address, repeat(GET), steady(100), connections=4, going=going)

    load = asyncio.run(run(lambda due: due < 0.5))
    assert load.statuses == {200: 50}
    assert load.seconds >= 0.49

"""HTTP/1.1 on a kept-alive connection, as little of it as a load generator needs."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

_BODILESS = (204, 304)


class BrokenReplyError(ConnectionError):
    """The reply says neither how long it is nor what its status is in a way that can be read."""


@dataclass(frozen=True)
class Reply:
    """Status and body of one reply."""

    status: int
    body: bytes


@dataclass(frozen=True)
class Address:
    """Where a server listens."""

    port: int
    host: str = "127.0.0.1"


def request(method: str, path: str, body: object = None) -> bytes:
    """A whole request as bytes; `body` is sent as JSON. No compression is asked for, so replies come as they are."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    data = json.dumps(body).encode()
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data


def read_head(head: bytes) -> tuple[int, int, bool]:
    """Status, length of the body in bytes, and whether the server closes after it. Raises BrokenReplyError."""
    fields = head.lower()
    try:
        status = int(head[9:12])
        length = 0 if status in _BODILESS else int(_field(fields, b"content-length") or b"")
    except ValueError as error:
        raise BrokenReplyError("no status or no Content-Length") from error
    return status, length, _field(fields, b"connection") == b"close"


def _field(head: bytes, name: bytes) -> bytes | None:
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.partition(b"\r\n")[0].strip() if found else None


class Connection:
    """One client of a server: opened when it is first needed, and again after an error or when the server has closed it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, data: bytes) -> Reply:
        """Send a request and read its reply. Raises OSError, EOFError; the connection is then closed."""
        try:
            reader, writer = await self._open()
            writer.write(data)
            status, length, closes = read_head(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(length) if length else b""
        except BaseException:
            self.close()
            raise
        if closes:
            self.close()
        return Reply(status, body)

    def close(self) -> None:
        """Close; the next request opens again."""
        if self._streams:
            self._streams[1].close()
        self._streams = None

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams and self._streams[0].at_eof():
            self.close()
        if not self._streams:
            self._streams = await asyncio.open_connection(self._address.host, self._address.port)
        return self._streams

"""What every request passes through: its id, limits of its body, headers of its answer, the log and the metrics. Pure ASGI."""

from __future__ import annotations

import asyncio
import re
import secrets
from time import perf_counter
from typing import Any

from fastapi import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from matchmaker_service import logs, metrics
from matchmaker_service.problems import problem
from matchmaker_service.settings import Settings

_SAFE = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
_TRACE = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_BODIES = 32
"""Largest bodies that may be in memory at once; one more byte of an unfinished one is refused."""
_QUIET = frozenset({"/livez", "/readyz", "/healthz", "/metrics"})
"""Asked every few seconds: not logged."""
_SECURE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
"""Of what is no page; pages bring one of their own."""


class _TooLarge(BaseException):  # an Exception out of `receive` would be taken for a body that cannot be read
    pass


class _TooSlow(BaseException):
    pass


class _TooMany(BaseException):
    pass


class _Body:
    """A body on its way in: bytes so far, and until when it must be whole, by the loop's clock."""

    def __init__(self, seconds: float) -> None:
        self.size, self.ended = 0, False
        self.until = asyncio.get_running_loop().time() + seconds


class Front:
    """The outermost layer. Nothing that goes wrong below it reaches a client but as a problem."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._most, self._seconds = app, settings.max_body, settings.body_seconds
        self._held = 0
        self._log = logs.logger().bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        identity = _identity(headers)
        logs.begin_request(identity)
        reply, body = _Reply(send, identity), _Body(self._seconds)
        begun = perf_counter()
        metrics.in_flight.inc()
        try:
            if (announced := headers.get(b"content-length", b"")).isdigit() and int(announced) > self._most:
                raise _TooLarge
            await self._app(scope, self._limited(receive, body), reply.send)
        except _TooLarge:
            await reply.instead(scope, problem("body_too_large", f"A body may have {self._most:,} bytes."), close=True)
        except _TooMany:
            await reply.instead(
                scope, problem("overloaded", "Too many bodies are being read. Send it again in a moment."), close=True
            )
        except _TooSlow:
            told = f"The body did not arrive within {self._seconds:g} seconds."
            await reply.instead(scope, problem("request_timeout", told), close=True)
        except Exception as error:
            self._log.error("failed", error=type(error).__name__, exc_info=error)
            await reply.instead(scope, problem("internal", "Something broke in the service. Report this request's id."))
        finally:
            metrics.in_flight.dec()
            self._held -= body.size
            self._note(scope, reply, perf_counter() - begun)

    def _limited(self, receive: Receive, body: _Body) -> Receive:
        """`receive` that counts bytes and seconds, as long as there is a body to come."""

        async def limited() -> Message:
            if body.ended:
                return await receive()
            try:
                async with asyncio.timeout_at(body.until):
                    message = await receive()
            except TimeoutError:
                raise _TooSlow from None
            size = len(message.get("body", b""))
            body.size += size
            self._held += size
            body.ended = not message.get("more_body", False)
            if body.size > self._most:
                raise _TooLarge
            if self._held > _BODIES * self._most and not body.ended:
                raise _TooMany
            return message

        return limited

    def _note(self, scope: Scope, reply: _Reply, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", "unknown")
        method = scope["method"] if route != "unknown" else "any"
        metrics.requests.labels(route, method, str(reply.status)).inc()
        metrics.latency.labels(route).observe(seconds)
        if scope["path"] not in _QUIET:
            state: dict[str, Any] = scope.get("state", {})
            self._log.info(
                "request",
                method=scope["method"][:20],
                route=route,
                status=reply.status,
                ms=round(seconds * 1000, 2),
                key=state.get("key"),
            )


class _Reply:
    """What is sent back, with the headers that every answer has."""

    def __init__(self, send: Send, identity: str) -> None:
        self._send, self._identity, self.status = send, identity.encode(), 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"] = [*message.get("headers", ()), (b"x-request-id", self._identity), *_SECURE]
            if not any(name == b"content-security-policy" for name, _ in headers):
                headers.append(_POLICY)
        await self._send(message)

    async def instead(self, scope: Scope, response: Response, *, close: bool = False) -> None:
        """Answer with this, unless an answer has begun. close: what is still to come of the request is not wanted."""
        if self.status:
            return
        if close:
            response.headers["connection"] = "close"

        async def nothing() -> Message:
            return {"type": "http.disconnect"}

        await response(scope, nothing, self.send)


def _identity(headers: dict[bytes, bytes]) -> str:
    """The id that the client gave, by X-Request-ID or W3C traceparent, or a new one."""
    given = headers.get(b"x-request-id", b"")
    if _SAFE.fullmatch(given):
        return given.decode()
    traced = _TRACE.fullmatch(headers.get(b"traceparent", b""))
    return traced.group(1).decode() if traced else secrets.token_hex(8)

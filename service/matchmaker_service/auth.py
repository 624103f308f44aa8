"""Who asks: API keys with scopes, perhaps bound to one partner; how often each may ask."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from matchmaker.store import keys
from matchmaker.store.database import Database
from matchmaker_service.problems import Refused
from matchmaker_service.settings import Settings

_IMPLIED = {"read": {"read", "write", "admin"}, "write": {"write", "admin"}, "admin": {"admin"}}
"""Scopes of a key that allow what each scope asks for."""
_FRESH = 2.0
"""Seconds for which a key that was found good is not looked up again: so long a revoked one may go on."""
_WRONG = parse("30/minute")
"""Wrong keys from one address."""
_ASKING = {"www-authenticate": "Bearer"}
_HEADER = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="An API key; `matchmaker keys create` makes one."
)
_BEARER = HTTPBearer(auto_error=False, description="The same key as a bearer token.")


@dataclass(frozen=True)
class Caller:
    """Who asks. owner: id of the key, `open` while the service needs none; partner: the only one that the key may speak for."""

    owner: str
    scopes: frozenset[str]
    partner: str | None = None

    def speaks_for(self, *partners: str) -> None:
        """Raise Refused when the key is bound to a partner that is not among `partners`."""
        if self.partner is not None and self.partner not in partners:
            raise Refused(
                "partner_bound_key", "This key is bound to one partner, and may ask for that one's data alone."
            )

    def unbound(self) -> None:
        """Raise Refused when the key is bound to a partner."""
        if self.partner is not None:
            raise Refused("partner_bound_key", "This key is bound to one partner; this route tells of all of them.")


OPEN = Caller("open", frozenset(keys.SCOPES))


class Door:
    """Lets callers in. `required` is kept up to date by whoever follows the store."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._always = settings.auth == "required" or not settings.loopback
        self.required = True
        self.refresh()
        self._known: dict[bytes, tuple[float, Caller]] = {}
        self._lock = threading.Lock()
        self._limit = parse(settings.rate_limit) if settings.rate_limit else None
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def refresh(self) -> None:
        """Find out whether a key is needed. Raises StoreError."""
        self.required = self._always or keys.ever(self._database)

    def at_hand(self, secret: str | None) -> Caller | None:
        """The caller where it is known without asking the store, else None. Raises Refused without a key, or past its rate."""
        if not self.required:
            return OPEN
        if not secret:
            raise Refused("key_missing", "Send an API key: X-API-Key, or Authorization: Bearer.", headers=_ASKING)
        until, found = self._known.get(_digest(secret), (0.0, OPEN))
        if until <= time.monotonic():
            return None
        self._count(self._limit, found.owner)
        return found

    def caller(self, secret: str, address: str) -> Caller:
        """Who has this key, by the store. Raises Refused."""
        found = self._looked_up(secret)
        if found is None:
            self._count(_WRONG, f"wrong {address}")
            raise Refused("key_invalid", "This API key is unknown, revoked or expired.", headers=_ASKING)
        self._count(self._limit, found.owner)
        return found

    def _looked_up(self, secret: str) -> Caller | None:
        key = keys.verify(self._database, secret)
        if key is None:
            return None
        found = Caller(key.id, frozenset(key.scopes), key.partner)
        with self._lock:
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[_digest(secret)] = (time.monotonic() + _FRESH, found)
        return found

    def _count(self, limit: RateLimitItem | None, who: str) -> None:
        if limit is not None and not self._limiter.hit(limit, who):
            reset, _ = self._limiter.get_window_stats(limit, who)
            wait = max(1, int(reset - time.time()) + 1)
            raise Refused(
                "rate_limited",
                f"Too many requests: {limit}. Ask again in {wait} s.",
                headers={"retry-after": str(wait)},
            )


def needs(scope: str) -> Callable[..., Awaitable[Caller]]:
    """A dependency: the caller, who must have this scope. Raises Refused."""

    async def caller(
        request: Request,
        header: Annotated[str | None, Depends(_HEADER)],
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
    ) -> Caller:
        door: Door = request.app.state.services.door
        secret = header or (bearer.credentials if bearer is not None else None)
        found = request.scope.get("state", {}).get("caller") or door.at_hand(secret)  # counted once
        if found is None:
            address = request.client.host if request.client else ""
            found = await run_in_threadpool(door.caller, secret or "", address)
        return _admitted(request, found, scope)

    return caller


def reader_at_hand(request: Request) -> Caller | None:
    """The caller, who must have the scope read, where that is known without waiting; else None. Raises Refused."""
    door: Door = request.app.state.services.door
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = door.at_hand(request.headers.get("x-api-key") or (token if scheme.lower() == "bearer" else None))
    return None if found is None else _admitted(request, found, "read")


def _admitted(request: Request, caller: Caller, scope: str) -> Caller:
    request.scope.setdefault("state", {}).update(key=caller.owner, caller=caller)
    if not caller.scopes & _IMPLIED[scope]:
        raise Refused("scope_missing", f"This key lacks the scope {scope}.")
    return caller


Reader = Annotated[Caller, Depends(needs("read"))]
Writer = Annotated[Caller, Depends(needs("write"))]
Admin = Annotated[Caller, Depends(needs("admin"))]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()

"""One way to write: once for each idempotency key, noted in the audit, all or nothing, and known to the ecosystem at once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response

from matchmaker.store import audit, idempotency
from matchmaker.store.database import Writing
from matchmaker_service import metrics
from matchmaker_service.auth import Caller
from matchmaker_service.logs import request_id
from matchmaker_service.problems import Refused
from matchmaker_service.reply import JSON, body
from matchmaker_service.services import Services, services

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="Any text of yours, one a write: a retry with the same key is answered as the first time, and not done twice.",
    ),
]


@dataclass(frozen=True)
class Reply:
    """What a write answers with."""

    data: Any
    status: int = 200
    headers: dict[str, str] | None = None
    warnings: tuple[str, ...] = ()


class Pen:
    """Writes on behalf of one request."""

    def __init__(self, request: Request, key: str | None, asked: bytes) -> None:
        self._request, self._key, self._asked = request, key, asked
        self.services: Services = services(request)

    def write(self, caller: Caller, do: Callable[[Note], Reply]) -> Response:
        """Let `do` write in one transaction. Raises Refused where the key is of another request, and what `do` raises."""
        with metrics.stage("store"), self.services.database.writing() as writing:
            if (known := self._known(writing, caller)) is not None:
                return known
            note = Note(writing, caller)
            reply = do(note)
            view = self.services.ecosystem.view
            content = b"" if reply.status == 204 else body(reply.data, view, warnings=reply.warnings)
            headers = {"cache-control": "no-store", **(reply.headers or {})}
            if self._key is not None:
                idempotency.remember(writing, caller.owner, self._key, reply.status, headers, content)
        self.services.ecosystem.wrote(note.touched)
        return _response(content, reply.status, headers)

    def known(self, caller: Caller) -> Response | None:
        """The answer that was given before, for what takes too long to be done in a transaction. Raises Refused as `write` does."""
        if self._key is None:
            return None
        with self.services.database.writing() as writing:
            return self._known(writing, caller)

    def _known(self, writing: Writing, caller: Caller) -> Response | None:
        if self._key is None:
            return None
        found = idempotency.remembered(writing, caller.owner, self._key, self._asked)
        if isinstance(found, idempotency.Replay):
            return _response(found.body, found.status, {**found.headers, "idempotency-replayed": "true"})
        if isinstance(found, idempotency.Different):
            raise Refused(
                "idempotency_key_reused",
                "This idempotency key was used for another request. Use a new one for each write.",
                wrong=[("/header/Idempotency-Key", "used before")],
            )
        return None


def _response(content: bytes, status: int, headers: dict[str, str]) -> Response:
    return Response(None, status, headers) if status == 204 else Response(content, status, headers, JSON)


@dataclass(frozen=True)
class Note:
    """A transaction, and who writes in it. touched: partners whose answers it changes."""

    writing: Writing
    caller: Caller
    touched: list[str] = field(default_factory=list)

    def audit(self, action: str, target: str) -> None:
        """Note a write."""
        audit.note(self.writing, self.caller.owner, action, target, request_id())


async def _pen(request: Request, key: Key = None) -> Pen:
    if key is None:
        return Pen(request, None, b"")
    digest = hashlib.sha256()
    relevant = (request.method, request.url.path, request.url.query, request.headers.get("if-match", ""))
    for part in (*(text.encode("utf-8", "surrogatepass") for text in relevant), await request.body()):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Pen(request, key, digest.digest())


Writes = Annotated[Pen, Depends(_pen)]

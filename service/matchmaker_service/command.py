"""Starting the service: one process, or several over the same settings."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from matchmaker.disk import cause
from matchmaker.errors import SettingsError
from matchmaker.store.database import Database
from matchmaker_service.settings import PREFIX, Settings


def run(settings: Settings, begin: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop; `begin` is called once nothing is known that would keep it from that.

    Raises SettingsError, StoreError, BundleError before it listens.
    """
    from matchmaker.registry.bundle import open_bundle
    from matchmaker_service.services import check_open

    open_bundle(settings.model)
    database = Database(settings.database_url)
    try:
        database.migrate()
        check_open(database, settings)
    finally:
        database.close()
    _check_port(settings)
    begin()
    with _environment(settings), _shared_metrics(settings.workers):
        import uvicorn

        uvicorn.run(
            "matchmaker_service.app:create_app",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            http="matchmaker_service.protocol:Patient",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=settings.drain_seconds,
        )


def _check_port(settings: Settings) -> None:
    """Raise SettingsError where somebody listens there already, or nobody can."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((settings.host, settings.port))
        except OSError as error:
            raise SettingsError(
                f"The service cannot listen on {settings.host} port {settings.port}: {cause(error)}. Name another with --port."
            ) from error


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Workers are processes of their own, and read the settings from their environment."""
    given = settings.model_dump(exclude_unset=True)
    told = {f"{PREFIX}{name.upper()}": _text(value) for name, value in given.items() if value is not None}
    before = dict(os.environ)
    os.environ.update(told)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _text(value: object) -> str:
    import orjson

    if hasattr(value, "get_secret_value"):
        return str(value.get_secret_value())
    return orjson.dumps(value).decode() if isinstance(value, tuple) else str(value)


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """With several workers, a folder in which each keeps its numbers, so that any of them can tell all."""
    if workers == 1:
        yield
        return
    folder = tempfile.mkdtemp(prefix="matchmaker-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""What the routes work with, put together at start, taken apart at the end."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from fastapi import Request

from matchmaker.errors import SettingsError
from matchmaker.store import keys
from matchmaker.store.database import Database
from matchmaker.store.signing import signing_key
from matchmaker_service.apart import Apart
from matchmaker_service.auth import Door
from matchmaker_service.ecosystem import Ecosystem
from matchmaker_service.jobs.runner import Runner
from matchmaker_service.overlaps import Overlaps
from matchmaker_service.settings import Settings
from matchmaker_service.tokens import Signer
from matchmaker_service.work import Work


@dataclass
class Services:
    """One process's share of the service. draining: it was told to stop, and is no longer ready."""

    settings: Settings
    database: Database
    ecosystem: Ecosystem
    door: Door
    signer: Signer
    work: Work
    runner: Runner
    overlaps: Overlaps
    draining: bool = False

    @classmethod
    def start(cls, settings: Settings) -> Services:
        """Open the store and the bundle, and begin to follow both.

        Raises SettingsError where it would listen to others without an API key, StoreError, BundleError.
        """
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        database = Database(settings.database_url)
        try:
            database.migrate()
            check_open(database, settings)
            apart = Apart(settings.database_url, settings.cache_dir) if settings.encode_apart else None
            ecosystem = Ecosystem(database, settings.model, settings.cache_dir, settings.poll_seconds, apart)
            door = Door(database, settings)
            signer = Signer(signing_key(database))
        except BaseException:
            database.close()
            raise
        ecosystem.also.append(door.refresh)
        runner = Runner(database, ecosystem, settings, signer)
        ecosystem.start()
        runner.start()
        threading.Thread(target=ecosystem.warm_up, name="warm-up", daemon=True).start()
        work = Work(settings.compute_threads, settings.max_waiting)
        return cls(settings, database, ecosystem, door, signer, work, runner, Overlaps(database, settings))

    def close(self) -> None:
        """End what was started."""
        self.draining = True
        self.runner.close()
        self.ecosystem.close()
        self.work.close()
        self.database.close()


def check_open(database: Database, settings: Settings) -> None:
    """Raise SettingsError where others than this machine could ask, and no API key in force exists."""
    if not settings.loopback and not any(one.state == keys.IN_FORCE for one in keys.every(database)):
        raise SettingsError(
            f"The service does not listen on {settings.host} without an API key in force: make one with "
            "`matchmaker keys create LABEL --scope admin`, or listen on 127.0.0.1."
        )


def services(request: Request) -> Services:
    """The services of the app that answers."""
    found: Services = request.app.state.services
    return found

"""Settings of the service, from `MATCHMAKER_…` variables of the environment; docs/http.md explains each."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as SettingsSourceError

from matchmaker.errors import SettingsError

PREFIX = "MATCHMAKER_"


class Settings(BaseSettings):
    """What a service is started with. Every field is a variable: `port` is MATCHMAKER_PORT."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on. Any other than loopback needs an API key.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that answer.")
    model: Path = Field(Path("models/sample"), description="Bundle folder that `matchmaker build` wrote.")
    data_dir: Path = Field(Path("matchmaker-data"), description="Folder of the SQLite file and of the results of jobs.")
    database: SecretStr | None = Field(
        None,
        description="URL of the store: sqlite:///FILE or postgresql+psycopg://…; unset: a file in the data folder.",
    )
    cache_dir: Path | None = Field(None, description="Folder of the encoder's cache; unset: the user's cache folder.")
    account_key: SecretStr | None = Field(None, description="Secret that account names are hashed with.")
    accounts_release: int = Field(
        0,
        ge=0,
        lt=1 << 31,
        description="Release of what bound keys are told of overlaps; raise it rarely (docs/overlap.md).",
    )
    minimum_accounts: int = Field(
        20, ge=10, le=10_000, multiple_of=2, description="Fewer accounts are never told to a bound key; an even number."
    )
    auth: Literal["auto", "required"] = Field(
        "auto", description="auto: an API key is asked for once one was ever made, or off loopback. required: always."
    )
    rate_limit: str = Field(
        "6000/minute",
        description="Requests of one API key, such as 100/second, empty for no limit; an open loopback service has none.",
    )
    max_body: int = Field(8 << 20, ge=1 << 10, description="Largest body of a request, in bytes.")
    body_seconds: float = Field(
        30.0, gt=0, description="How long the head or the body of a request may take to arrive."
    )
    compute_threads: int = Field(2, ge=1, le=64, description="Threads that score, in each process.")
    encode_apart: bool = Field(
        True, description="Encode texts in a process of its own, beside each that answers; false: in the same one."
    )
    max_waiting: int = Field(2000, ge=1, description="Questions that may wait for such a thread; more are sent away.")
    poll_seconds: float = Field(0.2, gt=0, le=1.5, description="How often a process looks for changes of the others.")
    cursor_hours: float = Field(24.0, gt=0, description="How long the cursor of a page is good.")
    replay_hours: float = Field(24.0, gt=0, description="How long the answer to an idempotency key is kept.")
    job_days: float = Field(7.0, gt=0, description="How long the result of a job is kept.")
    drain_seconds: int = Field(20, ge=0, description="How long requests may go on once the service is told to stop.")
    cors_origins: tuple[str, ...] = Field(
        (), description='Origins of other sites that may ask, as JSON: ["https://a.example"].'
    )
    log_format: Literal["json", "console"] = Field("json", description="Form of the log.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("cors_origins")
    @classmethod
    def _listed(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if "*" in origins:
            raise ValueError("name each origin; * would let every site ask")
        return origins

    @field_validator("rate_limit")
    @classmethod
    def _readable(cls, limit: str) -> str:
        from limits import parse

        try:
            _ = parse(limit) if limit else None
        except ValueError:
            raise ValueError("write it as 100/second") from None
        return limit

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def database_url(self) -> str:
        """URL of the store, with its password."""
        if self.database is not None:
            return self.database.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'matchmaker.sqlite').absolute()}"

    @property
    def store(self) -> str:
        """Where the store is, for people: without a password."""
        return "the database" if self.database is not None else str((self.data_dir / "matchmaker.sqlite").absolute())

    @property
    def jobs_dir(self) -> Path:
        """Folder of the results of jobs."""
        return self.data_dir / "jobs"


def read_settings(**given: object) -> Settings:
    """The settings of the environment, `given` ones before them. Raises SettingsError, which names the variable and no value."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except SettingsSourceError as error:  # of pydantic's: a list that is no JSON
        name = str(error).split('"')[1]
        raise SettingsError(f"{PREFIX}{name.upper()} cannot be used: it is no JSON.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{PREFIX}{name.upper()} cannot be used: {first['msg']}.") from None

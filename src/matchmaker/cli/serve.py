"""Commands of the HTTP service: serve, keys."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from matchmaker.cli.options import Json
from matchmaker.cli.output import emit_json, table

Database = Annotated[
    str | None,
    typer.Option("--database", help="URL of the store; MATCHMAKER_DATABASE, else the file in the data folder."),
]
DataDir = Annotated[Path | None, typer.Option(help="Folder of the store's file: matchmaker-data.", readable=False)]
keys = typer.Typer(name="keys", help="API keys of the HTTP service.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(serve)
    keys.command("create")(create)
    keys.command("list")(listed)
    keys.command("revoke")(revoke)
    app.add_typer(keys)


def serve(
    model: Annotated[
        Path | None,
        typer.Option("--model", "-m", help="Bundle folder; MATCHMAKER_MODEL, else models/sample.", readable=False),
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on: 127.0.0.1; any other needs an API key.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", "-p", help="Port to listen on: 8000.", min=0, max=65535)] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer: 1.", min=1, max=64)] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve recommendations over HTTP, with a page at / and every route at /docs. All settings: docs/http.md."""
    settings = _service("settings").read_settings(model=model, host=host, port=port, workers=workers, data_dir=data_dir)
    where = f"http://{settings.host}:{settings.port}"
    told = (
        f"Serving {settings.model} at {where} (page: {where}/, routes: {where}/docs).\n"
        f"The store is {settings.store}. Stop with Ctrl-C."
    )
    _service("command").run(settings, lambda: typer.echo(told, err=True))


def create(
    label: Annotated[str, typer.Argument(help="What the key is for.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write or admin; the later ones allow all before them.")
    ] = None,
    partner: Annotated[
        str | None, typer.Option(help="Bind the key to this partner: its own data and matches only.")
    ] = None,
    days: Annotated[float | None, typer.Option(help="Days until it expires.")] = None,
    database: Database = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Make a key. Its secret is shown once, and nowhere kept. From the first key on, every request needs one."""
    from matchmaker.errors import SettingsError

    if days is not None and not days > 0:
        raise SettingsError("A key that never was in force opens nothing: give --days above 0.")
    if not label.strip():
        raise SettingsError("A key needs a label that says what it is for.")
    store = import_module("matchmaker.store.keys")
    expires = None if days is None else dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    with opened_store(database, data_dir) as opened:
        key, secret = store.create(opened, label, scope or ["read"], partner, expires=expires)
    if json:
        emit_json({**_told(key), "secret": secret})
        return
    typer.echo(secret)
    typer.echo(f"Key {key.id} ({', '.join(key.scopes)}). Keep the line above: it is not shown again.", err=True)


def listed(database: Database = None, data_dir: DataDir = None, json: Json = False) -> None:
    """List all keys, without their secrets."""
    with opened_store(database, data_dir) as opened:
        found = [_told(key) for key in import_module("matchmaker.store.keys").every(opened)]
    if json:
        emit_json({"keys": found})
        return
    columns = ["id", "label", "scopes", "partner", "state", "created_at", "expires_at"]
    table("API keys", columns, [[_shown(one[name]) for name in columns] for one in found])


def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key, as `matchmaker keys list` shows it.")],
    database: Database = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Revoke a key. A service that has just let it in stops doing so within two seconds."""
    from matchmaker.errors import SettingsError

    with opened_store(database, data_dir) as opened:
        if not import_module("matchmaker.store.keys").revoke(opened, key):
            raise SettingsError(f"No key in force has the id {key!r}: `matchmaker keys list` shows them.")
    if json:
        emit_json({"revoked": key})
        return
    typer.echo(f"Revoked {key}.", err=True)


class opened_store:
    """The store of the settings, brought up to date and closed at the end."""

    def __init__(self, url: str | None, data_dir: Path | None) -> None:
        settings = _service("settings").read_settings(database=url, data_dir=data_dir)
        self._database = import_module("matchmaker.store.database").Database(settings.database_url)

    def __enter__(self) -> Any:  # noqa: ANN401 - a Database
        self._database.migrate()
        return self._database

    def __exit__(self, *error: object) -> None:
        self._database.close()


def _told(key: Any) -> dict[str, Any]:  # noqa: ANN401 - an ApiKey
    return {**vars(key), "scopes": list(key.scopes), "state": key.state}


def _shown(value: object) -> str:
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _service(module: str) -> Any:  # noqa: ANN401 - a module
    """A module of the service, which is not part of this package. Raises MissingExtraError."""
    from matchmaker.errors import MissingExtraError

    try:
        return import_module(f"matchmaker_service.{module}")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"The HTTP service is not installed (no module {error.name!r}): pip install 'matchmaker[service]'."
        ) from error

"""Steps of a private set intersection by files, between two companies: overlap psi-setup, psi-request, psi-response, psi-result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from matchmaker.cli.options import Json
from matchmaker.cli.output import emit_json

Secret = Annotated[Path, typer.Option("--secret", help="Your secret of this run: never give it away.", readable=False)]
StepOut = Annotated[Path, typer.Option("--out", "-o", help="File for the other side.", readable=False)]
Own = Annotated[
    Path, typer.Argument(help="Your accounts, a column account or domain: Parquet, CSV, TSV or JSONL.", readable=False)
]
Reveal = Annotated[
    bool,
    typer.Option("--reveal", help="The asker learns which accounts are shared, not only how many; both must say so."),
]


def psi_setup(own: Own, secret: Secret, out: StepOut, reveal: Reveal = False, json: Json = False) -> None:
    """Answerer, first: all your accounts, blinded, for a company that has no key of yours."""
    from matchmaker.audience.psi import Accounts, setup

    accounts = Accounts.of_file(own)
    _step(
        out,
        secret,
        setup(accounts, reveal=reveal),
        {"accounts": len(accounts.names), "refused": accounts.refused},
        json,
    )


def psi_request(own: Own, secret: Secret, out: StepOut, reveal: Reveal = False, json: Json = False) -> None:
    """Asker, second: all your accounts, blinded, for the company that made a setup."""
    from matchmaker.audience.psi import Accounts, request

    accounts = Accounts.of_file(own)
    _step(
        out,
        secret,
        request(accounts, reveal=reveal),
        {"accounts": len(accounts.names), "refused": accounts.refused},
        json,
    )


def psi_response(
    request: Annotated[Path, typer.Argument(help="The asker's request.", readable=False)],
    secret: Secret,
    out: StepOut,
    minimum: Annotated[int, typer.Option("--minimum", help="Requests for fewer accounts are refused.", min=1)] = 20,
    json: Json = False,
) -> None:
    """Answerer, third: the answer to one request."""
    from matchmaker.audience.psi import response

    answer = response(_read(request), _read(secret), minimum=minimum)
    _put(out, answer)
    _done({"output": str(out)}, json)


def psi_result(
    setup: Annotated[Path, typer.Argument(help="The answerer's setup.", readable=False)],
    response: Annotated[Path, typer.Argument(help="The answerer's response.", readable=False)],
    secret: Secret,
    own: Annotated[
        Path | None,
        typer.Option(
            "--accounts", help="The accounts of the request, to name the shared ones (--reveal).", readable=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Asker, last: how many accounts both companies have, or which."""
    from matchmaker.audience.psi import Accounts, result

    found = result(_read(setup), _read(response), _read(secret), Accounts.of_file(own) if own else None)
    if json:
        emit_json(found.to_dict())
        return
    typer.echo(
        f"{found.shared:,} accounts are shared: {percent(found.share_of_yours)} of your {found.your_accounts:,}, "
        f"{percent(found.share_of_theirs)} of their {found.their_accounts:,}."
    )
    for name in found.accounts or ():
        typer.echo(name)


def percent(value: float | None) -> str | None:
    """A share for people."""
    return None if value is None else f"{value:.1%}"


def _step(out: Path, secret: Path, made: tuple[bytes, bytes], facts: dict[str, Any], json: bool) -> None:
    """Write the secret, for this user's eyes alone, and what goes to the other side."""
    from matchmaker.errors import SettingsError

    if secret.exists():
        raise SettingsError(f"{secret} is there already: a secret is of one run. Name another file, or remove it.")
    _put(secret, made[0], mode=0o600)
    _put(out, made[1])
    _done({"output": str(out), "secret": str(secret), **facts}, json)


def _done(facts: dict[str, Any], json: bool) -> None:
    if json:
        emit_json(facts)
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in facts.items()))


def _put(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    from matchmaker.disk import cause
    from matchmaker.errors import StorageError

    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(content)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {cause(error)}. Free space or mend its rights.") from error


def _read(path: Path) -> bytes:
    from matchmaker.disk import cause
    from matchmaker.errors import CatalogueError

    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {cause(error)}.") from error


COMMANDS = (
    ("psi-setup", psi_setup),
    ("psi-request", psi_request),
    ("psi-response", psi_response),
    ("psi-result", psi_result),
)

"""The real command in a process of its own, and what every such test asks of it."""

import os
import subprocess
import sys

from matchmaker import Matchmaker

GOOD = """id,name,audience,goals,capabilities
alpha,Alpha Mail,online shops,more shops to write for,email campaigns; newsletters
beta,Beta Post,online shops,more parcels,parcel shipping; email campaigns
gamma,Gamma Pay,small shops,more checkouts,card payments
delta,Delta Returns,online shops,parcel shipping,returns portal
"""
ALONE = {"id": "alpha", "name": "Alpha", "description": "email campaigns for shops"}
OTHER = {"id": "gamma", "name": "Gamma", "description": "parcel shipping for shops"}
NEWCOMER = {"name": "New", "goals": ["email campaigns"], "capabilities": ["card payments"]}


def matchmaker(*arguments, under=(), environment=None, **options):
    """The real command in a process of its own; `under`: a program that runs it."""
    return subprocess.run(
        [*under, sys.executable, "-m", "matchmaker.cli.app", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **(environment or {})},
        **options,
    )


def one_error(done, status, code, *said):
    """The message of a process that ended with `status` and exactly one error line, which says all of `said`."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error")]
    assert len(errors) == 1, done.stderr
    assert errors[0] == done.stderr.splitlines()[-1]
    assert errors[0].startswith(f"Error ({code}): "), errors[0]
    for words in said:
        assert words in errors[0], (words, errors[0])
    return errors[0]


def tree(folder):
    """Every path under a folder with its bytes."""
    return {path.relative_to(folder): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


def answers(folder, partner="alpha"):
    return [vars(match) for match in Matchmaker.load(folder).recommend(partner, 3)]

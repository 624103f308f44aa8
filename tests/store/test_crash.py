import random
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from matchmaker.store import idempotency, partners, tables
from matchmaker.store.database import Database
from matchmaker.store.idempotency import New, Replay

ROUNDS = 6
WRITER = """
import sys
from matchmaker import Partner
from matchmaker.store import idempotency, partners
from matchmaker.store.database import Database

database, name, number = Database(sys.argv[1]), sys.argv[2], 0
while True:
    made = [Partner(id=f"{name}-{number}-{half}", name=name) for half in "ab"]
    with database.writing() as writing:
        idempotency.remembered(writing, name, str(number), bytes(32))
        partners.put(writing, made)
        idempotency.remember(writing, name, str(number), 201, {}, b"done")
    print(number, flush=True)
    number += 1
"""


def killed(url, name, seconds):
    """How many writes a writer has acknowledged that was killed some seconds after its first one."""
    with subprocess.Popen([sys.executable, "-c", WRITER, url, name], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "0\n"
        time.sleep(seconds)
        child.kill()
        lines = child.stdout.read().splitlines(keepends=True)
    assert child.returncode == -9
    whole = [int(line) for line in lines if line.endswith("\n")]
    assert whole == list(range(1, len(whole) + 1))
    return len(whole) + 1


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_kill_and_nothing_is_there_twice_or_by_half(url, database):
    chance = random.Random(7)
    acknowledged = {f"w{number}": killed(url, f"w{number}", chance.uniform(0.0, 0.3)) for number in range(ROUNDS)}
    assert sum(acknowledged.values()) > ROUNDS
    database.close()
    opened = Database(url)
    changes = opened.changes(0, limit=1_000_000)
    assert [one.number for one in changes] == list(range(1, len(changes) + 1))
    targets = [one.target for one in changes]
    assert len(set(targets)) == len(targets)
    with opened.reading() as connection:
        stored = {one.partner.id: one for one in partners.page(connection, "", 1_000_000)}
        counter = connection.scalar(sa.select(tables.counters.c.value))
    assert set(stored) == set(targets)
    assert {one.revision for one in stored.values()} == {1}
    assert counter == len(changes)
    for name, count in acknowledged.items():
        assert all(f"{name}-{number}-{half}" in stored for number in range(count) for half in "ab")
        last = f"{name}-{count}-a" in stored
        assert (f"{name}-{count}-b" in stored) == last
        assert f"{name}-{count + 1}-a" not in stored
        with opened.writing() as writing:
            assert idempotency.remembered(writing, name, str(count - 1), bytes(32)) == Replay(201, {}, b"done")
            retried = idempotency.remembered(writing, name, str(count), bytes(32))
        assert isinstance(retried, Replay if last else New)
    opened.close()

import logging

import pytest

from matchmaker.errors import StoreError
from matchmaker.store.database import Database
from matchmaker.store.signing import signing_key
from tests.store.conftest import at_once


def test_the_key_is_made_once_for_all_workers(url, database):
    found = at_once(5, lambda _: signing_key(database))
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert len(set(found[0])) > 8
    other = Database(url)
    assert signing_key(other) == found[0]
    other.close()


def test_two_stores_have_two_keys(tmp_path):
    keys = set()
    for name in ("one", "other"):
        database = Database(f"sqlite:///{tmp_path}/{name}.db")
        database.migrate()
        keys.add(signing_key(database))
        database.close()
    assert len(keys) == 2


def test_the_key_is_not_logged(database, caplog):
    caplog.set_level(logging.DEBUG)
    key = signing_key(database)
    assert key.hex() not in caplog.text
    assert repr(key)[2:-1] not in caplog.text


def test_a_store_without_tables_has_none(tmp_path):
    with pytest.raises(StoreError):
        signing_key(Database(f"sqlite:///{tmp_path}/x.db"))

import datetime as dt

import pytest
import sqlalchemy as sa

from matchmaker.errors import SettingsError
from matchmaker.store import keys, tables


def test_a_key_is_known_by_its_secret_alone(database):
    key, secret = keys.create(database, "nightly job", {"write", "read"}, partner="shipbob")
    assert keys.verify(database, secret) == key
    assert key.scopes == ("read", "write")
    for wrong in (
        "",
        "mm",
        f"mm_{key.id}_",
        secret[:-1],
        secret + "x",
        secret.upper(),
        f"mm_{'0' * 12}_{secret[16:]}",
        "é_é_é",
    ):
        assert keys.verify(database, wrong) is None


def test_the_secret_is_nowhere_in_the_store(database):
    _, secret = keys.create(database, "x", {"admin"})
    with database.reading() as connection:
        row = connection.execute(sa.select(tables.api_keys)).one()
    assert not any(secret.encode() in (value if isinstance(value, bytes) else str(value).encode()) for value in row)


def test_a_revoked_key_opens_nothing(database):
    key, secret = keys.create(database, "x", {"read"})
    assert keys.revoke(database, key.id)
    assert not keys.revoke(database, key.id)
    assert not keys.revoke(database, "unknown")
    assert keys.verify(database, secret) is None
    assert [(one.id, one.revoked_at is None) for one in keys.every(database)] == [(key.id, False)]


@pytest.mark.parametrize("scopes", [set(), {"root"}, {"read", "delete"}])
def test_unknown_scopes_are_refused(database, scopes):
    with pytest.raises(SettingsError, match="read, write, admin"):
        keys.create(database, "x", scopes)
    assert keys.every(database) == []


def test_a_key_opens_nothing_from_its_end_on(database, monkeypatch):
    at = keys.now()
    key, secret = keys.create(database, "x", {"read"}, expires=at + dt.timedelta(hours=1))
    assert keys.verify(database, secret) == key
    assert key.expires_at == at + dt.timedelta(hours=1)
    monkeypatch.setattr(keys, "now", lambda: at + dt.timedelta(minutes=59))
    assert keys.verify(database, secret) == key
    monkeypatch.setattr(keys, "now", lambda: at + dt.timedelta(hours=1))
    assert keys.verify(database, secret) is None
    assert keys.every(database) == [key]


def test_an_end_without_a_zone_is_refused(database):
    with pytest.raises(SettingsError, match="zone"):
        keys.create(database, "x", {"read"}, expires=dt.datetime(2030, 1, 1))
    assert not keys.ever(database)


def test_whether_there_was_ever_a_key(database):
    assert not keys.ever(database)
    key, _ = keys.create(database, "x", {"read"})
    keys.revoke(database, key.id)
    assert keys.ever(database)

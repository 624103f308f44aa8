"""Settings: from the environment, checked, closed, and silent about secrets."""

from __future__ import annotations

import os

import pytest

from matchmaker.errors import SettingsError
from matchmaker_service.command import _environment
from matchmaker_service.settings import PREFIX, Settings, read_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)


def test_without_any_it_serves_the_sample_on_loopback():
    found = read_settings()
    assert (found.host, found.port, str(found.model), found.auth) == ("127.0.0.1", 8000, "models/sample", "auto")
    assert found.loopback and found.database_url.endswith("/matchmaker-data/matchmaker.sqlite")
    assert found.account_key is None and found.cors_origins == ()


def test_a_variable_is_read_and_an_argument_comes_first(monkeypatch):
    monkeypatch.setenv("MATCHMAKER_PORT", "81")
    monkeypatch.setenv("MATCHMAKER_CORS_ORIGINS", '["https://a.example"]')
    assert read_settings(port=None).port == 81
    assert read_settings(port=82).port == 82
    assert read_settings().cors_origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "http"),
        ("WORKERS", "0"),
        ("MAX_BODY", "1"),
        ("RATE_LIMIT", "often"),
        ("BODY_SECONDS", "0"),
        ("BODY_SECONDS", "nan"),
        ("CORS_ORIGINS", '["*"]'),
        ("CORS_ORIGINS", "a.example"),
        ("AUTH", "never"),
        ("LOG_LEVEL", "loud"),
        ("POLL_SECONDS", "3"),
        ("CURSOR_HOURS", "-1"),
    ],
)
def test_a_wrong_one_is_named_without_its_value(monkeypatch, name, value):
    monkeypatch.setenv(f"MATCHMAKER_{name}", value)
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert f"MATCHMAKER_{name}" in str(refused.value)
    assert len(value) < 3 or value not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("example.com", False),
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host, loopback):
    assert Settings(host=host).loopback is loopback


def test_secrets_do_not_show():
    found = Settings(account_key="s3cret" * 6, database="postgresql+psycopg://u:s3cret@h/d")
    assert "s3cret" not in repr(found) + str(found) + found.model_dump_json()
    assert found.database_url == "postgresql+psycopg://u:s3cret@h/d"


def test_workers_read_the_settings_that_were_given(tmp_path, monkeypatch):
    monkeypatch.setenv("MATCHMAKER_PORT", "81")
    given = Settings(
        host="127.0.0.2",
        model=tmp_path,
        account_key="s3cret" * 6,
        database="sqlite:///x",
        cors_origins=("https://a.example", "https://b.example"),
        rate_limit="5/second",
        body_seconds=1.5,
    )
    with _environment(given):
        assert read_settings() == given
    assert os.environ["MATCHMAKER_PORT"] == "81" and "MATCHMAKER_HOST" not in os.environ


def test_every_setting_says_what_it_is():
    for name, field in Settings.model_fields.items():
        assert field.description and field.description.endswith("."), name

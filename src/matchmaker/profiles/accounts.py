"""Accounts enter hashed, with a key: the plain value is never stored, logged or shown."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from matchmaker.errors import SettingsError
from matchmaker.profiles.identity import registrable_domain

KEY_VARIABLE = "MATCHMAKER_ACCOUNT_KEY"
MINIMUM_KEY = 16
POPULATIONS = ("customer", "prospect", "opportunity")
HASHED = re.compile(r"[0-9a-f]{32}")
"""What `hash_account` gives; opaque keys may look like that too."""
FREE_MAIL = frozenset(
    (
        "gmail.com googlemail.com yahoo.com outlook.com hotmail.com live.com msn.com icloud.com me.com aol.com gmx.de "
        "gmx.net web.de proton.me protonmail.com mail.com mail.ru yandex.ru qq.com 163.com 126.com "
    ).split()
)


@dataclass(frozen=True)
class AccountTable:
    """Hashed accounts, one row each: who has which account. key_id names the key, and is not the key."""

    partner_ids: tuple[str, ...]
    accounts: tuple[str, ...]
    populations: tuple[str, ...]
    segments: tuple[str | None, ...]
    values: tuple[float | None, ...]
    dates: tuple[str | None, ...]
    key_id: str

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.accounts)


def check_key(key: bytes | None) -> bytes:
    """The key, if it is usable. Raises SettingsError."""
    if not key:
        raise SettingsError(
            f"Accounts are stored hashed: set {KEY_VARIABLE} to a secret of at least {MINIMUM_KEY} characters."
        )
    if len(key) < MINIMUM_KEY:
        raise SettingsError(f"{KEY_VARIABLE} has {len(key)} characters; use at least {MINIMUM_KEY}.")
    return key


def key_id(key: bytes) -> str:
    """Eight hex digits that name a key without giving it away."""
    return hashlib.blake2b(key[:64], digest_size=4, person=b"mm-key-id").hexdigest()


def hash_account(account: str, key: bytes) -> str:
    """32 hex digits of keyed BLAKE2b over the registrable domain, or over the opaque key in lower case."""
    return hashlib.blake2b(canonical(account).encode(), digest_size=16, key=key[:64]).hexdigest()


def canonical(account: str) -> str:
    """What is hashed: the registrable domain of a domain, URL or mail address, else the trimmed lower-case text."""
    bare = account.strip().lower()
    domain = registrable_domain(bare.rpartition("@")[2]) if "." in bare else None
    return domain or bare


def is_free_mail(account: str) -> bool:
    """Whether the account is a free-mail domain, which names no company."""
    return canonical(account) in FREE_MAIL

"""Texts of accounts as keyed hashes, a distinct text once: what a plain account is hashed from stands in profiles/accounts.py."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.incidence import Hashes, halves
from matchmaker.errors import CatalogueError, SettingsError
from matchmaker.profiles.accounts import FREE_MAIL, canonical

Form = Literal["auto", "plain", "hashed", "mixed"]
FORMS: tuple[Form, ...] = ("auto", "plain", "hashed", "mixed")
"""Whether accounts are hashed already, by the same key: none, all, some; `auto` tells by their look and refuses a mixture."""
OK, FREE, MISSING, PLAIN = range(4)
"""States of an account: usable, of a free-mail domain, blank, not hashed where hashed ones are wanted."""
_LOOKS_HASHED = r"^\s*[0-9a-f]{32}\s*$"
_TWO_LABELS = r"^[a-z0-9][a-z0-9-]*\.[a-z0-9-]*[a-z][a-z0-9-]*$"
"""A lower-case host of two labels is its own canonical form, whether or not it is a registrable domain."""
_STEP = 1 << 17


def settled(form: Form, texts: Any, codes: NDArray[np.int32], file: str) -> Form:  # noqa: ANN401 - pyarrow is untyped
    """The form of a column with these distinct texts, (d,), and the text of each row, (k,), -1 where there is none.

    Raises CatalogueError when it is to be told by the look, and both are there; SettingsError for a form that is not one of FORMS.
    """
    import pyarrow.compute as pc

    if form not in FORMS:
        raise SettingsError(f"The form of accounts is one of {', '.join(FORMS)}, not {form!r}.")
    if form != "auto":
        return form
    looks = pc.match_substring_regex(texts, _LOOKS_HASHED).to_numpy(zero_copy_only=False).astype(bool)
    rows = np.append(looks, False)[codes]
    blank = codes < 0
    like, unlike = int(rows.sum()), int((~rows & ~blank).sum())
    if like and unlike:
        raise CatalogueError(
            f"{file} mixes hashed and plain accounts: {like:,} rows look hashed (32 hex digits), {unlike:,} do not. A plain "
            "account never equals a hashed one. Say which form it is: mixed (hash the plain ones, take the others as hashed by "
            "the same key), hashed (refuse the plain ones) or plain (hash them all)."
        )
    return "hashed" if like else "plain"


def hashed(texts: Any, key: bytes, form: Form) -> tuple[Hashes, NDArray[np.int8]]:  # noqa: ANN401 - as above
    """Hash (d, 2) and state (d,) of each text; zeros where it has none. Free mail is known in its hashed form too."""
    import pyarrow.compute as pc

    hasher = _Hasher(key, form)
    raw, states = bytearray(), np.empty(len(texts), dtype=np.int8)
    for low in range(0, len(texts), _STEP):
        part = texts.slice(low, _STEP)
        looks, simple = (pc.match_substring_regex(part, one).to_pylist() for one in (_LOOKS_HASHED, _TWO_LABELS))
        for place, found in enumerate(map(hasher.one, part.to_pylist(), looks, simple), start=low):
            states[place], digest = found
            raw += digest
    return halves(bytes(raw)), states


class _Hasher:
    def __init__(self, key: bytes, form: Form) -> None:
        self._key, self._form = key[:64], form
        self._free = frozenset(map(self._digest, FREE_MAIL))

    def one(self, text: str, looks: bool, simple: bool) -> tuple[int, bytes]:
        if looks and self._form != "plain":
            digest = bytes.fromhex(text.strip())
        elif self._form == "hashed":
            return PLAIN, bytes(16)
        else:
            name = text if simple else canonical(text)
            if not name:
                return MISSING, bytes(16)
            digest = self._digest(name)
        return (FREE if digest in self._free else OK), digest

    def _digest(self, name: str) -> bytes:
        return hashlib.blake2b(name.encode(), digest_size=16, key=self._key).digest()

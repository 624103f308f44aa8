"""Private set intersection by files, for two companies that do not trust each other and share no key.

Elliptic-curve Diffie-Hellman over blinded accounts (Meadows 1986, IEEE S&P; De Cristofaro and Tsudik 2010, FC), by OpenMined's
library, extra `psi`. Three files go between them: the answerer makes a setup, the asker a request, the answerer a response to it;
then the asker reads how many accounts both have (or which, where both agreed to that). The answerer learns how many accounts the
asker has, the asker how many the answerer has; nothing else, as long as both keep to the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from matchmaker.audience.overlap import MINIMUM
from matchmaker.errors import CatalogueError, MissingExtraError, SettingsError
from matchmaker.profiles.accounts import FREE_MAIL, canonical

Step = Literal["setup", "request", "response"]
_MAGIC = b"matchmaker psi 1 "
_FALSE_POSITIVES = 1e-9
"""Of the library's compressed structures, which are not used: all blinded accounts are sent, so that the count is exact."""
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Accounts:
    """Accounts of one company, canonical, distinct and sorted; refused: free-mail domains and blank rows."""

    names: tuple[str, ...]
    refused: int

    @classmethod
    def of(cls, texts: Sequence[str | None]) -> Accounts:
        """Of texts as they come."""
        named = [canonical(text) if text else "" for text in texts]
        good = [name for name in named if name and name not in FREE_MAIL]
        return cls(tuple(sorted(set(good))), len(named) - len(good))

    @classmethod
    def of_file(cls, path: Path) -> Accounts:
        """The column `account` (or `domain`) of a Parquet, CSV, TSV or JSONL file. Raises CatalogueError, ColumnError."""
        from matchmaker.batch.source import Source

        source = Source(path)
        column = source.named("account", "domain", "account_domain")
        found = cls.of([text for block in source.blocks([column], _BLOCK) for text in block.column(0).to_pylist()])
        if not found.names:
            raise CatalogueError(f"{path.name} holds no account in column {column!r}.")
        return found


@dataclass(frozen=True)
class Found:
    """What the asker learns. accounts: the shared ones, where both sides agreed to reveal them, else None."""

    your_accounts: int
    their_accounts: int
    shared: int
    share_of_yours: float
    share_of_theirs: float
    accounts: tuple[str, ...] | None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def setup(accounts: Accounts, *, reveal: bool = False) -> tuple[bytes, bytes]:
    """The answerer's secret and the setup file, which holds all its accounts blinded. reveal: whether the asker may learn which
    accounts are shared, not only how many.
    """
    library = _library()
    server = library.server.CreateWithNewKey(reveal)
    message = server.CreateSetupMessage(
        _FALSE_POSITIVES, len(accounts.names), list(accounts.names), library.DataStructure.RAW
    )
    return _wrapped("secret", reveal, server.GetPrivateKeyBytes()), _wrapped(
        "setup", reveal, message.SerializeToString()
    )


def request(accounts: Accounts, *, reveal: bool = False) -> tuple[bytes, bytes]:
    """The asker's secret and the request file, which holds all its accounts blinded. reveal: as the setup has it."""
    client = _library().client.CreateWithNewKey(reveal)
    message = client.CreateRequest(list(accounts.names)).SerializeToString()
    return _wrapped("secret", reveal, client.GetPrivateKeyBytes()), _wrapped("request", reveal, message)


def response(asked: bytes, secret: bytes, *, minimum: int = MINIMUM) -> bytes:
    """The response file. Raises SettingsError for fewer accounts than the minimum, of which a count would tell single ones, and
    where only one side agreed to reveal accounts; CatalogueError for files that are not those of their steps.
    """
    library = _library()
    reveal, own = _unwrapped("secret", secret)
    theirs, raw = _unwrapped("request", asked)
    if reveal != theirs:
        raise SettingsError(
            "One side agreed to reveal the shared accounts, the other did not: make setup and request alike."
        )
    message = _parsed(library.Request, raw, "request")
    if len(message.encrypted_elements) < minimum:
        raise SettingsError(
            f"The request asks for {len(message.encrypted_elements)} accounts: fewer than {minimum} are not answered."
        )
    server = library.server.CreateFromKey(own, reveal)
    return _wrapped("response", reveal, _checked(lambda: server.ProcessRequest(message), "request").SerializeToString())


def result(prepared: bytes, answered: bytes, secret: bytes, accounts: Accounts | None = None) -> Found:
    """What is shared. accounts: those of the request, to name the shared ones where both sides agreed to that.

    Raises SettingsError where other accounts are given than were asked for, CatalogueError for files that are not those of their
    steps.
    """
    library = _library()
    reveal, own = _unwrapped("secret", secret)
    if {reveal, _unwrapped("setup", prepared)[0], _unwrapped("response", answered)[0]} != {reveal}:
        raise SettingsError(
            "One side agreed to reveal the shared accounts, the other did not: make setup and request alike."
        )
    known = _parsed(library.ServerSetup, _unwrapped("setup", prepared)[1], "setup")
    told = _parsed(library.Response, _unwrapped("response", answered)[1], "response")
    mine, theirs = len(told.encrypted_elements), len(known.raw.encrypted_elements)
    client = library.client.CreateFromKey(own, reveal)
    names = None
    if reveal and accounts is not None:
        if len(accounts.names) != mine:
            raise SettingsError(
                f"{mine} accounts were asked for, {len(accounts.names)} are given: give those of the request."
            )
        names = tuple(
            accounts.names[place] for place in sorted(_checked(lambda: client.GetIntersection(known, told), "response"))
        )
    shared = int(_checked(lambda: client.GetIntersectionSize(known, told), "response"))
    return Found(mine, theirs, shared, shared / max(mine, 1), shared / max(theirs, 1), names)


def _wrapped(step: str, reveal: bool, content: bytes) -> bytes:
    return _MAGIC + f"{step} {'accounts' if reveal else 'count'}\n".encode() + content


def _unwrapped(step: str, file: bytes) -> tuple[bool, bytes]:
    """Whether accounts are to be revealed, and the content of a file of this step. Raises CatalogueError."""
    head, _, content = file.partition(b"\n")
    words = head.removeprefix(_MAGIC).decode("ascii", "replace").split()
    if not head.startswith(_MAGIC) or len(words) != 2:
        raise CatalogueError(
            f"This is no {step} file of a private set intersection: it was damaged, or is something else."
        )
    if words[0] != step:
        raise CatalogueError(f"This is a {words[0]} file, where the {step} file is wanted.")
    return words[1] == "accounts", content


def _parsed(kind: Any, raw: bytes, step: Step) -> Any:  # noqa: ANN401 - protobuf is untyped
    message = kind()
    _checked(lambda: message.ParseFromString(raw), step)
    return message


def _checked(call: Any, step: Step) -> Any:  # noqa: ANN401 - any call of the library
    from google.protobuf.message import DecodeError

    try:
        return call()
    except (DecodeError, RuntimeError, ValueError) as error:
        raise CatalogueError(f"The {step} file is damaged, or of another setup: {error}.") from error


def _library() -> Any:  # noqa: ANN401 - the library is untyped
    try:
        import private_set_intersection.python
    except ImportError as error:
        raise MissingExtraError("Private set intersection needs: pip install 'matchmaker[psi]'.") from error
    return private_set_intersection.python

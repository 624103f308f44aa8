"""Several domains of one company as one account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.audience.incidence import digests
from matchmaker.profiles.accounts import canonical, hash_account
from matchmaker.profiles.identity import domains_of

if TYPE_CHECKING:
    from matchmaker.audience.incidence import Hashes
    from matchmaker.profiles.schema import Partner

_BLOCK = 1 << 16


class Aliases:
    """Groups of accounts that are one company each. The smallest name of a group stands for all of it, whatever the order in which
    pairs were given; chains and circles are one group.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        """pairs: two domains (or other accounts) of one company each."""
        self._parent: dict[str, str] = {}
        for one, other in pairs:
            self.join(one, other)

    @classmethod
    def of_partners(cls, partners: Iterable[Partner]) -> Aliases:
        """The `domain` and `domains` of each partner: partners are accounts of one another."""
        found = cls()
        for partner in partners:
            first, *more = domains_of(partner) or [""]
            for other in more:
                found.join(first, other)
        return found

    @classmethod
    def of_file(cls, path: Path) -> Aliases:
        """A table with the columns `alias` (or `domain`) and `account`; rows that lack one say nothing.

        Raises CatalogueError, ColumnError.
        """
        from matchmaker.batch.source import Source

        source, found = Source(path), cls()
        columns = [source.named("alias", "domain"), source.named("account")]
        for block in source.blocks(columns, _BLOCK):
            for one, other in zip(*(column.to_pylist() for column in block.columns), strict=True):
                if one and other:
                    found.join(one, other)
        return found

    def join(self, one: str, other: str) -> None:
        """Say that two accounts are one company."""
        low, high = sorted((self._root(canonical(one)), self._root(canonical(other))))
        self._parent[high] = low

    def __len__(self) -> int:
        """Number of accounts for which another one stands."""
        return sum(one != self._root(one) for one in self._parent)

    def hashed(self, key: bytes) -> Mapping[bytes, bytes]:
        """Hash of each account for which another one stands, and of that one."""
        pairs = ((one, self._root(one)) for one in self._parent)
        return {
            bytes.fromhex(hash_account(one, key)): bytes.fromhex(hash_account(root, key))
            for one, root in pairs
            if one != root
        }

    def _root(self, one: str) -> str:
        path = []
        while (parent := self._parent.get(one, one)) != one:
            path.append(one)
            one = parent
        for passed in path:
            self._parent[passed] = one
        return one


def applied(hashes: Hashes, aliases: Mapping[bytes, bytes]) -> tuple[Hashes, int]:
    """(k, 2) hashes with every alias replaced by what stands for it, and how many were."""
    if not aliases or not len(hashes):
        return hashes, 0
    known = digests([one.hex() for one in aliases])
    replaced, places = hashes.copy(), np.flatnonzero(np.isin(hashes[:, 0], known[:, 0]))
    count = 0
    for place in places:
        root = aliases.get(hashes[place].astype(">u8").tobytes())
        if root is not None:
            replaced[place] = digests([root.hex()])[0]
            count += 1
    return replaced, count

"""A long array with a few rows behind it, read as one, so that a change costs its own rows and not a copy of all of them."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray


class Joined:
    """`base` (n, ...) and `tail` (m, ...) as one array of n + m rows: row n + i is row i of the tail. Read-only.

    What the formulas use of an array is here: its length, shape and dtype, one row, rows by a slice, a mask or numbers >= 0,
    `take` along the first axis, and the product with a small matrix. Anything else makes numpy build the whole array.
    """

    def __init__(self, base: NDArray[Any], tail: NDArray[Any]) -> None:
        """Both of the same dtype and the same shape but for the number of rows. Raises ValueError."""
        if base.dtype != tail.dtype or base.shape[1:] != tail.shape[1:]:
            raise ValueError(f"{base.dtype} {base.shape} and {tail.dtype} {tail.shape} are not rows of one array")
        self._base, self._tail = base, tail
        self.dtype, self.ndim = base.dtype, base.ndim
        self.shape: tuple[int, ...] = (len(base) + len(tail), *base.shape[1:])

    def __len__(self) -> int:
        """Number of rows."""
        return self.shape[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: ANN401 - numpy's protocol
        """The whole array, built anew. Raises ValueError when a copy is forbidden."""
        if copy is False:
            raise ValueError("two parts are no array without a copy")
        return np.concatenate((self._base, self._tail)).astype(self.dtype if dtype is None else dtype, copy=False)

    def __getitem__(self, key: Any) -> Any:  # noqa: ANN401 - a row, a slice, a mask or row numbers, as numpy has it
        """Rows by number, by a slice, by a mask or by an array of numbers; further axes follow in a tuple."""
        first, *rest = key if isinstance(key, tuple) else (key,)
        if isinstance(first, (int, np.integer)):
            row = int(first) + (len(self) if first < 0 else 0)
            if row < 0:
                raise IndexError(f"row {first} of {len(self)}")
            part, row = (self._base, row) if row < len(self._base) else (self._tail, row - len(self._base))
            return part[(row, *rest)]
        if first is None or first is Ellipsis:
            return np.asarray(self)[key]
        found = self._slice(first) if isinstance(first, slice) else self._rows(np.asarray(first))
        return found[(slice(None), *rest)] if rest else found

    def take(self, rows: NDArray[np.integer], axis: int = 0) -> NDArray[Any]:
        """Rows by number >= 0, in the order asked. `axis` is 0. Raises ValueError, IndexError."""
        if axis != 0:
            raise ValueError("rows are taken along the first axis")
        if rows.size and int(rows.min()) < 0:
            raise IndexError("rows are numbered from 0")
        split = len(self._base)
        late = rows >= split
        if not late.any():
            return self._base.take(rows, axis=0)
        if late.all():
            return self._tail.take(rows - split, axis=0)
        found: NDArray[Any] = self._base.take(np.minimum(rows, split - 1), axis=0)
        found[late] = self._tail.take(rows[late] - split, axis=0)
        return found

    def dot(self, other: NDArray[Any]) -> NDArray[Any]:
        """The product of all rows (n + m, d) with `other` (d, ...), part by part."""
        return np.concatenate((self._base.dot(other), self._tail.dot(other)))

    def _rows(self, rows: NDArray[Any]) -> NDArray[Any]:
        if rows.dtype == bool:
            if rows.shape != (len(self),):
                raise IndexError(f"a mask of {rows.shape} for {len(self)} rows")
            rows = np.flatnonzero(rows)
        return self.take(rows.astype(np.int64, copy=False))

    def _slice(self, part: slice) -> NDArray[Any]:
        low, high, step = part.indices(len(self))
        split = len(self._base)
        if step == 1 and high <= split:
            return self._base[low:high]
        if step == 1 and low >= split:
            return self._tail[low - split : max(high, low) - split]
        return self.take(np.arange(low, high, step))


def joined(base: NDArray[Any], tail: NDArray[Any]) -> NDArray[Any]:
    """`base` and `tail` as one array to read from, the tail in the dtype of the base."""
    return cast(NDArray[Any], Joined(base, tail.astype(base.dtype, copy=False)))

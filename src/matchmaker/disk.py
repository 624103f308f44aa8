"""A disk that may refuse: why it did, in words, and arrays written so that it can say so."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FULL = (errno.ENOSPC, errno.EDQUOT)


class _Stream:
    """A file that numpy takes for none. To a real one it writes past Python, and a full disk is "9 requested, 4 written"."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        return self._file.write(data)


def cause(error: OSError) -> str:
    """Why the disk refused, as the end of a sentence."""
    return "the disk is full" if error.errno in _FULL else (error.strerror or str(error))


def save_array(file: BinaryIO, values: NDArray[np.generic]) -> None:
    """Write `values` as .npy into an open file, never pickled. Raises the OSError of the disk, `errno` and all."""
    import numpy as np

    np.save(_Stream(file), np.ascontiguousarray(values), allow_pickle=False)


def sync(path: os.PathLike[str]) -> None:
    """Have the disk keep what was written to a file, or a folder's list of names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

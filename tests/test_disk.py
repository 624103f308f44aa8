import errno
import os

import numpy as np
import pytest

from matchmaker.disk import cause, save_array


def test_an_array_is_written_as_numpy_writes_it(tmp_path):
    values = np.arange(60_000, dtype=np.float32).reshape(200, 300).T
    with (tmp_path / "a.npy").open("wb") as file:
        save_array(file, values)
    np.save(tmp_path / "b.npy", np.ascontiguousarray(values))
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_objects_are_never_pickled(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file, pytest.raises(ValueError, match="allow_pickle"):
        save_array(file, np.array([{}], dtype=object))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_says_that_it_is_full():
    with pytest.raises(OSError, match="No space left") as raised, open("/dev/full", "wb") as file:
        save_array(file, np.zeros(10_000))
    assert raised.value.errno == errno.ENOSPC
    assert cause(raised.value) == "the disk is full"


def test_other_causes_are_told_as_they_are():
    assert cause(PermissionError(errno.EACCES, "Permission denied")) == "Permission denied"
    assert cause(OSError("half a sentence")) == "half a sentence"

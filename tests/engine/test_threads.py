import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from matchmaker.threads import single_threaded


def blas():
    return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")


@single_threaded
def inside(*steps):
    seen = blas()
    for step in steps:
        step()
    return seen


@pytest.fixture
def before(monkeypatch):
    """How many threads there are outside; on a machine of one core there is nothing to limit."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    np.ones((2, 2)) @ np.ones((2, 2))
    if blas() < 2:
        pytest.skip("BLAS has one thread here anyway")
    return blas()


def test_one_thread_inside_and_what_was_there_before_outside(before):
    assert inside() == 1
    assert blas() == before


def test_it_is_put_back_after_an_error(before):
    with pytest.raises(ZeroDivisionError):
        inside(lambda: 1 / 0)
    assert blas() == before


def test_other_threads_than_the_main_one_change_nothing(before):
    seen = []
    barrier = threading.Barrier(3)
    threads = [
        threading.Thread(target=lambda: seen.append(inside(lambda: barrier.wait(10))), daemon=True) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [before] * 3
    assert blas() == before


def test_a_process_that_has_one_thread_is_left_alone(before, monkeypatch):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    assert inside() == before

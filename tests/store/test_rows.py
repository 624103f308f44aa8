import time

from matchmaker.store.rows import new_id


def test_later_ids_sort_behind_earlier_ones():
    made = []
    for _ in range(5):
        made += [new_id() for _ in range(3)]
        time.sleep(0.002)
    assert len(set(made)) == 15
    assert {len(one) for one in made} == {32}
    assert all(earlier < later for place, earlier in enumerate(made) for later in made[place - place % 3 + 3 :])


def test_ids_of_one_moment_differ(monkeypatch):
    monkeypatch.setattr(time, "time_ns", lambda: 1_700_000_000_000_000_000)
    made = {new_id() for _ in range(200)}
    assert len(made) == 200
    assert {one[:12] for one in made} == {f"{1_700_000_000_000:012x}"}

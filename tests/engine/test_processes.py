import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

ANSWER = """
import json
from matchmaker import Matchmaker
from tests.conftest import WordEncoder, make_catalogue
engine = Matchmaker(encoder=WordEncoder()).fit(make_catalogue({count}))
ids = engine.fitted.space.ids
rows = engine.score_pairs([(a, b) for a in ids[::5] for b in ids if a != b]).rows
lists = {{a: [match.partner for match in engine.recommend(a, 20, explain=False)] for a in ids[::10]}}
print(json.dumps([lists, [[row[name] for name in ("mutual", "value_to_a", "value_to_b")] for row in rows]]))
"""


def answer(count, threads):
    settings = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads), "PYTHONHASHSEED": str(threads)}
    done = subprocess.run(
        [sys.executable, "-c", ANSWER.format(count=count)],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    "count",
    [60, 200],
)
def test_threads_and_hash_seed_of_the_process_change_nothing(count):
    (one, scores), (other, again) = answer(count, 1), answer(count, 2)
    assert one == other
    for mine, theirs in zip(scores, again, strict=True):
        assert mine == pytest.approx(theirs, abs=1e-5)

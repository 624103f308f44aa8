"""How many lists made ahead still hold after newcomers, and how many of those are not what would be asked for now.

python -m benchmarks.http.kept CATALOGUE [--map FIELD=COLUMNS …] [--newcomers 250] [--lists 1000]

Some partners of the catalogue, drawn at random, are left out of the build and written to the store afterwards.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from matchmaker import Catalogue, Matchmaker
from matchmaker.ahead import make_lists
from matchmaker.cli.catalogue import load
from matchmaker.cli.output import Bar
from matchmaker.live import Live
from matchmaker.store import partners
from matchmaker.store.database import Database
from matchmaker_service.ahead import Ahead


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, write, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--map", action="append", default=[], help="as for matchmaker build")
    parser.add_argument("--newcomers", type=int, default=250)
    parser.add_argument("--lists", type=int, default=1000, help="lists that still hold and are asked for again")
    options = parser.parse_args(arguments)
    rng = np.random.default_rng(0)
    loaded = load([options.catalogue], None, None, options.map, None)
    late = set(rng.choice(len(loaded.partners), options.newcomers, replace=False).tolist())
    built = Catalogue.from_partners(one for place, one in enumerate(loaded.partners) if place not in late)
    with tempfile.TemporaryDirectory() as folder:
        version = Matchmaker().fit(built, progress=Bar()).save(Path(folder) / "bundle")
        make_lists(version, processes=os.cpu_count() or 1, progress=Bar())
        database = Database(f"sqlite:///{folder}/store.sqlite")
        database.migrate()
        engine = Matchmaker.load(version)
        live, ahead = Live(database, engine), Ahead(version, engine.fitted)
        with database.writing() as writing:
            partners.put(writing, [loaded.partners[place] for place in sorted(late)])
        live.catch_up()
        begun = time.perf_counter()
        ahead.follow(live.engine.fitted, live.placed, live.related)
        seconds = time.perf_counter() - begun
        _tell(live, ahead, options, rng, seconds)


def _tell(live: Live, ahead: Ahead, options: argparse.Namespace, rng: np.random.Generator, seconds: float) -> None:
    fitted = live.engine.fitted
    held = [(key, row) for key, row in fitted.rows.items() if ahead.made(row) is not None]
    built = len(fitted.space) - len(live.placed)
    asked = [held[place] for place in rng.choice(len(held), min(options.lists, len(held)), replace=False)]
    wrong, places = 0, 0
    for key, row in asked:
        made = ahead.made(row)
        before = [match["partner"] for match in made.matches] if made else []
        now = [match.partner for match in live.engine.recommend(key, explain=False)]
        wrong += before != now
        places += len(set(now) - set(before))
    print(f"{options.newcomers} newcomers to {built} partners, looked at in {seconds:.1f} s")
    print(f"{len(held)} of {built} lists still hold ({len(held) / built:.1%})")
    print(f"{wrong} of {len(asked)} of those are another list when asked for now ({wrong / len(asked):.2%}),")
    print(f"{places} of their {10 * len(asked)} places are taken by others ({places / len(asked) / 10:.3%})")


if __name__ == "__main__":
    main()

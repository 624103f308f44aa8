"""The bundle that is served: generated partners, in two versions, so that one can be swapped for the other."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from benchmarks.speed.__main__ import RandomTexts, generated
from matchmaker import Catalogue, Matchmaker
from matchmaker.ahead import make_lists
from matchmaker.cli.output import Bar
from matchmaker.encoders import open_encoder
from matchmaker.errors import BundleError
from matchmaker.registry.bundle import current_version, open_bundle, versions
from matchmaker.registry.lists import read, write


class GeneratedTexts(RandomTexts):
    """Random vectors for the catalogue under the name of the default encoder, which takes the texts that come by HTTP.

    A hundred thousand partners would take the model hours, and the time of an answer does not depend on what vectors say.
    """

    name = "minilm"

    def __init__(self) -> None:
        super().__init__()
        self.fingerprint = open_encoder("minilm").fingerprint


def ready_bundle(folder: Path, partners: int) -> Path:
    """`folder` with two versions of one generated ecosystem and their lists made ahead; made anew where it is missing or of
    another format.
    """
    try:
        made = [read(folder / name, partners) for name in versions(folder)]
        if len(made) >= 2 and None not in made and open_bundle(folder).manifest["partners"] == partners:
            return folder
    except BundleError:
        pass
    shutil.rmtree(folder, ignore_errors=True)
    engine = Matchmaker(encoder=GeneratedTexts()).fit(Catalogue.from_partners(generated(partners)))
    spare, current = engine.save(folder), engine.save(folder)
    make_lists(current, processes=os.cpu_count() or 1, progress=Bar())
    if (lists := read(current, partners)) is not None:
        write(spare, (lists.made(row) for row in range(partners)))  # the same ecosystem under another name
    return folder


def spare_version(folder: Path) -> str | None:
    """The newest version that is not the current one; None where there is no other."""
    current = current_version(folder)
    return next((name for name in reversed(versions(folder)) if name != current), None)

"""Versions that are made of a built one: copies under names of their own, and such as say that they learned from history."""

import json
import shutil

from matchmaker.registry.bundle import current_version, make_current, sha256, versions

GAIN = "Better than the prior in the tail: tail recall@10 +0.050 [+0.020, +0.080], one must lie above 0."
WORSE = "Over all candidates it cannot be ruled out to be worse than the prior."
FAME = "Shows nothing beyond fame."


def interval(estimate, low, high):
    return {"estimate": estimate, "low": low, "high": high, "n": 60}


def history(passed, **changes):
    """What the manifest of a version that learned from links tells."""
    checks = [("gain", True, GAIN), ("aggregate", passed, WORSE), ("not_fame", passed, FAME)]
    return {
        "from": "links",
        "seed": 7,
        "base": "v1",
        "data": {"links": 300, "left_out": {"unknown_partner": 2}},
        "figures": {
            "held_back": {
                "all.ndcg@10": {
                    "ours": interval(0.31, 0.28, 0.34),
                    "prior": interval(0.27, 0.24, 0.3),
                    "difference": interval(0.04, 0.01, 0.07),
                }
            }
        },
        "probability": None,
        "gate": {
            "passed": passed,
            "checks": [
                {"name": name, "passed": ok, "figure": None, "bound": 0.0, "sentence": said}
                for name, ok, said in checks
            ],
        },
        **changes,
    }


def made(root, name, **changes):
    """A copy of the first version under another name, its manifest changed; not current. Returns its folder."""
    folder = root / name
    shutil.copytree(root / versions(root)[0], folder)
    told = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**told, "version": name, **changes}))
    (folder / "manifest.sha256").write_text(sha256(folder / "manifest.json") + "\n")
    return folder


def learned(root, name, passed, **changes):
    """A version that learned from links, and what the gate said of it."""
    return made(root, name, basis="learned", learned=history(passed, **changes))


def built(root, name):
    """A version as a build makes it: without history, and current at once."""
    folder = made(root, name)
    make_current(root, name)
    return folder


def renamed(bundle, root):
    """A copy of a bundle folder whose only version is `v1`, which is current."""
    shutil.copytree(bundle, root)
    first = current_version(root)
    built(root, "v1")
    shutil.rmtree(root / first)
    return root

"""How interface verdicts are checked: the draw looks at raw facts only, and the documented figures are those of the labels kept."""

import csv
import re
from collections import Counter

import pytest

from benchmarks.interfaces.__main__ import COLUMNS, kappa
from benchmarks.interfaces.pairs import STRATA, draw
from matchmaker.gaps.interface import VERDICTS
from matchmaker.profiles.schema import Interface, Partner
from tests.conftest import ROOT

ROWS = list(csv.DictReader((ROOT / "docs" / "interface-labels.csv").read_text(encoding="utf-8").splitlines()))


def test_kappa_by_hand():
    labels, verdicts = list("rrrrnnnnbb"), list("rrrnnnbbbb")
    chance = (4 * 3 + 4 * 3 + 2 * 4) / 100
    assert kappa(labels, verdicts) == pytest.approx((0.7 - chance) / (1 - chance))
    assert kappa(labels, labels) == 1.0
    assert kappa(["r", "b"], ["b", "r"]) == -1.0
    assert kappa(["r"], ["r"]) != kappa(["r"], ["r"])  # NaN: nothing to agree on by chance or otherwise


def test_the_draw_is_seeded_stratified_and_takes_no_partner_twice():
    silent, reads = Interface(), Interface(operations=("Get x",))
    tells = Interface(operations=("Get x",), events=("New x",))
    partners = [
        Partner(id=f"{kind}/{number}", name="x", interface=(silent, reads, tells)[number % 3])
        for kind in ("partners", "apis")
        for number in range(240)
    ]
    by_id = {partner.id: partner.interface for partner in partners}
    wired = [(f"partners/{number}", f"partners/{number + 3}") for number in range(1, 230)]
    drawn = draw(partners, wired, 7)
    assert drawn == draw(partners, wired, 7) != draw(partners, wired, 8)
    assert Counter(pair.stratum for pair in drawn) == STRATA
    ends = [end for pair in drawn for end in (pair.a, pair.b)]
    assert len(set(ends)) == len(ends) == 60
    for pair in drawn:
        a, b = by_id[pair.a], by_id[pair.b]
        assert pair.stratum == "any" or (a.operations and b.operations)
        assert pair.stratum != "wired" or (pair.a, pair.b) in wired
        assert pair.stratum != "events" or a.events or b.events
        assert pair.stratum != "no events" or not (a.events or b.events)
        assert pair.stratum != "described" or pair.a.startswith("apis/")
    with pytest.raises(ValueError, match="too few pairs of the stratum 'wired'"):
        draw(partners, wired[:2], 7)


def test_labels_hold_keys_and_words_only():
    assert tuple(ROWS[0]) == COLUMNS and Counter(row["seed"] for row in ROWS) == dict.fromkeys(
        ("1", "20", "300", "4000"), 30
    )
    for row in ROWS:
        assert row["label"] in VERDICTS and row["verdict"] in VERDICTS and row["stratum"] in STRATA
        assert all(row[end].split("/")[0] in ("partners", "apis") for end in ("a", "b"))


def test_documented_agreement_is_that_of_the_labels():
    page = (ROOT / "docs" / "gaps.md").read_text(encoding="utf-8")
    told = re.findall(
        r"^\| (?:seed )?([\d, ]+) \|.*?\| (\d+) of (\d+) \| \**([\d.]+)\** \|.*\| ([\d.]+) \|$", page, re.M
    )
    assert [seeds for seeds, *_ in told] == ["1", "20", "300", "4000", "20, 300, 4000"]
    for seeds, agreed, count, stated, without in told:
        pairs = [(row["label"], row["verdict"]) for row in ROWS if row["seed"] in seeds.split(", ")]
        known = [pair for pair in pairs if pair[0] != "unknown"]
        assert (int(agreed), int(count)) == (sum(a == b for a, b in pairs), len(pairs))
        assert f"{kappa(*zip(*pairs, strict=True)):.2f}" == stated
        assert f"{kappa(*zip(*known, strict=True)):.2f}" == without
        assert float(stated) >= 0.6

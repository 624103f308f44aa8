"""Names that people read and type: near ones, exact ones, and those that several partners bear."""

import subprocess
import sys

from matchmaker.naming import Naming, near

NAMES = {"shipbob": "ShipBob", "p-17": "Acme Returns", "p-18": "Acme Loyalty", "p-19": "acme returns", "bare": "bare"}


def test_what_is_near_is_found_by_id_and_by_name_and_told_once():
    assert near("shipbobb", NAMES) == ("shipbob (ShipBob)",)
    assert near(" P17", NAMES)[0] == "p-17 (Acme Returns)"
    assert near("Acme Retruns", NAMES)[:2] == ("p-17 (Acme Returns)", "p-19 (acme returns)")
    assert near("bar", NAMES) == ("bare",)
    assert near("nobody", {"b": "b", "y": "y", "od": "od"}) == ()
    many = {f"p{number:03d}": f"Partner {number}" for number in range(50)}
    assert near("p0001", many) == ("p000 (Partner 0)", "p001 (Partner 1)")


def test_an_exact_name_is_an_id_in_any_case_and_an_id_comes_first():
    naming = Naming({**NAMES, "ShipBob": "Another"})
    assert [naming.id(one) for one in ("ShipBob", "shipbob", " ACME loyalty ", "acme")] == [
        "ShipBob",
        "shipbob",
        "p-18",
        None,
    ]


def test_a_name_that_several_bear_is_shown_with_the_id():
    naming = Naming(NAMES)
    assert [naming.shown(one) for one in ("shipbob", "p-17", "p-19", "bare", "connector")] == [
        "ShipBob", "Acme Returns (p-17)", "acme returns (p-19)", "bare", "connector",
    ]  # fmt: skip
    some = naming.among(["p-17", "p-18", "new"])
    assert [some.shown(one) for one in ("p-17", "new")] == ["Acme Returns", "new"]
    assert some.id("p-19") is None


def test_what_is_imported_stays_cheap():
    heavy = "import sys; print([one for one in ('numpy', 'pandas', 'rapidfuzz') if one in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"import matchmaker.naming; {heavy}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

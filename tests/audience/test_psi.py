import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.audience.psi import Accounts, request, response, result, setup
from matchmaker.errors import CatalogueError, MissingExtraError, SettingsError

pytest.importorskip("private_set_intersection", reason="no wheel for this platform")
NAMES = st.sets(st.integers(0, 40), min_size=1, max_size=25)


def named(numbers):
    return Accounts.of([f"https://www.Shop{number}.com/x" for number in numbers])


def run(asker, answerer, *, reveal=False, minimum=1):
    """The four steps, each with the files of the others alone."""
    answering, prepared = setup(answerer, reveal=reveal)
    asking, asked = request(asker, reveal=reveal)
    answered = response(asked, answering, minimum=minimum)
    return result(prepared, answered, asking, asker)


@settings(max_examples=15, deadline=None)
@given(NAMES, NAMES, st.booleans())
def test_what_is_found_is_what_both_have(mine, theirs, reveal):
    found = run(named(mine), named(theirs), reveal=reveal)
    shared = mine & theirs
    assert (found.your_accounts, found.their_accounts, found.shared) == (len(mine), len(theirs), len(shared))
    assert found.share_of_yours == len(shared) / len(mine)
    assert found.share_of_theirs == len(shared) / len(theirs)
    assert found.accounts == (tuple(sorted(f"shop{number}.com" for number in shared)) if reveal else None)


def test_no_file_holds_an_account_and_every_run_looks_otherwise():
    accounts = named(range(30))
    files = [one for make in (setup, setup, request, request) for one in make(accounts)]
    assert len({*files}) == len(files)
    assert not any(name.encode() in file for file in files for name in accounts.names)
    answering, _ = setup(accounts)
    assert len({response(request(accounts)[1], answering) for _ in range(2)}) == 2


def test_accounts_are_read_as_companies(tmp_path):
    (tmp_path / "a.csv").write_text("Domain,x\nwww.b.co.uk,1\nb.co.uk,1\nme@gmail.com,1\n,1\nA.com,1\n")
    assert Accounts.of_file(tmp_path / "a.csv") == Accounts(("a.com", "b.co.uk"), 2)
    (tmp_path / "b.csv").write_text("account\ngmail.com\n")
    with pytest.raises(CatalogueError, match="holds no account"):
        Accounts.of_file(tmp_path / "b.csv")


def test_requests_for_few_accounts_are_not_answered():
    answering, _ = setup(named(range(50)))
    assert response(request(named(range(20)))[1], answering)
    with pytest.raises(SettingsError, match="19 accounts: fewer than 20"):
        response(request(named(range(19)))[1], answering)


def test_both_sides_must_agree_to_reveal():
    accounts = named(range(30))
    answering, prepared = setup(accounts)
    asking, asked = request(accounts, reveal=True)
    with pytest.raises(SettingsError, match="One side agreed"):
        response(asked, answering)
    _, counted = request(accounts)
    with pytest.raises(SettingsError, match="One side agreed"):
        result(prepared, response(counted, answering), asking)


def test_files_that_are_wrong_are_told_by_their_step():
    accounts = named(range(30))
    answering, prepared = setup(accounts)
    asking, asked = request(accounts)
    answered = response(asked, answering)
    for wrong, said in (
        (lambda: response(prepared, answering), "This is a setup file, where the request file is wanted"),
        (lambda: response(asked, asked), "This is a request file, where the secret file"),
        (lambda: result(b"nonsense", answered, asking), "no setup file"),
        (lambda: result(prepared[:-7], answered, asking), "setup file is damaged"),
        (lambda: response(asked[:60] + b"\x0a\xff", answering), "request file is damaged"),
    ):
        with pytest.raises(CatalogueError, match=said):
            wrong()
    revealing, shown = setup(accounts, reveal=True)
    mine, wanted = request(accounts, reveal=True)
    with pytest.raises(SettingsError, match="30 accounts were asked for, 29 are given"):
        result(shown, response(wanted, revealing), mine, named(range(29)))


def test_without_the_extra_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "private_set_intersection.python", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'matchmaker\[psi\]'"):
        setup(named(range(3)))

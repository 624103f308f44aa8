import hashlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import ColumnError, SettingsError
from matchmaker.profiles.accounts import canonical, check_key, hash_account, is_free_mail, key_id
from matchmaker.profiles.catalogue import load_catalogue

KEY = b"a secret of some length"


def load(folder, *rows, key=KEY, header="partner,account,population,segment,value,date"):
    (folder / "p.jsonl").write_text('{"id": "a", "name": "A"}\n{"id": "b", "name": "B"}\n')
    (folder / "accounts.csv").write_text("\n".join([header, *rows]) + "\n")
    return load_catalogue(folder / "p.jsonl", accounts=folder / "accounts.csv", account_key=key)


def test_accounts_by_hand(tmp_path):
    held = load(
        tmp_path, "a,https://www.Acme.example.co.uk/x,,smb,10.5,2024-05", "b,someone@example.co.uk,Prospect,,,"
    ).accounts
    assert held.partner_ids == ("a", "b")
    assert held.populations == ("customer", "prospect")
    assert held.segments == ("smb", None) and held.values == (10.5, None) and held.dates == ("2024-05-01", None)
    expected = hashlib.blake2b(b"example.co.uk", digest_size=16, key=KEY).hexdigest()
    assert held.accounts == (expected, expected)
    assert len(held) == 2 and held.key_id == key_id(KEY)


@pytest.mark.parametrize("key", [None, b"", b"short", b"x" * 15])
def test_an_absent_or_short_key_is_refused(key, tmp_path):
    with pytest.raises(SettingsError, match="MATCHMAKER_ACCOUNT_KEY"):
        load(tmp_path, "a,acme.com,,,,", key=key)


def test_the_key_is_never_in_the_message():
    with pytest.raises(SettingsError) as caught:
        check_key(b"hunter2hunter2")
    assert "hunter" not in str(caught.value)
    assert check_key(b"x" * 16) == b"x" * 16


def test_no_key_is_needed_without_accounts(tmp_path):
    (tmp_path / "p.jsonl").write_text('{"name": "A"}\n')
    assert load_catalogue(tmp_path / "p.jsonl").accounts is None


def test_bad_rows_and_their_reasons(tmp_path):
    rows = [
        ("ghost,acme.com,,,,", "unknown_partner", "partner", "ghost"),
        ("a,,,,,", "missing_account", "account", "(withheld)"),
        ("a,someone@gmail.com,,,,", "free_mail", "account", "(withheld)"),
        ("a,GMX.de,,,,", "free_mail", "account", "(withheld)"),
        ("a,acme.com,friends,,,", "unknown_population", "population", "friends"),
        ("a,acme.com,,,much,", "not_a_number", "value", "much"),
        ("a,acme.com,,,,never", "invalid_date", "date", "never"),
        (f"a,{'x' * 200_001},,,,", "cell_too_long", "account", "(withheld)"),
    ]
    catalogue = load(tmp_path, *(row for row, *_ in rows), "a,acme.com,,,,", "b,acme.com")
    found = {(i.row, i.code, i.column, i.found) for i in catalogue.report.issues}
    expected = {(number, *rest) for number, (_, *rest) in enumerate(rows, start=1)}
    assert found == expected | {(10, "unreadable_row", None, "")}
    counts = catalogue.report.tables["accounts"]
    assert (counts.read, counts.kept, counts.refused) == (10, 1, 9)


def test_a_repeated_account_is_kept_once_with_a_note(tmp_path):
    catalogue = load(tmp_path, "a,acme.com,,,1,", "a,mail.acme.com,,,2,", "a,acme.com,prospect,,3,", "b,acme.com,,,4,")
    assert catalogue.accounts.values == (1.0, 3.0, 4.0)
    assert catalogue.report.codes == {"note:repeated_account": 1}


def test_hashed_and_plain_accounts_together_are_noted(tmp_path):
    hashed = hash_account("acme.com", KEY)
    (issue,) = load(tmp_path, "a,acme.com,,,,", f"b,{hashed},,,,", "b,other.com,,,,").report.issues
    assert (issue.severity, issue.code, issue.row) == ("note", "mixed_accounts", None)
    assert issue.expected.startswith("accounts of one kind; 1 look hashed, 2 plain")
    assert load(tmp_path, f"a,{hashed},,,,", f"b,{hashed},,,,").report.issues == []


def test_no_account_is_left_plain_anywhere(tmp_path):
    secret = "zzsecretzz"
    rows = [f"a,{secret}.com,,,,", f"ghost,{secret}.com,,,,", f"a,{secret}.com,bad,,,", f"a,{secret}.com,,,bad,"]
    rows += [
        f"a,{secret}@gmail.com,,,,",
        f"a,{secret}.com,,,,",
        f"a,{secret * 30_000},,,,",
        f"b,{secret},,,,",
        f"a,{secret},x",
    ]
    catalogue = load(tmp_path, *rows)
    catalogue.report.to_csv(tmp_path / "report.csv")
    everything = [
        json.dumps(catalogue.report.to_dict()),
        (tmp_path / "report.csv").read_text(),
        "\n".join(catalogue.report.summary()),
        repr(catalogue.accounts),
        repr(catalogue),
        pickle.dumps(catalogue).decode("latin-1"),
    ]
    assert len(catalogue.accounts) == 2 and len(catalogue.report.issues) == 7
    assert not [text for text in everything if secret in text.lower() or KEY.decode() in text]


def test_a_malformed_line_gives_no_account_away(tmp_path):
    (tmp_path / "p.jsonl").write_text('{"id": "a", "name": "A"}\n')
    (tmp_path / "a.jsonl").write_text(
        '{"partner": "a", "account": "zzsecretzz.com"\n{"partner": "a", "account": "x.com"}\n'
    )
    catalogue = load_catalogue(tmp_path / "p.jsonl", accounts=tmp_path / "a.jsonl", account_key=KEY)
    assert catalogue.report.codes == {"refused:unreadable_row": 1}
    assert "zzsecretzz" not in repr(catalogue.report)


def test_accounts_need_their_columns(tmp_path):
    with pytest.raises(ColumnError, match="'account'"):
        load(tmp_path, "a,x", header="partner,thing")


def test_no_account_kept_gives_an_empty_table(tmp_path):
    held = load(tmp_path, "ghost,acme.com,,,,").accounts
    assert len(held) == 0 and held.partner_ids == held.values == ()


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ("Acme.COM", "acme.com"),
        ("https://shop.acme.co.uk:8080/a?b=c", "acme.co.uk"),
        ("first.last@mail.acme.de", "acme.de"),
        ("  CRM-0042 ", "crm-0042"),
        ("10.0.0.1", "10.0.0.1"),
        ("v1.unknownsuffix", "v1.unknownsuffix"),
        ("kunde@intern", "kunde@intern"),
    ],
)
def test_canonical(account, expected):
    assert canonical(account) == expected


def test_free_mail():
    assert is_free_mail("GMAIL.com") and is_free_mail("a@b.gmail.com") and is_free_mail("https://web.de/")
    assert not is_free_mail("acme.com") and not is_free_mail("gmail") and not is_free_mail("gmail.com.acme.com")


@given(st.text(min_size=1, max_size=30), st.binary(min_size=16, max_size=80), st.binary(min_size=16, max_size=80))
def test_hashes_depend_on_the_key_and_not_on_case_or_space(account, key, other):
    found = hash_account(account, key)
    assert len(found) == 32 and int(found, 16) >= 0
    assert hash_account(f" {account.upper().lower()} ", key) == hash_account(account.upper(), key)
    if key[:64].rstrip(b"\0") != other[:64].rstrip(b"\0"):
        assert hash_account(account, other) != found
        assert key_id(other) != key_id(key)


def test_the_account_table_changes_the_fingerprint(tmp_path):
    one, other = load(tmp_path, "a,acme.com,,,,").fingerprint, load(tmp_path, "b,acme.com,,,,").fingerprint
    assert one != other != load(tmp_path, "b,acme.org,,,,").fingerprint


def test_the_order_of_account_rows_changes_nothing(tmp_path):
    rows = ["a,acme.com,,,,", "b,acme.org,,,,"]
    assert load(tmp_path, *rows).fingerprint == load(tmp_path, *rows[::-1]).fingerprint

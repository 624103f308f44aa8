import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.audience import files
from matchmaker.audience.aliases import Aliases
from matchmaker.audience.hashing import _TWO_LABELS, hashed
from matchmaker.audience.incidence import Incidence, digests
from matchmaker.audience.pairs import overlap_of_pair
from matchmaker.audience.reading import read_accounts
from matchmaker.errors import CatalogueError, ColumnError, SettingsError, UnknownPartnerError
from matchmaker.profiles.accounts import FREE_MAIL, AccountTable, canonical, hash_account, key_id
from matchmaker.profiles.schema import Partner
from tests.audience.worlds import ROWS, incidence
from tests.batch.tables import write

KEY = b"a key of the tests, long enough"


def read(path, rows, **options):
    return read_accounts(write(path, rows), key=KEY, **options)


def rows_of(*cells, names=("partner", "account", "population", "value", "currency")):
    return [dict(zip(names, row + (None,) * (len(names) - len(row)), strict=True)) for row in cells]


def same(one, other):
    assert one.partner_ids == other.partner_ids
    for name in ("offsets", "codes", "kinds", "accounts"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("kind", [".parquet", ".csv", ".jsonl"])
@settings(max_examples=8, deadline=None)
@given(rows=ROWS.filter(len))
def test_a_file_gives_what_its_rows_give(tmp_path_factory, kind, rows):
    path = tmp_path_factory.mktemp("read") / f"accounts{kind}"
    cells = rows_of(*((who, f"shop{account}.com", population, value) for who, account, population, value in rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK", 7)
        found = read(path, cells, partners=("alpha", "beta", "gamma", "delta")).incidence
    hashes = {account: hash_account(f"shop{account}.com", KEY) for _, account, *_ in rows}
    same(found, incidence([(who, int(hashes[account], 16), *rest) for who, account, *rest in rows]))
    assert found.key_id == key_id(KEY)


def test_bad_rows_are_reported_and_the_others_read(tmp_path):
    cells = rows_of(
        ("a", "Shop.com", "customer", "1"),
        ("a", "https://www.shop.com/x", " Customer ", None),
        ("a", "someone@gmail.com", "customer", None),
        ("b", "info@shop.com", "opportunity", "1,250.5", "eur"),
        ("b", "other.com", "friend", None),
        ("b", "other.com", "opportunity", "much"),
        ("", "other.com", None, None),
        ("b", None, None, None),
        ("who", "other.com", None, None),
    )
    found = read(tmp_path / "a.csv", cells, partners=["a", "b", "zero"])
    counts = found.report.tables["accounts"]
    assert (counts.read, counts.kept, counts.refused) == (9, 3, 6)
    assert dict(found.report.codes) == {
        "refused:free_mail": 1,
        "refused:unknown_population": 1,
        "refused:not_a_number": 1,
        "refused:unknown_partner": 2,
        "refused:missing_account": 1,
        "note:repeated_account": 1,
    }
    told = {issue.row: (issue.code, issue.column, issue.found) for issue in found.report.issues}
    assert told == {
        3: ("free_mail", "account", "(withheld)"),
        5: ("unknown_population", "population", "friend"),
        6: ("not_a_number", "value", "much"),
        7: ("unknown_partner", "partner", ""),
        8: ("missing_account", "account", "(withheld)"),
        9: ("unknown_partner", "partner", "who"),
    }
    assert "gmail" not in json.dumps(found.report.to_dict())
    one = overlap_of_pair(found.incidence, "b", "a")
    assert (one.shared, one.potential_revenue, one.currency) == (1, 1250.5, "EUR")
    assert overlap_of_pair(found.incidence, "zero", "a").reasons[0] == "you have no account"
    assert found.incidence.universe == 1  # of refused rows no account is counted


def test_rows_beyond_what_a_report_keeps_are_counted(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "KEPT_IN_MEMORY", 3)
        found = read(tmp_path / "a.csv", rows_of(("a", "x.com"), *[("a", None, "friend")] * 9))
    assert len(found.report.issues) == 3
    assert found.report.codes == {"refused:unknown_population": 9}


def test_hashed_and_plain_accounts_are_told_apart_and_never_mixed_in_silence(tmp_path):
    names = [f"shop{number}.com" for number in range(4)]
    plain = read(tmp_path / "plain.csv", rows_of(*(("a", name) for name in names))).incidence
    ready = [("a", hash_account(name, KEY)) for name in names]
    same(read(tmp_path / "hashed.csv", rows_of(*ready)).incidence, plain)
    both = rows_of(*ready[:2], *(("a", name) for name in names[2:]))
    with pytest.raises(CatalogueError, match=r"2 rows look hashed .* 2 do not.*mixed"):
        read(tmp_path / "both.csv", both)
    same(read(tmp_path / "both.csv", both, form="mixed").incidence, plain)
    only = read(tmp_path / "both.csv", both, form="hashed")
    assert (only.incidence.universe, only.report.codes) == (2, {"refused:plain_account": 2})
    again = read(tmp_path / "both.csv", both, form="plain").incidence
    assert len(set(map(tuple, again.accounts.tolist())) & set(map(tuple, plain.accounts.tolist()))) == 2
    free = read(tmp_path / "free.csv", rows_of(*ready, ("a", hash_account("gmail.com", KEY))))
    assert free.report.codes == {"refused:free_mail": 1}
    with pytest.raises(SettingsError, match="form of accounts is one of"):
        read(tmp_path / "both.csv", both, form="maybe")


def test_several_domains_of_one_company_are_one_account(tmp_path):
    cells = rows_of(("a", "shop.de"), ("a", "shop.fr"), ("b", "www.shop.co.uk"), ("b", "else.com"))
    apart = read(tmp_path / "a.csv", cells)
    assert (apart.incidence.universe, overlap_of_pair(apart.incidence, "a", "b").shared) == (4, 0)
    (tmp_path / "aliases.csv").write_text(
        "domain,account\nshop.fr,shop.de\nshop.co.uk,shop.fr\nshop.de,shop.co.uk\n,x\n"
    )
    company = Partner(id="shop", name="Shop", domain="https://shop.de", domains=("shop.fr", "shop.co.uk"))
    for aliases in (Aliases.of_file(tmp_path / "aliases.csv"), Aliases.of_partners([company])):
        joined = read(tmp_path / "a.csv", cells, aliases=aliases)
        assert (joined.incidence.universe, joined.aliased, len(aliases)) == (2, 2, 2)
        assert overlap_of_pair(joined.incidence, "a", "b").shared == 1
        assert joined.report.codes == {"note:repeated_account": 1}
        ready = [{**row, "account": hash_account(row["account"], KEY)} for row in cells]
        same(read(tmp_path / "h.csv", ready, aliases=aliases).incidence, joined.incidence)


@settings(max_examples=60, deadline=None)
@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), seed=st.integers(0, 99))
def test_groups_of_aliases_do_not_depend_on_the_order(pairs, seed):
    named = [(f"d{one}.com", f"d{other}.com") for one, other in pairs]
    shuffled = [tuple(np.random.default_rng(seed).permutation(pair)) for pair in named]
    np.random.default_rng(seed).shuffle(shuffled)
    one, other = Aliases(named).hashed(KEY), Aliases(shuffled).hashed(KEY)
    assert one == other
    assert not set(one) & set(one.values())  # nothing stands for what stands for another


def test_values_in_several_currencies_are_not_added_up(tmp_path):
    cells = rows_of(
        ("a", "x.com", "opportunity", "5", "EUR"), ("a", "y.com", "opportunity", "7", "usd"), ("b", "x.com")
    )
    found = read(tmp_path / "a.csv", cells)
    assert found.report.codes == {"note:mixed_currencies": 1}
    told = overlap_of_pair(found.incidence, "a", "b")
    assert (told.potential_revenue, told.currency) == (None, None)
    assert told.reasons[-1] == "no revenue: no value is stated, or values are in several currencies"


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        ("partner,account\n", CatalogueError, "holds no row"),
        ("partner,account\na,\na,x@gmail.com\n", CatalogueError, r"No account could be read .* row 1"),
        ("who,what\na,b\n", ColumnError, "partner"),
        ("", CatalogueError, "empty"),
        ('partner,account\na,"b\n', CatalogueError, "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_one_error(tmp_path, content, error, said):
    path = tmp_path / "a.csv"
    path.write_text(content)
    with pytest.raises(error, match=said):
        read_accounts(path, key=KEY)
    with pytest.raises(SettingsError, match="MATCHMAKER_ACCOUNT_KEY"):
        read_accounts(path, key=None)


def test_columns_are_mapped(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("Vendor", "Their customer"), ("a", "x.com")])
    found = read_accounts(path, key=KEY, mapping={"account": "Their customer"})
    assert found.mapping.describe() == [("partner", "Vendor", "guessed"), ("account", "Their customer", "given")]
    assert found.incidence.partner_ids == ("a",)


@settings(max_examples=120, deadline=None)
@given(
    st.from_regex(_TWO_LABELS, fullmatch=True) | st.sampled_from(["co.uk", "com.au", "github.io", "xn--p1ai.xn--p1ai"])
)
def test_a_host_of_two_labels_is_its_own_canonical_form(text):
    assert canonical(text.strip("\n")) == text.strip("\n")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["Shop.com", "a.b.co.uk", "x@y.org", " key 7 ", "ß.de", *FREE_MAIL]), min_size=1))
def test_texts_are_hashed_as_everywhere(texts):
    import pyarrow as pa

    found, states = hashed(pa.array(texts), KEY, "plain")
    assert np.array_equal(found, digests([hash_account(text, KEY) for text in texts]))
    assert [bool(state) for state in states] == [canonical(text) in FREE_MAIL for text in texts]


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_a_table_in_memory_gives_the_same(rows):
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    partners, accounts, populations, values = (tuple(column) for column in columns)
    none = (None,) * len(rows)
    table = AccountTable(
        partners, tuple(f"{one:032x}" for one in accounts), populations, none, values, none, "0123abcd"
    )
    found, expected = Incidence.of_table(table, ("delta", "alpha", "beta", "gamma")), incidence(rows)
    same(found, expected)
    if any(value is not None for value in values):
        assert np.array_equal(found.values, expected.values)
    else:
        assert found.values is None
    with pytest.raises(UnknownPartnerError):
        Incidence.of_table(AccountTable(("x",), ("0" * 32,), ("customer",), (None,), (None,), (None,), ""), ("alpha",))


def test_what_is_imported_stays_cheap():
    names = ["pairs", "reading", "aliases", "incidence"]
    line = ";".join(f"import matchmaker.audience.{name}" for name in names)
    heavy = "import sys; print([one for one in ('pandas', 'scipy', 'numba', 'torch', 'pyarrow') if one in sys.modules])"
    done = subprocess.run([sys.executable, "-c", f"{line}; {heavy}"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

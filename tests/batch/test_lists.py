import pytest

from matchmaker import Config, Matchmaker
from matchmaker.batch.lists import NONE, Settings, lists_work
from matchmaker.batch.run import plan, run
from matchmaker.errors import SettingsError
from tests.batch.tables import read
from tests.conftest import WordEncoder, make_catalogue

SAME = (
    "rank", "mutual", "value_to_you", "value_to_them", "balance", "weaker_side", "fit_type", "one_way_street", "confidence",
    "size_band",
)  # fmt: skip


def make(bundle, out, settings=Settings(), threads=1, size=7):  # noqa: B008 - frozen
    return run(lists_work(bundle, out, settings, part_partners=size), out, threads=threads)


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A bundle whose candidates come from the channels, as in a large catalogue."""
    folder = tmp_path_factory.mktemp("searched")
    config = Config(exhaustive_below=0, channel_quota=8)
    Matchmaker(config, encoder=WordEncoder()).fit(make_catalogue(120)).save(folder)
    return folder


@pytest.fixture(scope="module")
def approximate(tmp_path_factory):
    """The same, its candidates found by approximate indexes."""
    folder = tmp_path_factory.mktemp("approximate")
    config = Config(exhaustive_below=0, channel_quota=8, exact_below=10)
    Matchmaker(config, encoder=WordEncoder()).fit(make_catalogue(120)).save(folder)
    return folder


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(k=4, popularity_weight=0.1, diversity=0.0),
        Settings(k=13, diversity=0.8, include_existing=True),
    ],
)
@pytest.mark.parametrize("which", ["bundle", "searched", "approximate"])
def test_lists_are_those_of_recommend(tmp_path, which, settings, request, monkeypatch):
    monkeypatch.setattr("matchmaker.retrieval.approximate.BRUTE_FORCE_BELOW", 20)
    folder = request.getfixturevalue(which)
    engine = Matchmaker.load(folder)
    make(folder, tmp_path / "lists.jsonl", settings)
    by_partner = {}
    for row in read(tmp_path / "lists.jsonl"):
        by_partner.setdefault(row["partner"], []).append(row)
    assert list(by_partner) == list(engine.fitted.space.ids)
    for partner, rows in by_partner.items():
        expected = engine.recommend(partner, explain=False, **vars(settings)).matches
        assert [row["match"] for row in rows] == [match.partner for match in expected]
        for row, match in zip(rows, expected, strict=True):
            assert {name: row[name] for name in SAME} == {name: getattr(match, name) for name in SAME}
            assert row["status"] == "ok"


def test_a_partner_without_anybody_has_a_row_that_says_so(tmp_path):
    Matchmaker(encoder=WordEncoder()).fit(make_catalogue(1)).save(tmp_path / "bundle")
    summary = make(tmp_path / "bundle", tmp_path / "lists.csv")
    assert (summary.rows, summary.failed) == (1, 1)
    row = read(tmp_path / "lists.csv")[0]
    assert (row["partner"], row["match"], row["status"]) == ("p000", None, NONE)


@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_processes_and_sizes_of_parts_change_no_row(tmp_path, bundle, kind):
    one, two, other = (tmp_path / f"{name}{kind}" for name in ("one", "two", "other"))
    make(bundle, one)
    make(bundle, two, threads=2)
    make(bundle, other, size=40)
    assert one.read_bytes() == two.read_bytes()
    assert read(one) == read(other)


def test_settings_out_of_range_are_refused_and_a_plan_counts_partners(tmp_path, bundle):
    with pytest.raises(SettingsError, match="diversity"):
        lists_work(bundle, tmp_path / "lists.csv", Settings(diversity=2.0))
    found = plan(
        lists_work(bundle, tmp_path / "lists.csv", Settings(), part_partners=7), tmp_path / "lists.csv", threads=1
    )
    assert (found.steps, found.parts) == (40, 6)

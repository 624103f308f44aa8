"""What may be said of prediction, from the files of a build to the last face: only what the backtest on that data allows."""

import dataclasses
import json
import re

import pytest
from typer.testing import CliRunner

from matchmaker.cli.app import app
from matchmaker.engine import Matchmaker
from matchmaker.errors import BundleCorruptError
from matchmaker.profiles.catalogue import load_catalogue
from matchmaker.trajectories import grounds
from matchmaker.trajectories.encode import encoded
from matchmaker.trajectories.history import read_snapshots
from matchmaker.trajectories.wording import NOT_SHOWN, SHOWN
from matchmaker_service.settings import Settings
from tests.service.conftest import running
from tests.trajectories import known

KEY = "k" * 32
FILES = ("--snapshots", "snapshots.jsonl")
ASSERTED = re.compile(r"(?<!not been )shown to predict|predicts|does predict", re.IGNORECASE)


@pytest.fixture(scope="module", autouse=True)
def places():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matchmaker.encoders.open_encoder", lambda *_, **__: known.PlaceEncoder())
        patch.setenv("MATCHMAKER_ACCOUNT_KEY", KEY)
        yield


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    return built(tmp_path_factory.mktemp("shown"), by_motion=True)


@pytest.fixture(scope="module")
def unshown(tmp_path_factory):
    return built(tmp_path_factory.mktemp("unshown"), "--accounts", "accounts.csv", by_motion=False)


def built(folder, *more, by_motion):
    known.write(folder, by_motion=by_motion)
    run(folder, "build", "catalogue.jsonl", "-o", "model", "--relations", "relations.csv", *FILES, *more)
    return folder


def run(folder, *words):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(app, [*words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def someone(engine):
    """A partner with a list of its own."""
    return next(one for one in known.IDS if engine.collisions(one).collisions)


def faces(folder, partner):
    """What the engine, the command and the service say of one partner, and all text that a person could read of it."""
    engine = Matchmaker.load(folder / "model", background_check=False)
    plain = json.loads(json.dumps(engine.collisions(partner).to_dict()))
    command = json.loads(run(folder, "collisions", partner, "-m", "model", "--json").stdout)
    printed = " ".join(run(folder, "collisions", partner, "-m", "model").stdout.split())
    settings = Settings(model=folder / "model", data_dir=folder / "data", log_level="error", encode_apart=False)
    with running(settings) as served:
        told = served.api.get(f"/v1/partners/{partner}/collisions").json()["data"]
    card = next((folder / "model").glob("*/MODEL_CARD.md")).read_text()
    assert plain == command == told
    return plain, printed, card


def test_a_world_whose_partnerships_come_of_motion_is_told_so_by_every_face(shown):
    partner = someone(Matchmaker.load(shown / "model", background_check=False))
    plain, printed, card = faces(shown, partner)
    assert plain["wording"] == SHOWN
    assert plain["proof"].startswith("Backtest of 135 events") and plain["proof"].endswith("all 5 checks passed.")
    assert SHOWN[1:] in printed and plain["proof"] in printed
    assert SHOWN in card and plain["proof"] in card and card.count("| met |") == 5


def test_a_world_whose_partnerships_come_of_chance_is_told_so_by_every_face(unshown):
    partner = someone(Matchmaker.load(unshown / "model", background_check=False))
    plain, printed, card = faces(unshown, partner)
    assert plain["wording"] == NOT_SHOWN
    assert "it is not surely better than every simpler guess; snapshots in a wrong order do too well" in plain["proof"]
    assert re.search(r"1 year ahead of \d+ days, \d{4}-", plain["proof"])
    assert NOT_SHOWN[1:] in printed and "| beats | not met |" in card
    for said in (json.dumps(plain), printed, card):
        assert not ASSERTED.search(said)


def test_the_backtest_is_of_one_horizon(shown):
    """What was shown a year ahead was not shown of two."""
    engine = Matchmaker.load(shown / "model", background_check=False)
    found = engine.collisions(someone(engine), years=2.0)
    assert found.wording == NOT_SHOWN
    assert found.proof.endswith("nothing was asked of 2 years ahead.")


def test_a_proof_is_covered_by_the_checksums_and_a_bundle_without_one_loads(shown, tmp_path):
    engine = Matchmaker.load(shown / "model", background_check=False)
    partner = someone(engine)
    plain = dataclasses.replace(engine.fitted, proof=None)
    old = Matchmaker.load(engine.on(plain, known.PlaceEncoder()).save(tmp_path / "old"), background_check=False)
    assert not list((tmp_path / "old").glob("*/proof.json"))
    found = old.collisions(partner)
    assert (found.wording, "build it again" in found.proof) == (NOT_SHOWN, True)
    assert [one["partner"] for one in found.collisions] == [
        one["partner"] for one in engine.collisions(partner).collisions
    ]
    [failed] = engine.save(tmp_path / "new").glob("proof.json")
    failed.write_text(failed.read_text().replace('"enough"', '"Enough"'))
    with pytest.raises(BundleCorruptError, match=r"proof\.json"):
        Matchmaker.load(tmp_path / "new")


def test_a_file_gives_the_answer_of_a_bundle(shown):
    partner = someone(Matchmaker.load(shown / "model", background_check=False))
    of_bundle = json.loads(run(shown, "collisions", partner, "-m", "model", "--json").stdout)
    asked = run(shown, "collisions", partner, *FILES, "--relations", "relations.csv", "--json")
    assert json.loads(asked.stdout) == of_bundle
    unasked = json.loads(run(shown, "collisions", partner, *FILES, "--json").stdout)
    assert (unasked["wording"], unasked["collisions"]) == (NOT_SHOWN, of_bundle["collisions"])
    assert "no relations were given" in unasked["proof"]


def test_dated_accounts_tell_the_trend_of_what_two_share_but_not_to_a_bound_key(unshown):
    partner = someone(Matchmaker.load(unshown / "model", background_check=False))
    of_bundle = json.loads(run(unshown, "collisions", partner, "-m", "model", "--json").stdout)
    accounts = ("--accounts", "accounts.csv")
    of_file = json.loads(run(unshown, "collisions", partner, *FILES, *accounts, "--json").stdout)
    assert of_file["collisions"] == of_bundle["collisions"]
    for one in of_bundle["collisions"]:
        assert one["overlap_trend"]["verdict"] == "converging" and one["overlap_trend"]["shared"] > 20
        assert "audience shares" in one["courses"]
        assert any(said.startswith("accounts: converging") for said in one["evidence"])
    settings = Settings(
        model=unshown / "model", data_dir=unshown / "keys", auth="required", log_level="error", encode_apart=False
    )
    with running(settings) as served:
        path = f"/v1/partners/{partner}/collisions"
        told = served.api.get(path, headers=served.key("read", partner=partner)).json()["data"]
        assert served.api.get(path, headers=served.key("read")).json()["data"] == of_bundle
        facets = [
            served.api.get(f"/v1/partners/{partner}/orbit", headers=served.key("read", partner=whose)).json()["data"][
                "facets"
            ]
            for whose in (partner, None)
        ]
    assert [one.count("audience shares") for one in facets] == [0, 1]
    without = [one["partner"] for one in of_bundle["collisions"] if one["facet"] != "audience shares"]
    assert set(without) <= {one["partner"] for one in told["collisions"]}
    assert told["collisions"]
    assert [one["overlap_trend"] for one in told["collisions"]] == [None] * len(told["collisions"])
    assert not any(word in json.dumps(told) for word in ("accounts:", "audience shares"))


def test_why_no_backtest_was_made_is_told(shown, monkeypatch):
    history = read_snapshots(shown / "snapshots.jsonl")
    facets = {name: one for name, one, _ in encoded(history, known.PlaceEncoder())}
    relations = load_catalogue(shown / "catalogue.jsonl", relations=shown / "relations.csv").relations
    monkeypatch.setattr(grounds, "backtest", None)
    for kept, more, reason in (
        (relations, {"most": 59}, "60 partners are more than the 59"),
        (relations[:10], {}, "needed are 50"),
        (relations, {"years": 2.5}, "needed are 2, each with"),
    ):
        found = grounds.grounds_of(facets, kept, history.ids, **more)
        assert found.proof is None and reason in found.reason
        assert found.wording(1.0) == NOT_SHOWN and found.reason in found.sentence(1.0)

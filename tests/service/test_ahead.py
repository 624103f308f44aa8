"""Lists made ahead against lists asked for, while partners come, change and go."""

import numpy as np
import pytest

from matchmaker import Matchmaker, Relation
from matchmaker.ahead import make_lists
from matchmaker.live import Live
from matchmaker.registry.bundle import open_bundle
from matchmaker.store import partners, relations
from matchmaker.store.database import Database
from matchmaker_service.ahead import Ahead
from tests.conftest import WordEncoder, make_partner
from tests.service.conftest import eventually


class World:
    """A store, what follows it, and lists made ahead."""

    def __init__(self, prepared, url):
        self.database = Database(url)
        self.database.migrate()
        engine = Matchmaker.load(prepared, background_check=False)
        engine._encoder = WordEncoder()
        self.live = Live(self.database, engine)
        self.ahead = Ahead(open_bundle(prepared).folder, engine.fitted)

    def write(self, *written, delete=(), relate=()):
        with self.database.writing() as writing:
            partners.put(writing, list(written))
            for one in delete:
                partners.delete(writing, one, known=make_partner(0, id=one))
            relations.put(writing, list(relate))
        self.live.catch_up()
        self.ahead.follow(self.live.engine.fitted, self.live.placed, self.live.related)

    def held(self):
        """Lists that still hold, by partner, checked against what is asked for now."""
        engine, found = self.live.engine, {}
        for partner, row in engine.fitted.rows.items():
            made = self.ahead.made(row)
            if made is not None:
                found[partner] = [match["partner"] for match in made.matches]
                assert found[partner] == [match.partner for match in engine.recommend(partner, explain=False)], partner
        return found


@pytest.fixture
def world(prepared, tmp_path):
    return World(prepared, f"sqlite:///{tmp_path / 'store.sqlite'}")


def test_without_changes_all_hold(world):
    assert len(world.held()) == len(world.live.engine.fitted.rows)


def test_a_deleted_partner_takes_the_lists_that_name_it(world):
    before = world.held()
    world.write(delete=["p003"])
    after = world.held()
    named = {who for who, listed in before.items() if "p003" in listed} | {"p003"}
    assert named <= set(before) - set(after) and after


def test_a_written_relation_takes_the_lists_of_both_ends(world):
    before = world.held()
    world.write(relate=[Relation(a="p001", b="p020", type="partnership", status="active")])
    assert set(before) - set(world.held()) == {"p001", "p020"}


def test_a_newcomer_takes_the_lists_that_it_is_now_in(world):
    before = world.held()
    world.write(make_partner(3, id="new", name="New House"))
    lost = set(before) - set(world.held())
    named = {who for who in before if "new" in [match.partner for match in world.live.engine.recommend(who)]}
    assert named and named <= lost and lost < set(before)


def test_a_changed_partner_has_no_list_ahead(world):
    world.write(make_partner(3, goals=("better drone delivery",)))
    assert "p003" not in world.held()
    world.write(make_partner(3))  # as it was built
    assert "p003" not in world.held()


def test_random_changes_never_leave_a_wrong_list(world):
    rng = np.random.default_rng(5)
    for step in range(12):
        number = int(rng.integers(40))
        if step % 4 == 3:
            world.write(delete=[f"p{number:03d}"])
        else:
            other = int(rng.integers(10))
            changed = make_partner(number, goals=(f"better thing {other}",))
            world.write(changed, make_partner(other, id=f"new{step}", name=f"N {step}"))
        world.held()


def test_a_bundle_without_lists_has_none(tmp_path, prepared):
    engine = Matchmaker.load(prepared, background_check=False)
    assert not Ahead(tmp_path, engine.fitted)
    assert Ahead(tmp_path, engine.fitted).made(0) is None


def test_lists_that_are_made_while_a_service_answers_are_used(start, model, monkeypatch):
    served = start()
    before = served.api.get("/v1/partners/p000/matches")
    make_lists(model, processes=1)
    eventually(lambda: bool(served.inner.ecosystem.view.ahead))
    asked = []
    monkeypatch.setattr(served.inner.work, "score", lambda ask: asked.append(ask))
    after = served.api.get("/v1/partners/p000/matches")
    assert not asked
    assert (after.json(), after.headers["etag"]) == (before.json(), before.headers["etag"])


def test_a_newcomer_that_nobody_would_list_takes_none(world):
    before = world.held()
    world.write(make_partner(3, id="blank", name="Blank", description="", audience="", goals=(), capabilities=(), regions=(),
                             categories=(), company_sizes=(), size=None))  # fmt: skip
    assert "blank" in world.live.engine.fitted.rows
    world.held()
    assert before


def test_what_breaks_in_lists_made_ahead_costs_the_lists_alone(start, model, monkeypatch):
    make_lists(model, processes=1)
    served = start()
    assert served.inner.ecosystem.view.ahead
    monkeypatch.setattr("matchmaker_service.ahead.contenders", lambda *_: 1 / 0)
    served.api.put("/v1/partners/new", json={"name": "New"})
    assert served.api.get("/v1/partners/new/matches").status_code == 200
    assert not served.inner.ecosystem.view.ahead
    assert served.api.get("/readyz").status_code == 200

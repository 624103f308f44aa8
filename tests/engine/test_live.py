import logging
import subprocess
import sys
import threading

import numpy as np
import pytest

from matchmaker import Matchmaker, Relation
from matchmaker.errors import EncoderError, StoreError, UnknownPartnerError
from matchmaker.live import Live
from matchmaker.store import partners, relations
from tests.conftest import ROOT, WordEncoder, make_catalogue, make_partner

NEW = make_partner(41, id="new", name="New House", goals=("better drone delivery",))


class Counting(WordEncoder):
    """Counts what it encodes, and refuses some texts."""

    def __init__(self, refused="nothing"):
        super().__init__()
        self.texts, self.refused = [], refused

    def encode(self, texts, *, progress=None):
        if any(self.refused in text for text in texts):
            raise EncoderError("no vector for this")
        self.texts += texts
        return super().encode(texts)


def loaded(bundle, encoder=None):
    engine = Matchmaker.load(bundle, background_check=False)
    engine._encoder = encoder or Counting()
    return engine


def put(database, *written):
    with database.writing() as writing:
        return partners.put(writing, written)


def delete(database, partner, **known):
    with database.writing() as writing:
        return partners.delete(writing, partner, **known)


def link(database, relation, *, gone=False):
    with database.writing() as writing:
        stored = relations.put(writing, [relation])[0]
        if gone:
            relations.delete(writing, stored.id)


def answers(engine, asked=("p000", "p007", "p012")):
    return [(match.partner, match.mutual, match.sides) for partner in asked for match in engine.recommend(partner, 50)]


def test_without_changes_it_answers_like_the_bundle(database, bundle):
    live = Live(database, loaded(bundle))
    assert (live.change, live.catch_up(), live.failed) == (0, 0, {})
    assert answers(live.engine) == answers(loaded(bundle))


def test_a_write_is_recommended_after_catching_up(database, bundle):
    live = Live(database, loaded(bundle))
    before = live.engine
    (stored,) = put(database, NEW)
    with pytest.raises(UnknownPartnerError):
        live.engine.recommend("new")
    assert live.catch_up() == 1
    assert live.change == stored.change
    assert len(live.engine.recommend("new", 50)) == 40
    assert "new" in [match.partner for match in live.engine.recommend("p000", 50)]
    assert live.engine.fitted.row("New House") == 40
    with pytest.raises(UnknownPartnerError):  # an engine that was taken before never changes
        before.recommend("new")
    assert live.catch_up() == 0


def test_two_over_one_store_answer_alike_and_one_encodes(database, bundle):
    encoders = Counting(), Counting()
    one, other = (Live(database, loaded(bundle, encoder)) for encoder in encoders)
    put(database, NEW, make_partner(3, description="Now we run drones over Europe."))
    delete(database, "p005", known=make_partner(5))
    link(database, Relation(a="p007", b="new", type="partnership"))
    assert one.catch_up() == other.catch_up() == 4
    assert answers(one.engine, ("p000", "p003", "new")) == answers(other.engine, ("p000", "p003", "new"))
    assert encoders[0].texts
    assert encoders[1].texts == []


def test_a_restart_gives_the_same_engine_without_encoding(database, bundle):
    live = Live(database, loaded(bundle))
    for number in range(5):
        put(database, make_partner(number, name=f"Renamed {number}"), make_partner(50 + number))
        live.catch_up()
    delete(database, "p051")
    delete(database, "p002")
    link(database, Relation(a="p000", b="p050", type="integration"))
    live.catch_up()
    encoder = Counting()
    again = Live(database, loaded(bundle, encoder))
    assert again.change == live.change == database.newest()
    assert answers(again.engine) == answers(live.engine)
    assert encoder.texts == []


def test_deleted_and_resurrected(database, bundle):
    live = Live(database, loaded(bundle))
    original = answers(live.engine)
    assert delete(database, "p001", known=make_partner(1)) is not None
    live.catch_up()
    with pytest.raises(UnknownPartnerError):
        live.engine.explain("p000", "p001")
    found = live.engine.recommend("p000", 100, include_existing=True)
    assert "p001" not in [match.partner for match in found]
    assert found.catalogue == 39
    put(database, make_partner(1))
    assert live.catch_up() == 1
    assert answers(live.engine) == original  # its content is the bundle's: the built row stands again
    put(database, make_partner(1, name="Another Name"))
    live.catch_up()
    assert live.engine.explain("p000", "p001").match.name == "Another Name"
    delete(database, "p001")
    put(database, make_partner(1, name="A Third Name"))
    assert live.catch_up() == 2
    assert live.engine.fitted.row("a third name") == 40
    with pytest.raises(UnknownPartnerError):
        live.engine.fitted.row("Another Name")


def test_relations_put_and_removed_decide_who_is_there_already(database, bundle):
    live = Live(database, loaded(bundle))

    def listed(partner):
        return {match.partner for match in live.engine.recommend(partner, 50)}

    assert "p001" not in listed("p000")  # the bundle's integration
    link(database, Relation(a="p001", b="p000", type="integration"), gone=True)
    live.catch_up()
    assert "p001" in listed("p000")
    link(database, Relation(a="p000", b="p001", type="integration", status="active"))
    link(database, Relation(a="p000", b="p004", type="partnership"))
    live.catch_up()
    assert not {"p001", "p004"} & listed("p000")
    assert "p000" not in listed("p004")
    assert len(live.engine.explain("p000", "p001").match.relations) == 1  # put again, not twice


def test_a_relation_waits_for_its_partner(database, bundle):
    live = Live(database, loaded(bundle))
    link(database, Relation(a="p000", b="new", type="partnership"))
    assert live.catch_up() == 1
    put(database, NEW)
    live.catch_up()
    assert "new" not in [match.partner for match in live.engine.recommend("p000", 50)]
    assert live.engine.explain("p000", "new").match.relations[0]["type"] == "partnership"


def test_a_partner_that_cannot_be_placed_stops_nobody_and_is_tried_again(database, bundle, caplog):
    encoder = Counting(refused="drone")
    live = Live(database, loaded(bundle, encoder))
    put(database, NEW, make_partner(42), make_partner(6, description="drone"))
    with caplog.at_level(logging.WARNING):
        assert live.catch_up() == 3
        live.catch_up()
    assert set(live.failed) == {"new", "p006"}
    assert "no vector" in live.failed["new"]
    assert [record.message for record in caplog.records] == [
        "partner new cannot be placed: EncoderError",
        "partner p006 cannot be placed: EncoderError",
    ]
    assert live.engine.recommend("p042").matches
    assert live.engine.fitted.row("p006") == 6  # what stood before stands on
    encoder.refused = "nothing"
    assert live.catch_up() == 0
    assert live.failed == {}
    assert live.engine.recommend("new").matches


def test_changes_are_applied_some_at_a_time_in_their_order(database, bundle):
    live = Live(database, loaded(bundle))
    put(database, *(make_partner(60 + number) for number in range(5)))
    assert [live.catch_up(2) for _ in range(4)] == [2, 2, 1, 0]
    assert live.change == 5
    assert len(live.placed) == 5


def test_who_stands_beside_another_leaves_what_that_one_has_not_placed(database, bundle):
    live = Live(database, loaded(bundle))
    put(database, make_partner(60), make_partner(61))
    live.catch_up()
    put(database, make_partner(60, description="drones"), make_partner(62))
    delete(database, "p003", known=make_partner(3))
    other = Live(database, loaded(bundle), beside=live)
    assert (other.change, live.change) == (2, 2)
    assert set(other.placed) == {"p060", "p061"}  # as they stand now: what stood before is no longer known
    other.catch_up(), live.catch_up()
    assert answers(other.engine) == answers(live.engine)
    assert set(other.placed) == {"p060", "p061", "p062"}


def test_another_bundle_has_the_same_changes_and_another_encoder_encodes_again(database, bundle, tmp_path):
    class Other(Counting):
        fingerprint, dimension, name = "words-64", 64, "other"

    live = Live(database, loaded(bundle))
    put(database, NEW)
    delete(database, "p003", known=make_partner(3))
    live.catch_up()
    Matchmaker(encoder=Other()).fit(make_catalogue()).save(tmp_path)
    encoder = Other()
    other = Live(database, loaded(tmp_path, encoder))
    assert encoder.texts
    assert other.change == live.change
    found = other.engine.recommend("new", 50)
    assert len(found) == 39
    assert "p003" not in [match.partner for match in found]
    assert len(live.engine.recommend("new", 50)) == 39


def test_an_encoder_that_is_not_the_bundles_keeps_nothing(database, bundle):
    class Other(Counting):
        fingerprint = "another"

    live = Live(database, loaded(bundle, Other()))
    put(database, NEW)
    live.catch_up()
    assert "cannot" in live.failed["new"] or "built with" in live.failed["new"]
    assert Live(database, loaded(bundle)).failed == {}


def test_readers_never_wait_nor_see_a_half_made_engine(database, bundle):
    live, done, seen = Live(database, loaded(bundle)), threading.Event(), []

    def read():
        while not done.is_set():
            engine = live.engine
            found = engine.recommend("p000", 100, explain=False)
            seen.append((found.catalogue, len({match.partner for match in found})))

    reader = threading.Thread(target=read)
    reader.start()
    writers = [
        threading.Thread(target=lambda number=number: (put(database, make_partner(60 + number)), live.catch_up()))
        for number in range(6)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert live.change == 6
    assert live.engine.recommend("p000").catalogue == 46
    assert all(40 <= count <= 46 and shown == count - 2 for count, shown in seen)  # itself and its integration
    assert [count for count, _ in seen] == sorted(count for count, _ in seen)


def test_accounts_stay_with_the_partner_that_is_replaced(database, tmp_path):
    from tests.matching.worlds import ENCODER, fitted_world, make_world

    fitted_world(3).save(tmp_path)
    live = Live(database, loaded(tmp_path, ENCODER))
    before = live.engine.explain("w01", "w02")
    world = make_world(3).partners
    put(database, world[1].model_copy(update={"extra": {"tier": "gold"}}))
    live.catch_up()
    after = live.engine.explain("w01", "w02")
    assert after.shared["accounts"] == before.shared["accounts"]
    one, other = (found.match.sides[0].percentiles["overlap"] for found in (before, after))
    assert one == pytest.approx(other, abs=1e-6)
    filtered = live.engine.recommend("w00", 30, filters={"extra.tier": "gold"}, include_existing=True)
    assert [match.partner for match in filtered] == ["w01"]


def test_a_store_that_is_gone_is_told(database, bundle):
    live = Live(database, loaded(bundle))
    with database.writing() as writing:
        writing.sql.exec_driver_sql("DROP TABLE changes")
    with pytest.raises(StoreError):
        live.catch_up()
    assert live.engine.recommend("p000").matches


def test_answering_for_what_is_encoded_imports_no_torch(database, bundle):
    put(database, NEW)
    Live(database, loaded(bundle))
    url = database._engine.url.render_as_string(hide_password=False)
    code = (
        "import sys; from matchmaker import Matchmaker; from matchmaker.live import Live; "
        "from matchmaker.store.database import Database; "
        "live = Live(Database(sys.argv[1]), Matchmaker.load(sys.argv[2], background_check=False)); "
        "assert live.engine.recommend('new').matches and not live.failed, live.failed; "
        "assert not {'torch', 'pandas', 'scipy'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url, str(bundle)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_profile_from_outside_is_encoded_once_for_all(database, bundle):
    encoders = Counting(), Counting()
    one, other = (Live(database, loaded(bundle, encoder)) for encoder in encoders)
    first, second = (live.engine.recommend(NEW, 5) for live in (one, other))
    assert np.array_equal([match.mutual for match in first], [match.mutual for match in second])
    assert encoders[0].texts
    assert encoders[1].texts == []

import datetime as dt

import numpy as np
import pytest

from matchmaker.profiles.schema import Activity, Relation
from matchmaker.store import activity, feedback, relations
from matchmaker.store.database import Database
from matchmaker.store.feedback import Impression, Outcome
from matchmaker.training.history import history_of

AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def relation(a, b, kind="partnership", status="active", **more):
    return Relation(a=a, b=b, type=kind, status=status, **more)


def pairs(history, engine):
    """The links by id, and how strong."""
    ids = engine.fitted.space.ids
    ends = ((ids[a], ids[b]) for a, b in history.links.ends.tolist())
    return dict(zip(ends, history.links.strength.tolist(), strict=True))


def apart(history, engine):
    ids = engine.fitted.space.ids
    return {(ids[a], ids[b]) for a, b in history.apart.tolist()}


def reasons(history):
    return {reason: one["rows"] for reason, one in history.left_out.to_dict().items()}


def test_what_the_bundle_knows_is_sorted_into_links_and_pairs_apart(engine):
    """tests/conftest.py: an integration, a competitor, an ended partnership."""
    found = history_of(engine.fitted)
    assert pairs(found, engine) == {("p000", "p001"): 1.0}
    assert apart(found, engine) == {("p000", "p010")}
    assert reasons(found) == {"partnership, ended": 1}
    assert found.sources == {"bundle": 3, "relations": 0}
    assert found.to_dict()["linked_partners"] == 2


@pytest.mark.parametrize(
    ("more", "links", "separate"),
    [
        (relation("p004", "p003", "integration", None), {("p003", "p004")}, set()),
        (relation("p004", "p003", status="announced"), {("p003", "p004")}, set()),
        (relation("p004", "p003", status="declined"), set(), {("p003", "p004")}),
        (relation("p004", "p003", status="stalled"), set(), set()),
        (relation("p004", "p003", "acquisition"), set(), set()),
        (relation("p004", "p003", "competitor", "ended"), set(), set()),
        (relation("p004", "p003", weight=0.0), set(), set()),
    ],
)
def test_type_and_status_decide_what_a_relation_teaches(engine, more, links, separate):
    found = history_of(engine.fitted, [more])
    assert set(pairs(found, engine)) == {("p000", "p001"), *links}
    assert apart(found, engine) == {("p000", "p010"), *separate}
    assert found.sources["relations"] == 1


def test_a_relation_takes_the_place_of_the_built_one(engine):
    found = history_of(engine.fitted, [relation("p001", "p000", "integration", "ended")])
    assert not pairs(found, engine)
    assert reasons(found) == {"partnership, ended": 1, "integration, ended": 1}


def test_weights_count_by_their_logarithm(engine):
    many = relation("p004", "p003", weight=1_000_000.0)
    assert pairs(history_of(engine.fitted, [many]), engine)["p003", "p004"] == pytest.approx(19.93, abs=0.01)


def test_poison_is_left_out_and_counted(engine):
    poison = [
        relation("p004", "p004"),
        relation("p004", "nobody"),
        relation("p005", "p006"),
        relation("p005", "p006", "integration", "declined"),
    ]
    found = history_of(engine.fitted, poison)
    assert set(pairs(found, engine)) == {("p000", "p001")}
    assert reasons(found) == {
        "partnership, ended": 1,
        "a partner with itself": 1,
        "unknown partner": 1,
        "said to go together and not to": 1,
    }
    assert found.left_out.to_dict()["unknown partner"]["first"] == ["p004 - nobody"]
    assert ("p005", "p006") not in apart(found, engine)


def test_of_many_bad_rows_some_are_named_and_all_counted(engine):
    found = history_of(engine.fitted, [relation("p004", f"nobody-{number}") for number in range(300)])
    told = found.left_out.to_dict()["unknown partner"]
    assert told["rows"] == 300
    assert told["first"] == [f"p004 - nobody-{number}" for number in range(5)]


def test_a_rival_that_is_a_partner_too_is_a_link(engine):
    found = history_of(engine.fitted, [relation("p000", "p010")])
    assert ("p000", "p010") in pairs(found, engine)
    assert not apart(found, engine)


def test_the_order_of_rows_changes_nothing(engine):
    rows = [relation(f"p{a:03d}", f"p{b:03d}", weight=float(b)) for a, b in ((1, 5), (9, 3), (3, 9), (7, 2))]
    one, other = (history_of(engine.fitted, some) for some in (rows, rows[:2] + rows[:1:-1]))
    assert np.array_equal(one.links.ends, other.links.ends)


def test_the_store_teaches_relations_feedback_and_activity(engine, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
    database.migrate()
    with database.writing() as writing:
        relations.put(
            writing, [relation("p011", "p012"), relation("p013", "p014"), relation("p000", "p001", "integration")]
        )
        built = relation("p000", "p001", "integration")
        relations.delete(writing, relations.relation_id(built), known=built)
        shown = {"a": "p021", "b": "p022", "c": "p023", "d": "p024"}
        feedback.add_impressions(
            writing, [Impression(key, "p020", partner, 1, "v", AT) for key, partner in shown.items()]
        )
        feedback.add_outcomes(
            writing,
            [
                Outcome("a", "accepted", AT),
                Outcome("b", "declined", AT),
                Outcome("c", "activated", AT),
                Outcome("x", "accepted", AT),
            ],
        )
        happened = [
            ("p030", "p031", "referral"),
            ("p031", "p030", "joint-win"),
            ("p030", "p032", "announcement"),
            ("p030", "p033", None),
        ]
        activity.add(
            writing, [Activity(**{"from": a, "to": b, "date": AT.date(), "kind": kind}) for a, b, kind in happened]
        )
    found = history_of(engine.fitted, database=database)
    database.close()
    strength = pairs(found, engine)
    assert set(strength) == {
        ("p011", "p012"), ("p013", "p014"), ("p020", "p021"), ("p020", "p023"), ("p030", "p031"), ("p030", "p033"),
    }  # fmt: skip
    assert strength["p030", "p031"] == pytest.approx(np.log2(3))
    assert apart(found, engine) == {("p000", "p010"), ("p020", "p022")}
    assert reasons(found)["activity of kind announcement"] == 1
    assert found.sources == {
        "bundle": 3, "relations": 0, "store: relations": 3, "store: feedback": 3, "store: activity": 4,
    }  # fmt: skip

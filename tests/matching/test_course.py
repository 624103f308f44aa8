import pytest

from matchmaker.matching.course import BASIS, LEADS_INTO, StatedCourse, heading
from tests.matching.sides import axis, make_side, make_voice, near

A, B = make_voice("A", goals=2, capabilities=2), make_voice("B", goals=2, capabilities=2)


def led(cosine=0.8, marks=(0, 0, 0, 0), *, from_peers=False):
    """A's heading into B, whose one capability has this cosine with A's one goal."""
    side = make_side(goals=[axis(0)], marks=[marks])
    other = make_side(capabilities=[axis(1, 0, cosine)])
    return heading(near(side, other), make_voice("A", goals=1, from_peers=from_peers), B)


def test_a_goal_leads_into_the_nearest_capability():
    side = make_side(goals=[axis(0), axis(1)], marks=[(0.1, 0, 0, 0), (0.4, 0, 0, 0)])
    other = make_side(capabilities=[axis(2, 0, 0.6), axis(3, 1, 0.8)])
    found = heading(near(side, other), A, B)
    assert (found.goal, found.into, found.target) == ("A goal 0", "capabilities", "B offer 0")
    assert found.cosine == pytest.approx(0.6, abs=1e-5)
    assert found.lead == pytest.approx(0.5, abs=1e-5)  # goal 1 is nearer, but A offers more of it today


def test_a_goal_can_lead_into_the_audience():
    side = make_side(goals=[axis(0)])
    other = make_side(capabilities=[axis(2, 0, 0.55)], heading=axis(3, 0, 0.7))
    found = heading(near(side, other), A, B)
    assert (found.into, found.target) == ("audience", "B audience")
    assert found.cosine == pytest.approx(0.7, abs=1e-5)


def test_below_one_half_nothing_leads():
    assert led(LEADS_INTO + 0.001) is not None
    assert led(LEADS_INTO - 0.001) is None


def test_nearer_than_95_percent_of_partners_are():
    assert led(0.8, (0, 0, 0.79, 0)) is not None
    assert led(0.8, (0, 0, 0.81, 0)) is None
    assert led(0.8, (0, 0, 0, 0.99)) is not None  # the bar for audiences is another one


def test_the_audience_has_its_own_bar():
    side = make_side(goals=[axis(0)], marks=[(0, 0, 0.9, 0.6)])
    assert heading(near(side, make_side(heading=axis(3, 0, 0.7))), A, B).into == "audience"
    side = make_side(goals=[axis(0)], marks=[(0, 0, 0, 0.75)])
    assert heading(near(side, make_side(heading=axis(3, 0, 0.7))), A, B) is None


def test_what_one_offers_today_is_no_heading():
    assert led(0.8, (0.79, 0, 0, 0)).lead == pytest.approx(0.01, abs=1e-5)
    assert led(0.8, (0.8, 0, 0, 0)) is None
    assert led(0.8, (0.9, 0, 0, 0)) is None


def test_a_common_target_does_not_hide_a_rare_one():
    side = make_side(goals=[axis(0), axis(1)], marks=[(0, 0, 0.95, 0), (0, 0, 0.5, 0)])
    other = make_side(capabilities=[axis(2, 0, 0.9), axis(3, 1, 0.6)])
    assert heading(near(side, other), A, B).goal == "A goal 1"


def test_borrowed_goals_are_nobodys_heading():
    assert led(0.9) is not None
    assert led(0.9, from_peers=True) is None


def test_no_goals_or_nothing_to_lead_into():
    assert heading(near(make_side(), make_side(capabilities=[axis(0)])), A, B) is None
    assert heading(near(make_side(goals=[axis(0)]), make_side()), A, B) is None


def test_a_course_needs_both_headings():
    one = led(0.9)
    assert StatedCourse(one, one).collides
    assert not StatedCourse(one, None).collides
    assert not StatedCourse(None, one).collides
    assert not StatedCourse(None, None).collides
    assert StatedCourse(one, one).basis == BASIS == "stated, not observed"

import pytest

from matchmaker.trajectories.course import CONVERGING, DIVERGING, INSUFFICIENT, PARALLEL, Course, Span
from matchmaker.trajectories.kinds import CO_MARKETING, PARTNER_NOW, RACE, RIVAL, kinds_of


def course(verdict, now=5.0):
    return Course(verdict, "", None, (6, 6), 1.0, None if now is None else Span(now, now - 0.2, now + 0.2))


C, P, D, FEW = (course(one) for one in (CONVERGING, PARALLEL, DIVERGING, INSUFFICIENT))
NEAR, VAGUE, UNSEEN = course(PARALLEL, now=0.5), course(INSUFFICIENT, now=1.1), course(INSUFFICIENT, now=None)


@pytest.mark.parametrize(
    ("audience", "capabilities", "goals", "kinds"),
    [
        (C, P, P, (PARTNER_NOW,)),
        (C, D, P, (PARTNER_NOW,)),
        (C, FEW, P, (PARTNER_NOW,)),  # surely beyond the radius today, however they move
        (C, C, P, (RIVAL,)),
        (C, NEAR, P, (RIVAL,)),  # the same things already
        (P, C, P, (RACE,)),
        (None, C, None, (RACE,)),
        (P, P, C, (CO_MARKETING,)),
        (C, C, C, (RIVAL, CO_MARKETING)),
        (C, VAGUE, P, ()),
        (C, UNSEEN, P, ()),
        (C, None, P, ()),
        (P, D, FEW, ()),
    ],
)
def test_kind_follows_from_what_converges(audience, capabilities, goals, kinds):
    courses = {"audience": audience, "capabilities": capabilities, "goals": goals}
    assert kinds_of({name: one for name, one in courses.items() if one is not None}) == kinds


def test_audience_shares_are_an_audience():
    assert kinds_of({"audience shares": C, "capabilities": P}) == (PARTNER_NOW,)

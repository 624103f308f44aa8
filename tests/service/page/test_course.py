"""The orbit of a partner: who moves, where to, and what the picture, its slider and its table say of it."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.service.moving import HEADED, LEAVING, OWN, SELDOM, UNSEEN, moving_sample
from tests.service.page.conftest import listening
from tests.service.page.test_views import _SMALL, grave
from tests.service.page.visit import SIZES, Visit

COURSE = f"#/partner/{OWN}/course"
_MIDDLE = "['cx', 'cy'].map((axis) => Number(document.querySelector('.orbit .own circle').getAttribute(axis)))"
_RING = "+document.querySelector('.orbit-box .ring.met').getAttribute('r')"
_MARKS = """Object.fromEntries([...document.querySelectorAll('.orbit-box .mark:not(.hidden)')].map((one) => [
  one.querySelector('title').textContent,
  one.getAttribute('transform').match(/translate\\(([-\\d.]+) ([-\\d.]+)\\)/).slice(1).map(Number),
]))"""
_SLIDER = "document.getElementById('orbit-time')"


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Address of a service over a bundle with snapshots."""
    with listening(moving_sample().save(tmp_path_factory.mktemp("bundle")).parent, tmp_path_factory) as address:
        yield address


@pytest.fixture
def seen(browser, course):
    """Opens the course of a partner; at the end nothing may have gone wrong."""
    opened = []

    def enter(address=COURSE, size="desktop", motion="reduce"):
        width, height = SIZES.get(size, (360, 740))
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion=motion)
        opened.append((context, made := Visit(context.new_page(), course)))
        return made.go(address)

    yield enter
    for context, made in opened:
        found = made.violations()
        context.close()
        assert made.troubles == []
        assert found == []


def orbit(seen, facet="audience", partner=OWN):
    return seen.answer(f"v1/partners/{partner}/orbit?k=12&facet={facet}")["data"]


def apart(seen):
    """How far each mark is from the middle, in rings."""
    middle, ring = seen.page.evaluate(_MIDDLE), seen.page.evaluate(_RING)
    marks = seen.page.evaluate(_MARKS)
    return {name: ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) ** 0.5 / ring for name, (x, y) in marks.items()}


def turn(seen, *keys):
    seen.page.locator("#orbit-time").focus()
    for key in keys:
        seen.page.keyboard.press(key)


def test_marks_stand_as_far_from_the_middle_as_the_two_are_apart(seen):
    page = seen()
    told = orbit(page)
    shown = apart(page)
    assert len(shown) == len(told["tracks"]) - 1 == 12
    for track in told["tracks"][1:]:
        assert shown[track["name"]] == pytest.approx(track["line"][-1]["apart"] / told["radius"], abs=0.02)
    turn(page, "End")
    ahead = apart(page)
    for track in told["tracks"][1:]:
        assert ahead[track["name"]] == pytest.approx(track["ahead"][-1]["apart"] / told["radius"], abs=0.02)
    names = {one["partner"]: one["name"] for one in told["tracks"]}
    assert all(ahead[names[one]] < shown[names[one]] for one in HEADED)
    assert all(ahead[names[one]] > shown[names[one]] for one in LEAVING)


def test_stars_are_numbered_as_in_the_list_and_say_with_whom_when_and_in_what(seen):
    page = seen()
    told = page.answer(f"v1/partners/{OWN}/collisions")["data"]
    met = {one["partner"]: one for one in orbit(page)["meetings"]}
    rank = {one["partner"]: one["rank"] for one in told["collisions"]}
    starred = set(page.page.locator(".orbit-box .star text").all_text_contents())
    assert starred == {str(rank[one]) for one in met if one in rank} >= {str(rank[one]) for one in HEADED}
    words = page.page.locator(".orbit-box .callout").all()
    assert len(words) == min(len(starred), 6)
    for one in words:
        number, name = one.locator(".who").text_content().split("  ", 1)
        partner = next(row for row in told["collisions"] if row["rank"] == int(number))
        assert partner["name"].startswith(name.rstrip("…"))
        date = dt.date.fromisoformat(met[partner["partner"]]["date"])
        assert (
            f"{date:%Y}, " in one.locator(".when").text_content()
            and f"{date:%b}" in one.locator(".when").text_content()
        )
        assert one.locator(".where").first.text_content()[4:12] in met[partner["partner"]]["place"]


def test_the_slider_goes_from_the_first_snapshot_to_the_horizon_by_keys(seen):
    page = seen()
    slider = page.page.locator("#orbit-time")
    assert page.page.evaluate(f"{_SLIDER}.labels[0].textContent") == "Day shown"
    assert slider.get_attribute("aria-valuetext") == "13 Oct 2025, the last snapshot"
    turn(page, "Home")
    assert slider.get_attribute("aria-valuetext") == "15 Jan 2024, as it was seen"
    assert (
        page.page.locator(".orbit-box .cone ellipse").first.evaluate(
            "(one) => getComputedStyle(one.closest('.cones')).opacity"
        )
        == "0"
    )
    assert page.page.locator(".orbit-box .stars").last.evaluate("(one) => getComputedStyle(one).opacity") == "0"
    before = apart(page)
    turn(page, "ArrowRight", "ArrowRight")
    assert apart(page) != before
    turn(page, "End")
    assert slider.get_attribute("aria-valuetext") == "13 Oct 2026, ahead, if all go on so"
    told = orbit(page)
    within = sum(track["ahead"][-1]["apart"] <= told["radius"] for track in told["tracks"][1:])
    assert f"{within} of 12 within the ring" in page.page.locator(".orbit-day").inner_text()


def test_what_may_come_grows_with_time(seen):
    page = seen()
    size = "Math.max(...[...document.querySelectorAll('.cone.toward .doubt:not(.hidden)')].map((one) => +one.getAttribute('rx')))"
    assert page.page.locator(".cone.toward .doubt:not(.hidden)").count() == 0
    turn(page, "ArrowRight")
    early = page.page.evaluate(size)
    turn(page, "End")
    assert page.page.evaluate(size) > 1.2 * early > 0


def test_play_goes_from_date_to_date_where_motion_is_to_be_reduced(seen):
    page = seen()
    page.page.get_by_role("button", name="Play the motion").click()
    page.until(f"{_SLIDER}.getAttribute('aria-valuetext').startsWith('12 Jan 2026')")
    page.page.get_by_role("button", name="Pause the motion").click()
    held = page.page.evaluate(f"{_SLIDER}.value")
    page.page.wait_for_timeout(1100)
    assert page.page.evaluate(f"{_SLIDER}.value") == held


def test_play_is_smooth_otherwise_and_ends_at_the_horizon(seen):
    page = seen(motion="no-preference")
    turn(page, "Home")
    page.page.get_by_role("button", name="Play the motion").click()
    places = set()
    for _ in range(12):
        places.add(tuple(page.page.evaluate(_MARKS)["Klaviyo"]))
        page.page.wait_for_timeout(60)
    assert len(places) > 6
    turn(page, "End")
    assert page.page.get_by_role("button", name="Play the motion").is_visible(), "moving the slider stops the run"


def test_another_facet_is_another_picture_and_has_an_address(seen):
    page = seen()
    assert page.page.get_by_label("Who they serve").is_checked()
    page.page.get_by_label("What they offer").check()
    names = sorted(track["name"] for track in orbit(page, "capabilities")["tracks"][1:])
    page.until(f"(names) => JSON.stringify(Object.keys({_MARKS}).sort()) === JSON.stringify(names)", names)
    assert page.page.evaluate("location.hash").endswith("?facet=capabilities")
    assert page.page.locator(".orbit-box .track.toward").count() == 1


def test_the_table_says_the_same(seen):
    page = seen()
    told = orbit(page)
    page.page.get_by_text("The orbit as a table").click()
    rows = page.page.locator(".orbit-table tbody tr").all()
    assert [row.locator("th").inner_text() for row in rows] == [track["name"] for track in told["tracks"][1:]]
    for row, track in zip(rows, told["tracks"][1:], strict=True):
        then = track["ahead"][-1]
        assert f"{then['apart']:.2f} ({then['low']:.2f} to {then['high']:.2f})" in row.inner_text()
        assert f"{track['line'][0]['apart']:.2f} on 15 Jan 2024" in row.inner_text()


def test_every_collision_is_listed_with_chance_kind_evidence_and_what_may_be_said(seen):
    page = seen()
    told = page.answer(f"v1/partners/{OWN}/collisions")["data"]
    cards = page.page.locator(".match").all()
    assert len(cards) == len(told["collisions"]) >= len(HEADED)
    for card, one in zip(cards, told["collisions"], strict=True):
        text = card.inner_text()
        assert one["name"] in text and ("99 %" if one["chance"] > 0.99 else f"{round(100 * one['chance'])} %") in text
        assert all(said[1:] in text for said in one["evidence"])
        assert "Coming closer" in text
    assert "Partner now" in page.page.locator(".match", has_text="Loop Returns").first.inner_text()
    assert told["wording"][1:] in page.page.locator(".wording").inner_text()


def test_who_was_seen_too_seldom_has_no_way_ahead_and_no_chance(seen):
    page = seen(f"#/partner/{SELDOM}/course")
    assert page.page.locator(".orbit-box .ahead").count() == page.page.locator(".orbit-box .star").count() == 0
    assert page.page.locator(".orbit-box .mark").count() == 12
    assert "insufficient data. Of fewer than 4 snapshots" in page.page.locator(".lead").first.inner_text()
    page.page.get_by_text("The orbit as a table").click()
    assert page.page.locator(".orbit-table tbody tr").first.inner_text().count("not told") == 2


def test_who_was_never_seen_has_no_picture_and_is_told_why(seen):
    page = seen(f"#/partner/{UNSEEN}/course")
    assert page.page.locator(".orbit-box").count() == 0
    told = page.page.locator(".course-view").inner_text()
    assert "is in no snapshot: shown is where both sides' goals lead." in told and "nobody was seen to move" in told


@pytest.mark.parametrize("size", ["desktop", "narrow"])
def test_the_page_fits_and_is_accessible(seen, pictures, size):
    page = seen(size=size)
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size == "narrow":
        assert page.page.evaluate(_SMALL) == []
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        page.page.wait_for_timeout(100)
        page.page.locator(".orbit-card").screenshot(path=pictures / f"course-{size}-{scheme}.png")
        assert grave(page.page) == []


def test_names_with_markup_stay_names(seen):
    def change(told):
        told["data"]["tracks"][1]["name"] = "<b>bold</b>"
        told["data"]["meetings"][0]["place"] = "<i>here</i>"

    page = seen("#/")
    page.change(f"v1/partners/{OWN}/orbit*", change)
    page.go(COURSE)
    assert (
        page.page.locator(".course-view b", has_text="bold").count() == page.page.locator(".orbit-box i").count() == 0
    )
    assert "<b>bold</b>" in page.page.locator(".orbit-box").text_content()


def test_without_snapshots_the_stated_courses_are_told_as_such(visit):
    page = visit().go(COURSE)
    told = page.answer(f"v1/partners/{OWN}/collisions")["data"]["collisions"]
    cards = page.page.locator(".match").all()
    assert [card.locator("h3").inner_text() for card in cards] == [one["name"] for one in told]
    assert all("Stated, not observed" in card.inner_text() for card in cards)
    assert "--snapshots snapshots.csv" in page.page.locator(".course-view pre").inner_text()
    assert page.page.locator(".orbit-box").count() == 0

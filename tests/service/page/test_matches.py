"""The list of matches: what it shows, how it is narrowed, kept and answered."""

from __future__ import annotations

import csv
import io

MATCHES = "#/partner/shipbob/matches"


def test_a_card_shows_both_values_the_weaker_side_and_both_reasons(visit):
    seen = visit().go(MATCHES)
    told = seen.answer("v1/partners/shipbob/matches?k=10&explain=true")["data"]
    assert seen.page.locator(".match h3").all_inner_texts() == [one["name"] for one in told]
    for card, one in zip(seen.page.locator(".match").all(), told, strict=True):
        shown = [str(min(round(one[value] * 100), 99)) for value in ("value_to_you", "value_to_them")]
        assert card.locator(".figure").all_inner_texts() == shown
        weaker = "ShipBob" if one["weaker_side"] == "shipbob" else one["name"]
        uneven = shown[0] != shown[1] and round(one["balance"] * 100) < 100
        assert (f"Weaker side {weaker}" in card.locator(".balance").inner_text()) is uneven
        assert card.locator(".reason p").all_inner_texts() == [side["sentence"] for side in one["sides"]]
        assert "no probability" in card.locator(".mutual").get_attribute("title")


def test_a_weaker_side_is_named_only_where_it_is_seen_to_be_weaker(visit):
    def change(told):
        for one, values in zip(
            told["data"], ((0.984, 0.981), (0.994, 0.996), (0.985, 0.983), (0.9, 0.6)), strict=False
        ):
            mine, theirs = values
            weaker = "shipbob" if mine < theirs else one["partner"]
            one |= {"value_to_you": mine, "value_to_them": theirs, "weaker_side": weaker}
            one["balance"] = min(values) / max(values)

    seen = visit()
    seen.change("v1/partners/shipbob/matches*", change)
    seen.go(MATCHES)
    told = [card.inner_text() for card in seen.page.locator(".balance").all()[:4]]
    assert ["Weaker side" in one for one in told] == [False, False, False, True]
    assert seen.page.locator(".match").nth(3).locator(".unseen:has-text('the weaker side')").count() == 1
    assert seen.page.locator(".match").first.locator(".unseen:has-text('the weaker side')").count() == 0


def test_the_heading_says_what_orders_the_list_and_what_the_numbers_follow_from(visit):
    seen = visit().go(MATCHES)
    told = seen.page.locator(".summary").inner_text()
    assert "The order also weighs variety and marks rivals down" in told
    assert "from declared weights, not from history" in told
    assert "prior" not in told


def test_the_drawn_halves_have_the_length_of_the_values(visit):
    seen = visit().go(MATCHES)
    told = seen.answer("v1/partners/shipbob/matches?k=10&explain=true")["data"]
    shares = seen.page.evaluate(
        "[...document.querySelectorAll('.half')].map((half) => half.firstChild.offsetWidth / half.clientWidth)"
    )
    values = [one[value] for one in told for value in ("value_to_you", "value_to_them")]
    assert len(shares) == len(values)
    assert all(abs(share - value) < 0.01 for share, value in zip(shares, values, strict=True))


def test_one_way_streets_rivals_and_courses_are_marked(visit):
    def change(told):
        first, second = told["data"][:2]
        first |= {"one_way_street": True, "weaker_side": first["partner"], "fit_type": "competitor"}
        ours = {"goal": "sell abroad", "into": "audience", "target": "shops abroad", "cosine": 0.8, "lead": 0.5}
        second["stated_course"] = {
            "basis": "stated, not observed",
            "ours": ours,
            "theirs": {**ours, "into": "capabilities"},
        }
        told["warnings"] = ["ShipBob states nothing; the list is guesswork"]

    seen = visit()
    seen.change("v1/partners/shipbob/matches*", change)
    seen.go(MATCHES)
    first, second = seen.page.locator(".match").all()[:2]
    name = first.locator("h3").inner_text()
    assert f"One-way street: little for {name}" in first.locator(".badges").inner_text()
    assert "Rival" in first.locator(".badges").inner_text()
    assert "On a stated course" in second.locator(".badges").inner_text()
    second.locator("summary").click()
    assert "“sell abroad”, which leads to the other's audience: “shops abroad”" in second.inner_text()
    assert "guesswork" in seen.page.locator(".note").inner_text()


def test_filters_narrow_the_list_and_stand_in_the_address(visit):
    seen = visit().go(MATCHES)
    seen.page.get_by_label("Category").select_option("returns")
    seen.page.get_by_label("Also those it works with").check()
    seen.until("document.querySelector('.match h3')?.textContent === 'Loop Returns'")
    asked = "v1/partners/shipbob/matches?k=10&where=category%3Dreturns&include_existing=true"
    names = [one["name"] for one in seen.answer(asked)["data"]]
    assert seen.page.locator(".match h3").all_inner_texts() == names
    address = seen.page.evaluate("location.hash")
    assert address == f"{MATCHES}?category=returns&include_existing=true"
    other = visit().go(address)
    assert other.page.locator(".match h3").all_inner_texts() == names
    assert other.page.get_by_label("Category").input_value() == "returns"


def test_the_popularity_slider_goes_from_small_to_famous(visit):
    seen = visit().go(MATCHES)
    slider = seen.page.get_by_label("Popularity")
    for press, weight in (("Home", 0), ("End", 1)):
        slider.press(press)
        seen.until(f"location.hash.includes('popularity_weight={weight}')")
        seen.settled()
        names = [one["name"] for one in seen.answer(f"v1/partners/shipbob/matches?popularity_weight={weight}")["data"]]
        seen.until("(name) => document.querySelector('.match h3')?.textContent === name", names[0])
        assert seen.page.locator(".match h3").all_inner_texts() == names


def test_an_empty_list_says_what_to_do(visit):
    seen = visit().go(f"{MATCHES}?category=returns&region=india")
    assert seen.page.locator(".empty h2").inner_text() == "No partner passes these filters"
    seen.page.get_by_role("button", name="Reset the filters").click()
    seen.page.wait_for_selector(".match")
    assert seen.page.locator(".match").count() == 10
    assert seen.page.evaluate("location.hash") == MATCHES


def test_the_csv_holds_what_the_service_answered(visit):
    seen = visit().go(f"{MATCHES}?k=20")
    with seen.page.expect_download() as download:
        seen.page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "matches-shipbob.csv"
    text = download.value.path().read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    told = seen.answer("v1/partners/shipbob/matches?k=20&explain=true")["data"]
    assert len(rows) == len(told) == 20
    for row, one in zip(rows, told, strict=True):
        for name in ("rank", "mutual", "value_to_you", "value_to_them", "balance"):
            assert float(row[name]) == one[name]
        for name in ("partner", "name", "weaker_side", "fit_type", "confidence", "size_band", "recommendation_id"):
            assert row[name] == (one[name] or "")
        assert row["one_way_street"] == str(one["one_way_street"]).lower()
        assert row["motions"] == "; ".join(motion["name"] for motion in one["motions"])
        assert [row["reason_for_you"], row["reason_for_them"]] == [side["sentence"] for side in one["sides"]]


def test_no_cell_of_the_csv_is_a_formula(visit):
    def change(told):
        told["data"][0] |= {"name": '=HYPERLINK("x")', "categories": ["+1", "a"]}

    seen = visit()
    seen.change("v1/partners/shipbob/matches*", change)
    seen.go(MATCHES)
    with seen.page.expect_download() as download:
        seen.page.get_by_role("button", name="Download CSV").click()
    row = next(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"), newline="")))
    assert row["name"] == '\'=HYPERLINK("x")'
    assert row["categories"] == "'+1; a"


def test_impressions_are_of_what_was_really_shown(visit):
    seen = visit()
    sent = []
    seen.page.on(
        "request", lambda one: sent.append(one.post_data_json) if one.url.endswith("/v1/impressions") else None
    )
    seen.go("#/partner/klaviyo/matches")
    seen.page.wait_for_timeout(1500)
    told = {
        one["partner"]: one["recommendation_id"]
        for one in seen.answer("v1/partners/klaviyo/matches?k=10&explain=true")["data"]
    }
    shown = {one["recommendation_id"] for body in sent for one in body["impressions"]}
    assert 0 < len(shown) < 4
    assert shown <= set(told.values())
    seen.page.locator(".match").last.scroll_into_view_if_needed()
    seen.page.wait_for_timeout(1500)
    shown = [one["recommendation_id"] for body in sent for one in body["impressions"]]
    assert list(told.values())[-1] in shown
    assert len(shown) == len(set(shown))
    kept = {one["recommendation_id"] for one in seen.answer("v1/feedback?partner=klaviyo")["data"]}
    assert kept == set(shown)


def test_feedback_is_recorded_and_remembered(visit):
    seen = visit().go("#/partner/avalara/matches")
    card = seen.page.locator(".match").first
    card.get_by_role("button", name="Decline").click()
    seen.until("document.getElementById('live').textContent.includes('declined, recorded')")
    assert card.get_by_role("button", name="Decline").get_attribute("aria-pressed") == "true"
    assert card.get_by_role("button", name="Accept").get_attribute("aria-pressed") == "false"
    seen.page.reload()
    seen.settled()
    assert card.get_by_role("button", name="Decline").get_attribute("aria-pressed") == "true"
    seen.page.wait_for_timeout(1500)
    first = next(one for one in seen.answer("v1/feedback?partner=avalara")["data"] if one["rank"] == 1)
    assert first["outcome"] == "declined"


def test_feedback_that_is_refused_is_told(visit):
    seen = visit()
    seen.refuse("v1/feedback", 403, "scope_missing", "This key may only read.")
    seen.go("#/partner/avalara/matches")
    card = seen.page.locator(".match").nth(1)
    card.get_by_role("button", name="Accept").click()
    seen.page.wait_for_selector("text=Not recorded: This key may only read.")
    assert card.get_by_role("button", name="Accept").get_attribute("aria-pressed") == "false"

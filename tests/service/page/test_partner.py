"""A partner's profile and the comparison of two."""

from __future__ import annotations

import pytest


def test_the_three_facets_say_where_they_come_from(visit):
    def change(told):
        told["data"]["facets"]["audience"]["source"] = "inferred"
        told["data"]["facets"]["goals"]["source"] = "peers"

    seen = visit()
    seen.change("v1/partners/17track/profile", change)
    seen.go("#/partner/17track")
    facets = seen.page.locator(".facet").all()
    assert [one.locator("h2").inner_text() for one in facets] == ["Audience", "Goals", "Capabilities"]
    assert [one.locator(".source").inner_text() for one in facets] == ["Inferred", "From peers", "Stated"]
    borders = [one.evaluate("(card) => getComputedStyle(card).borderInlineStartStyle") for one in facets]
    assert borders == ["dashed", "dotted", "solid"]
    told = seen.answer("v1/partners/17track/profile")["data"]["facets"]
    for one, name in zip(facets, ("audience", "goals", "capabilities"), strict=True):
        assert one.locator(".texts li").all_inner_texts() == told[name]["texts"]


def test_all_known_relations_are_listed_by_type(visit):
    seen = visit().go("#/partner/shopify")
    told = seen.answer("v1/partners/shopify/profile")["data"]["relations"]
    for summary in seen.page.locator(".relations summary").all():
        summary.click()
    assert seen.page.locator(".relations .kinds a").count() == len(told)
    assert len(told) > 12


def test_a_comparison_shows_every_number_of_both_directions(visit):
    seen = visit().go("#/compare?a=shipbob&b=loop-returns")
    told = seen.answer("v1/pairs/shipbob/loop-returns")["data"]
    sides = told["match"]["sides"]
    rows = seen.page.locator(".butterfly tbody tr").all()
    assert len(rows) == len(sides[0]["contributions"])
    for place, side in enumerate(sides):
        shown = [row.locator("td").nth(place).inner_text() for row in rows]
        total = seen.page.locator(".butterfly tfoot td").nth(place).inner_text()
        assert float(total) == pytest.approx(side["total"], abs=0.006)
        known = sum(float(one) for one in shown if one != "not known")
        assert known == pytest.approx(side["total"], abs=0.05)
        direction = seen.page.locator(".direction").nth(place)
        assert side["sentence"] in direction.inner_text()
        assert direction.locator(".meets li").count() == len(side["meets"])
    assert "Loop Returns" in seen.page.locator(".balance").inner_text()
    assert "its own closest capability" in seen.page.locator(".meets li").first.inner_text()
    assert seen.page.locator(".mutual b").inner_text() == "91.6"


def test_partners_to_compare_are_named_in_a_form(visit):
    seen = visit().go("#/compare")
    seen.page.get_by_label("First partner").fill("ShipBob")
    seen.page.get_by_label("Second partner").fill("nobody like this at all")
    seen.page.get_by_role("button", name="Compare").click()
    seen.page.wait_for_selector("text=Not known here: “nobody like this at all”.")
    seen.page.get_by_label("Second partner").fill("Loop Returns")
    seen.page.get_by_role("button", name="Compare").click()
    seen.until("document.querySelector('h1')?.textContent === 'ShipBob and Loop Returns'")
    seen.page.get_by_role("button", name="Swap sides").click()
    seen.until("document.querySelector('h1')?.textContent === 'Loop Returns and ShipBob'")


def test_an_unknown_partner_of_an_address_is_named(visit):
    seen = visit()
    seen.expected = ("Failed to load resource",)
    seen.go("#/compare?a=shipbob&b=nobody-like-this")
    assert "“nobody-like-this”" in seen.page.locator(".failed").inner_text()

"""What a partner lacks, what stands between two, and the accounts that they share."""

from __future__ import annotations

import pytest

from tests.service.page.test_views import grave

INTERFACE = {
    "verdict": "needs work",
    "reason": "ShipBob tells of “order.created”, Huboo handles orders",
    "gaps": [
        {"code": "no_write", "severity": "major", "sentence": "Huboo takes in no order", "builder": "huboo", "effort": 1.0,
         "needed": True, "thing": "order"},
        {"code": "auth_mismatch", "severity": "minor", "sentence": "OAuth here, API keys there", "builder": "connector",
         "effort": 0.25, "needed": True, "thing": None},
        {"code": "acts_not_stated", "severity": "open", "sentence": "Nothing is said of <b>events</b>", "builder": "shipbob",
         "effort": 0.0, "needed": False, "thing": None},
    ],
}  # fmt: skip
DEMAND = [
    {"source": "requests", "unit": "requests", "count": 12.0, "lower_bound": 7.69, "by_chance": 1.0, "served": 2.0,
     "last": "2026-05-01", "reason": None},
    {"source": "accounts", "unit": "accounts", "count": None, "lower_bound": None, "by_chance": None, "served": None,
     "last": None, "reason": "fewer than 20 accounts on one side"},
]  # fmt: skip


def rich(told):
    """The first gap with everything that can be known, and the only clear one."""
    for one in told["data"]["missing"]:
        one["clear_market"] = "unknown"
    told["data"]["missing"][0] |= {
        "clear_market": "yes",
        "reason": "counted demand and profiles speak for it",
        "chance": 0.123,
        "effort": 2.25,
        "demand": DEMAND,
        "rivals": ["shipmonk"],
        "interface": INTERFACE,
    }
    told["data"]["missing"][0]["unlocks"] |= {"shared_accounts": 1200.0, "new_accounts": 340.0}
    told["data"]["missing"][1]["clear_market"] = "no"


def test_every_gap_of_the_answer_is_a_card(visit):
    seen = visit().go("#/partner/shipbob/gaps")
    told = seen.answer("v1/partners/shipbob/gaps?k=20")["data"]
    cards = seen.page.locator(".match").all()
    assert [one.locator("h3").inner_text() for one in cards] == [one["name"] for one in told["missing"]]
    assert len(cards) == 20
    for card, one in zip(cards, told["missing"], strict=True):
        text = card.inner_text()
        assert f"Clear market: {one['clear_market']}" in text
        assert one["reason"][1:] in text
        assert "effort not known" in text
    assert seen.page.locator(".tabs a[aria-current]").inner_text() == "Gaps"


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_gap_tells_market_demand_effort_and_who_builds_what(visit, pictures, size):
    seen = visit(size)
    seen.change("v1/partners/shipbob/gaps?*", rich)
    seen.go("#/partner/shipbob/gaps")
    card = seen.page.locator(".match").first
    summary = card.locator("summary").first
    summary.focus()
    seen.page.keyboard.press("Enter")  # nothing needs a mouse
    text = card.inner_text()
    for part in (
        "Clear market: yes", "Interfaces: need work", "Counted demand and profiles speak for it.", "12.3 % chance",
        "12 requests, at least 7.6, last on 2026-05-01", "fewer than 20 accounts on one side", "1,200 or more shared",
        "Huboo takes in no order", "Built by Huboo, 1 piece", "Built by the connector in between, 0.25 pieces",
        "To be found out with ShipBob", "Nothing is said of <b>events</b>", "shipmonk",
    ):  # fmt: skip
        assert part in text, part
    said = seen.page.locator(".gaps-view > p").inner_text()
    assert said.endswith("1 of them has a clear market."), said
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.screenshot(path=pictures / f"gaps-rich-{size}-{scheme}.png")
        assert grave(seen.page) == []
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_comparison_tells_whether_the_two_can_be_integrated(visit):
    seen = visit().go("#/compare?a=shipbob&b=loop-returns")
    told = seen.answer("v1/pairs/shipbob/loop-returns/gaps")["data"]
    text = seen.page.locator(".readiness").inner_text()
    assert told["interface"]["reason"][1:] in text
    assert told["connected"] == ("They are integrated" in text)
    assert seen.page.locator(".overlap").count() == 0, "no accounts of these two are known"


def test_a_comparison_shows_the_matrix_of_accounts_and_who_gives(visit):
    seen = visit().go("#/compare?a=gorgias&b=loop-returns")
    told = seen.answer("v1/overlaps?partner=gorgias&other=loop-returns")["data"][0]
    rows = seen.page.locator(".overlap-matrix tbody tr").all()
    shown = [[int(cell.inner_text()) for cell in row.locator("td").all()] for row in rows]
    assert shown == [list(line.values()) for line in told["matrix"].values()] == [[0, 40, 0], [12, 0, 0], [15, 0, 0]]
    assert seen.page.locator(".overlap-matrix td.give").inner_text() == "40"
    assert seen.page.locator(".overlap-matrix td.get").inner_text() == "12"
    assert seen.page.locator(".quadrant .here").inner_text() == "Both ways"
    assert "7,500 EUR" in seen.page.locator(".overlap").inner_text()
    assert "Shared accounts are not known" not in seen.page.locator(".compare-view").inner_text()


def test_what_is_held_back_is_no_zero(visit):
    def change(told):
        one = told["data"][0]
        one["matrix"]["customer"]["prospect"] = one["lift"] = one["give"] = one["quadrant"] = None

    seen = visit()
    seen.change("v1/overlaps?*", change)
    seen.go("#/compare?a=gorgias&b=loop-returns")
    assert seen.page.locator(".overlap-matrix td.give").inner_text() == "not told"
    assert seen.page.locator(".quadrant .here").count() == 0
    assert "not told" in seen.page.locator(".overlap").inner_text()


@pytest.mark.parametrize(("status", "code"), [(422, "invalid_setting"), (503, "not_ready")])
def test_a_comparison_does_without_accounts_that_cannot_be_told(visit, status, code):
    seen = visit()
    seen.refuse("v1/overlaps?*", status, code, "Not now.")
    seen.go("#/compare?a=gorgias&b=loop-returns")
    assert seen.heading == "Gorgias and Loop Returns"
    assert seen.page.locator(".overlap").count() == 0

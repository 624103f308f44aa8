"""Finding a partner on the page."""

from __future__ import annotations


def test_typing_finds_by_name_and_the_address_can_be_passed_on(visit):
    seen = visit().go("#/")
    seen.page.get_by_label("Partner to look for").fill("shipbo")
    seen.page.wait_for_selector(".row-card")
    assert seen.page.locator(".row-card h2").first.inner_text() == "ShipBob"
    assert seen.page.evaluate("location.hash") == "#/search?q=shipbo"
    other = visit().go("#/search?q=shipbo")
    assert other.page.locator(".row-card h2").first.inner_text() == "ShipBob"


def test_a_domain_and_a_meaning_find_too(visit):
    seen = visit().go("#/search?q=loopreturns.com&by=domain")
    assert seen.page.locator(".row-card h2").all_inner_texts() == ["Loop Returns"]
    seen.page.get_by_label("Partner to look for").fill("parcels sent back by shoppers")
    seen.page.get_by_label("Meaning").check()
    seen.page.wait_for_selector(".row-card .how:has-text('what it does')", timeout=60_000)
    asked = "v1/search?q=parcels+sent+back+by+shoppers&by=meaning&k=20"
    names = [row["name"] for row in seen.answer(asked)["data"]]
    assert seen.page.locator(".row-card h2").all_inner_texts() == names


def test_emptying_the_field_brings_the_start_back(visit):
    seen = visit().go("#/search?q=ship")
    assert not seen.page.locator(".intro").is_visible()
    seen.page.get_by_label("Partner to look for").fill("")
    seen.page.wait_for_selector(".intro:visible")
    assert seen.page.locator(".row-card").count() == 0
    overview = seen.answer("v1/ecosystem")["data"]
    assert f"{overview['partners']} partners" in seen.page.locator(".lead").inner_text()


def test_names_are_text_whatever_they_look_like(visit):
    hostile = '<img src=x onerror="window.hit=1">'

    def change(told):
        told["data"][0]["name"] = hostile
        told["data"][0]["categories"] = ["<b>bold</b>"]

    seen = visit()
    seen.change("v1/search*", change)
    seen.go("#/search?q=ship")
    assert seen.page.locator(".row-card h2").first.inner_text() == hostile
    assert "<b>bold</b>" in seen.page.locator(".row-card .about").first.inner_text()
    assert seen.page.evaluate("window.hit") is None

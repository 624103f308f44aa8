"""Every view, at two sizes, light and dark: it is there, fits the screen, and can be used by everybody."""

from __future__ import annotations

import pytest

VIEWS = {
    "start": ("#/", "Find the partners worth talking to"),
    "found": ("#/search?q=ship", "Find the partners worth talking to"),
    "nothing-found": ("#/search?q=zzqxzzqx", "Find the partners worth talking to"),
    "profile": ("#/partner/shipbob", "ShipBob"),
    "many-relations": ("#/partner/shopify", "Shopify"),
    "matches": ("#/partner/shipbob/matches", "Matches for ShipBob"),
    "no-matches": ("#/partner/shipbob/matches?category=returns&region=india", "Matches for ShipBob"),
    "gaps": ("#/partner/shipbob/gaps", "Gaps of ShipBob"),
    "compare": ("#/compare?a=shipbob&b=loop-returns", "ShipBob and Loop Returns"),
    "compare-accounts": ("#/compare?a=gorgias&b=loop-returns", "Gorgias and Loop Returns"),
    "compare-empty": ("#/compare", "Compare two partners"),
    "map": ("#/map", "Ecosystem map"),
    "map-of-one": ("#/map?partner=shipbob", "Ecosystem map"),
    "map-of-a-kind": ("#/map?category=returns", "Ecosystem map"),
    "unknown-partner": ("#/partner/nobody-here", "Not found"),
    "no-page": ("#/no/such/page", "There is no such page"),
}
_SMALL = """() => [...document.querySelectorAll("a, button, select, input, summary")]
  .filter((one) => one.checkVisibility() && !one.closest("p, dd, h1, h2:not(.row-card h2), .unseen, .skip"))
  .map((one) => [one.closest("label") ?? one, one.outerHTML.slice(0, 120)])
  .map(([one, told]) => [one.getBoundingClientRect(), told])
  .filter(([{ width, height }]) => height > 0 && Math.min(width, height) < 43.5)
  .map(([, told]) => told)"""
"""What is hard to hit with a thumb; links inside a sentence are let off, as WCAG 2.5.8 does."""


@pytest.mark.slow
@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_complete_fits_and_is_accessible(visit, pictures, name, size):
    address, heading = VIEWS[name]
    seen = visit(size)
    if name == "unknown-partner":
        seen.expected = ("Failed to load resource",)
    seen.go(address)
    if name.startswith("map"):
        seen.page.wait_for_selector(".plot[data-ready]")
    assert seen.heading == heading
    assert seen.page.title() == f"{heading} · Matchmaker"
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if size == "phone":
        assert seen.page.evaluate(_SMALL) == []
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        seen.page.wait_for_timeout(100)
        seen.page.screenshot(path=pictures / f"{name}-{size}-{scheme}.png", full_page=True)
        assert grave(seen.page) == []


def test_bad_contrast_and_missing_names_would_be_noticed(visit):
    seen = visit().go("#/")
    assert grave(seen.page) == []
    seen.page.evaluate("""() => {
      const input = document.createElement("input");
      const faint = document.createElement("p");
      faint.textContent = "hardly to be read";
      faint.style.setProperty("color", "#e5e2da");
      document.querySelector("main").append(input, faint);
    }""")
    assert {rule for rule, _ in grave(seen.page)} == {"label", "color-contrast"}


def grave(page):
    """What axe calls serious or critical: rules and the elements that break them."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]

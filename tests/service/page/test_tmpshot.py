import pytest
def test_shot(visit):
    for size, scheme in (("desktop","light"),("phone","dark")):
        seen=visit(size,scheme).go("#/map"); seen.page.wait_for_selector(".plot[data-ready]")
        seen.page.locator(".plot").scroll_into_view_if_needed(); seen.page.wait_for_timeout(300)
        seen.page.screenshot(path=f"/tmp/map-{size}.png", full_page=True)
    visit().go("#/partner/shipbob/matches").page.screenshot(path="/tmp/matches.png")

"""/docs works offline, under a policy that lets no script in but its own files."""

import pytest

from tests.service.page.conftest import browser  # noqa: F401 - a fixture
from tests.service.page.visit import Visit


@pytest.mark.slow
def test_every_route_is_shown_and_nothing_is_refused_or_fetched_elsewhere(browser, keyed, operations, tmp_path):  # noqa: F811
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    seen = Visit(context.new_page(), keyed.service.url)
    reply = seen.page.goto(f"{keyed.service.url}/docs")
    policy = reply.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    seen.page.wait_for_selector(".opblock")
    assert seen.page.locator(".opblock").count() == len(operations)
    seen.page.locator("#operations-matches-list_matches .opblock-summary-control").click()
    seen.page.wait_for_selector("#operations-matches-list_matches .parameters")
    assert "k" in seen.page.locator("#operations-matches-list_matches .parameters").inner_text()
    seen.page.screenshot(path=tmp_path / "docs.png")
    assert seen.violations() == []
    assert seen.troubles == []
    context.close()


@pytest.mark.slow
def test_a_route_can_be_tried_out(browser, keyed):  # noqa: F811
    context = browser.new_context()
    seen = Visit(context.new_page(), keyed.service.url)
    seen.page.goto(f"{keyed.service.url}/docs#/health/livez")
    seen.page.locator("#operations-health-livez .try-out__btn").click()
    seen.page.locator("#operations-health-livez .execute").click()
    seen.page.wait_for_selector("#operations-health-livez .live-responses-table")
    assert "alive" in seen.page.locator("#operations-health-livez .live-responses-table").inner_text()
    assert seen.troubles == []
    context.close()

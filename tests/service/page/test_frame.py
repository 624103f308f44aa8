"""What holds for every view: keyboard, focus, history, colours, and what happens when the service does not help."""

from __future__ import annotations

MATCHES = "#/partner/shipbob/matches"
_FOCUS = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()"


def tab_to(seen, name, most=80):
    """Press Tab until what is called `name` has the focus."""
    for _ in range(most):
        seen.page.keyboard.press("Tab")
        if seen.page.evaluate(_FOCUS) == name:
            outline = seen.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"the focus on {name!r} is not to be seen"
            return
    raise AssertionError(f"Tab does not lead to {name!r}")


def test_a_keyboard_is_enough_from_the_search_to_the_feedback(visit):
    seen = visit().go("#/")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate(_FOCUS) == "Skip to the content"
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main"
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.id") == "q"
    seen.page.keyboard.type("shipbob")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector(".row-card")
    tab_to(seen, "Matches for ShipBob")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector(".match")
    assert seen.page.evaluate(_FOCUS) == "Matches for ShipBob"
    assert seen.page.evaluate("document.activeElement.tagName") == "H1"
    name = seen.page.locator(".match h3").first.inner_text()
    tab_to(seen, f"Accept {name}")
    seen.page.keyboard.press("Enter")
    seen.until("document.getElementById('live').textContent.includes('accepted, recorded')")
    assert seen.page.evaluate(_FOCUS) == f"Accept {name}"


def test_back_returns_to_where_one_was(visit):
    seen = visit().go(f"{MATCHES}?k=20")
    seen.page.locator(".match").nth(7).scroll_into_view_if_needed()
    before = seen.page.evaluate("scrollY")
    assert before > 500
    seen.page.locator(".match").nth(7).get_by_role("link", name="Compare").click()
    seen.page.wait_for_selector(".verdict")
    assert seen.page.evaluate("scrollY") == 0
    seen.page.go_back()
    seen.page.wait_for_selector(".match")
    assert seen.page.evaluate("location.hash") == f"{MATCHES}?k=20"
    seen.until(f"Math.abs(scrollY - {before}) < 5")


def test_results_are_told_to_those_who_hear_the_page(visit):
    seen = visit().go(MATCHES)
    seen.page.get_by_label("Fit", exact=True).select_option("competitor")
    seen.until("/matches? for ShipBob/.test(document.getElementById('live').textContent)")


def test_the_chosen_colours_are_kept(visit):
    seen = visit(scheme="light").go("#/")
    light = seen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    seen.page.get_by_role("button", name="Use dark colours").click()
    dark = seen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert dark != light
    seen.page.reload()
    seen.settled()
    assert seen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == dark
    assert seen.page.get_by_role("button", name="Use light colours").is_visible()


def test_an_unknown_partner_is_told_with_the_detail_of_the_problem(visit):
    seen = visit()
    seen.expected = ("Failed to load resource",)
    seen.go("#/partner/shipbobb")
    assert seen.heading == "Not found"
    assert "shipbob" in seen.page.get_by_role("alert").inner_text()
    assert "unknown_partner" in seen.page.get_by_role("alert").inner_text()


def test_an_error_of_the_service_is_told_and_can_be_tried_again(visit):
    seen = visit()
    seen.refuse(
        "v1/partners/shipbob/profile", 503, "overloaded", "Too many questions are waiting. Ask again in a moment."
    )
    seen.go("#/partner/shipbob")
    assert seen.heading == "That did not work"
    assert "Ask again in a moment." in seen.page.get_by_role("alert").inner_text()
    seen.page.unroute("**/v1/partners/shipbob/profile")
    seen.page.get_by_role("button", name="Try again").click()
    seen.until("document.querySelector('h1')?.textContent === 'ShipBob'")


def test_an_error_of_the_list_leaves_the_filters(visit):
    seen = visit()
    seen.refuse(
        "v1/partners/shipbob/matches*", 500, "internal", "Something broke in the service. Report this request's id."
    )
    seen.go(MATCHES)
    assert "request 0123456789abcdef" in seen.page.get_by_role("alert").inner_text()
    seen.page.unroute("**/v1/partners/shipbob/matches*")
    seen.page.get_by_label("Fit", exact=True).select_option("complement")
    seen.page.wait_for_selector(".match")


def test_no_answer_at_all_is_told_too(visit):
    seen = visit()
    seen.expected = ("Failed to load resource",)
    seen.page.route("**/v1/ecosystem", lambda route: route.abort())
    seen.go("#/")
    assert "The service does not answer" in seen.page.get_by_role("alert").inner_text()


def test_a_key_is_asked_for_once_and_sent_from_then_on(visit):
    seen = visit()
    seen.refuse("v1/**", 401, "key_missing", "Send an API key.")
    seen.go("#/partner/shipbob")
    assert seen.heading == "This service asks for an API key"
    seen.page.unroute("**/v1/**")
    sent = []
    seen.page.on("request", lambda one: sent.append(one.headers.get("x-api-key")) if "/v1/" in one.url else None)
    seen.page.get_by_label("API key").fill("mm_secret")
    seen.page.get_by_role("button", name="Go on").click()
    seen.until("document.querySelector('h1')?.textContent === 'ShipBob'")
    assert set(sent) == {"mm_secret"}
    assert "mm_secret" not in seen.page.content()


def test_a_key_of_one_partner_shows_its_own_matches(visit):
    seen = visit()
    seen.refuse("v1/ecosystem", 403, "partner_bound_key", "This key is bound to one partner.")
    seen.go(MATCHES)
    assert seen.page.locator(".match").count() == 10
    seen.refuse("v1/partners/loop-returns", 403, "partner_bound_key", "This key is bound to one partner.")
    seen.go("#/compare?a=shipbob&b=loop-returns")
    assert seen.heading == "ShipBob and Loop Returns"


def test_shapes_stand_in_while_an_answer_is_awaited(visit):
    seen = visit()
    held = []
    seen.page.route("**/v1/partners/shipbob/profile", lambda route: held.append(route))
    seen.page.goto(f"{seen.base}/#/partner/shipbob")
    seen.page.wait_for_selector(".bone")
    assert seen.page.locator("main").get_attribute("aria-busy") == "true"
    assert seen.page.evaluate("getComputedStyle(document.querySelector('.bone')).animationName") == "none"
    held[0].continue_()
    seen.settled()
    assert seen.heading == "ShipBob"


def test_a_late_answer_does_not_replace_a_newer_view(visit):
    seen = visit()
    held = []
    seen.page.route("**/v1/partners/shopify/profile", lambda route: held.append(route))
    seen.page.goto(f"{seen.base}/#/partner/shopify")
    seen.page.wait_for_timeout(200)
    seen.page.evaluate("location.hash = '#/partner/shipbob'")
    seen.until("document.querySelector('h1')?.textContent === 'ShipBob'")
    for route in held:
        route.abort()
    seen.page.wait_for_timeout(300)
    assert seen.heading == "ShipBob"


def test_nothing_inline_and_no_markup_from_data(visit):
    seen = visit().go(MATCHES)
    assert (
        seen.page.evaluate("document.querySelectorAll('script:not([src]), style, [style*=\"url\"], [onclick]').length")
        == 0
    )
    policy = seen.page.request.get(f"{seen.base}/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy

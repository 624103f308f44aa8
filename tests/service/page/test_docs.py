"""The pages of the routes at /docs."""

from __future__ import annotations


def test_every_route_is_shown_without_asking_another_place(visit):
    seen = visit()
    seen.page.goto(f"{seen.base}/docs")
    seen.page.wait_for_selector(".opblock")
    paths = seen.answer("openapi.json")["paths"]
    shown = seen.page.locator(".opblock").count()
    assert shown == sum(len(methods) for methods in paths.values())

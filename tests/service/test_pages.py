"""Pages: every list, from the first to the last row, each row once, in one order; and the page for people."""

from __future__ import annotations

import re

import pytest

from tests.service.conftest import NEW, pointers, problem
from tests.service.test_overlay import pages


@pytest.fixture
def filled(served):
    """Eleven rows in every list that begins empty."""
    api = served.api
    for number in range(11):
        activity = {"id": f"a{number}", "from": "p000", "to": "p001", "date": "2026-01-01"}
        assert api.post("/v1/activity", json={"activities": [activity]}).status_code == 200
    given = [one["recommendation_id"] for one in api.get("/v1/partners/p000/matches?k=11").json()["data"]]
    assert (
        api.post("/v1/impressions", json={"impressions": [{"recommendation_id": one} for one in given]}).status_code
        == 200
    )
    pair = {"a": "p000", "b": "p001"}
    jobs = [api.post("/v1/jobs", json={"kind": "scores", "pairs": [pair]}).json()["data"]["id"] for _ in range(11)]
    sent = {"partner": "p000", "accounts": [{"account": f"shop{number}.com"} for number in range(11)]}
    assert api.post("/v1/accounts", json=sent).status_code == 200
    return served, given, jobs


@pytest.mark.parametrize("limit", [1, 4, 11, 12])
def test_every_list_is_read_to_its_end(filled, limit):
    served, given, jobs = filled
    api = served.api
    assert [one["id"] for one in pages(api, "/v1/activity", limit)] == [f"a{number}" for number in range(11)]
    assert [one["recommendation_id"] for one in pages(api, "/v1/feedback", limit, partner="p000")] == given
    assert [one["id"] for one in pages(api, "/v1/jobs", limit)] == jobs[::-1]
    assert len({one["account"] for one in pages(api, "/v1/accounts", limit, partner="p000")}) == 11
    numbers = [one["number"] for one in pages(api, "/v1/audit", limit)]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == 24
    assert len(pages(api, "/v1/audit", limit, action="job.create")) == 11


LISTS = ["partners", "relations", "activity", "feedback", "jobs", "audit", "accounts?partner=p000"]


@pytest.mark.parametrize("path", [f"/v1/{one}" for one in LISTS])
def test_every_list_refuses_what_it_does_not_know(api, path):
    mark = "&" if "?" in path else "?"
    assert pointers(problem(api.get(f"{path}{mark}offset=3"), 422, "invalid_request")) == ["/query/offset"]
    assert pointers(problem(api.get(f"{path}{mark}limit=0"), 422, "invalid_request")) == ["/query/limit"]
    problem(api.get(f"{path}{mark}cursor=x"), 422, "invalid_cursor")


def test_the_href_of_a_page_keeps_what_was_asked(api):
    api.put("/v1/partners/a%20b", json=NEW)
    rows = [{"a": "a b", "b": f"p00{number}", "type": "partnership"} for number in range(3)]
    api.post("/v1/relations", json={"relations": rows})
    found = pages(api, "/v1/relations", 1, partner="a b")
    assert {one["b"] for one in found} == {"p000", "p001", "p002"}


def test_the_page_is_served_under_a_policy_that_lets_nothing_else_in(calm):
    answer = calm.api.get("/")
    policy = answer.headers["content-security-policy"]
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
    links = re.findall(r'(?:src|href)="([^"#]+)"', answer.text)
    assert links and not any("//" in link for link in links)
    for link in links:
        assert calm.api.get(link if link.startswith("/") else f"/{link}").status_code == 200, link


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/ui/plotly.min.js", "javascript"),
        ("/ui/main.js", "javascript"),
        ("/ui/icon.svg", "svg"),
        ("/docs/swagger-ui-bundle.js", "javascript"),
        ("/docs/swagger-ui.css", "css"),
    ],
)
def test_files_of_the_page_come_from_this_machine(calm, path, kind):
    answer = calm.api.get(path)
    assert answer.status_code == 200 and kind in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_documentation_works_without_a_network(calm):
    answer = calm.api.get("/docs")
    assert answer.status_code == 200
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", answer.text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert calm.api.get("/openapi.json").json()["openapi"].startswith("3.")

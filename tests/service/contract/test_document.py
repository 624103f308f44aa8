"""The OpenAPI document is complete, its names are stable, and what it gives as an example works."""

import re
import time

import pytest

from matchmaker_service.openapi import TAGS

OPEN = {"livez", "readyz", "healthz"}
IDS = """
search_partners get_ecosystem get_map
list_partners create_partner get_partner put_partner patch_partner delete_partner upsert_partners get_profile
list_matches query_matches explain_pair score_pairs
list_gaps get_pair_gaps get_ecosystem_gaps list_collisions get_orbit
create_job list_jobs get_job get_result cancel_job
list_relations put_relations get_relation delete_relation
list_accounts put_accounts delete_accounts count_accounts list_overlaps
list_activity add_activity add_impressions add_feedback list_feedback
list_models get_model activate_model roll_back
list_writes livez readyz healthz get_metrics
""".split()


def test_operation_ids_are_stable(operations):
    assert sorted(operation["operationId"] for *_, operation in operations) == sorted(IDS)


def test_tags_are_described_and_used(document, operations):
    assert [tag["name"] for tag in document["tags"]] == list(TAGS)
    assert all(tag["description"] for tag in document["tags"])
    assert {tag for *_, operation in operations for tag in operation["tags"]} == set(TAGS)


def test_every_operation_is_described_and_says_which_key_it_needs(document, operations):
    schemes = document["components"]["securitySchemes"]
    assert {(one["type"], one.get("in"), one.get("scheme")) for one in schemes.values()} == {
        ("apiKey", "header", None), ("http", None, "bearer"),
    }  # fmt: skip
    assert all(one["description"] for one in schemes.values())
    for *_, operation in operations:
        assert operation["summary"]
        assert operation["description"]
        wanted = None if operation["operationId"] in OPEN else [{name: []} for name in schemes]
        assert operation.get("security") == wanted, operation["operationId"]


def test_every_parameter_and_header_is_described(document, operations):
    for *_, operation in operations:
        for one in operation.get("parameters", ()):
            assert one["description"], (operation["operationId"], one["name"])
    assert all(one["description"] for one in document["components"]["headers"].values())


def bodies(document, operation):
    """The schemas of a body, alternatives apart."""
    shown = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    each = [] if shown is None else shown.get("oneOf", [shown])
    return [document["components"]["schemas"][one["$ref"].rpartition("/")[2]] for one in each]


def test_every_field_of_a_body_is_described(document, operations):
    schemas = document["components"]["schemas"]
    left = [schema for *_, operation in operations for schema in bodies(document, operation)]
    seen = []
    while left:
        schema = left.pop()
        seen.append(schema["title"])
        for name, field in schema["properties"].items():
            assert field.get("description"), (schema["title"], name)
        inner = re.findall(r"#/components/schemas/(\w+)", str(schema["properties"]))
        left += [schemas[name] for name in set(inner) if schemas[name]["title"] not in seen]
    assert {"PartnerBody", "InterfaceBody", "AccountBody", "JobPair", "Question"} <= set(seen)


def examples(document, operation):
    return [
        example
        for schema in bodies(document, operation)
        for example in ([schema["example"]] if "example" in schema else schema["examples"])
    ]


def test_every_body_has_an_example(document, operations):
    with_body = [operation for *_, operation in operations if "requestBody" in operation]
    assert len(with_body) == 13
    assert all(examples(document, operation) for operation in with_body)


def example_of(parameter):
    shown = parameter["schema"]
    return parameter.get("example", (shown.get("examples") or [None])[0])


class Asker:
    """Sends examples; what no document can know (tokens, ids of jobs, versions) comes from the service's own answers."""

    def __init__(self, keyed):
        self.service, self.key = keyed.service, keyed.admin

    def ask(self, method, path, **sent):
        return self.service.ask(method, path, self.key, **sent)

    def data(self, method, path, **sent):
        status, _, answer = self.ask(method, path, **sent)
        assert status < 300, (method, path, answer)
        return answer["data"]

    def job(self, operation):
        """A job that the operation can be asked about."""
        asked = {"kind": "matches", "k": 100} if operation == "cancel_job" else {"kind": "matches", "partners": ["ups"]}
        found = self.data("POST", "/v1/jobs", body=asked)
        until = time.monotonic() + 60
        while operation == "get_result" and found["status"] != "done":
            assert time.monotonic() < until
            time.sleep(0.1)
            found = self.data("GET", f"/v1/jobs/{found['id']}")
        return found["id"]

    def version(self, operation):
        return self.data("GET", "/v1/models")[0]["version"]

    def token(self):
        return self.data("GET", "/v1/partners/shipbob/matches?k=1")[0]["recommendation_id"]


def filled(asker, body):
    """The body with a recommendation id of this service."""
    if not isinstance(body, dict):
        return body
    given = {"recommendation_id": asker.token()} if "recommendation_id" in body else {}
    inner = {name: [filled(asker, one) for one in value] for name, value in body.items() if isinstance(value, list)}
    return {**body, **inner, **given}


@pytest.mark.slow
def test_every_example_works_when_it_is_sent(document, operations, keyed):
    asker = Asker(keyed)
    for method, path, operation in operations:
        name, url, query, headers = operation["operationId"], path, {}, {}
        for one in operation.get("parameters", ()):
            key, example = one["name"], example_of(one)
            if one["in"] == "path":
                example = example if example is not None else getattr(asker, key)(name)
                url = url.replace("{" + key + "}", "klaviyo" if key == "b" else example)
            elif one["in"] == "query" and example is not None:
                query[key] = example
            assert not (one.get("required") and example is None), (name, key)
        for body in examples(document, operation) or [None]:
            status, _, answer = asker.ask(method, url, query=query, body=filled(asker, body), headers=headers)
            assert 200 <= status < 300, (name, url, query, status, answer)
            if name == "score_pairs":
                assert {row["status"] for row in answer["data"]} == {"ok"}

import json

import pytest

from matchmaker.errors import OpenAPIError
from matchmaker.profiles.openapi import MAX_BYTES, apply_openapi, read_openapi
from matchmaker.profiles.schema import Interface, Partner

DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop API", "description": "Orders and returns."},
    "paths": {
        "/api/v2/orders": {
            "get": {"summary": "List orders", "responses": {"200": {"content": {"application/json": {}}}}},
            "post": {"summary": " Create an order. ", "callbacks": {"orderShipped": {}}},
            "parameters": [],
        },
        "/orders/{id}/returns": {"delete": {"responses": {"200": {"content": {"text/csv": {}}}}}, "patch": {}},
        "/companies/{id}": {"put": {"summary": "Replace"}, "x-note": "none"},
        "/v1/{id}": {"post": {}},
    },
    "webhooks": {"returnOpened": {}},
    "components": {
        "securitySchemes": {
            "o": {"type": "oauth2"},
            "k": {"type": "apiKey"},
            "b": {"type": "http", "scheme": "Bearer"},
            "p": {"type": "http", "scheme": "basic"},
            "c": {"type": "openIdConnect"},
            "x": {"type": "odd"},
        }
    },
}


def document(folder, content, name="api.yaml"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", ["json", "yaml"])
def test_a_document_by_hand(kind, tmp_path):
    import yaml

    text = json.dumps(DOCUMENT) if kind == "json" else yaml.safe_dump(DOCUMENT, sort_keys=False)
    profile = read_openapi(document(tmp_path, text, f"api.{kind}"))
    assert (profile.title, profile.description) == ("Shop API", "Orders and returns.")
    assert profile.capabilities == ("Create an order", "manage return", "Replace")
    assert profile.interface == Interface(
        auth=("oauth2", "api_key", "bearer", "basic"),
        events=("returnOpened", "orderShipped"),
        objects=("order", "return", "company"),
        operations=("read order", "create order", "delete return", "update return", "replace company"),
        formats=("json", "csv"),
        style="rest",
    )


def test_swagger_2(tmp_path):
    old = {
        "swagger": "2.0",
        "produces": ["application/xml"],
        "paths": {"/boxes": {"get": {}}},
        "securityDefinitions": {"b": {"type": "basic"}},
    }
    profile = read_openapi(document(tmp_path, json.dumps(old), "old.json"))
    assert profile.title == "old" and profile.capabilities == ()
    assert (profile.interface.auth, profile.interface.formats) == (("basic",), ("xml",))
    assert profile.interface.objects == ("box",)


def test_circular_references_cost_nothing(tmp_path):
    circular = {
        "openapi": "3.0.0",
        "paths": {
            "/nodes": {"post": {"requestBody": {"$ref": "#/components/schemas/Node"}, "$ref": "#/paths/~1nodes/post"}},
            "/loops": {"$ref": "#/paths/~1loops"},
        },
        "components": {
            "schemas": {"Node": {"properties": {"next": {"$ref": "#/components/schemas/Node"}}}},
            "securitySchemes": {"a": {"$ref": "#/components/securitySchemes/a"}},
        },
    }
    profile = read_openapi(document(tmp_path, json.dumps(circular)))
    assert profile.capabilities == ("manage node",) and profile.interface.auth == ()


def test_yaml_that_holds_itself_or_multiplies(tmp_path):
    itself = "openapi: 3.0.0\npaths: &p\n  /loops: {post: *p}\n  /more: *p\n"
    assert read_openapi(document(tmp_path, itself)).capabilities == ("manage loop",)
    laughs = "openapi: 3.0.0\na0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 12))
    assert read_openapi(document(tmp_path, laughs)).title == "api"


@pytest.mark.parametrize("content", ["", "a: 1", "[1, 2]", "just text", "null", '{"paths": {}}', "- openapi", "3"])
def test_what_is_no_openapi_document_is_refused(content, tmp_path):
    with pytest.raises(OpenAPIError, match="is no OpenAPI document"):
        read_openapi(document(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    ['{"openapi": ', "openapi: [", "openapi: !!python/object/apply:os.getcwd []", "{" + '"a":{' * 50_000, "a: \x00"],
)
def test_what_cannot_be_parsed_is_refused(content, tmp_path):
    with pytest.raises(OpenAPIError, match="neither JSON nor YAML"):
        read_openapi(document(tmp_path, content))


def test_what_cannot_be_read_is_refused(tmp_path):
    for path in (document(tmp_path, b"openapi: \xff"), tmp_path / "none.yaml", tmp_path):
        with pytest.raises(OpenAPIError, match="cannot be read"):
            read_openapi(path)


def test_more_than_50_mb_is_refused_unread(tmp_path):
    path = tmp_path / "big.yaml"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(OpenAPIError, match="larger than 50 MB"):
        read_openapi(path)


def test_odd_but_legal_shapes(tmp_path):
    odd = "openapi: 3.0.0\ninfo: text\npaths: [1]\nwebhooks: 3\ncomponents: null\n"
    profile = read_openapi(document(tmp_path, odd))
    assert profile.title == "api" and profile.capabilities == profile.interface.objects == ()


def test_nothing_stated_is_overwritten(tmp_path):
    profile = read_openapi(document(tmp_path, json.dumps(DOCUMENT)))
    stated = Partner(
        id="a",
        name="A",
        description="Mine.",
        capabilities=("own",),
        interface=Interface(auth=("saml", "oauth2"), style="graphql"),
    )
    merged = apply_openapi(stated, profile)
    assert merged.description == "Mine." and merged.name == "A"
    assert merged.capabilities == ("own", *profile.capabilities)
    assert merged.interface.auth == ("saml", "oauth2", "api_key", "bearer", "basic")
    assert merged.interface.style == "graphql" and merged.interface.objects == profile.interface.objects
    assert apply_openapi(merged, profile) == merged
    assert apply_openapi(Partner(id="a", name="A"), profile).description == "Orders and returns."


@pytest.mark.parametrize(
    "content",
    [
        "openapi: 3.0.0\npaths: {/orders: {get: {responses: {200: {content: {404: {}}}}}}}\n",
        'swagger: "2.0"\nproduces: 5\n',
    ],
    ids=["media type", "produces"],
)
def test_values_of_another_kind_are_passed_over(content, tmp_path):
    assert read_openapi(document(tmp_path, content)).interface.formats == ()


@pytest.mark.parametrize("noun", ["purchase", "expense", "license", "database"])
def test_singular_of_nouns_in_se(noun, tmp_path):
    text = json.dumps({"openapi": "3.0.0", "paths": {f"/{noun}s": {"get": {}}}})
    assert read_openapi(document(tmp_path, text)).interface.objects == (noun,)

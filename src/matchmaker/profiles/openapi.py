"""An OpenAPI document as a source of capabilities and interface: objects, operations, auth, webhooks.

References are never followed, so that circular or hostile ones cost nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.errors import OpenAPIError, UnknownPartnerError
from matchmaker.profiles.schema import Interface, Partner

if TYPE_CHECKING:
    from matchmaker.profiles.catalogue import Catalogue

MAX_BYTES = 50 * 1024 * 1024
_METHODS = {"get": "read", "post": "create", "put": "replace", "patch": "update", "delete": "delete"}
_NOISE = re.compile(r"^(v?\d+(\.\d+)*|api|rest|public|admin|latest)$")
_MAX_ITEMS = 200


@dataclass(frozen=True)
class OpenAPIProfile:
    """What a document says about a partner."""

    title: str
    description: str
    capabilities: tuple[str, ...]
    interface: Interface


def read_openapi(path: Path | str) -> OpenAPIProfile:
    """Read an OpenAPI 3 or Swagger 2 file, JSON or YAML, up to 50 MB. Raises OpenAPIError."""
    path = Path(path)
    document = _parsed(path)
    if not isinstance(document, Mapping) or not ({"openapi", "swagger"} & set(document)):
        raise OpenAPIError(f"{path.name} is no OpenAPI document: it has neither an 'openapi' nor a 'swagger' field.")
    info = _mapping(document.get("info"))
    calls = list(_calls(_mapping(document.get("paths"))))
    return OpenAPIProfile(
        title=str(info.get("title") or path.stem),
        description=str(info.get("description") or ""),
        capabilities=_distinct(_capability(noun, operation) for noun, verb, operation in calls if verb != "read"),
        interface=Interface(
            auth=_auth(document),
            events=_events(document, calls),
            objects=_distinct(noun for noun, _, _ in calls),
            operations=_distinct(f"{verb} {noun}" for noun, verb, _ in calls),
            formats=_formats(document, calls),
            style="rest",
        ),
    )


def apply_openapi(partner: Partner, profile: OpenAPIProfile) -> Partner:
    """`partner` with what the document adds; nothing that is stated is overwritten."""
    mine, theirs = partner.interface, profile.interface
    merged = {
        name: _distinct((*getattr(mine, name), *getattr(theirs, name)))
        for name in ("auth", "events", "objects", "operations", "formats")
    }
    return partner.model_copy(
        update={
            "description": partner.description or profile.description,
            "capabilities": _distinct((*partner.capabilities, *profile.capabilities)),
            "interface": Interface(**merged, style=mine.style or theirs.style),
        }
    )


def with_openapi(catalogue: Catalogue, documents: Mapping[str, Path | str]) -> Catalogue:
    """`catalogue` with what the documents, by partner id, say about its partners. Raises OpenAPIError, UnknownPartnerError."""
    partners = {partner.id: partner for partner in catalogue.partners}
    for identifier, path in documents.items():
        if identifier not in partners:
            raise UnknownPartnerError(identifier)
        partners[identifier] = apply_openapi(partners[identifier], read_openapi(path))
    return replace(catalogue, partners=tuple(partners.values()))


def _parsed(path: Path) -> Any:  # noqa: ANN401 - any document
    try:
        if path.stat().st_size > MAX_BYTES:
            raise OpenAPIError(f"{path.name} is larger than 50 MB. Hand in the part of the API that partners use.")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OpenAPIError(f"{path} cannot be read: {error}.") from error
    import yaml

    try:
        if text.lstrip().startswith("{"):
            return json.loads(text)
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise OpenAPIError(f"{path.name} is neither JSON nor YAML: {str(error).splitlines()[0]}") from error


def _calls(paths: Mapping[str, Any]) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    for route, methods in paths.items():
        noun = _noun(str(route))
        for method, operation in _mapping(methods).items():
            if method in _METHODS and noun and isinstance(operation, Mapping):
                yield noun, _METHODS[method], operation


def _noun(route: str) -> str:
    """The thing a path is about: its last literal segment that is no version or prefix, in the singular."""
    parts = [part for part in route.lower().split("/") if part and "{" not in part and not _NOISE.match(part)]
    if not parts:
        return ""
    word = re.sub(r"[^a-z0-9]+", " ", parts[-1].split(".")[0]).strip()
    return singular(word)


def singular(word: str) -> str:
    """The singular of an English noun, by its ending: `companies` is `company`, `boxes` is `box`, `status` stays."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "uses")) and not word.endswith(("causes", "houses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _capability(noun: str, operation: Mapping[str, Any]) -> str:
    summary = operation.get("summary")
    if isinstance(summary, str) and summary.strip():
        return summary.strip().rstrip(".")[:120]
    return f"manage {noun}"


def _auth(document: Mapping[str, Any]) -> tuple[str, ...]:
    schemes = _mapping(_mapping(document.get("components")).get("securitySchemes")) or _mapping(
        document.get("securityDefinitions")
    )
    found = []
    for scheme in schemes.values():
        kind, detail = _mapping(scheme).get("type"), str(_mapping(scheme).get("scheme", "")).lower()
        names = {
            "oauth2": "oauth2",
            "openIdConnect": "oauth2",
            "apiKey": "api_key",
            "basic": "basic",
            "mutualTLS": "mtls",
        }
        found.append(names.get(str(kind), {"basic": "basic", "bearer": "bearer"}.get(detail, "")))
    return _distinct(found)


def _events(document: Mapping[str, Any], calls: Iterable[tuple[str, str, Mapping[str, Any]]]) -> tuple[str, ...]:
    declared = [str(name) for name in _mapping(document.get("webhooks"))]
    called_back = [str(name) for _, _, operation in calls for name in _mapping(operation.get("callbacks"))]
    return _distinct([*declared, *called_back])


def _formats(document: Mapping[str, Any], calls: Iterable[tuple[str, str, Mapping[str, Any]]]) -> tuple[str, ...]:
    produced = document.get("produces")
    types = [str(kind) for kind in produced] if isinstance(produced, list) else []
    for _, _, operation in calls:
        for answer in _mapping(operation.get("responses")).values():
            types.extend(map(str, _mapping(_mapping(answer).get("content"))))
    return _distinct(name for kind in types for name in ("json", "xml", "csv") if name in kind)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:_MAX_ITEMS]

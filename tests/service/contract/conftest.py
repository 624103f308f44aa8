"""One live service that asks for keys, over two versions of the sample's bundle."""

from dataclasses import dataclass

import pytest

from matchmaker import Matchmaker
from matchmaker_service.app import create_app
from matchmaker_service.settings import Settings
from tests.service.contract.running import Running, running


@dataclass
class Keyed:
    """A service and keys of it."""

    service: Running
    read: str
    write: str
    admin: str


@pytest.fixture(scope="session")
def keyed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    asked = {"auth": "required", "account_key": "a secret of the contract test"}
    with running(folder, **asked, encode_apart="false") as service:  # a model that no test needs is not loaded
        Matchmaker.load(folder / "models").save(folder / "models")
        yield Keyed(service, *(service.key(scope) for scope in ("read", "write", "admin")))


@pytest.fixture(scope="session")
def document():
    return create_app(Settings()).openapi()


@pytest.fixture(scope="session")
def operations(document):
    """(method, path, operation), in the order of the document."""
    return [(method.upper(), path, one) for path, known in document["paths"].items() for method, one in known.items()]

"""One server over the small ecosystem."""

import pytest

from matchmaker_service.mcp import server as build


@pytest.fixture(scope="package")
def server(engine):
    return build(engine)

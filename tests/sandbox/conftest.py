"""One sandbox for all tests of this folder that call ConnectWise over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.sandbox.server import start_sandbox
from tests.sandbox.connectwise_api import Api


@pytest.fixture(scope="session")
def connectwise_api() -> Iterator[Api]:
    with start_sandbox() as started:
        api = Api(started)
        with api.client:
            yield api


@pytest.fixture
def api(connectwise_api: Api) -> Iterator[Api]:
    """A client of the demo world, with nothing left of other tests."""
    connectwise_api.restore()
    yield connectwise_api
    connectwise_api.restore()

"""Fixtures of the black-box tests, for the conftest.py of each folder."""

import pytest

from support.certificates import Certificates
from support.gateway import BINARY, GatewayFactory


def pytest_configure(config):
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is not there: build it, or set GATEWAYD_BUILD_DIR")


@pytest.fixture
def gateway(tmp_path_factory):
    """Starts daemons: `running = gateway({"wsc": {...}})`. Each is stopped after the test, which fails when
    one does not end cleanly."""
    factory = GatewayFactory(lambda: tmp_path_factory.mktemp("gateway"))
    yield factory
    factory.close()


@pytest.fixture(scope="module")
def shared_gateway(tmp_path_factory):
    """The same for a whole file, where starting one for each test would take too long."""
    factory = GatewayFactory(lambda: tmp_path_factory.mktemp("gateway"))
    yield factory
    factory.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder of certificates, with one for `localhost` in it."""
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.make("localhost")
    return made

"""The black-box tests' fixtures, and a browser."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import pytest  # noqa: E402
from browser import CHROMIUM, Browser  # noqa: E402
from support.fixtures import gateway, pytest_configure  # noqa: E402, F401


@pytest.fixture
def browser(tmp_path):
    if not CHROMIUM:
        pytest.skip("there is no Chromium: ./dev test installs Debian's")
    with Browser(tmp_path / "profile") as running:
        yield running

"""The black-box tests' fixtures, a browser, and the pages of docs/customer-service."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import pytest  # noqa: E402
from browser import CHROMIUM, Browser  # noqa: E402
from site_under_test import Site  # noqa: E402
from support.fixtures import gateway, pytest_configure  # noqa: E402, F401


@pytest.fixture
def browser(tmp_path):
    if not CHROMIUM:
        pytest.skip("there is no Chromium: ./dev test installs Debian's")
    with Browser(tmp_path / "profile") as running:
        yield running
        problems = [problem for page in running.pages for problem in page.drained()]
    assert not problems, problems


@pytest.fixture
def make_site(browser, gateway, tmp_path):
    """`make_site(offer="accept")`: the tutorial's gateway and back end, with these keys of wsc.ticket."""
    made = []

    def make(**ticket):
        made.append(Site(browser, gateway, tmp_path, ticket))
        return made[-1]

    yield make
    for site in made:
        site.close()


@pytest.fixture
def site(make_site):
    return make_site()

"""Applications on npm's `ws`: the scenarios of node/scenarios.js, each in a process of its own."""

import pathlib
import re
import shutil
import subprocess

import pytest

from support.waiting import Deadline

FOLDER = pathlib.Path(__file__).resolve().parent / "node"
SCENARIOS = re.findall(r"^  async (\w+)\(\)", (FOLDER / "scenarios.js").read_text(), re.MULTILINE)


COMPRESSED = {"io_threads": 2, "enable_compression": True, "compression_threshold": 50}


@pytest.fixture(
    scope="module",
    params=[{"io_threads": 2}, COMPRESSED, {**COMPRESSED, "compression_context_takeover": True}],
    ids=["plain", "compressed", "compressed with context"],
)
def running(request, shared_gateway):
    made = shared_gateway({"wsc": {"heartbeat_interval": 1, "client_timeout": 60, "performance": request.param}})
    made.compresses = "enable_compression" in request.param
    return made


def test_ws_is_installed():
    assert shutil.which("node"), "node is needed: ./dev test installs it"
    assert (FOLDER / "node_modules" / "ws").is_dir(), "npm ci in tests/integration/node: ./dev test does it"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(running, scenario):
    done = subprocess.run(
        ["node", "scenarios.js", scenario, running.url, running.admin.url, str(running.compresses)],
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=Deadline(60).left(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    running.wait_for_connections(0)

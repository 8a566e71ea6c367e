"""docs/tutorial-customer-service.md: its commands word for word, in a folder of their own; the two that listen get free ports.
What it says of the pages is test_customer_service.py."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from site_under_test import BackEnd
from support.gateway import BINARY, BUILD_DIR, SOURCE_DIR
from support.raw import RawWebSocket
from support.tokens import Hs256, claims

PAGE = (SOURCE_DIR / "docs" / "tutorial-customer-service.md").read_text()
BLOCKS = [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S)]


@pytest.fixture
def folder(tmp_path):
    """As the repository's, with this build, and a store of its own."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "release").symlink_to(BUILD_DIR)
    (tmp_path / "docs").symlink_to(SOURCE_DIR / "docs")
    shutil.copytree(SOURCE_DIR / "config", tmp_path / "config", ignore=shutil.ignore_patterns("data"))
    return tmp_path


def bash(folder, *lines):
    done = subprocess.run(["bash", "-euc", "\n".join(lines)], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (lines, done.stderr)
    return done.stdout


def test_the_commands_of_the_page(gateway, folder):
    (build, *prepare, start), (*prepare_too, serve), curls = BLOCKS

    # The first terminal. The build is there: it is what this test runs.
    assert build == "./dev build release gatewayd plugins"
    key = bash(folder, *prepare, "printenv GATEWAYD_TOKEN_KEY").strip()
    assert len(key) >= 32 and (folder / "build" / "token.key").stat().st_mode & 0o077 == 0
    program, option, config = shlex.split(start)
    assert (folder / program).samefile(BINARY) and option == "--config"
    free = ("--set", "wsc.node_port=0", "--set", "admin.listen=127.0.0.1:0")
    running = gateway(folder / config, arguments=free, env={"GATEWAYD_TOKEN_KEY": key})
    assert (folder / "config/examples/data/gatewayd.sqlite").exists()
    assert "warn" not in running.log_text(), running.log_text()

    # The second one.
    assert bash(folder, *prepare_too, "printenv GATEWAYD_TOKEN_KEY").strip() == key
    python, script = shlex.split(serve)
    assert python == "python3"
    back_end = BackEnd("--port", "0", "--gateway", running.url, script=folder / script, key=key)
    try:
        for path in re.findall(r"<http://127.0.0.1:8000(/\S+)>", PAGE):
            assert "<!doctype html>" in bash(folder, f"curl -sf {back_end.url}{path}")
        login = ask_for_token(folder, back_end, {"name": "Cara", "role": "customer"})
        for wrong in ({"name": ""}, {"name": "Cara", "role": "admin"}, [], {"name": "Cara"}):
            assert ask_for_token(folder, back_end, wrong).keys() == {"error"}
    finally:
        back_end.close()

    # Its token is good for the gateway, from a page that is allowed to; one of another key is not.
    assert login["url"] == running.url
    assert greeted(running, login["token"])["user_id"] == login["user_id"] == "customer-cara"  # as the page calls her
    assert greeted(running, Hs256("x" * 32).token(claims("cara"))) is None
    assert greeted(running, login["token"], "http://evil.example") is None

    # The back end's commands.
    assert len(curls) == 8
    for line in curls:
        answer = bash(folder, line.replace("http://127.0.0.1:8082", running.admin.url))
        assert answer and '"error"' not in answer, (line, answer)
    assert running.admin.get("/api/v1/tickets/call-1").json()["close_reason"] == "done"


def ask_for_token(folder, back_end, said):
    return json.loads(bash(folder, f"curl -s -d {shlex.quote(json.dumps(said))} {back_end.url}/token"))


def greeted(running, token, origin="http://127.0.0.1:8000"):
    offered = f"gateway.v1.json, bearer, {token}"
    headers = {"Origin": origin, "Sec-WebSocket-Protocol": offered}
    with RawWebSocket(running.host, running.port, refused=True, headers=headers) as client:
        return client.receive() if client.response.status == 101 else None

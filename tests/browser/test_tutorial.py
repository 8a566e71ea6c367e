"""docs/tutorial-customer-service.md: its commands as they stand there, but for ports and where the build is."""

import json
import os
import re
import subprocess
import sys

from support.gateway import SOURCE_DIR
from support.tokens import Hs256, claims
from support.raw import RawWebSocket

PAGE = (SOURCE_DIR / "docs" / "tutorial-customer-service.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
KEY = "the key of this test, which has 32 bytes or more"


def test_the_commands_of_the_page(gateway, tmp_path):
    start = next(line for line in COMMANDS if "bin/gatewayd" in line)
    config = SOURCE_DIR / re.search(r"--config (\S+)", start).group(1)
    own = ["--set", "wsc.node_port=0", "--set", "admin.listen=127.0.0.1:0", "--set", f"wsc.store={{ file: {tmp_path}/s }}"]
    running = gateway(config, arguments=own, env={"GATEWAYD_TOKEN_KEY": KEY})

    served = next(line for line in COMMANDS if line.startswith("python3 ")).split()[1:]
    back_end = subprocess.Popen(
        [sys.executable, str(SOURCE_DIR / served[0]), "--port", "0"],
        env={**os.environ, "GATEWAYD_TOKEN_KEY": KEY}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    pages = re.match(r"(http://\S+)/widget.html", back_end.stdout.readline()).group(1)
    try:
        for path in re.findall(r"<http://127.0.0.1:8000(/\S+)>", PAGE):
            assert "<!doctype html>" in curl(f"curl -s {pages}{path}")
        login = json.loads(curl(f"curl -s -d '{{\"name\":\"Cara\",\"role\":\"customer\"}}' {pages}/token"))
        assert login["user_id"] == "customer-cara"  # as the page's commands call her
        assert curl(f"curl -s -o /dev/null -w %{{http_code}} -d '{{\"name\":\"\"}}' {pages}/token") == "400"
    finally:
        back_end.terminate()
        back_end.wait()
        back_end.stdout.close()

    # Its token is good for the gateway, and one of another key is not.
    assert greeted(running, login["token"])["user_id"] == "customer-cara"
    assert greeted(running, Hs256("x" * 32).token(claims("cara"))) is None

    told = [line for line in COMMANDS if line.startswith("curl ")]
    assert len(told) == 8
    for line in told:
        answer = curl(line.replace("http://127.0.0.1:8082", running.admin.url))
        assert answer and '"error"' not in answer, (line, answer)
    assert running.admin.get("/api/v1/tickets/call-1").json()["close_reason"] == "done"


def curl(line):
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (line, done.stderr)
    return done.stdout


def greeted(running, token):
    client = RawWebSocket(running.host, running.port, query={"token": token}, refused=True,
                          headers={"Origin": "http://127.0.0.1:8000"})
    with client:
        return client.receive() if client.response.status == 101 else None

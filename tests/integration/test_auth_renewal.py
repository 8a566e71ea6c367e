"""The end of a token while its client is connected: the notice, the renewal, 1008; on python3-websockets and npm ws."""

import json
import pathlib
import subprocess

import pytest
import websockets

from support.library_client import hear, play
from support.tokens import Hs256, claims
from support.waiting import Deadline
from test_auth_jwt import SECRET, admitted, auth, refresh

SHARED = Hs256(SECRET)


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway(auth([SECRET], leeway=0))


def test_who_does_nothing_is_told_and_closed(running):
    client = admitted(running, SHARED.token(claims("ada", seconds=8)))
    notice = client.receive()
    assert notice["type"] == "token_expiring" and 0 < notice["in_s"] <= 8
    assert client.expect_close(1008).startswith("token_expired: ")
    running.wait_for_log("client disconnected.*user_id=ada.*reason=plugin_close code=1008 text=.token_expired")


def test_who_renews_stays(running):
    """The clock of this test is a client with the same token that does not."""
    token = SHARED.token(claims("ada", seconds=8))
    with admitted(running, token, client_id="clock") as clock, admitted(running, token, client_id="a1") as client:
        assert client.receive()["type"] == "token_expiring"
        assert refresh(client, SHARED.token(claims("ada", seconds=3600)))["type"] == "auth_refreshed"
        clock.receive()
        clock.expect_close(1008)
        client.expect_nothing_but_pong()
        client.close()


def test_a_renewed_token_ends_too(running):
    with admitted(running, SHARED.token(claims("ada", seconds=3600))) as client:
        client.send_json({"type": "auth_refresh", "token": SHARED.token(claims("ada", seconds=8))})
        kinds = {client.receive()["type"], client.receive()["type"]}
        assert kinds == {"auth_refreshed", "token_expiring"}
        client.expect_close(1008)


def test_a_token_that_is_refused_changes_nothing(running):
    with admitted(running, SHARED.token(claims("ada", seconds=8))) as client:
        assert client.receive()["type"] == "token_expiring"
        assert refresh(client, SHARED.token(claims("eve", seconds=3600)))["code"] == "forbidden"
        client.expect_close(1008)


def test_the_notice_can_be_left_out(gateway):
    running = gateway(auth([SECRET], expiry_notice=0))
    client = admitted(running, SHARED.token(claims("ada", seconds=8)))
    client.expect_close(1008)


def test_many_end_at_once_and_the_others_go_on(gateway):
    running = gateway(auth([SECRET], expiry_notice=1))
    token = SHARED.token(claims("ada", seconds=12))
    leaving = [admitted(running, token) for _ in range(40)]
    with admitted(running, SHARED.token(claims("bob", user_type="agent"))) as bob:
        for client in leaving:
            client.expect_close(1008, skip_messages=True)
        bob.send_json({"type": "text", "to": "bob", "content": "still here"})
        assert bob.receive()["content"] == "still here"
        bob.close()
    running.wait_for_connections(0)


def test_python_websockets_renews(running):
    async def scenario():
        headers = {"Authorization": f"Bearer {SHARED.token(claims('ada', seconds=8))}"}
        async with websockets.connect(running.url, extra_headers=headers) as ada:
            assert (await hear(ada))["user_id"] == "ada"
            assert (await hear(ada))["type"] == "token_expiring"
            await ada.send(json.dumps({"type": "auth_refresh", "token": SHARED.token(claims("ada", seconds=8)), "id": 1}))
            assert {(await hear(ada))["type"], (await hear(ada))["type"]} == {"auth_refreshed", "token_expiring"}
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await hear(ada)
            assert closed.value.rcvd.code == 1008 and closed.value.rcvd.reason.startswith("token_expired")

    play(scenario())


@pytest.mark.parametrize("alg", ["HS256", "RS256", "ES256", "EdDSA"])
def test_npm_ws(gateway, tmp_path, alg):
    """Tokens by Node's own crypto: node/auth.js makes the keys, connects, is refused, renews and is closed."""
    folder = pathlib.Path(__file__).resolve().parent / "node"
    made = node(folder, "keys", alg, str(tmp_path))
    running = gateway(auth([json.loads(made)], leeway=0))
    node(folder, "play", alg, str(tmp_path), running.url)
    running.wait_for_connections(0)


def node(folder, *arguments):
    done = subprocess.run(
        ["node", "auth.js", *arguments], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=Deadline(60).left(), check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout

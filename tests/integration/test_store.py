"""The store as other plugins use it (gateway/sdk/store.hpp): answers come to the connection or to the control thread."""

import pytest

from support.gateway import BUILD_DIR
from support.members import Member
from support.store import with_failing_store

KEEPS = {"plugins": {"load": [{"name": "keeps", "path": str(BUILD_DIR / "tests" / "plugins" / "keeps.so")}]}}


@pytest.mark.parametrize("on", ["connection", "control"])
def test_a_plugin_keeps_and_finds(gateway, tmp_path, on):
    running = gateway(with_failing_store(KEEPS, tmp_path))
    with Member(running, "ada") as ada:

        def told(type, **fields):
            ada.send({"type": type, "on": on, **fields})
            answer = ada.hear("told")
            return answer["status"], answer.get("value")

        assert told("kept", key="a") == (-8, "")  # GW_E_NOTFOUND
        assert told("keep", key="a", content="one") == (0, "")
        assert told("kept", key="a") == (0, "one")
        assert told("keep", key="", content="no key")[0] == -2  # GW_E_ARG
        fail = tmp_path / "store.sqlite.fail"
        fail.touch()
        assert told("keep", key="a", content="lost")[0] == -1  # GW_E_FAIL
        fail.unlink()
        assert told("kept", key="a") == (0, "one")
    running.kill()
    running = gateway(with_failing_store(KEEPS, tmp_path))
    with Member(running, "ada") as ada:
        ada.send({"type": "kept", "key": "a"})
        assert ada.hear("told")["value"] == "one"


def test_who_leaves_is_not_waited_for(gateway, tmp_path):
    running = gateway(with_failing_store(KEEPS, tmp_path))
    for turn in range(20):
        with Member(running, "ada") as ada:
            ada.send({"type": "keep", "key": f"k{turn}", "content": "v"})
    running.check_health()

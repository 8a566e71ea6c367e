"""`gatewayd plugin new`: the folder that it writes builds against an installed prefix, passes its own test and the
check, loads, and does what its README says."""

import os
import re
import shutil
import subprocess

import pytest

from support.gateway import BINARY, BUILD_DIR, SANITIZE, run_gatewayd


def run(*command, cwd, env=None):
    result = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(env or {})},
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """An installed tree of what plugin teams get, with the program."""
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD_DIR, "--component", "plugin-sdk", "--prefix", folder, cwd=folder)
    (folder / "bin").mkdir()
    shutil.copy(BINARY, folder / "bin" / "gatewayd")
    return folder


def sh_block(readme):
    return re.search(r"```sh\n(.*?)```", readme.read_text(), flags=re.S).group(1)


@pytest.mark.skipif(bool(SANITIZE), reason="the harness of a sanitized build needs a sanitized test")
@pytest.mark.parametrize("language, source", [("c", "acme-filter.c"), ("c++", "acme-filter.cc")])
def test_a_new_plugin_builds_tests_loads_and_greets(prefix, tmp_path, gateway, language, source):
    gatewayd = prefix / "bin" / "gatewayd"
    said = run(gatewayd, "plugin", "new", "acme-filter", "--language", language, cwd=tmp_path)
    assert "cmake -B build -DCMAKE_PREFIX_PATH=" + str(prefix) in said
    folder = tmp_path / "acme-filter"
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        ["CMakeLists.txt", "README.md", "acme_filter_plugin_test.cc", source, "gateway.yaml"]
    )
    assert all("@" not in p.read_text() for p in folder.iterdir())

    # The README word for word, with the gatewayd of the prefix.
    env = {"PATH": f"{gatewayd.parent}:{os.environ['PATH']}"}
    said = run("sh", "-ec", sh_block(folder / "README.md"), cwd=folder, env=env)
    assert "100% tests passed" in said
    assert "this gatewayd can load it" in said
    assert "the plugin passes" in said
    assert re.search(r"^message +\d", said, flags=re.M)

    running = gateway(
        folder / "gateway.yaml",
        arguments=["--set", "wsc.node_port=0", "--set", "admin.listen=127.0.0.1:0"],
    )
    with running.connect("u1", "c1") as client:
        client.send_json({"type": "text", "to": "u1", "content": "hello"})
        assert client.receive()["content"] == "hi, world"
        client.send_json({"type": "text", "to": "u1", "content": "bye"})
        assert client.receive()["content"] == "bye"


@pytest.mark.parametrize("umask, warned", [(0o002, True), (0o022, False)])
def test_a_umask_whose_files_would_not_load_is_told(tmp_path, umask, warned):
    env = {name: value for name, value in os.environ.items() if name != "GATEWAYD_ALLOW_WRITABLE_PLUGINS"}
    result = subprocess.run(
        [str(BINARY), "plugin", "new", "mine"], cwd=tmp_path, env=env, umask=umask, capture_output=True, text=True, check=True
    )
    assert ("Your umask (002) makes files that others may write" in result.stdout) == warned
    assert ("GATEWAYD_ALLOW_WRITABLE_PLUGINS=1" in result.stdout) == warned


@pytest.mark.parametrize("name", ["", "Acme", "1st", "../up", "a.b", "a b", "-x", "test", "all", "x" * 65])
def test_a_bad_name_is_refused(tmp_path, name):
    result = run_gatewayd("plugin", "new", "--", name, cwd=tmp_path)
    assert result.returncode == 2
    assert "name" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "work.cc").write_text("precious")
    result = run_gatewayd("plugin", "new", "mine", cwd=tmp_path)
    assert result.returncode == 2
    assert "mine is already there" in result.stderr
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["work.cc"]
    (tmp_path / "file").write_text("")
    assert run_gatewayd("plugin", "new", "file", cwd=tmp_path).returncode == 2


def test_another_language_is_refused(tmp_path):
    result = run_gatewayd("plugin", "new", "mine", "--language", "cobol", cwd=tmp_path)
    assert result.returncode == 2
    assert "c++" in result.stderr
    assert list(tmp_path.iterdir()) == []

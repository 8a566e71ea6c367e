"""`gatewayd plugin check | bench | list`: good plugins, and those that crash, hang, exit, throw and lie."""


import pytest

from support.gateway import BUILD_DIR, PLUGIN_DIR, run_gatewayd

FOLDER = BUILD_DIR / "tests" / "plugins"


def check(name, *arguments):
    return run_gatewayd("plugin", "check", FOLDER / f"{name}.so", *arguments)


def rows(text):
    """The lines of a table or report as lists of words."""
    return [line.split() for line in text.splitlines()]


# --- check ---


def test_a_good_plugin_passes_each_step():
    result = run_gatewayd("plugin", "check", PLUGIN_DIR / "uppercase.so")
    assert result.returncode == 0, result.stdout + result.stderr
    assert [row[:2] for row in rows(result.stdout)] == [
        [step, "ok"] for step in ("load", "create", "start", "connect", "message", "disconnect", "end")
    ] + [["the", "plugin"]]
    assert "uppercase 1.0.0, for ABI 1.1" in result.stdout


def test_one_of_each_kind_that_a_plugin_wants_is_tried():
    result = check("sees_everything")
    assert result.returncode == 0, result.stdout
    steps = [row[0] for row in rows(result.stdout)]
    for kind in ("handshake", "frame", "binary", "message", "delivery", "publish"):
        assert kind in steps
    assert "rejected (unauthorized: no token)" in result.stdout
    assert "log info: disconnected client_close" in result.stdout


@pytest.mark.parametrize(
    "name, step, words",
    [
        ("crashes", "message", "killed by SIGSEGV (Segmentation fault) in intercept"),
        ("crashes_in_create", "create", "killed by SIGABRT (Aborted) in create"),
        ("exits", "message", "the plugin ended the process with status 3 in intercept"),
        ("throws_in_entry", "load", "threw an exception in gw_plugin_entry_v1: no such table"),
        ("throws_in_create", "create", "no such city"),
        ("throws_in_intercept", "message", "failed"),
        ("fails_in_create", "create", "there is no color"),
        ("fails_in_start", "start", "cannot reach 192.0.2.1:5432"),
        ("wrong_verdict", "message", "failed"),
        ("no_note", "load", "no .note.gateway: not a gatewayd plugin"),
        ("undefined_symbol", "load", "undefined symbol: this_function_is_nowhere"),
    ],
)
def test_what_a_plugin_does_wrong_is_told_with_its_step(name, step, words):
    result = check(name)
    assert result.returncode == 1, result.stdout + result.stderr
    failed = [line for line in result.stdout.splitlines() if line.split()[1:2] == ["FAILED"]]
    assert len(failed) == 1, result.stdout
    assert failed[0].split()[0] == step
    assert words in failed[0]
    assert result.stdout.splitlines()[-1] == "failed"


def test_a_plugin_that_hangs_is_ended_with_its_hook_named():
    result = check("hangs", "--time-limit", "1")
    assert result.returncode == 1
    assert "message     FAILED  no answer within 1 s in intercept" in result.stdout


def test_a_broken_rule_fails_the_check_although_the_message_passes():
    result = check("wrong_verdict")
    assert "problem: intercept returned a value that is no verdict (42)" in result.stdout


def test_no_start_stops_after_create():
    result = check("fails_in_start", "--no-start")
    assert result.returncode == 0, result.stdout
    assert [row[0] for row in rows(result.stdout)] == ["load", "create", "end", "the"]


def test_the_configuration_comes_from_the_entry_with_this_file(tmp_path):
    file = PLUGIN_DIR / "audit.so"
    without = run_gatewayd("plugin", "check", file)
    assert without.returncode == 1
    assert "create      FAILED  file: is required" in without.stdout
    config = tmp_path / "gateway.yaml"
    config.write_text(f"plugins:\n  load:\n    - name: story\n      path: {file}\n      config: {{ file: a.jsonl }}\n")
    result = run_gatewayd("plugin", "check", file, "--config", config)
    assert result.returncode == 0, result.stdout + result.stderr
    assert '"event":"client.connected"' in (tmp_path / "a.jsonl").read_text()
    config.write_text(config.read_text().replace("a.jsonl }", "a.jsonl, contents: 1 }"))
    wrong = run_gatewayd("plugin", "check", file, "--config", config)
    assert wrong.returncode == 1
    assert f"{config.name}:5:" in wrong.stdout and "contents: unknown key" in wrong.stdout


def test_a_configuration_without_the_plugin_is_refused(tmp_path):
    config = tmp_path / "gateway.yaml"
    config.write_text("plugins:\n  load:\n    - name: cors\n")
    result = run_gatewayd("plugin", "check", PLUGIN_DIR / "audit.so", "--config", config)
    assert result.returncode == 2
    assert "no entry of plugins.load with this file, nor one named audit" in result.stderr
    assert run_gatewayd("plugin", "bench", PLUGIN_DIR / "audit.so", "--config", tmp_path / "no.yaml").returncode == 2


# --- bench ---


def test_bench_measures_each_kind_that_a_plugin_wants():
    result = run_gatewayd("plugin", "bench", FOLDER / "sees_everything.so")
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert table[0] == ["KIND", "NS", "A", "CALL", "NO-OP", "MORE"]
    assert [row[0] for row in table[1:]] == ["handshake", "frame", "message", "publish", "delivery"]
    for row in table[1:]:
        assert all(float(value) >= 0 for value in row[1:3])


def test_bench_says_when_it_measured_failures_or_nothing():
    failing = run_gatewayd("plugin", "bench", FOLDER / "throws_in_intercept.so")
    assert "it failed on 102400 of 102400 requests" in failing.stdout
    nothing = run_gatewayd("plugin", "bench", FOLDER / "service_only.so")
    assert nothing.returncode == 0
    assert "there is nothing to measure" in nothing.stdout
    refused = run_gatewayd("plugin", "bench", FOLDER / "fails_in_start.so")
    assert refused.returncode == 1
    assert "start failed: cannot reach 192.0.2.1:5432" in refused.stderr


# --- list ---


def test_list_shows_what_is_bundled():
    result = run_gatewayd("plugin", "list")
    assert result.returncode == 0, result.stderr
    table = rows(result.stdout)
    assert table[0] == ["NAME", "ID", "VERSION", "KINDS", "FILE"]
    assert ["cors", "cors", "1.0.0", "handshake", str(PLUGIN_DIR / "cors.so")] in table


def test_list_shows_the_configured_ones_first_and_what_would_refuse_them(tmp_path):
    config = tmp_path / "gateway.yaml"
    config.write_text(
        f"plugins:\n  path: [{tmp_path}, {PLUGIN_DIR}]\n  load:\n    - name: hello\n    - name: nobody\n"
        f"    - name: other\n      path: {FOLDER / 'other_major.so'}\n"
    )
    (tmp_path / "text.so").write_text("no library")
    (tmp_path / "text.so").chmod(0o644)
    result = run_gatewayd("plugin", "list", "--config", config)
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["hello", "nobody", "other"]
    assert lines[1].endswith("configured")
    assert f"refused: there is no nobody.so in {tmp_path}, {PLUGIN_DIR}" in lines[2]
    assert "refused: built for plugin ABI 2.1" in lines[3]
    assert any(line.split()[0] == "text" and "refused: not an ELF file" in line for line in lines)
    assert sum(line.split()[0] == "hello" for line in lines) == 1


def test_list_runs_nothing_of_the_files(tmp_path):
    file = tmp_path / "loud.so"
    file.write_bytes((FOLDER / "crashes_in_create.so").read_bytes())
    file.chmod(0o644)
    config = tmp_path / "gateway.yaml"
    config.write_text(f"plugins:\n  path: [{tmp_path}]\n")
    result = run_gatewayd("plugin", "list", "--config", config)
    assert result.returncode == 0
    assert "loud" in result.stdout


# --- their help ---


@pytest.mark.parametrize("command", ["inspect", "check", "bench", "list", "new"])
def test_each_has_help_with_its_exit_statuses(command):
    result = run_gatewayd("plugin", command, "--help")
    assert result.returncode == 0
    assert "Exit status: 0 all is well, 1 the plugin fails" in result.stdout
    assert command in run_gatewayd("plugin", "--help").stdout

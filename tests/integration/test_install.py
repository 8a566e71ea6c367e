"""What `cmake --install` lays down: it runs from where it lies, and what it says of itself is true."""

import configparser
import os
import re
import shutil
import subprocess

import pytest
import yaml

from support.gateway import BUILD_DIR, SOURCE_DIR, Gateway, run_gatewayd

# Folders of plugins that are built; the others hold what these share.
BUNDLED = sorted(p.parent.name for p in (SOURCE_DIR / "plugins").glob("*/CMakeLists.txt"))
LOOPBACK = ["--set", "wsc.node_ip=127.0.0.1", "--set", "wsc.node_port=0", "--set", "admin.listen=127.0.0.1:0"]


def install(prefix, destdir=None):
    command = ["cmake", "--install", str(BUILD_DIR), "--prefix", str(prefix)]
    env = {**os.environ, "DESTDIR": str(destdir or "")}
    subprocess.run(command, check=True, capture_output=True, env=env, umask=0o002)  # whatever it is
    return prefix


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """An installed tree. Tests do not change it."""
    return install(tmp_path_factory.mktemp("install") / "prefix")


def files_of(folder):
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def test_the_tree(tree):
    files = files_of(tree)
    assert {f for f in files if f.startswith("lib/gatewayd/")} == {f"lib/gatewayd/plugins/{n}.so" for n in BUNDLED}
    headers = {f"include/{f}" for f in files_of(SOURCE_DIR / "plugin-api" / "include")}
    assert {f for f in files if f.startswith("include/")} == headers
    for file in (
        "bin/gatewayd",
        "etc/gatewayd/gateway.yaml",
        "lib/systemd/system/gatewayd.service",
        "lib/sysusers.d/gatewayd.conf",
        "share/gatewayd/gatewayd.schema.json",
        "share/gatewayd/gateway-plugin.map",
        "share/man/man1/gatewayd.1",
        "share/doc/gatewayd/docs/operating.md",
        "share/doc/gatewayd/config/reference.yaml",
        "share/doc/gatewayd/plugins/examples/hello/hello.cc",
        "share/doc/gatewayd/plugins/examples/redact/masks.h",
        "share/doc/gatewayd/plugins/examples/tidy/tidy.rs",
        "share/doc/gatewayd/plugins/lua/scripts/word_filter.lua",
        "share/doc/gatewayd/plugins/examples/uppercase/CMakeLists.txt",
    ):
        assert file in files, sorted(files)
    assert {f for f in files if f.startswith("bin/")} == {"bin/gatewayd"}
    assert [p for p in (tree, *tree.rglob("*")) if not p.is_symlink() and p.stat().st_mode & 0o022] == []


def test_the_installed_daemon_runs_the_installed_configuration(tree, tmp_path):
    plugins = [{"name": name} for name in ("cors", "audit")]
    plugins[0]["config"], plugins[1]["config"] = {"origins": ["*"]}, {"file": str(tmp_path / "audit.jsonl")}
    running = Gateway(
        tmp_path,
        tree / "etc" / "gatewayd" / "gateway.yaml",
        arguments=[*LOOPBACK, "--set", f"plugins.load={yaml.safe_dump(plugins, default_flow_style=True)}"],
        binary=tree / "bin" / "gatewayd",
    )
    try:
        loaded = {plugin["path"] for plugin in running.admin.get("/api/v1/plugins").json()["plugins"]}
        assert loaded == {str(tree / "lib" / "gatewayd" / "plugins" / f"{name}.so") for name in ("cors", "audit")}
        running.check_health()
        running.stop()
    finally:
        running.kill()


def test_it_finds_its_plugins_after_it_was_moved(tree, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(tree, moved)
    done = subprocess.run(
        [moved / "bin" / "gatewayd", "check", "--config", moved / "etc" / "gatewayd" / "gateway.yaml"]
        + ["--set", "plugins.load=[{ name: cors, config: { origins: ['*'] } }]"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_nothing_points_back_to_the_build(tree):
    for file in [tree / "bin" / "gatewayd", *(tree / "lib" / "gatewayd" / "plugins").iterdir()]:
        told = subprocess.run(["readelf", "-d", file], capture_output=True, text=True, check=True).stdout
        assert "NEEDED" in told and not re.search(r"R(UN)?PATH", told), told
    for file in files_of(tree):
        if not file.startswith(("bin/", "lib/gatewayd/", "lib/libgateway-harness.so")):
            text = (tree / file).read_text()
            assert str(BUILD_DIR) not in text and str(SOURCE_DIR) not in text, file


def test_the_version_is_the_same_everywhere(tree):
    version = run_gatewayd("--version").stdout
    assert subprocess.run([tree / "bin" / "gatewayd", "--version"], capture_output=True, text=True, check=True).stdout == version
    assert f'"{version.strip()}"' in (tree / "share" / "man" / "man1" / "gatewayd.1").read_text()


def test_the_unit_names_what_is_there(tree):
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(tree / "lib" / "systemd" / "system" / "gatewayd.service")
    program, option, config = unit["Service"]["ExecStart"].split()
    assert (program, option) == (str(tree / "bin" / "gatewayd"), "--config")
    assert config == str(tree / "etc" / "gatewayd" / "gateway.yaml")
    page = re.search(r"file:(\S+)", unit["Unit"]["Documentation"]).group(1)
    for file in (program, config, page):
        assert os.path.exists(file), file
    assert unit["Service"]["User"] in (tree / "lib" / "sysusers.d" / "gatewayd.conf").read_text()


def test_the_samples_editor_line_names_the_installed_schema(tree):
    sample = (tree / "etc" / "gatewayd" / "gateway.yaml").read_text()
    schema = re.search(r"^# yaml-language-server: \$schema=(\S+)$", sample, flags=re.M).group(1)
    assert schema == str(tree / "share" / "gatewayd" / "gatewayd.schema.json") and os.path.exists(schema)
    reference = re.search(r"\S+/reference\.yaml", sample).group(0)
    assert os.path.exists(reference)


def test_the_manual_names_every_option_and_command(tree):
    manual = re.sub(r"\\fI|\\fR|\\", "", (tree / "share" / "man" / "man1" / "gatewayd.1").read_text())
    told = run_gatewayd("--help").stdout
    words = set(re.findall(r"--[a-z]+", told)) | set(re.findall(r"^  ([a-z]+)  ", told, flags=re.M))
    words |= set(re.findall(r"SIG[A-Z0-9]+", told))
    assert {"--config", "--set", "check", "schema", "plugin", "SIGTERM", "SIGUSR1"} <= words
    assert [word for word in sorted(words) if word not in manual] == []


def test_destdir_is_where_it_lies_and_not_what_it_is_called(tmp_path):
    stage = tmp_path / "stage"
    install("/usr", destdir=stage)
    assert (stage / "usr" / "bin" / "gatewayd").exists()
    assert (stage / "etc" / "gatewayd" / "gateway.yaml").exists()
    unit = (stage / "usr" / "lib" / "systemd" / "system" / "gatewayd.service").read_text()
    assert "ExecStart=/usr/bin/gatewayd --config /etc/gatewayd/gateway.yaml\n" in unit
    for file in files_of(stage):
        if not file.startswith(("usr/bin/", "usr/lib/gatewayd/", "usr/lib/libgateway-harness.so")):
            assert str(stage) not in (stage / file).read_text(), file


def test_a_second_install_keeps_the_operators_configuration(tmp_path):
    prefix = install(tmp_path / "prefix")
    config = prefix / "etc" / "gatewayd" / "gateway.yaml"
    config.write_text("wsc: { node_port: 9000 }\n")
    install(prefix)
    assert config.read_text() == "wsc: { node_port: 9000 }\n"

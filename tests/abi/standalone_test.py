#!/usr/bin/env python3
"""standalone_test.py BUILD [RUSTC]: the folder of each example, copied away from here, builds with an installed gatewayd: by the
commands of its README, word for word, and by its CMakeLists.txt."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
RUSTC = sys.argv[2] if len(sys.argv) > 2 else ""
wrong = []


def run(what, command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0 or "warning" in done.stderr:
        wrong.append(f"{what}: {command}\n{done.stdout}{done.stderr}")
    return done


def check_exports(what, plugin):
    if not plugin.exists():
        wrong.append(f"{what}: there is no {plugin.name}")
        return
    listed = subprocess.run(["nm", "-D", "--defined-only", plugin], capture_output=True, text=True, check=True)
    symbols = listed.stdout.split()[2::3]
    if symbols != ["gw_plugin_entry_v1"]:
        wrong.append(f"{what} exports {symbols}")


def main():
    built = 0
    with tempfile.TemporaryDirectory() as name:
        home = pathlib.Path(name)
        prefix = home / "gatewayd"
        run("install", ["cmake", "--install", BUILD, "--component", "plugin-sdk", "--prefix", prefix])
        path = [str(BUILD / "bin"), *([str(pathlib.Path(RUSTC).parent)] if RUSTC else []), os.environ["PATH"]]
        # rustup finds its compiler by the real home.
        rust = {"RUSTUP_HOME": os.environ.get("RUSTUP_HOME", os.path.expanduser("~/.rustup"))}
        env = {**os.environ, **rust, "HOME": str(home), "PATH": ":".join(path)}
        for example in sorted((ROOT / "plugins" / "examples").iterdir()):
            command = re.search(r"```sh\n(.*?)```", (example / "README.md").read_text(), flags=re.S).group(1)
            if "rustc" in command and not RUSTC:
                print(f"{example.name}: skipped, there is no rustc")
                continue
            place = home / example.name
            shutil.copytree(example, place)
            said = run(example.name, ["sh", "-ec", command], cwd=place, env=env)
            if "this gatewayd can load it" not in said.stdout:
                wrong.append(f"{example.name}: {said.stdout}")
            check_exports(example.name, place / f"{example.name}.so")
            if "rustc" not in command:
                options = ["-G", "Ninja", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Debug"]
                run(example.name, ["cmake", *options], cwd=place)
                run(example.name, ["cmake", "--build", "build"], cwd=place)
                check_exports(f"{example.name} by CMake", place / "build" / f"{example.name}.so")
            built += 1
    print("\n".join(wrong) or f"{built} examples build alone")
    sys.exit(1 if wrong or built < 5 else 0)


main()

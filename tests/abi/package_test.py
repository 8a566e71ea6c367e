#!/usr/bin/env python3
"""package_test.py BUILD: installs what plugins are built with and builds plugins of another project with that prefix
alone: by the CMake package with each compiler that is here, and by pkg-config. The gateway then loads them."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(sys.argv[1]).resolve()
COMPILERS = [(c, cxx) for c, cxx in (("gcc", "g++"), ("clang", "clang++")) if shutil.which(c) and shutil.which(cxx)]
REFUSED = {
    "without_note.c": "wrong.so has no note",
    "without_entry.c": "wrong.so must export gw_plugin_entry_v1 and nothing else",
    "lacks_symbol.c": "this_function_is_nowhere",
}
wrong = []


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


def must(what, *command, **options):
    result = run(*command, **options)
    if result.returncode != 0:
        wrong.append(f"{what}: {' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result


def configure(source, build, prefix, compilers, *options):
    return must("configure", "cmake", "-G", "Ninja", "-S", source, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
                f"-DCMAKE_C_COMPILER={compilers[0]}", f"-DCMAKE_CXX_COMPILER={compilers[1]}", *options)  # fmt: skip


def check_loads(folder, *plugins):
    """`gatewayd check` loads and creates them; each exports its entry alone."""
    lines = "".join(f"    - {{name: {p.stem}, path: {p}}}\n" for p in plugins)
    config = folder / "gateway.yaml"
    config.write_text(f"plugins:\n  load:\n{lines}")
    env = {**os.environ, "GATEWAYD_ALLOW_WRITABLE_PLUGINS": "1"}
    must("load", BUILD / "bin" / "gatewayd", "check", "--config", config, env=env)
    for plugin in plugins:
        symbols = run("nm", "-D", "--defined-only", plugin).stdout.split()[2::3]
        if symbols != ["gw_plugin_entry_v1"]:
            wrong.append(f"{plugin} exports {symbols}")


def by_cmake(folder, prefix, compilers):
    build = folder / f"build-{compilers[0]}"
    configure(HERE / "external", build, prefix, compilers, "-DWRONG=exports_two.cc")
    must("build", "cmake", "--build", build)
    tested = must("test", "ctest", "--test-dir", build, "--verbose")
    if "test.yaml:1:7: fild: unknown key; there are: field" not in tested.stdout:
        wrong.append(f"the harness says no place: {tested.stdout}")
    check_loads(build, build / "in_c.so", build / "in_cpp.so", build / "wrong.so")


def by_cmake_refused(folder, prefix, source, reason):
    build = folder / f"build-{source}"
    configure(HERE / "external", build, prefix, COMPILERS[0], f"-DWRONG={source}")
    result = run("cmake", "--build", build)
    if result.returncode == 0 or reason not in result.stdout + result.stderr:
        wrong.append(f"{source} was not refused with: {reason}\n{result.stdout}{result.stderr}")
    if (build / "wrong.so").exists():
        wrong.append(f"{source}: the refused file was left behind")


def by_pkg_config(folder, prefix, compilers):
    env = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib" / "pkgconfig")}
    place = folder / f"pkg-config-{compilers[0]}"
    shutil.copytree(HERE / "external", place)
    flags = "$(pkg-config --cflags --libs gateway-plugin)"
    must("pkg-config", "sh", "-c", f"{compilers[0]} in_c.c {flags} -o in_c.so", cwd=place, env=env)
    must("pkg-config", "sh", "-c", f"{compilers[1]} -std=c++17 in_cpp.cc counter.cc {flags} -o in_cpp.so", cwd=place,
         env=env)  # fmt: skip
    must("pkg-config", "sh", "-c", f"{compilers[1]} -std=c++17 in_cpp_test.cc "
         "$(pkg-config --cflags --libs gateway-harness) -o in_cpp_test", cwd=place, env=env)  # fmt: skip
    must("harness", place / "in_cpp_test", "./in_cpp.so", cwd=place)
    check_loads(place, place / "in_c.so", place / "in_cpp.so")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first = folder / "first"
        must("install", "cmake", "--install", BUILD, "--component", "plugin-sdk", "--prefix", first)
        prefix = first.rename(folder / "prefix")  # an installed tree may be moved
        for compilers in COMPILERS:
            by_cmake(folder, prefix, compilers)
            by_pkg_config(folder, prefix, compilers)
        for source, reason in REFUSED.items():
            by_cmake_refused(folder, prefix, source, reason)
    print("\n".join(wrong) or f"plugins of another project build and load, by {', '.join(c for c, _ in COMPILERS)}")
    sys.exit(1 if wrong else 0)


main()

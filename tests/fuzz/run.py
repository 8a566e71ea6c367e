#!/usr/bin/env python3
"""Runs one fuzz target: run.py TARGET [SECONDS]. First every kept finding, then new inputs for so long.

The seeds in the tree are read; what is found on the way grows in build/fuzz/corpus/TARGET, what fails is written to
build/fuzz/failures/TARGET. README.md says how to go on from there.
"""
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build" / "fuzz"
# Of one input: seconds until it counts as a hang, and the memory of the process.
LIMITS = ["-timeout=25", "-rss_limit_mb=1024", "-malloc_limit_mb=512"]


def files_in(folder):
    return sorted(path for path in folder.glob("*") if path.is_file())


def run(program, *arguments):
    environment = dict(os.environ)
    environment.setdefault("ASAN_OPTIONS", "allow_addr2line=1:quarantine_size_mb=64")
    environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    return subprocess.run([program, *LIMITS, *arguments], env=environment, check=False).returncode


def main():
    name, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60
    program = BUILD / "bin" / f"fuzz_{name}"
    if not program.exists():
        known = ", ".join(path.name[: -len("_fuzz.cc")] for path in sorted(HERE.glob("*_fuzz.cc")))
        sys.exit(f"{program} is not there: ./dev build fuzz makes it; the targets are {known}")
    corpus, failures = BUILD / "corpus" / name, BUILD / "failures" / name
    corpus.mkdir(parents=True, exist_ok=True)
    failures.mkdir(parents=True, exist_ok=True)

    findings = files_in(HERE / "findings" / name)
    if findings and run(program, f"-artifact_prefix={failures}/", *findings) != 0:
        sys.exit(f"a kept finding fails again: one of {HERE / 'findings' / name}")
    dictionary = HERE / f"{name}.dict"
    options = [f"-dict={dictionary}"] if dictionary.exists() else []
    seeds = [folder for folder in (HERE / "seeds" / name, HERE / "findings" / name) if files_in(folder)]
    if not seeds:
        sys.exit(f"{HERE / 'seeds' / name} has no seeds")
    code = run(program, f"-artifact_prefix={failures}/", f"-max_total_time={seconds}", "-print_final_stats=1",
               *options, corpus, *seeds)
    if code != 0:
        newest = max(files_in(failures), key=lambda path: path.stat().st_mtime, default="none was kept")
        sys.exit(f"fuzz.{name} found something: {newest}\nagain: {program} {newest}")


main()

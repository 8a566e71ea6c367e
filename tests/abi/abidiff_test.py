#!/usr/bin/env python3
"""abidiff_test.py CC: the headers against the baseline of 1.0, by abidiff without suppressions. Nothing may differ but
members at the end of a struct, and each of those is acknowledged in baseline/acknowledged_appends.txt. And the test
of this test: each break that frozen_test.py knows is refused here too, if debug information can show it."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from frozen_test import BREAKS, EXTENSIONS, HERE, INCLUDE, edited

BASELINE = HERE / "baseline"
# What macros say is not in debug information: frozen_1_0.c alone has it.
MACROS = {"a constant changed", "a constant retyped", "a constant removed", "the entry renamed"}
SAME, CHANGED = 0, 4  # exit statuses of abidiff


def acknowledged():
    lines = (BASELINE / "acknowledged_appends.txt").read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def compare(compiler, include, types="abi_types.c", baseline="gateway_1_0.abi"):
    """abidiff's words about the headers in `include`: all of them, and the structs that changed by themselves."""
    with tempfile.TemporaryDirectory() as folder:
        library = pathlib.Path(folder, "types.so")
        command = [compiler, "-std=c11", "-g", "-O0", "-shared", "-fPIC", f"-I{include}", BASELINE / types]
        subprocess.run([*command, "-o", library], check=True, capture_output=True)
        abidiff = ["abidiff", "--harmless", "--no-default-suppression", BASELINE / baseline, library]
        whole = subprocess.run(abidiff, capture_output=True, text=True, check=False)
        leaves = subprocess.run([*abidiff, "--leaf-changes-only"], capture_output=True, text=True, check=False)
    return whole, leaves.stdout


def problems(compiler, include, known, *files):
    """What is neither the same nor an acknowledged append; empty: the promise is kept."""
    whole, leaves = compare(compiler, include, *files)
    if whole.returncode == SAME:
        return []
    if whole.returncode != CHANGED:
        return [f"abidiff ends with {whole.returncode}:\n{whole.stdout}{whole.stderr}"]
    found, struct, old_size = [], None, None
    for line in leaves.splitlines():
        if not line.strip() or re.match(r"(Leaf changes|Changed leaf types|Removed/Changed/Added) ", line):
            continue
        if match := re.match(r"'(struct \w+)(?: at \S+)?' changed:$", line):
            struct, old_size = match.group(1), None
        elif match := re.match(r"  type size changed from (\d+) to \d+ \(in bits\)$", line):
            old_size = int(match.group(1))
        elif re.match(r"  \d+ data member insertions?:$", line):
            pass
        elif match := re.match(r"    ('.*', at offset (\d+) \(in bits\))(?: at \S+)?$", line):
            append = f"{struct}: {match.group(1)}"
            if old_size is None or int(match.group(2)) < old_size:
                found.append(f"inserted, not appended: {append}")
            elif append not in known:
                found.append(f"not acknowledged in {BASELINE.name}/acknowledged_appends.txt: {append}")
        else:
            found.append(f"{struct}: {line.strip()}")
    # A change deep in a member's type (a const that a parameter lost) is no leaf of its own.
    if re.search(r"entity changed from|type name changed from|parameter \d+ .* was (added|removed)", whole.stdout):
        found.append(f"a member has changed:\n{whole.stdout}")
    return found or ([] if struct else [whole.stdout])


def with_edit(compiler, edit, known):
    header, *change = edit
    with tempfile.TemporaryDirectory() as folder:
        include = pathlib.Path(folder, "include")
        shutil.copytree(INCLUDE, include)
        path = include / header
        path.write_text(edited(path.read_text(), *change))
        return problems(compiler, include, known)


def main():
    compiler = sys.argv[1]
    wrong = problems(compiler, INCLUDE, acknowledged())
    for types in sorted(BASELINE.glob("ext_*.c")):
        found = problems(compiler, INCLUDE, acknowledged(), types.name, types.with_suffix(".abi").name)
        wrong += [f"{types.stem}: {problem}" for problem in found]
    for name, edit in BREAKS.items():
        if name not in MACROS and not with_edit(compiler, edit, acknowledged()):
            wrong.append(f"{name}: passed")
    append = EXTENSIONS["a host function appended"]
    refused = with_edit(compiler, append, acknowledged())
    if len(refused) != 1 or "not acknowledged" not in refused[0]:
        wrong.append(f"an append that nobody acknowledged: {refused}")
    elif with_edit(compiler, append, acknowledged() | {refused[0].split("txt: ")[1]}):
        wrong.append("an append that was acknowledged is refused")
    print("\n".join(wrong) or "the headers are those of 1.0 and what was acknowledged since")
    sys.exit(1 if wrong else 0)


main()

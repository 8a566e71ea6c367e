#!/usr/bin/env python3
"""Rules of the house that a reader can count on: sizes, no circles, no sleeping tests, nothing left open."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 70
CODE = (".h", ".hpp", ".cc", ".c")


def tracked():
    """Files of the repository; of the folder itself when it is no repository (a source archive)."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.split("\n") if listed.returncode == 0 else [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")]
    return [ROOT / name for name in names if name and not name.startswith("build/") and (ROOT / name).is_file()]


def long_functions(path):
    """(line, length) of what looks like a function body at the left margin and is too long."""
    begin = None
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if re.match(r"^[A-Za-z].*\{$", line) and not re.match(r"^(namespace|class|struct|enum|extern|union|typedef)\b", line):
            begin = number
        elif line == "}" and begin:
            if number - begin + 1 > MAX_FUNCTION_LINES:
                yield begin, number - begin + 1
            begin = None


def circles(files):
    """Pairs of our folders' headers that include each other, by any way."""
    graph = {}
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if path.suffix in (".h", ".hpp"):
            graph[name] = [t for t in re.findall(r'^#include "([^"]+)"', path.read_text(), flags=re.M)]
    state = {}

    def visit(name, way):
        if state.get(name) == "done" or name not in graph:
            return
        if name in way:
            yield " -> ".join(way[way.index(name):] + [name])
            return
        for target in graph[name]:
            yield from visit(target, way + [name])
        state[name] = "done"

    for name in graph:
        yield from visit(name, [])


def main():
    files = tracked()
    ours = [f for f in files if f.suffix in CODE and f.relative_to(ROOT).parts[0] in ("core", "gatewayd", "plugin-api", "plugins")]
    wrong = []
    for path in ours:
        name = path.relative_to(ROOT)
        text = path.read_text()
        if text.count("\n") > MAX_FILE_LINES:
            wrong.append(f"{name} has {text.count(chr(10))} lines, more than {MAX_FILE_LINES}")
        for line, length in long_functions(path):
            wrong.append(f"{name}:{line}: a function of {length} lines, more than {MAX_FUNCTION_LINES}")
        for word in ("TO" "DO", "FIX" "ME", "XX" "X"):
            if re.search(rf"\b{word}\b", text):
                wrong.append(f"{name}: {word}")
    wrong += [f"headers include each other: {circle}" for circle in circles(ours)]
    sleeping = r"sleep_for|sleep_until|\busleep\(|\bnanosleep\(|time\.sleep\(|asyncio\.sleep\((?!0\))"
    for path in files:
        name = path.relative_to(ROOT)
        if name.parts[0] == "tests" and path.suffix in (".py", ".cc", ".c", ".js") and path.name != "house_test.py":
            if re.search(sleeping, path.read_text()):
                wrong.append(f"{name} sleeps; wait for a condition instead")
    if len(ours) < 50:
        wrong.append(f"only {len(ours)} source files found: is this test looking in the right place?")
    print("\n".join(wrong) or f"{len(ours)} files keep the rules of the house")
    sys.exit(1 if wrong else 0)


main()

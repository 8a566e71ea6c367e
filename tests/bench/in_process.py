"""Measurements of single parts of gatewayd, in process: small programs of tests/bench/micro, each of which prints a line of JSON
for what it measured. They run on the server's core, one after the other, several times; the medians count."""
import json
import os
import statistics
import subprocess

import report

PROGRAMS = ["bench_chain", "bench_work"]


def measure(build, core, rounds):
    """What each program measured, in its order: name, title, unit, wanted, and the median of `values`."""
    results = {}
    for _ in range(rounds):
        for program in PROGRAMS:
            done = subprocess.run([build / "bench" / program], capture_output=True, text=True, check=True,
                                  preexec_fn=lambda: os.sched_setaffinity(0, {core}))
            for line in map(json.loads, done.stdout.splitlines()):
                results.setdefault(line["name"], {**line, "values": []})["values"].append(line["value"])
    for result in results.values():
        result["value"] = statistics.median(result["values"])
    return list(results.values())


def table(results):
    # A difference that is nothing may come out as less.
    lines = [["in process", "median", "wanted"]]
    lines += [[r["title"], f"{r['value'] + 0.0:.1f} {r['unit']}".replace("-0.0", "0.0"), r["wanted"]] for r in results]
    return report.table(lines)

#!/usr/bin/env python3
"""Who may include what: the borders that keep plugins apart from the core and libraries in their one place."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ("*.h", "*.hpp", "*.cc", "*.c")
# What is included, where alone that may be.
ONE_PLACE = {
    r"boost/dll": ("core/plugins/library.cc",),
    r"yaml-cpp/": ("core/config/",),
    r"websocketpp/": ("core/net/",),
    r"openssl/": ("core/net/tls_", "core/http/tls", "gatewayd/token/", "plugins/", "tests/"),
}
# A folder, what its files may not include.
FORBIDDEN = {
    "plugins/": r"core/|gatewayd/|boost/|yaml-cpp/|spdlog/|fmt/",
    "plugin-api/": r"core/|gatewayd/|plugins/|boost/",
    "core/": r"gatewayd/|plugins/|tests/",
    "core/net/": r"core/plugins/|core/chain/|gateway/",
    "core/hub/": r"core/plugins/|core/chain/|gateway/",
    "core/message/": r"core/plugins/|core/chain/|gateway/",
    "core/config/": r"core/plugins/|core/chain/|gateway/",
}


def includes():
    """(file, what it includes) of each source file of ours."""
    for folder in ("core", "gatewayd", "plugin-api", "plugins", "tests"):
        for pattern in SOURCES:
            for path in sorted((ROOT / folder).rglob(pattern)):
                if "node_modules" in path.parts:
                    continue
                for target in re.findall(r'^\s*#\s*include\s+[<"]([^">]+)[">]', path.read_text(), flags=re.M):
                    yield path.relative_to(ROOT).as_posix(), target


def main():
    found = list(includes())
    wrong = []
    for path, target in found:
        for pattern, places in ONE_PLACE.items():
            if re.match(pattern, target) and not path.startswith(places):
                wrong.append(f"{path} includes {target}, which only {', '.join(places)} may")
        for folder, pattern in FORBIDDEN.items():
            if path.startswith(folder) and re.match(pattern, target):
                wrong.append(f"{path} includes {target}")
    # A rule that matches nothing would hold nothing.
    for pattern in ONE_PLACE:
        if not any(re.match(pattern, target) for _, target in found):
            wrong.append(f"nothing includes {pattern}: is the rule still right?")
    print("\n".join(wrong) or f"{len(found)} includes stay within their borders")
    sys.exit(1 if wrong else 0)


main()

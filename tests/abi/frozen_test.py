#!/usr/bin/env python3
"""frozen_test.py CC: frozen_1_0.c refuses every way to break the ABI and passes every way to extend it."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
INCLUDE = HERE.parents[1] / "plugin-api" / "include"
PLUGIN, HOST = "gateway/plugin.h", "gateway/host.h"

BREAKS = {
    "two fields swapped": (
        PLUGIN,
        "void (*quiesce)(void* self);",
        "void (*stop)(void* self);",
        "swap",
    ),
    "a field inserted": (HOST, "    void (*log)(", "    void (*inserted)(void);\n    void (*log)("),
    "a field removed": (PLUGIN, "    uint32_t stage;", "    "),
    "a field renamed": (PLUGIN, "int32_t (*order)(", "int32_t (*rank)("),
    "a result retyped": (PLUGIN, "int32_t (*order)(", "int64_t (*order)("),
    "a sign changed": (PLUGIN, "uint32_t stage;", "int32_t stage;"),
    "a const lost": (PLUGIN, "gw_inst* inst, const gw_node* config", "gw_inst* inst, gw_node* config"),
    "an argument added": (HOST, "uint64_t (*now_ns)(void);", "uint64_t (*now_ns)(gw_inst* inst);"),
    "an array resized": (PLUGIN, "char message[256];", "char message[512];"),
    "a constant changed": (PLUGIN, "#define GW_E_STALE INT32_C(-4)", "#define GW_E_STALE INT32_C(-5)"),
    "a constant retyped": (PLUGIN, "#define GW_KIND_FRAME UINT32_C(2)", "#define GW_KIND_FRAME INT32_C(2)"),
    "a constant removed": (PLUGIN, "#define GW_WHY_DRAIN", "#define GW_WHY_GONE"),
    "a value type grown": (PLUGIN, "typedef struct gw_str {", "typedef struct gw_str {\n    uint64_t hash;"),
    "a value type grown at its end": (PLUGIN, "} gw_token;", "    uint64_t more;\n} gw_token;"),
    "a callback changed": (HOST, "(*gw_published_fn)(void* ud, uint64_t", "(*gw_published_fn)(void* ud, uint32_t"),
    "the entry renamed": (PLUGIN, '"gw_plugin_entry_v1"', '"gw_plugin_entry_v2"'),
}
EXTENSIONS = {
    "nothing changed": (PLUGIN, "", ""),
    "a host function appended": (
        HOST,
        "    int32_t (*close)(gw_ctx* ctx, int32_t code, gw_str reason);",
        "    int32_t (*close)(gw_ctx* ctx, int32_t code, gw_str reason);\n    void (*later)(gw_inst* inst);",
    ),
    "a plugin member appended": (PLUGIN, "} gw_plugin;", "    void (*later)(void* self);\n} gw_plugin;"),
    "an event added": (PLUGIN, "/* code of GW_EV_ERROR. */", "#define GW_EV_LATER UINT64_C(4096)"),
    "a later minor": (PLUGIN, "#define GW_ABI_MINOR 1", "#define GW_ABI_MINOR 7"),
}


def edited(text, old, new, *swap):
    assert old in text, f"the header no longer has: {old}"
    if swap:
        assert new in text, f"the header no longer has: {new}"
        return text.replace(old, "\0").replace(new, old).replace("\0", new)
    return text.replace(old, new, 1)


def compiles(compiler, include):
    command = [compiler, "-std=c11", "-Wall", "-Werror", "-fsyntax-only", f"-I{include}", HERE / "frozen_1_0.c"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def main():
    wrong = []
    for edits, expected in ((BREAKS, False), (EXTENSIONS, True)):
        for name, (header, *edit) in edits.items():
            with tempfile.TemporaryDirectory() as folder:
                include = pathlib.Path(folder, "include")
                shutil.copytree(INCLUDE, include)
                path = include / header
                path.write_text(edited(path.read_text(), *edit))
                if compiles(sys.argv[1], include) != expected:
                    wrong.append(f"{name}: {'refused' if expected else 'passed'}")
    print("\n".join(wrong) or f"{len(BREAKS)} breaks refused, {len(EXTENSIONS)} extensions passed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

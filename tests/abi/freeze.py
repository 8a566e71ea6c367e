#!/usr/bin/env python3
"""Writes the frozen assertions of the plugin ABI as it stands in plugin-api/include/gateway.

    tests/abi/freeze.py 1.0 > tests/abi/frozen_1_0.c
    tests/abi/freeze.py gw.service/1 gateway/ext/service.h > tests/abi/frozen_ext_service_1.c

Run once when a version is released; the file it made is never edited or made again. It holds the offset and the
exact type of every field, the size of every struct, and the value and type of every constant. A struct that may
grow must be at least as large as it was; a value type must be exactly as large.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "plugin-api" / "include"
HEADERS = ("gateway/plugin.h", "gateway/host.h")
VALUE_TYPES = ("gw_str", "gw_token", "gw_conn_id", "gw_service_head", "gw_http_header", "gw_store_op", "gw_store_entry")


def code_of(header):
    text = re.sub(r"/\*.*?\*/", " ", (INCLUDE / header).read_text(), flags=re.S)
    return text.replace("\\\n", " ")


def constants(text):
    """(name, type, value) of each #define with an INT32_C, UINT32_C or UINT64_C."""
    pattern = r"^#define (GW_\w+) (INT32|UINT32|UINT64)_C\((-?\d+)\)"
    for name, kind, value in re.findall(pattern, text, flags=re.M):
        yield name, kind.lower() + "_t", value


def strings(text):
    return re.findall(r'^#define (GW_\w+) ("[^"]*")$', text, flags=re.M)


def one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def structs(text):
    """(name, [(field, type of a pointer to it)]) of each struct with a body, in the header's order."""
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for name, body in re.findall(r"struct (gw_\w+) \{([^{}]*)\}", plain):
        fields = []
        for declaration in filter(None, map(one_line, body.split(";"))):
            function = re.fullmatch(r"(.*)\(\*(\w+)\)(\(.*\))", declaration)
            array = re.fullmatch(r"(.*?)(\w+)(\[\d+\])", declaration)
            if function:
                result, field, arguments = function.groups()
                fields.append((field, f"{result.strip()} (**){arguments}"))
            elif array:
                element, field, size = array.groups()
                fields.append((field, f"{element.strip()} (*){size}"))
            else:
                kind, field = re.fullmatch(r"(.*[ *])(\w+)", declaration).groups()
                fields.append((field, f"{kind.strip()} *"))
        yield name, fields


def callbacks(text):
    """(name, its type) of each typedef of a function pointer."""
    for result, name, arguments in re.findall(r"typedef ([^;{}]*?)\(\*(gw_\w+)\)(\([^;]*\));", text):
        yield name, one_line(f"{result.strip()} (*){arguments}")


def measure(all_structs, headers):
    """offset of each field and size of each struct, as this machine's compiler lays them out."""
    lines = [f'#include "{header}"' for header in headers] + ["#include <stdio.h>", "int main(void) {"]
    for name, fields in all_structs:
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        lines += [f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));' for field, _ in fields]
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "layout.c"), pathlib.Path(folder, "layout")
        source.write_text("\n".join(lines + ["return 0; }"]))
        subprocess.run(["cc", "-std=c11", f"-I{INCLUDE}", source, "-o", program], check=True)
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(line.split() for line in output.splitlines())


def main():
    version, headers = sys.argv[1], sys.argv[2:] or list(HEADERS)
    texts = [code_of(header) for header in headers]
    all_structs = [entry for text in texts for entry in structs(text)]
    layout = measure(all_structs, headers)
    out = [
        f"/* ABI {version}, frozen: made by freeze.py when it was released, never edited. A line that no longer",
        " * compiles says which promise to plugins that are out there would be broken. */",
        "/* clang-format off */",
    ]
    out += [f'#include "{header}"' for header in headers]
    out += [
        "",
        "#define VALUE(name, type, value) \\",
        '    _Static_assert(_Generic((name), type: 1, default: 0) && (name) == (value), #name " is " #type " " #value)',
        "#define TEXT(name, value) _Static_assert(__builtin_strcmp(name, value) == 0, #name)",
        "#define SIZE(type, size) _Static_assert(sizeof(type) == (size), \"size of \" #type)",
        "#define LEAST_SIZE(type, size) _Static_assert(sizeof(type) >= (size), \"size of \" #type)",
        "#define FIELD(struct_type, field, offset, ...) \\",
        "    _Static_assert(offsetof(struct_type, field) == (offset), #struct_type \".\" #field \" moved\"); \\",
        "    _Static_assert(_Generic(&((struct_type *)0)->field, __VA_ARGS__: 1, default: 0), \\",
        "                   #struct_type \".\" #field \" is no longer what it was\")",
        "#define CALLBACK(name, ...) \\",
        "    _Static_assert(_Generic((name)0, __VA_ARGS__: 1, default: 0), #name \" is no longer what it was\")",
        "",
    ]
    whole = [
        "_Static_assert(GW_ABI_MAJOR == 1, \"another major version is another ABI\");",
        "_Static_assert(_Generic(&gw_plugin_entry_v1, const gw_plugin *(*)(const gw_host *, gw_error *): 1, "
        "default: 0), \"the entry\");",
    ]
    out += whole if headers == list(HEADERS) else []
    for header, text in zip(headers, texts):
        out += ["", f"/* {header} */"]
        out += [f"TEXT({name}, {value});" for name, value in strings(text)]
        out += [f"VALUE({name}, {kind}, {value});" for name, kind, value in constants(text)]
        out += [f"CALLBACK({name}, {kind});" for name, kind in callbacks(text)]
    for name, fields in all_structs:
        out += ["", f"{'SIZE' if name in VALUE_TYPES else 'LEAST_SIZE'}({name}, {layout[name]});"]
        out += [f"FIELD({name}, {field}, {layout[f'{name}.{field}']}, {kind});" for field, kind in fields]
    print("\n".join(out))


if __name__ == "__main__":
    main()

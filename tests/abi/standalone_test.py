#!/usr/bin/env python3
"""The commands in the examples' READMEs build them from their folder, with plugin-api alone beside it."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    wrong = []
    examples = sorted((ROOT / "plugins" / "examples").iterdir())
    for example in examples:
        block = re.search(r"```sh\n(.*?)```", (example / "README.md").read_text(), flags=re.S)
        command = re.match(r"(?:cc|g\+\+)(?:.*\\\n)*.*", block.group(1)).group(0)
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "plugin-api", pathlib.Path(folder, "plugin-api"))
            place = pathlib.Path(folder, "plugins", "examples", example.name)
            shutil.copytree(example, place)
            built = subprocess.run(["sh", "-c", command], cwd=place, capture_output=True, text=True, check=False)
            output = place / f"{example.name}.so"
            if built.returncode != 0 or built.stderr or not output.exists():
                wrong.append(f"{example.name}: {command}\n{built.stderr}")
                continue
            symbols = subprocess.run(
                ["nm", "-D", "--defined-only", output], capture_output=True, text=True, check=True
            ).stdout.split()[2::3]
            if symbols != ["gw_plugin_entry_v1"]:
                wrong.append(f"{example.name} exports {symbols}")
    print("\n".join(wrong) or f"{len(examples)} examples build alone")
    sys.exit(1 if wrong or not examples else 0)


main()

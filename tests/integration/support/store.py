"""A gw.store/1 of the tests' own for a gateway: durable, and failing while FILE.fail is there
(tests/abi/plugins/journal_store.cc)."""

import json

from support.gateway import BUILD_DIR, SOURCE_DIR, merged


def with_journal_store(config, folder):
    """`config` with that store, whose file is in `folder`, in the place of the bundled ones."""
    schema = json.loads((SOURCE_DIR / "config" / "gatewayd.schema.json").read_text())
    others = {"store": {"provider": "none"}} if "store" in schema["properties"]["wsc"]["properties"] else {}
    path = str(BUILD_DIR / "tests" / "plugins" / "journal_store.so")
    store = {"name": "journal-store", "path": path, "config": {"file": str(folder / "journal")}}
    made = merged(config, {"wsc": others})
    return merged(made, {"plugins": {"load": [store, *made.get("plugins", {}).get("load", [])]}})

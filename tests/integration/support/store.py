"""A gw.store/1 of the tests' own for a gateway: durable, and failing while FILE.fail is there
(tests/abi/plugins/journal_store.cc)."""

from support.gateway import BUILD_DIR, merged


def with_journal_store(config, folder):
    """`config` with that store, whose file is in `folder`, in the place of the bundled ones."""
    path = str(BUILD_DIR / "tests" / "plugins" / "journal_store.so")
    store = {"name": "journal-store", "path": path, "config": {"file": str(folder / "journal")}}
    made = merged(config, {"wsc": {"store": {"provider": "none"}}})
    return merged(made, {"plugins": {"load": [store, *made.get("plugins", {}).get("load", [])]}})


def with_groups(folder, group=None, io_threads=1, **wsc):
    """The same with groups, whose keys are `group`; `wsc`: more of that section."""
    group = {"enabled": True, "changes_per_minute": 0, **(group or {})}
    return with_journal_store({"wsc": {"group": group, "performance": {"io_threads": io_threads}, **wsc}}, folder)

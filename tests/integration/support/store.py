"""The bundled store for a gateway, failing while FILE.fail is there (tests/abi/plugins/failing_store.cc)."""

from support.gateway import BUILD_DIR, merged


def with_failing_store(config, folder):
    """`config` with that store, whose file is in `folder`, in the place of the bundled ones."""
    path = str(BUILD_DIR / "tests" / "plugins" / "failing_store.so")
    store = {"name": "failing-store", "path": path, "config": {"file": str(folder / "store.sqlite")}}
    made = merged(config, {"wsc": {"store": {"provider": "none"}}})
    return merged(made, {"plugins": {"load": [store, *made.get("plugins", {}).get("load", [])]}})


def with_groups(folder, group=None, io_threads=1, **wsc):
    """The same with groups, whose keys are `group`; `wsc`: more of that section."""
    group = {"enabled": True, "changes_per_minute": 0, **(group or {})}
    return with_failing_store({"wsc": {"group": group, "performance": {"io_threads": io_threads}, **wsc}}, folder)

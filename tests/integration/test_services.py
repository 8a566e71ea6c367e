"""Services between plugins: the examples crm and greet in the running gateway, their order, what is refused."""

import json

import pytest

from support.gateway import BUILD_DIR, PLUGIN_DIR, run_gatewayd
from support.library_client import connected, hear, play

FOLDER = BUILD_DIR / "tests" / "plugins"
CRM = {"name": "crm", "config": {"customers": {"u1": "Ada Lovelace", "u2": "Zoë"}}}
GREET = {"name": "greet"}


def load(*plugins):
    return {"plugins": {"load": list(plugins)}}


def fixture(name):
    return {"name": name, "path": str(FOLDER / f"{name}.so")}


def refusal(gateway, *plugins):
    running = gateway(load(*plugins), wait=False)
    assert running.wait_for_exit() == 2
    checked = run_gatewayd("check", "--config", running.config_file)
    return running.log_text().replace('\\"', '"'), checked.stdout + checked.stderr


@pytest.mark.parametrize("order", [(CRM, GREET), (GREET, CRM)], ids=["provider first", "user first"])
def test_a_user_finds_its_provider_wherever_it_stands(gateway, order):
    running = gateway(load(*order))

    async def scenario():
        async with connected(running, "u1") as ada, connected(running, "u9") as nobody:
            await ada.send(json.dumps({"type": "text", "to": "u9", "content": "hi"}))
            assert (await hear(nobody))["from_name"] == "Ada Lovelace"
            await nobody.send(json.dumps({"type": "text", "to": "u1", "content": "hello"}))
            assert "from_name" not in await hear(ada)

    play(scenario())
    running.check_health()
    running.stop()
    assert not running.log_lines("service")


def test_a_needed_service_that_nobody_offers_stops_the_start_and_the_check(gateway):
    said, checked = refusal(gateway, GREET)
    why = f'plugin "greet" ({PLUGIN_DIR / "greet.so"}): needs the service acme.crm/1, which no loaded plugin offers; add one'
    assert why in said
    assert why in checked


def test_a_user_that_can_do_without_starts_without(gateway):
    running = gateway(load({**GREET, "config": {"needs_crm": False}}))
    with running.connect("u1") as ada:
        ada.send_json({"type": "text", "to": "u1", "content": "hi"})
        assert "from_name" not in ada.receive()


def test_two_providers_of_one_name_are_refused(gateway):
    said, checked = refusal(gateway, CRM, {**CRM, "name": "crm-eu", "path": str(PLUGIN_DIR / "crm.so")})
    for text in said, checked:
        assert "offers the service acme.crm/1, which the plugin crm offers too: load one of them" in text


def test_a_circle_is_refused(gateway):
    said, checked = refusal(gateway, fixture("circle_one"), fixture("circle_two"))
    for text in said, checked:
        assert "so that none of them can start first: circle_one -> circle_two -> circle_one" in text


def test_a_provider_that_does_not_keep_its_notes_word_is_named(gateway):
    running = gateway(load(fixture("second_crm"), GREET), wait=False)
    assert running.wait_for_exit() == 2
    assert "needs the service acme.crm/1, which the plugin second_crm offers by its note, but did not publish" in (
        running.log_text()
    )


def test_a_provider_whose_user_never_releases_is_left_alone_at_the_end(gateway):
    running = gateway(load(CRM, fixture("never_releases")))
    running.connect("u1").close()
    running.stop()
    (line,) = running.log_lines("plugin is neither stopped nor destroyed")
    assert "plugin=crm" in line and "never_releases holds acme.crm/1" in line
    (line,) = running.log_lines("a plugin was destroyed and had not released a service")
    assert "acme.crm/1" in line


def test_inspect_says_what_is_offered_and_used():
    assert "offers       acme.crm/1" in run_gatewayd("plugin", "inspect", PLUGIN_DIR / "crm.so").stdout
    assert "uses         acme.crm/1" in run_gatewayd("plugin", "inspect", PLUGIN_DIR / "greet.so").stdout

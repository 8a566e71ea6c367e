"""HTTP routes, metrics and services of plugins, asked of the running gateway as back ends and Prometheus do."""

import json

import pytest

from support.gateway import BUILD_DIR, run_gatewayd
from support.library_client import connected, hear, play

FOLDER = BUILD_DIR / "tests" / "plugins"
KEY = "0123456789abcdef0123456789abcdef"
CRM = {"name": "crm", "config": {"customers": {"u1": "Ada \"the\" Lovelace", "Zoë/2": "Zoë"}}}


def serves(**config):
    return {"name": "http", "path": str(FOLDER / "serves_http.so"), "config": config}


def load(*plugins, **more):
    return {"plugins": {"load": list(plugins)}, **more}


@pytest.fixture(scope="module")
def serving(shared_gateway):
    return shared_gateway(load(serves(), CRM, {"name": "greet"}))


def test_a_route_is_answered_at_once_and_from_a_thread(serving):
    at_once = serving.admin.get("/api/v1/plugins/http/now")
    assert at_once.status == 200 and at_once.headers["content-type"] == "application/json"
    assert at_once.json()["at"] > 1_700_000_000_000
    later = serving.admin.get("/api/v1/plugins/http/later/x%20y")
    assert (later.status, later.json()) == (200, "later x y")


def test_method_path_query_body_status_and_type_go_through(serving):
    answer = serving.admin.post("/api/v1/plugins/http/echo/a%2Fb?x=1%202&z=3", {"n": 1})
    assert answer.status == 201
    assert answer.headers["content-type"] == "text/plain"
    assert answer.text == 'POST a/b 1 2 {"n": 1}'
    assert serving.admin.get("/api/v1/plugins/http/twice").status == 204
    serving.wait_for_log("answered 100")


def test_head_has_the_headers_of_get(serving):
    answer = serving.admin.request("HEAD", "/api/v1/plugins/http/now")
    assert answer.status == 200 and answer.body == b"" and int(answer.headers["content-length"]) > 5


def test_unknown_is_404_and_another_method_405(serving):
    for path in ("/api/v1/plugins/http/nothing", "/api/v1/plugins/http", "/api/v1/plugins/nobody/now", "/api/v1/groups"):
        answer = serving.admin.get(path)
        assert answer.status == 404 and answer.json()["error"]["code"] == "not_found", path
    wrong = serving.admin.request("DELETE", "/api/v1/plugins/http/now")
    assert wrong.status == 405 and wrong.headers["allow"] == "GET, HEAD"
    assert serving.admin.get("/api/v1/plugins/http/echo/" + "x" * 129).status == 404


def test_a_body_is_json_and_bounded(serving):
    path = "/api/v1/plugins/http/echo/1"
    answer = serving.admin.request("POST", path, "<a/>", {"Content-Type": "text/xml"})
    assert answer.status == 415
    assert serving.admin.request("POST", path).text == "POST 1 - "  # none at all is fine
    assert serving.admin.post(path, b"x" * 2_000_000).status == 413


def test_an_exception_is_500_and_the_gateway_goes_on(serving):
    answer = serving.admin.request("DELETE", "/api/v1/plugins/http/fails")
    assert answer.status == 500 and answer.json()["error"]["code"] == "plugin_error"
    serving.wait_for_log("exception in an HTTP handler: parameter")
    serving.check_health()


def test_a_page_of_another_origin_may_not_ask(serving):
    answer = serving.admin.get("/api/v1/plugins/http/now", headers={"Origin": "https://evil.example"})
    assert answer.status == 403


def test_top_level_names_belong_to_stages(serving, gateway):
    assert serving.admin.get("/api/v1/tickets").json() == []
    for path in ("/api/v1/groups", "/api/v1/clients", "/api/v1/anything"):
        running = gateway(load(serves(claim=path)), wait=False)
        assert running.wait_for_exit() == 2
        assert "that top-level name does not belong to the plugin's stage" in running.log_text()
        checked = run_gatewayd("check", "--config", running.config_file)
        assert checked.returncode == 2 and f"admin_route({path})" in checked.stdout + checked.stderr


def test_keys_guard_plugins_routes_too(gateway):
    running = gateway(load(CRM, admin={"api_keys": [KEY]}))
    path = "/api/v1/plugins/crm/customers/u1"
    refused = running.admin.get(path)
    assert refused.status == 401 and refused.headers["www-authenticate"] == "Bearer"
    running.admin.key = KEY
    assert running.admin.get(path).json() == {"name": 'Ada "the" Lovelace'}
    assert running.admin.get("/api/v1/plugins/crm/customers/Zo%C3%AB%2F2").json() == {"name": "Zoë"}
    assert running.admin.get("/api/v1/plugins/crm/customers/u9").status == 404


def test_a_plugin_that_never_answers_is_503_for_it_alone(serving):
    answer = serving.admin.get("/api/v1/plugins/http/never", seconds=30)
    assert answer.status == 503
    assert answer.json()["error"]["message"] == "the plugin http did not answer within 9 seconds"
    assert serving.admin.get("/api/v1/plugins/http/now").status == 200


def test_a_shutdown_answers_what_a_plugin_owes(gateway):
    """The admin listener ends with the gateway: what was asked is cut or answered, and nothing hangs."""
    running = gateway(load(serves()))
    assert running.admin.get("/api/v1/plugins/http/later/1").status == 200
    running.stop()


# --- metrics ---


def test_metrics_of_plugins_stand_among_the_gateways(serving):
    serving.admin.get("/api/v1/plugins/http/now")
    text = serving.admin.get("/metrics").text
    assert "# HELP gateway_plugin_http_requests_total Requests, by route.\n" in text
    assert "# TYPE gateway_plugin_http_requests_total counter\n" in text
    assert "# TYPE gateway_plugin_http_body_bytes histogram\n" in text
    assert serving.admin.metric("gateway_plugin_http_requests_total", route="now") >= 1
    assert serving.admin.metric("gateway_tickets", state="open") == 3
    assert serving.admin.metric("gateway_plugin_http_threads") == 0
    serving.admin.post("/api/v1/plugins/http/echo/1", b"0123456789")
    serving.admin.post("/api/v1/plugins/http/echo/1", b"01234567890123456789")
    small = serving.admin.metric("gateway_plugin_http_body_bytes_bucket", le="10")
    assert serving.admin.metric("gateway_plugin_http_body_bytes_bucket", le="100") > small >= 1
    assert serving.admin.metric("gateway_plugin_http_body_bytes_count") == serving.admin.metric(
        "gateway_plugin_http_body_bytes_bucket", le="+Inf"
    )


def test_a_services_calls_are_counted(gateway):
    running = gateway(load(CRM, {"name": "greet"}))

    async def scenario():
        async with connected(running, "u1") as ada, connected(running, "u9") as nobody:
            for _ in range(3):
                await ada.send(json.dumps({"type": "text", "to": "u9", "content": "hi"}))
                await hear(nobody)
            await nobody.send(json.dumps({"type": "text", "to": "u1", "content": "hi"}))
            await hear(ada)

    play(scenario())
    assert running.admin.metric("gateway_plugin_crm_lookups_total", result="found") == 3
    assert running.admin.metric("gateway_plugin_crm_lookups_total", result="unknown") == 1


def test_metrics_without_any_plugin_have_none_of_theirs(gateway):
    text = gateway().admin.get("/metrics").text
    assert "gateway_plugin_errors_total" in text and "gateway_plugin_crm" not in text

"""docs/openapi.yaml against the running daemon: the same routes as docs/http-api.md has, and answers as it says."""

import re

import jsonschema
import pytest
import yaml

from support.gateway import SOURCE_DIR
from support.library_client import ask, connected, play
from support.store import with_failing_store

DOCUMENT = yaml.safe_load((SOURCE_DIR / "docs" / "openapi.yaml").read_text())
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in METHODS if method in item]
MESSAGE = {"type": "text", "content": "hello"}


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway({"plugins": {"load": [{"name": "hello"}]}})


def resolved(node):
    while "$ref" in node:
        found = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def response_of(method, path, status):
    responses = DOCUMENT["paths"][path][method.lower()]["responses"]
    return resolved(responses[str(status)] if str(status) in responses else responses["default"])


def check(method, path, answer, status):
    """The answer has this status, and the type and form that the document gives it."""
    assert answer.status == status, answer
    ((media, described),) = response_of(method, path, status)["content"].items()
    assert answer.headers["content-type"].split(";")[0] == media, answer.headers
    if media == "application/json":
        schema = {**described["schema"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema).validate(answer.json())
    else:
        assert answer.text


def test_the_document_has_the_routes_of_the_page():
    page = (SOURCE_DIR / "docs" / "http-api.md").read_text()
    told = set(re.findall(r"^\| `([A-Z]+) (/[^`?]*)", page, re.M))
    assert told == set(OPERATIONS)


def test_every_schema_is_one_and_every_reference_leads_somewhere():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)

    def follow(node):
        if isinstance(node, dict):
            resolved(node)
        for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            follow(child)

    follow(DOCUMENT)


def test_every_parameter_of_a_path_is_described():
    for path, item in DOCUMENT["paths"].items():
        described = {resolved(parameter)["name"] for parameter in item.get("parameters", [])}
        assert described == set(re.findall(r"{(\w+)}", path)), path


@pytest.mark.parametrize("method, path", [o for o in OPERATIONS if o[1].startswith("/api/")])
def test_errors_have_the_form_of_the_document(running, method, path):
    body = MESSAGE if method == "POST" else None
    answer = running.admin.request(method, re.sub(r"{\w+}", "%zz", path), body, headers={"Origin": "https://else.example"})
    check(method, path, answer, 403)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/api/v1/stats", "/api/v1/plugins", "/api/v1/config",
                                  "/api/v1/permissions"])
def test_what_needs_no_client(running, path):
    check("GET", path, running.admin.get(path), 200)


def test_a_trace(running):
    check("GET", "/api/v1/trace", running.admin.get("/api/v1/trace?client=c1&seconds=1"), 200)
    check("GET", "/api/v1/trace", running.admin.get("/api/v1/trace"), 400)


@pytest.mark.parametrize("path", ["/api/v1/reload", "/api/v1/plugins/{name}/reload"])
def test_reloads(running, path):
    check("POST", path, running.admin.request("POST", path.replace("{name}", "hello"), {}), 200)
    assert running.admin.request("POST", "/api/v1/plugins/nobody/reload", {}).status == 404


def test_what_is_about_a_client(running):
    async def scenario():
        async with connected(running, "u1", "c1"):
            for path in ("/api/v1/broadcast", "/api/v1/users/{id}/messages", "/api/v1/clients/{id}/messages"):
                real = path.replace("{id}", "u1" if "users" in path else "c1")
                answer = await ask(running.admin.request, "POST", real, MESSAGE)
                check("POST", path, answer, 200)
                assert answer.json()["delivered"] == 1
            for path, real in (("/api/v1/clients", "/api/v1/clients?limit=1"), ("/api/v1/clients/{id}", "/api/v1/clients/c1"),
                               ("/api/v1/users/{id}", "/api/v1/users/u1")):
                check("GET", path, await ask(running.admin.get, real), 200)
            deleted = await ask(running.admin.request, "DELETE", "/api/v1/clients/c1?reason=test")
            check("DELETE", "/api/v1/clients/{id}", deleted, 200)
        running.wait_for_connections(0)
        check("GET", "/api/v1/clients/{id}", running.admin.get("/api/v1/clients/c1"), 404)

    play(scenario())


def test_groups(gateway, tmp_path):
    running = gateway(with_failing_store({"wsc": {"group": {"enabled": True}}}, tmp_path))

    def ask(method, path, status, body=None, query="", user="u1"):
        real = path.replace("{id}", "g1").replace("{user}", user) + query
        check(method, path, running.admin.request(method, real, body), status)

    one, member = "/api/v1/groups/{id}", "/api/v1/groups/{id}/members/{user}"
    ask("POST", "/api/v1/groups", 201, {"group_id": "g1", "owner": "u1", "visibility": "invite", "metadata": {"a": 1}})
    ask("POST", "/api/v1/groups", 409, {"group_id": "g1"})
    ask("GET", one, 200)
    ask("PATCH", one, 200, {"metadata": {"b": 2}})
    ask("PUT", member, 200, {"role": "moderator"}, user="u2")
    ask("PUT", member, 200, {"mute_seconds": 60}, user="u2")
    ask("PUT", "/api/v1/groups/{id}/invitations/{user}", 200, user="u3")
    ask("GET", "/api/v1/groups", 200)
    for user in ("u2", "u3", "nobody"):
        ask("GET", "/api/v1/groups", 200, query=f"?user_id={user}")
    ask("GET", one + "/members", 200, query="?limit=1")
    ask("POST", one + "/messages", 200, MESSAGE)
    ask("DELETE", "/api/v1/groups/{id}/invitations/{user}", 200, user="u3")
    ask("DELETE", member, 200, user="u2")
    ask("DELETE", member, 404, user="u2")
    ask("DELETE", one, 200)
    ask("GET", one, 404)


def test_tickets(gateway, tmp_path):
    running = gateway(with_failing_store({"wsc": {"ticket": {"enabled": True}}}, tmp_path))

    def asked(method, path, status, body=None, query="", one="t1"):
        real = path.replace("{id}", one).replace("{user}", "u3") + query
        check(method, path, running.admin.request(method, real, body), status)

    async def scenario():
        async with connected(running, "alex", user_type="agent"), connected(running, "anna", user_type="agent"):
            await ask(with_agents)

    def with_agents():
        ticket, agents = "/api/v1/tickets/{id}", "/api/v1/agents/{id}"
        asked("PATCH", agents, 200, {"status": "busy", "skills": ["law"], "max_tickets": 5}, one="alex")
        asked("PATCH", agents, 200, {"status": "busy"}, one="anna")
        asked("POST", "/api/v1/tickets", 201, {"customer": "u1", "ticket_id": "t1", "subject": "s", "data": {"a": 1}})
        asked("POST", "/api/v1/tickets", 409, {"customer": "u1", "ticket_id": "t1"})
        asked("POST", "/api/v1/tickets", 201, {"customer": "u1", "ticket_id": "t2", "customer_name": "U. One"})
        asked("GET", "/api/v1/tickets", 200, query="?state=open&limit=1")
        asked("POST", ticket + "/assign", 409, {})
        asked("POST", ticket + "/assign", 200, {"agent_id": "alex"})
        asked("PATCH", ticket, 200, {"priority": "urgent"})
        asked("POST", ticket + "/messages", 200, MESSAGE)
        asked("POST", ticket + "/notes", 200, {"content": "a note"})
        asked("PUT", ticket + "/participants/{user}", 200)
        asked("GET", ticket, 200)
        asked("DELETE", ticket + "/participants/{user}", 200)
        asked("DELETE", ticket + "/participants/{user}", 404)
        for action in ("pause", "resume"):
            asked("POST", f"{ticket}/{action}", 200, {})
        asked("POST", ticket + "/transfer", 200, {"agent_id": "anna", "note": "please"})
        asked("POST", ticket + "/transfer", 200, {"queue": True})
        asked("POST", ticket + "/close", 200, {"reason": "done"})
        asked("GET", ticket, 200)
        asked("POST", ticket + "/reopen", 200, {})
        asked("GET", ticket + "/history", 200, query="?limit=200")
        asked("GET", ticket + "/history", 404, one="t9")
        asked("GET", "/api/v1/agents", 200)
        asked("GET", agents, 200, one="alex")
        asked("GET", agents, 404, one="nobody")

    play(scenario())

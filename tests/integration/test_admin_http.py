"""The admin listener as HTTP: who may ask, what is refused before anything is read, how connections end."""

import http.client
import json
import re

import pytest

from support.admin import Admin
from support.raw import Ended, RawSocket
from support.waiting import SOON, Deadline, eventually

KEY = "the-first-key-of-ours"
OTHER_KEY = "another-key-of-ours-"
MESSAGE = {"type": "text", "content": "hi"}

# Method, path, whether the path wants a body; every route of docs/http-api.md.
ROUTES = [
    ("GET", "/livez"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("POST", "/api/v1/broadcast"),
    ("POST", "/api/v1/users/u1/messages"),
    ("POST", "/api/v1/clients/c1/messages"),
    ("GET", "/api/v1/clients"),
    ("GET", "/api/v1/clients/c1"),
    ("DELETE", "/api/v1/clients/c1"),
    ("GET", "/api/v1/users/u1"),
    ("GET", "/api/v1/stats"),
    ("GET", "/api/v1/plugins"),
    ("POST", "/api/v1/plugins/c1/reload"),
    ("POST", "/api/v1/reload"),
    ("GET", "/api/v1/permissions"),
    ("GET", "/api/v1/trace"),
    ("GET", "/api/v1/config"),
]
PROBES = {"/livez", "/readyz"}
PLUGINS = ("/api/v1/groups", "/api/v1/tickets", "/api/v1/agents")  # of plugins, where these are loaded
PATHS = sorted({path for _, path in ROUTES})


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway({"wsc": {"security": {"max_message_size": 16}}})


@pytest.fixture(scope="module")
def guarded(shared_gateway):
    return shared_gateway({"admin": {"api_keys": [KEY, OTHER_KEY]}})


@pytest.fixture
def talk(running):
    """A TCP connection to the admin listener."""
    with RawSocket(running.admin.host, running.admin.port) as client:
        yield client


def body_of(method):
    return MESSAGE if method == "POST" else None


def error_of(answer):
    """(status, code) of an answer, which must be an error as the page says."""
    assert answer.headers["content-type"] == "application/json", answer
    error = answer.json()["error"]
    assert set(error) == {"code", "message"} and error["message"], error
    return answer.status, error["code"]


def test_the_page_names_every_route():
    from support.gateway import SOURCE_DIR

    page = (SOURCE_DIR / "docs" / "http-api.md").read_text().replace("{id}", "X").replace("{name}", "X")
    told = {(method, path) for method, path in re.findall(r"^\| `([A-Z]+) (/[^`?]*)", page, re.M)}
    told = {(method, path) for method, path in told if not path.startswith(PLUGINS)}
    assert told == {(method, re.sub(r"/[cu]1", "/X", path)) for method, path in ROUTES}


# --- keys ---


@pytest.mark.parametrize("method, path", ROUTES)
def test_without_a_key_only_the_probes_answer(guarded, method, path):
    answer = guarded.admin.request(method, path, body_of(method))
    if path in PROBES:
        assert answer.status == 200
        return
    assert error_of(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("method, path", ROUTES)
@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_with_either_key_every_route_answers(guarded, method, path, key):
    admin = Admin(guarded.admin.host, guarded.admin.port, key)
    answer = admin.request(method, path, body_of(method))
    assert answer.status == (404 if "/c1" in path else 400 if path.endswith("/trace") else 200), answer


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", f"Bearer {KEY[:-1]}", f"Bearer {KEY}x", f"Bearer {KEY.upper()}", f"Basic {KEY}", KEY]
    + [f"Bearer {KEY}, Bearer {OTHER_KEY}", "Bearer " + "k" * 4000],
)
def test_what_is_no_key_is_401(guarded, value):
    assert error_of(guarded.admin.get("/api/v1/stats", headers={"Authorization": value})) == (401, "unauthorized")


def test_the_scheme_may_be_in_any_case(guarded):
    assert guarded.admin.get("/api/v1/stats", headers={"Authorization": f"bearer  {KEY}"}).status == 200


def test_who_has_no_key_learns_no_paths(guarded):
    assert guarded.admin.get("/api/v1/nothing").status == 401
    assert guarded.admin.request("PUT", "/api/v1/stats").status == 401


def test_keys_are_in_no_log_and_no_answer(guarded):
    admin = Admin(guarded.admin.host, guarded.admin.port, KEY)
    assert admin.get("/api/v1/stats", headers={"Authorization": "Bearer a-wrong-key-that-is-long"}).status == 401
    assert KEY not in admin.get("/api/v1/config").text
    assert "a-wrong-key" not in guarded.log_text() and KEY not in guarded.log_text()
    assert len(guarded.log_lines("admin request refused")) < 10  # counted, not repeated


# --- hosts and origins: a page in a browser on this machine ---


@pytest.mark.parametrize("host", ["localhost", "LocalHost:8082", "127.0.0.1", "127.8.7.6:1", "[::1]", "[::1]:8082"])
def test_names_of_this_machine_are_answered(running, host):
    assert running.admin.get("/api/v1/stats", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    ["example.com", "localhost.example.com", "127.0.0.1.example.com", "192.0.2.1", "[::2]", "[::1", "localhost:", ""]
    + ["localhost:http", "localhost:123456", "127.1", "0x7f.0.0.1", "localhost@example.com", "127.0.0.1,example.com"],
)
@pytest.mark.parametrize("method, path", [("GET", "/api/v1/stats"), ("POST", "/api/v1/broadcast"), ("GET", "/livez")])
def test_other_names_are_403_without_keys(running, host, method, path):
    answer = running.admin.request(method, path, body_of(method), headers={"Host": host})
    assert error_of(answer) == (403, "forbidden")


def test_with_keys_the_listener_may_have_any_name(guarded):
    admin = Admin(guarded.admin.host, guarded.admin.port, KEY)
    assert admin.get("/api/v1/stats", headers={"Host": "gateway.example.com"}).status == 200


@pytest.mark.parametrize("origin", ["https://example.com", "null", "", "http://localhost:1", "http://127.0.0.1", "file://"])
@pytest.mark.parametrize("keyed", [False, True])
def test_pages_of_other_origins_are_403(running, guarded, origin, keyed):
    admin = Admin(guarded.admin.host, guarded.admin.port, KEY) if keyed else running.admin
    for method, path in [("POST", "/api/v1/broadcast"), ("GET", "/api/v1/stats"), ("OPTIONS", "/api/v1/broadcast")]:
        answer = admin.request(method, path, body_of(method), headers={"Origin": origin})
        assert error_of(answer) == (403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers


def test_its_own_origin_is_answered(running):
    assert running.admin.get("/api/v1/stats", headers={"Origin": running.admin.url}).status == 200


# --- methods, paths, content types ---


@pytest.mark.parametrize("path", PATHS)
def test_other_methods_are_405_and_told_which(running, path):
    known = {method for method, p in ROUTES if p == path}
    allowed = known | ({"HEAD"} if "GET" in known else set())
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - known:
        answer = running.admin.request(method, path, body_of(method))
        assert error_of(answer) == (405, "method_not_allowed"), method
        assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "GET"])
def test_head_is_get_without_the_body(running, path):
    got, head = running.admin.get(path), running.admin.request("HEAD", path)
    assert (head.status, head.body) == (got.status, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    if path not in ("/metrics", "/api/v1/stats"):
        assert head.headers["content-length"] == str(len(got.body))


@pytest.mark.parametrize("path", ["/", "/api", "/api/v1", "/api/v1/stats/", "//api/v1/stats", "/API/v1/stats", "/livez/x"])
def test_other_paths_are_404(running, path):
    assert error_of(running.admin.get(path)) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/clients/%", "/api/v1/clients/%4", "/api/v1/clients/%zz", "/api/v1/stats?a=%x"])
def test_broken_escapes_are_400(running, path):
    assert error_of(running.admin.get(path)) == (400, "bad_request")


@pytest.mark.parametrize("path_id", ["", "%00", "a%0Ab", "%C0%AF", "%ff", "%ED%A0%80", "x" * 129, "%C2%85"])
@pytest.mark.parametrize("method, path", [("GET", "/api/v1/clients/{}"), ("POST", "/api/v1/users/{}/messages")])
def test_what_is_no_id_is_400(running, method, path, path_id):
    assert error_of(running.admin.request(method, path.format(path_id), body_of(method))) == (400, "bad_request")


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/ json"]
)
def test_a_body_of_another_type_is_415(running, path, content_type):
    text = json.dumps(MESSAGE)
    answer = running.admin.post(path, text, headers={"Content-Type": content_type})
    assert error_of(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON", "application/json ; charset=utf-8"])
def test_json_in_its_spellings_is_taken(running, content_type):
    answer = running.admin.post("/api/v1/broadcast", json.dumps(MESSAGE), headers={"Content-Type": content_type})
    assert answer.status == 200


# --- sizes ---


def message_of(size):
    text = json.dumps({"type": "text", "content": ""})
    return text[:-2] + "x" * (size - len(text)) + text[-2:]


@pytest.mark.parametrize("more, status", [(0, 200), (1, 413), (16 * 1024, 413), (16 * 1024 + 1, 413), (10**6, 413)])
def test_a_message_may_be_of_max_message_size_and_not_a_byte_more(running, more, status):
    answer = running.admin.post("/api/v1/broadcast", message_of(16 * 1024 + more))
    assert answer.status == status, answer
    if status != 200:
        assert error_of(answer) == (413, "too_large")
        assert "max_message_size" in answer.text


def head_of(method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def test_a_body_that_is_said_to_be_too_large_is_refused_before_it_comes(talk):
    talk.send(head_of("POST", "/api/v1/broadcast", "Content-Type: application/json", "Content-Length: 1000000000"))
    assert talk.read_response().status == 413
    talk.expect_end()


def test_chunks_without_end_are_413(talk):
    talk.send(head_of("POST", "/api/v1/broadcast", "Content-Type: application/json", "Transfer-Encoding: chunked"))
    try:
        for _ in range(64):
            talk.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert talk.read_response().status == 413


def test_a_message_in_chunks(talk):
    talk.send(head_of("POST", "/api/v1/broadcast", "Content-Type: application/json", "Transfer-Encoding: chunked"))
    for part in (b'{"type":', b'"text"}'):
        talk.send(b"%x\r\n%s\r\n" % (len(part), part))
    talk.send(b"0\r\n\r\n")
    assert talk.read_response().status == 200


def test_expect_continue(talk):
    """As curl sends larger bodies: they wait for leave."""
    text = json.dumps(MESSAGE).encode()
    talk.send(
        head_of(
            "POST", "/api/v1/broadcast", "Content-Type: application/json", f"Content-Length: {len(text)}", "Expect: 100-continue"
        )
    )
    assert talk.read_response().status == 100
    talk.send(text)
    assert talk.read_response().status == 200


def test_expect_continue_of_who_may_not(talk):
    talk.send(head_of("POST", "/api/v1/broadcast", "Content-Type: text/x", "Content-Length: 9", "Expect: 100-continue"))
    assert talk.read_response().status == 415
    talk.expect_end()


@pytest.mark.parametrize("size, status", [(7000, 200), (9000, 431), (100_000, 431)])
def test_heads_over_8_kb_are_431(running, size, status):
    assert running.admin.get("/livez", headers={"X-Long": "x" * size}).status == status
    assert running.admin.get("/livez?" + "x" * size).status == status


# --- connections ---


def test_one_connection_serves_hundreds_of_requests(running):
    connection = http.client.HTTPConnection(running.admin.host, running.admin.port, timeout=Deadline(SOON).left())
    connection.connect()
    local = connection.sock.getsockname()
    for number in range(300):
        if number % 3 == 0:
            connection.request("POST", "/api/v1/broadcast", json.dumps(MESSAGE), {"Content-Type": "application/json"})
        else:
            connection.request("GET", ["/livez", "/api/v1/nothing"][number % 2])
        response = connection.getresponse()
        assert response.status in (200, 404)
        response.read()
    assert connection.sock.getsockname() == local
    connection.close()


def test_pipelined_requests_are_answered_in_their_order(talk):
    text = json.dumps(MESSAGE).encode()
    post = head_of("POST", "/api/v1/broadcast", "Content-Type: application/json", f"Content-Length: {len(text)}") + text
    talk.send(head_of("GET", "/livez") + post + head_of("GET", "/nothing") + head_of("GET", "/api/v1/stats"))
    assert b'"ok"' in talk.read_response().body
    assert b'"msg_id"' in talk.read_response().body
    assert talk.read_response().status == 404
    assert b'"uptime_seconds"' in talk.read_response().body


@pytest.mark.parametrize(
    "request_text",
    [head_of("GET", "/livez", "Connection: close"), b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n"],
    ids=["close", "1.0"],
)
def test_who_wants_the_end_gets_it(talk, request_text):
    talk.send(request_text)
    response = talk.read_response()
    assert (response.status, response.headers["connection"]) == (200, "close")
    talk.expect_end()


def test_a_refused_body_is_never_read_as_a_request(talk):
    inner = head_of("GET", "/livez")
    talk.send(head_of("POST", "/api/v1/nothing", f"Content-Length: {len(inner)}") + inner)
    assert talk.read_response().status == 404
    talk.expect_end()


BAD = {
    "no HTTP": b"hello\r\n\r\n",
    "no version": b"GET /livez\r\nHost: localhost\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": b"GET /livez HTTP/3.7\r\nHost: localhost\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)) + b"\r\n\r\n",
    "no Host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two Hosts": head_of("GET", "/livez", "Host: localhost"),
    "NUL in a header": head_of("GET", "/livez", "X-Nul: a\0b"),
    "NUL in the target": head_of("GET", "/liv\0ez"),
    "a header without a name": head_of("GET", "/livez", ": x"),
    "space before the colon": head_of("GET", "/livez", "X-Space : x"),
    "negative length": head_of("POST", "/api/v1/broadcast", "Content-Type: application/json", "Content-Length: -1"),
    "two lengths": head_of("POST", "/api/v1/broadcast", "Content-Length: 2", "Content-Length: 3"),
    "length and chunks": head_of("POST", "/api/v1/broadcast", "Content-Length: 2", "Transfer-Encoding: chunked"),
    "no chunk size": head_of("POST", "/api/v1/broadcast", "Content-Type: application/json", "Transfer-Encoding: chunked")
    + b"zz\r\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_bad_http_is_400_and_the_end(running, talk, data):
    talk.send(data)
    response = talk.read_response()
    assert response.status == 400, response
    assert response.error()["code"] == "bad_request"
    talk.expect_end()
    assert running.admin.get("/livez").status == 200


def test_a_half_request_holds_up_nobody(running, talk):
    talk.send(b"GET /livez HTT")
    assert running.admin.get("/livez").status == 200
    talk.send(b"P/1.1\r\nHost: localhost\r\n\r\n")
    assert talk.read_response().status == 200


def test_beyond_256_connections_is_503_until_one_ends(gateway):
    running = gateway()
    address = running.admin.host, running.admin.port
    held = []
    for _ in range(256):
        held.append(RawSocket(*address))
        held[-1].send(head_of("GET", "/livez"))
        assert held[-1].read_response().status == 200
    with RawSocket(*address) as one_more:
        response = one_more.read_response()
        assert response.status == 503 and response.error()["code"] == "unavailable"
        one_more.expect_end()
    held.pop().drop()

    def answered():
        try:
            with RawSocket(*address) as client:
                client.send(head_of("GET", "/livez"))
                return client.read_response().status == 200
        except (Ended, OSError):
            return False

    eventually(answered, "an answer on a new connection")
    with running.connect("alice") as alice:  # the other door is not concerned
        alice.expect_nothing_but_pong()
    for client in held:
        client.drop()

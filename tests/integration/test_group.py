"""Groups (plugin `group`) with real clients: membership, roles, notices, limits, HTTP, other plugins. What lasts is in
test_group_lasting.py."""

import pytest

from support.admin import quoted
from support.gateway import BUILD_DIR
from support.members import Member, members_of
from support.raw import RawWebSocket
from support.store import with_groups
from support.tokens import Hs256, claims
from support.waiting import eventually


@pytest.fixture
def running(gateway, tmp_path):
    return gateway(with_groups(tmp_path))


def listed(member, type, name, **fields):
    return [entry for entry in member.asks(type, type, **fields)[name]]


# --- members and messages ---


def test_the_first_who_joins_makes_the_group_and_owns_it(running):
    with Member(running, "ada") as ada, Member(running, "bob") as bob:
        joined = ada.asks("group_join", "group_joined", group_id="g1")
        assert joined["group_id"] == "g1" and joined["role"] == "owner" and joined["members"] == 1
        assert joined["visibility"] == "public" and joined["metadata"] == {}
        assert ada.hear("group_member_joined")["user_id"] == "ada"
        assert bob.asks("group_join", "group_joined", group_id="g1")["role"] == "member"
        notice = ada.hear("group_member_joined")
        assert (notice["user_id"], notice["members"], notice["from"]) == ("bob", 2, "system")
        ada.send({"type": "text", "group_id": "g1", "content": "hi"})
        heard = bob.hear("text")
        assert (heard["content"], heard["from"], heard["group_id"]) == ("hi", "ada", "g1")
        ada.hears_no("text")
        # Joining again is fine, and no news.
        assert bob.asks("group_join", "group_joined", group_id="g1")["members"] == 2
        ada.hears_no("group_member_joined")
        assert bob.asks("group_leave", "group_left", group_id="g1")["group_id"] == "g1"
        assert ada.hear("group_member_left")["user_id"] == "bob"
        ada.send({"type": "text", "group_id": "g1", "content": "alone"})
        bob.hears_no("text")
        bob.asks("group_leave", "not_found", group_id="g1")


def test_messages_need_a_membership_and_a_group(running):
    with Member(running, "ada") as ada, Member(running, "bob") as bob:
        ada.asks("group_join", "group_joined", group_id="g1")
        bob.asks("text", "forbidden", group_id="g1", content="let me in")
        bob.asks("text", "not_found", group_id="nowhere", content="hello?")
        ada.hears_no("text")


def test_a_membership_is_of_the_user_and_covers_all_connections(running):
    with Member(running, "ada", client_id="phone") as phone, Member(running, "bob") as bob:
        with Member(running, "ada", client_id="laptop") as laptop:
            phone.asks("group_join", "group_joined", group_id="g1")
            assert laptop.hear("group_member_joined")["user_id"] == "ada"
            bob.asks("group_join", "group_joined", group_id="g1")
            bob.send({"type": "text", "group_id": "g1", "content": "both"})
            assert phone.hear("text")["content"] == laptop.hear("text")["content"] == "both"
            # The sending connection alone is left out.
            phone.send({"type": "text", "group_id": "g1", "content": "from the phone"})
            assert laptop.hear("text")["content"] == "from the phone"
            phone.hears_no("text")
            bob.hear("text")
        with Member(running, "ada", client_id="tablet") as tablet:
            bob.send({"type": "text", "group_id": "g1", "content": "later"})
            assert tablet.hear("text")["content"] == "later"
            assert [g["group_id"] for g in listed(tablet, "group_list", "groups")] == ["g1"]
        # The last connection of a user does not take it out.
        phone.close()
        members = listed(bob, "group_members", "members", group_id="g1")
        assert {m["user_id"]: m["role"] for m in members} == {"ada": "owner", "bob": "member"}


def test_a_join_and_a_message_right_behind_it(running):
    with Member(running, "ada") as ada, Member(running, "bob") as bob:
        ada.asks("group_join", "group_joined", group_id="g1")
        bob.send({"type": "group_join", "group_id": "g1"})
        bob.send({"type": "text", "group_id": "g1", "content": "first words"})
        assert ada.hear("text")["content"] == "first words"
        assert bob.hear("group_joined")["role"] == "member"


def test_the_query_of_the_connection_joins(running):
    def connect(user_id, group_id):
        made = RawWebSocket(running.host, running.port, query={"user_id": user_id, "group_id": group_id})
        assert made.receive()["type"] == "connected"
        return made

    with connect("ada", "g1") as ada:
        joined = ada.receive()
        while joined["type"] == "group_member_joined":
            joined = ada.receive()
        assert (joined["type"], joined["group_id"], joined["role"]) == ("group_joined", "g1", "owner")
        running.admin.request("PATCH", "/api/v1/groups/g1", {"visibility": "invite"})
        with connect("bob", "g1") as bob:
            refused = bob.receive()
            assert (refused["type"], refused["code"], refused["group_id"]) == ("error", "forbidden", "g1")
    with connect("ada", "g1") as again:
        assert again.receive()["type"] == "group_joined"


# --- roles ---


def test_moderators_kick_and_mute_and_the_owner_hands_over(running):
    with Member(running, "ada") as ada, Member(running, "bob") as bob, Member(running, "cyd") as cyd:
        for one in (ada, bob, cyd):
            one.asks("group_join", "group_joined", group_id="g1")
        bob.asks("group_mute", "forbidden", group_id="g1", user_id="cyd")
        assert ada.asks("group_set_role", "group_role_set", group_id="g1", user_id="bob", role="moderator")["role"] == "moderator"
        assert cyd.hear("group_member_role")["role"] == "moderator"
        bob.asks("group_mute", "forbidden", group_id="g1", user_id="ada")
        muted = bob.asks("group_mute", "group_muted", group_id="g1", user_id="cyd", seconds=3600)
        assert cyd.hear("group_member_muted")["muted_until"] == muted["muted_until"]
        assert "muted" in cyd.asks("text", "forbidden", group_id="g1", content="psst")["content"]
        # A mute outlives leaving and coming back.
        cyd.asks("group_leave", "group_left", group_id="g1")
        cyd.asks("group_join", "group_joined", group_id="g1")
        cyd.asks("text", "forbidden", group_id="g1", content="psst")
        bob.asks("group_unmute", "group_unmuted", group_id="g1", user_id="cyd")
        cyd.send({"type": "text", "group_id": "g1", "content": "thanks"})
        assert ada.hear("text")["content"] == "thanks"
        # Kicked, and not let in for a while.
        bob.asks("group_kick", "group_kicked", group_id="g1", user_id="cyd", reason="noise", seconds=3600)
        removed = cyd.hear("group_removed")
        assert (removed["why"], removed["by"], removed["reason"]) == ("kicked", "bob", "noise")
        assert ada.hear("group_member_kicked")["user_id"] == "cyd"
        cyd.asks("group_join", "forbidden", group_id="g1")
        ada.asks("group_invite", "group_invited", group_id="g1", user_id="cyd")
        assert cyd.hear("group_invitation")["by"] == "ada"
        cyd.asks("group_join", "group_joined", group_id="g1")
        # The owner makes somebody else the owner, and is a moderator then.
        ada.asks("group_set_role", "conflict", group_id="g1", user_id="ada", role="member")
        ada.asks("group_set_role", "group_role_set", group_id="g1", user_id="cyd", role="owner")
        roles = {m["user_id"]: m["role"] for m in listed(cyd, "group_members", "members", group_id="g1")}
        assert roles == {"ada": "moderator", "bob": "moderator", "cyd": "owner"}
        # The owner goes: the oldest moderator owns the group.
        cyd.asks("group_leave", "group_left", group_id="g1")
        raised = ada.hear("group_member_role")
        while raised["role"] != "owner" or raised["user_id"] == "cyd":
            raised = ada.hear("group_member_role")
        assert raised["user_id"] == "ada"


def test_groups_by_invitation(running):
    with Member(running, "ada") as ada, Member(running, "bob") as bob, Member(running, "cyd") as cyd:
        made = ada.asks("group_create", "group_created", visibility="invite", metadata={"name": "Friends", "n": 1})
        group_id = made["group_id"]
        assert made["metadata"] == {"name": "Friends", "n": 1} and len(group_id) == 26
        bob.asks("group_join", "forbidden", group_id=group_id)
        bob.asks("group_invite", "forbidden", group_id=group_id, user_id="cyd")
        ada.asks("group_invite", "group_invited", group_id=group_id, user_id="bob")
        assert bob.hear("group_invitation")["group_id"] == group_id
        invitations = bob.asks("group_list", "group_list")["invitations"]
        assert invitations[0]["group_id"] == group_id and invitations[0]["metadata"]["name"] == "Friends"
        bob.asks("group_join", "group_joined", group_id=group_id)
        assert bob.asks("group_list", "group_list")["invitations"] == []
        ada.asks("group_invite", "conflict", group_id=group_id, user_id="bob")
        ada.asks("group_invite", "group_invited", group_id=group_id, user_id="cyd")
        cyd.asks("group_uninvite", "group_uninvited", group_id=group_id)  # declines
        cyd.asks("group_join", "forbidden", group_id=group_id)
        cyd.asks("group_info", "forbidden", group_id=group_id)
        # What the owner changes, all are told.
        bob.asks("group_update", "forbidden", group_id=group_id, metadata={})
        updated = ada.asks("group_update", "group_updated", group_id=group_id, visibility="public", metadata={"name": "All"})
        assert updated["visibility"] == "public"
        assert bob.hear("group_changed")["metadata"] == {"name": "All"}
        assert cyd.asks("group_info", "group_info", group_id=group_id)["members"] == 2
        cyd.asks("group_join", "group_joined", group_id=group_id)
        bob.asks("group_delete", "forbidden", group_id=group_id)
        ada.asks("group_delete", "group_deleted", group_id=group_id)
        assert bob.hear("group_removed")["why"] == cyd.hear("group_removed")["why"] == "deleted"
        bob.asks("text", "not_found", group_id=group_id, content="gone?")


def test_who_of_the_members_is_online(gateway, tmp_path):
    security = {"permissions": {"see_presence": ["agent"]}}
    running = gateway(with_groups(tmp_path, security=security))
    with Member(running, "ada", user_type="agent") as ada, Member(running, "bob") as bob:
        for one in (ada, bob):
            one.asks("group_join", "group_joined", group_id="g1")
        presence = ada.asks("group_presence", "group_presence", group_id="g1")
        assert (presence["online"], presence["members"]) == (["ada", "bob"], 2)
        assert "see_presence" in bob.asks("group_presence", "forbidden", group_id="g1")["content"]
        assert all("online" not in m for m in listed(bob, "group_members", "members", group_id="g1"))
        bob.close()
        eventually(lambda: ada.ask("group_presence", group_id="g1")["online"] == ["ada"], "bob is gone")
        members = listed(ada, "group_members", "members", group_id="g1")
        assert {m["user_id"]: m["online"] for m in members} == {"ada": True, "bob": False}


# --- limits and mistakes ---


def test_limits_are_answered(gateway, tmp_path):
    running = gateway(with_groups(tmp_path, {"max_group_size": 2, "max_groups_per_user": 2, "max_groups": 3}))
    with Member(running, "ada") as ada, Member(running, "bob") as bob, Member(running, "cyd") as cyd:
        ada.asks("group_join", "group_joined", group_id="a")
        bob.asks("group_join", "group_joined", group_id="a")
        assert "max_group_size" in cyd.asks("group_join", "conflict", group_id="a")["content"]
        ada.asks("group_join", "group_joined", group_id="b")
        assert "max_groups_per_user" in ada.asks("group_join", "conflict", group_id="c")["content"]
        cyd.asks("group_join", "group_joined", group_id="c")
        assert "max_groups)" in cyd.asks("group_join", "conflict", group_id="d")["content"]


def test_too_many_changes_of_a_user_are_refused_for_a_while(gateway, tmp_path):
    running = gateway(with_groups(tmp_path, {"changes_per_minute": 3}))
    with Member(running, "ada") as ada, Member(running, "bob") as bob:
        for group_id in "abc":
            ada.asks("group_join", "group_joined", group_id=group_id)
        refused = ada.asks("group_join", "rate_limited", group_id="d")
        assert 0 < refused["retry_after_ms"] <= 20_001
        ada.send({"type": "text", "group_id": "a", "content": "messages are no changes"})
        bob.asks("group_join", "group_joined", group_id="a")


def test_only_the_back_end_makes_groups_when_the_key_says_so(gateway, tmp_path):
    running = gateway(with_groups(tmp_path, {"create": "api", "visibility": "invite"}))
    with Member(running, "ada") as ada:
        ada.asks("group_join", "not_found", group_id="g1")
        ada.asks("group_create", "forbidden", group_id="g1")
        made = running.admin.post("/api/v1/groups", {"group_id": "g1", "visibility": "public"})
        assert made.status == 201 and made.json()["created_by"] == "api"
        assert ada.asks("group_join", "group_joined", group_id="g1")["role"] == "member"
        ada.asks("group_leave", "group_left", group_id="g1")
        assert running.admin.get("/api/v1/groups/g1").json()["members"] == 0  # it stays


def test_a_group_of_clients_ends_with_its_last_member(running):
    with Member(running, "ada") as ada:
        ada.asks("group_join", "group_joined", group_id="g1")
        ada.asks("group_leave", "group_left", group_id="g1")
        assert running.admin.get("/api/v1/groups/g1").status == 404


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type": "group_join"}, "group_id is missing"),
        ({"type": "group_join", "group_id": "a\tb"}, "group_id"),
        ({"type": "group_kick", "group_id": "g1"}, "user_id is missing"),
        ({"type": "group_kick", "group_id": "g1", "user_id": "u", "reason": "x" * 201}, "reason"),
        ({"type": "group_set_role", "group_id": "g1", "user_id": "u", "role": "king"}, "role must be"),
        ({"type": "group_mute", "group_id": "g1", "user_id": "u", "seconds": 0}, "seconds"),
        ({"type": "group_mute", "group_id": "g1", "user_id": "u", "seconds": "60"}, "seconds"),
        ({"type": "group_create", "group_id": "g1", "visibility": "secret"}, "visibility"),
        ({"type": "group_create", "group_id": "g1", "metadata": [1]}, "metadata must be"),
        ({"type": "group_create", "group_id": "g1", "metadata": {"a": "x" * 5000}}, "max_metadata_size"),
        ({"type": "group_members", "group_id": "g1", "limit": 1001}, "limit"),
    ],
)
def test_mistakes_are_answered_in_words(shared, fields, why):
    with Member(shared, "ada") as ada:
        assert why in ada.asks(expected="invalid_message", **fields)["content"]


@pytest.fixture(scope="module")
def shared(shared_gateway, tmp_path_factory):
    return shared_gateway(with_groups(tmp_path_factory.mktemp("store")))


@pytest.mark.parametrize("type", ["group_joined", "group_removed", "group_nonsense"])
def test_the_gateways_own_words_are_not_for_clients(shared, type):
    with Member(shared, "ada") as ada:
        ada.asks(type, "unknown_type", group_id="g1")


def test_the_core_decides_who_may_use_groups(gateway, tmp_path):
    running = gateway(with_groups(tmp_path, security={"permissions": {"use_groups": ["agent"]}}))
    with Member(running, "ada") as ada, Member(running, "bob", user_type="agent") as bob:
        assert "use_groups" in ada.asks("group_join", "forbidden", group_id="g1")["content"]
        bob.asks("group_join", "group_joined", group_id="g1")


def test_pages(shared):
    with Member(shared, "pia") as pia:
        for number in range(7):
            pia.asks("group_join", "group_joined", group_id=f"page-{number}")
        seen, cursor = [], None
        while True:
            page = pia.asks("group_list", "group_list", limit=3, **({"cursor": cursor} if cursor else {}))
            seen += [g["group_id"] for g in page["groups"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == [f"page-{number}" for number in range(7)]
        seen, path = [], "/api/v1/groups?limit=2&user_id=pia"
        while True:
            page = shared.admin.get(path).json()
            seen += [g["group_id"] for g in page["groups"]]
            if page["next_cursor"] is None:
                break
            path = f"/api/v1/groups?limit=2&user_id=pia&cursor={page['next_cursor']}"
        assert seen == [f"page-{number}" for number in range(7)]


# --- the back end ---


def test_http(running):
    admin = running.admin
    with Member(running, "ada") as ada, Member(running, "bob") as bob:
        made = admin.post("/api/v1/groups", {"group_id": "a/b", "owner": "ada", "visibility": "invite", "metadata": {"k": 1}})
        assert made.status == 201 and made.json()["owner"] == "ada", made
        assert ada.hear("group_member_joined")["role"] == "owner"
        path = f"/api/v1/groups/{quoted('a/b')}"
        assert admin.post("/api/v1/groups", {"group_id": "a/b"}).status == 409
        assert admin.post("/api/v1/groups", {}).status == 400
        assert admin.post("/api/v1/groups", {"group_id": "x", "grup": 1}).json()["error"]["code"] == "bad_request"
        added = admin.request("PUT", f"{path}/members/bob", {"role": "moderator"})
        assert added.status == 200 and added.json()["role"] == "moderator", added
        assert bob.hear("group_member_joined")["role"] == "moderator"
        sent = admin.post(f"{path}/messages", {"type": "news", "content": "hi", "big": 12345678901234567890123})
        assert sent.status == 200 and sent.json()["delivered"] == 2 and len(sent.json()["msg_id"]) == 26, sent
        news = bob.hear("news")
        assert (news["group_id"], news["from"], news["msg_id"]) == ("a/b", "system", sent.json()["msg_id"])
        assert news["big"] == 12345678901234567890123
        ada.hear("news")
        for wrong in ("{", "[]", '{"type":"x","group_id":"y"}', '{"type":"x","to":"y"}', '{"type":""}'):
            assert admin.post(f"{path}/messages", wrong).status == 400, wrong
        assert admin.post("/api/v1/groups/none/messages", {"type": "x"}).status == 404
        group = admin.get(path).json()
        assert (group["members"], group["online"], group["owner"], group["metadata"]) == (2, 2, "ada", {"k": 1})
        assert admin.request("PATCH", path, {"metadata": {"k": 2}}).json()["metadata"] == {"k": 2}
        assert ada.hear("group_changed")["metadata"] == {"k": 2}
        members = admin.get(f"{path}/members").json()
        assert [(m["user_id"], m["role"]) for m in members["members"]] == [("ada", "owner"), ("bob", "moderator")]
        muted = admin.request("PUT", f"{path}/members/bob", {"mute_seconds": 60})
        assert "muted_until" in muted.json(), muted
        bob.asks("text", "forbidden", group_id="a/b", content="psst")
        assert admin.request("PUT", f"{path}/members/bob", {"mute_seconds": 0}).status == 200
        assert admin.request("PUT", f"{path}/invitations/cyd").status == 200
        assert admin.get(path).json()["invitations"] == 1
        assert admin.request("DELETE", f"{path}/invitations/cyd").status == 200
        assert admin.request("DELETE", f"{path}/members/bob?reason=rules").status == 200
        assert bob.hear("group_removed")["reason"] == "rules"
        assert admin.request("DELETE", f"{path}/members/bob").status == 404
        assert [g["group_id"] for g in admin.get("/api/v1/groups").json()["groups"]] == ["a/b"]
        assert admin.metric("gateway_groups") == 1 and admin.metric("gateway_group_memberships") == 1
        assert admin.request("DELETE", path).status == 200
        assert ada.hear("group_removed")["why"] == "deleted"
        assert admin.get(path).status == 404 and admin.metric("gateway_groups") == 0
        assert admin.get("/api/v1/groups?limit=0").status == 400
        assert admin.request("PUT", "/api/v1/groups").status == 405


# --- other ways in ---


def test_large_groups_get_no_notices(gateway, tmp_path):
    running = gateway(with_groups(tmp_path, {"notice_limit": 2}))
    with Member(running, "ada") as ada, Member(running, "bob") as bob, Member(running, "cyd") as cyd:
        ada.asks("group_join", "group_joined", group_id="g1")
        bob.asks("group_join", "group_joined", group_id="g1")
        assert ada.hear("group_member_joined")["user_id"] == "ada"
        assert ada.hear("group_member_joined")["user_id"] == "bob"
        cyd.asks("group_join", "group_joined", group_id="g1")
        cyd.asks("group_leave", "group_left", group_id="g1")
        ada.hears_no("group_member_joined", "group_member_left")
        bob.asks("group_join", "group_joined", group_id="g1")
        cyd.asks("group_join", "group_joined", group_id="g1")
        # Whom it is about, hears it all the same.
        ada.asks("group_mute", "group_muted", group_id="g1", user_id="cyd")
        assert cyd.hear("group_member_muted")["muted_until"] is None
        bob.hears_no("group_member_muted")


def test_a_token_that_names_groups_lets_its_user_in(gateway, tmp_path):
    secret = "a secret of 32 bytes, at the least"
    security = {"enable_auth": True, "auth": {"keys": [{"alg": "HS256", "secret": secret}]}}
    running = gateway(with_groups(tmp_path, {"create": "api", "visibility": "invite"}, security=security))
    assert running.admin.post("/api/v1/groups", {"group_id": "team-1"}).status == 201
    signer = Hs256(secret)

    def connect(user, *groups):
        token = signer.token(claims(user, groups=list(groups)))
        client = RawWebSocket(running.host, running.port, query={"token": token})
        assert client.receive()["type"] == "connected"
        return client

    with connect("ada", "team-1", "no-such-team") as ada, connect("bob") as bob:
        eventually(lambda: members_of(running, "team-1") == {"ada": "member"}, "ada is in")
        bob.send_json({"type": "group_join", "id": 1, "group_id": "team-1"})
        assert bob.receive()["code"] == "forbidden"
        ada.send_json({"type": "text", "id": 2, "group_id": "team-1"})


def test_other_plugins_use_groups(gateway, tmp_path):
    settings = with_groups(tmp_path)
    settings["plugins"]["load"].append({"name": "announces", "path": str(BUILD_DIR / "tests" / "plugins" / "announces.so")})
    running = gateway(settings)
    with Member(running, "ada") as ada, Member(running, "bob") as bob:

        def announce(what, group="g1", user="", member=ada):
            member.send({"type": "announce", "do": what, "group": group, "user": user})
            return member.hear("announced")

        assert announce("send")["status"] == -8  # GW_E_NOTFOUND
        assert announce("create", user="ada")["status"] == 0
        assert announce("create", user="ada")["status"] == -3  # GW_E_STATE: a conflict
        assert announce("add", user="bob")["status"] == 0
        assert bob.hear("group_member_joined")["role"] == "moderator"
        assert announce("send")["delivered"] == 2
        assert bob.hear("announcement")["group_id"] == "g1"
        seen = announce("look", user="bob")
        assert (seen["role"], seen["members"], seen["groups"]) == (1, "ada+bob+", "g1 ")
        # Its pin follows a reload of the group plugin.
        assert running.admin.post("/api/v1/plugins/group/reload", "").status == 200
        assert announce("send")["delivered"] == 2
        assert announce("take", user="bob")["status"] == 0
        assert bob.hear("group_removed")["why"] == "kicked"
        assert announce("take", user="bob")["status"] == -8
        assert announce("remove")["status"] == 0
        assert announce("send")["status"] == -8


def test_json_of_frames_is_what_the_protocol_says(running):
    with Member(running, "ada") as ada:
        ada.send({"type": "group_join", "id": "text id", "group_id": 'quo"te\\'})
        answer = ada.hear("group_joined")
        assert answer["id"] == "text id" and answer["group_id"] == 'quo"te\\'

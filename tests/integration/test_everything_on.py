"""The configuration that everybody begins with, all of its switches on: tokens, limits, origins, groups and tickets at once."""

from support.members import Member
from support.tickets import opened
from support.tokens import Hs256, claims

SECRET = "the secret of a login, which has 32 bytes"
PAGE = "https://shop.example.com"

EVERYTHING = f"""
wsc:
  enabled: true
  node_ip: "127.0.0.1"
  node_port: 0
  path: /ws
  heartbeat_interval: 30
  client_timeout: 90
  message_buffer_size: 256
  websocket_origins: ["{PAGE}"]
  performance:
    max_connections_per_node: 10000
    read_buffer_size: 4
    write_buffer_size: 4
    enable_compression: true
    enable_metrics: true
  security:
    enable_auth: true
    auth: {{ keys: [{{ secret: "${{TOKEN_SECRET}}" }}] }}
    enable_rate_limit: true
    max_message_size: 1024
    allowed_user_types: [customer, agent, admin]
  group:
    enabled: true
    max_group_size: 500
    max_groups_per_user: 100
  ticket:
    enabled: true
    max_tickets_per_agent: 10
    auto_assign: true
    ticket_timeout: 1800
admin:
  listen: 127.0.0.1:0
"""


def member(running, user, user_type):
    token = Hs256(SECRET).token(claims(user, user_type=user_type, name=user.title()))
    return Member(running, None, token=token, headers={"Origin": PAGE})


def test_everything_on(gateway):
    running = gateway(EVERYTHING, env={"TOKEN_SECRET": SECRET})
    order = running.wait_for_log('plugin chain order="(.*)"').group(1).split(" -> ")
    assert order[:5] == ["cors", "auth-jwt", "limits", "group", "ticket"]
    alex, anna = member(running, "alex", "agent"), member(running, "anna", "agent")
    anna.asks("agent_status", "agent_status", status="busy")

    # A ticket goes to who is free; the agents have a group of their own meanwhile.
    cara = member(running, "cara", "customer")
    ticket = opened(cara, subject="My order")
    assert alex.hear("ticket_assigned")["customer_name"] == "Cara"
    assert cara.hear("ticket_assigned")["agent_name"] == "Alex"
    for agent in (alex, anna):
        agent.asks("group_join", "group_joined", group_id="team")
    alex.send({"type": "text", "group_id": "team", "content": "who knows about parcels?"})
    assert anna.hear("text")["group_id"] == "team"
    cara.send({"type": "text", "ticket_id": ticket, "content": "where is it?"})
    assert alex.hear("text")["content"] == "where is it?"

    # And every switch does what it says.
    token = Hs256(SECRET).token(claims("carl"))
    for status, token, origin in ((403, token, "https://evil.example"), (401, token + "x", PAGE), (101, token, PAGE)):
        client = running.connect(greeting=False, refused=True, query={"token": token}, headers={"Origin": origin})
        assert client.response.status == status
        client.drop()
    for _ in range(150):
        cara.send({"type": "ping"})
    assert cara.hear("error")["code"] == "rate_limited"

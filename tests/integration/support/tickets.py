"""Gateways with tickets, and their people."""

from support.gateway import merged
from support.members import Member


def with_tickets(folder, ticket=None, io_threads=1, **wsc):
    """Tickets in a SQLite store in `folder`; `ticket`: more keys of wsc.ticket; `wsc`: more of that section."""
    ticket = {"enabled": True, "changes_per_minute": 0, "position_interval": 1, **(ticket or {})}
    store = {"file": str(folder / "gatewayd.sqlite")}
    return merged({"wsc": {"ticket": ticket, "store": store, "performance": {"io_threads": io_threads}}}, {"wsc": wsc})


def customer(running, user_id, **options):
    return Member(running, user_id, user_type="customer", **options)


def agent(running, user_id, **options):
    return Member(running, user_id, user_type="agent", **options)


def supervisor(running, user_id, **options):
    return Member(running, user_id, user_type="admin", **options)


def opened(member, **fields):
    """A ticket that the customer opens; its id."""
    return member.asks("ticket_create", "ticket_created", **fields)["ticket_id"]


def ticket_of(running, ticket_id):
    """As the back end sees it."""
    answer = running.admin.get(f"/api/v1/tickets/{ticket_id}")
    assert answer.status == 200, answer
    return answer.json()


def history_of(member, ticket_id, **fields):
    """Types of the entries, or the content of messages."""
    entries = member.asks("ticket_history", "ticket_history", ticket_id=ticket_id, **fields)["entries"]
    return [entry.get("content") or entry["type"] for entry in entries]

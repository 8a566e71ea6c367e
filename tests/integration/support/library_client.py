"""Clients on python3-websockets, for tests that are written as coroutines."""

import asyncio
import json

import websockets

from support.waiting import SOON, Deadline


def play(scenario, seconds=60):
    """Runs a coroutine, with a deadline for all of it; returns what it returned."""
    return asyncio.run(asyncio.wait_for(scenario, Deadline(seconds).left()))


async def ask(function, *arguments, **options):
    """Calls what waits, such as the admin API, without stopping the clients of this loop."""
    return await asyncio.to_thread(function, *arguments, **options)


class connected:
    """`async with connected(running, "alice") as alice`: a client past its `connected` frame, `.greeting`."""

    def __init__(self, running, user_id, client_id=None, user_type="customer", **options):
        query = f"?user_id={user_id}&user_type={user_type}" + (f"&client_id={client_id}" if client_id else "")
        self._connect = websockets.connect(running.url + query, ssl=running.tls, **options)

    async def __aenter__(self):
        client = await self._connect.__aenter__()
        client.greeting = await hear(client)
        assert client.greeting["type"] == "connected"
        return client

    async def __aexit__(self, *error):
        await self._connect.__aexit__(*error)


async def hear(client, seconds=SOON):
    """The next message, as what its JSON says."""
    return json.loads(await asyncio.wait_for(client.recv(), Deadline(seconds).left()))


async def hears_nothing_but_pong(client):
    """Nothing waits for this client: the answer to a ping is the next message."""
    await client.send('{"type":"ping"}')
    message = await hear(client)
    assert message == {"type": "pong"}, message

// What a team writes on Bun when it needs a small part of a gateway: identity, Hub messages in JSON to a user or to
// everyone, the stamps. No limits, no validation beyond JSON.parse, no plugins. Prints `listening PORT`.
const users = new Map(); // by user id; one connection a user
const topic = 'everyone';

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch(request, server) {
    const query = new URL(request.url).searchParams;
    const data = {
      user: query.get('user_id'),
      client: query.get('client_id'),
      mayBroadcast: query.get('user_type') === 'agent',
    };
    if (server.upgrade(request, { data })) return undefined;
    return new Response(null, { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open(ws) {
      users.set(ws.data.user, ws);
      ws.subscribe(topic);
      ws.send(JSON.stringify({ type: 'connected', client_id: ws.data.client, user_id: ws.data.user }));
    },
    close(ws) {
      if (users.get(ws.data.user) === ws) users.delete(ws.data.user);
    },
    message(ws, text) {
      const message = JSON.parse(text);
      message.from = ws.data.user;
      message.msg_id = crypto.randomUUID();
      message.create_at = new Date().toISOString();
      const out = JSON.stringify(message);
      if (message.to !== undefined) users.get(message.to)?.send(out);
      else if (ws.data.mayBroadcast) ws.publish(topic, out);
    },
  },
});
console.log(`listening ${server.port}`);

// Bun's own server (uWebSockets), as its documentation shows it. server.publish and not ws.publish: that one sends
// nothing while the publisher itself is in no topic. One shared `data` object a role, so that no memory of ours counts
// as Bun's. Arguments: `deflate` (compressors that all share, so no context takeover), `tls` (cert.pem and key.pem of the
// current folder). Prints `listening PORT`.
const roles = {
  '/echo': { role: 'echo' },
  '/subscribe': { role: 'subscribe' },
  '/publish': { role: 'publish' },
};
const topic = 'everyone';
const deflate = process.argv.includes('deflate');
const tls = process.argv.includes('tls') ? { cert: Bun.file('cert.pem'), key: Bun.file('key.pem') } : undefined;

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  tls,
  fetch(request, server) {
    const path = request.url.slice(request.url.indexOf('/', 8));
    const data = roles[path];
    if (data === undefined) return new Response(null, { status: 404 });
    if (server.upgrade(request, { data })) return undefined;
    return new Response(null, { status: 426 });
  },
  websocket: {
    perMessageDeflate: deflate && { compress: 'shared', decompress: 'shared' },
    open(ws) {
      if (ws.data.role === 'subscribe') ws.subscribe(topic);
    },
    message(ws, text) {
      if (ws.data.role === 'publish') server.publish(topic, text, deflate);
      else ws.send(text, deflate);
    },
  },
});
console.log(`listening ${server.port}`);

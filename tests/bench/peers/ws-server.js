// npm `ws`. It has no topics: its users loop over the clients. The message is framed once and the same buffer is
// written to each socket, the fastest way that people use. Arguments: `deflate` (without context takeover; each message is
// compressed for each client, there is no other way), `tls` (cert.pem and key.pem of the current folder). Prints
// `listening PORT`.
const fs = require('fs');
const http = require('http');
const https = require('https');
const { WebSocketServer, WebSocket } = require('ws');

const frameOptions = { fin: true, opcode: 1, mask: false, readOnly: false, rsv1: false };
const subscribers = new Set();

const deflate = process.argv.includes('deflate');
const listener = process.argv.includes('tls')
  ? https.createServer({ cert: fs.readFileSync('cert.pem'), key: fs.readFileSync('key.pem') })
  : http.createServer();
const server = new WebSocketServer({
  server: listener,
  perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true, threshold: 0 },
});

server.on('connection', (socket, request) => {
  if (request.url === '/subscribe') {
    subscribers.add(socket);
    socket.on('close', () => subscribers.delete(socket));
  } else if (request.url === '/publish') {
    socket.on('message', (data) => {
      if (deflate) {
        for (const subscriber of subscribers) subscriber.send(data, { binary: false });
        return;
      }
      const frame = Buffer.concat(WebSocket.Sender.frame(data, { ...frameOptions }));
      for (const subscriber of subscribers) {
        if (subscriber.readyState === WebSocket.OPEN) subscriber._socket.write(frame);
      }
    });
  } else {
    socket.on('message', (data) => socket.send(data, { binary: false }));
  }
});
listener.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => console.log(`listening ${listener.address().port}`));

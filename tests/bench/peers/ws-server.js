// npm `ws`. It has no topics: its users loop over the clients. The message is framed once and the same buffer is
// written to each socket, the fastest way that people use. Prints `listening PORT`.
const { WebSocketServer, WebSocket } = require('ws');

const frameOptions = { fin: true, opcode: 1, mask: false, readOnly: false, rsv1: false };
const subscribers = new Set();

const server = new WebSocketServer({ host: '127.0.0.1', port: 0, backlog: 4096, perMessageDeflate: false });

server.on('connection', (socket, request) => {
  if (request.url === '/subscribe') {
    subscribers.add(socket);
    socket.on('close', () => subscribers.delete(socket));
  } else if (request.url === '/publish') {
    socket.on('message', (data) => {
      const frame = Buffer.concat(WebSocket.Sender.frame(data, { ...frameOptions }));
      for (const subscriber of subscribers) {
        if (subscriber.readyState === WebSocket.OPEN) subscriber._socket.write(frame);
      }
    });
  } else {
    socket.on('message', (data) => socket.send(data, { binary: false }));
  }
});
server.on('listening', () => console.log(`listening ${server.address().port}`));

// Echo server on node's ws. Usage: node node_ws.js PORT [deflate]
'use strict';

const { WebSocketServer } = require('ws');

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2]),
  // What ws recommends, but for its threshold: 1,024 bytes is the size of our messages.
  perMessageDeflate: process.argv[3] === 'deflate' && { threshold: 128 },
  maxPayload: 16 << 20,
});

server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', () => socket.terminate());
});

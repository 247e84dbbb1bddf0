// Echo server on node's ws. Usage: node node_ws.js PORT [deflate | tls CERTIFICATE KEY]
'use strict';

const { readFileSync } = require('fs');
const { createServer } = require('https');
const { WebSocketServer } = require('ws');

const [, , port, option, certificate, key] = process.argv;
const place = { host: '127.0.0.1', port: Number(port) };
const secure = option === 'tls' && createServer({ cert: readFileSync(certificate), key: readFileSync(key) }).listen(place);

const server = new WebSocketServer({
  ...(secure ? { server: secure } : place),
  // What ws recommends, but for its threshold: 1,024 bytes is the size of our messages.
  perMessageDeflate: option === 'deflate' && { threshold: 128 },
  maxPayload: 16 << 20,
});

server.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on('error', () => socket.terminate());
});

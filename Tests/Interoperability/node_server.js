#!/usr/bin/env node
// `martlet connect` talks to a server of Node's ws.
//
//     MARTLET=.build/release/martlet NODE_PATH=/usr/share/nodejs node Tests/Interoperability/node_server.js [part of a name ...]
//
// Needs the module ws: Debian's package node-ws.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const { certificate, main, martlet, Program, requireWebSocket, test } = require('./harness.js');

const { WebSocketServer } = requireWebSocket();
// What a terminal would obey, what breaks lines, what turns text around; and how it must look instead.
const NASTY = '\x1b[31mred\x07\r\n\t\x00\x7f\x85\u202e\u2028\\ é';
const HARMLESS = String.raw`\u{1b}[31mred\u{7}\r\n\t\u{0}\u{7f}\u{85}\u{202e}\u{2028}\\ é`;

/** A server of the other kind on a free port. What it is told when connections end is in `ends`. */
async function peer(after, handle, options = {}, tls = null) {
  const server = tls ? https.createServer(tls) : http.createServer();
  const sockets = new WebSocketServer({ server, ...options });
  const found = { ends: [], requests: [] };
  sockets.on('connection', (socket, request) => {
    found.requests.push(request);
    found.last = socket;
    socket.on('error', () => {});
    found.ends.push(new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))));
    handle(socket, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
    server.closeAllConnections();
  });
  found.url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${server.address().port}/`;
  return found;
}

function echo(socket) {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** Runs `martlet connect` with standard input left open: the server ends it. */
function listen(after, url) {
  return new Program(after, 'connect', url).finished;
}

test('lines are echoed in order, empty and Unicode ones too', async (after) => {
  const server = await peer(after, echo);
  const lines = 'one\ntwo words\n\nGrüße 👩🏽 日本語 שלום\nlast\n';
  assert.deepEqual(await martlet(after, ['connect', server.url], lines), { status: 0, output: lines, errors: '' });
  assert.deepEqual(await server.ends[0], { code: 1000, reason: '' });
});

test('the compression that ws can speak does no harm', async (after) => {
  const server = await peer(after, echo, { perMessageDeflate: { threshold: 0 } });
  const line = 'martlet '.repeat(1000);
  const result = await martlet(after, ['connect', server.url], line);
  assert.deepEqual(result, { status: 0, output: `${line}\n`, errors: '' });
});

test('binary, fragments and long messages are shown', async (after) => {
  const long = '0123456789abcdef'.repeat(5 << 16);
  const server = await peer(after, (socket) => {
    socket.send(Buffer.from([0x00, 0xff, 0x7f]));
    socket.send('frag', { fin: false });
    socket.ping();
    socket.send('ments', { fin: true });
    socket.send(long);
  });
  const result = await martlet(after, ['connect', server.url, '--wait', '3']);
  assert.deepEqual(result, { status: 0, output: `binary 00ff7f\nfragments\n${long}\n`, errors: '' });
});

test('pings of the server are answered with their payload', async (after) => {
  const pongs = [];
  const server = await peer(after, (socket) => {
    socket.on('pong', (data) => {
      pongs.push(data.toString());
      if (pongs.length === 2) socket.close(1000);
    });
    socket.ping('');
    socket.ping('payload');
  });
  assert.equal((await listen(after, server.url)).status, 0);
  assert.deepEqual(pongs, ['', 'payload']);
});

test('the subprotocol that the server chooses is agreed to', async (after) => {
  const server = await peer(after, echo, { handleProtocols: (offered) => [...offered].at(-1) });
  const result = await martlet(after, ['connect', server.url, '--subprotocol', 'first', '--subprotocol', 'second'], 'hello');
  assert.deepEqual(result, { status: 0, output: 'hello\n', errors: '' });
  assert.equal(server.last.protocol, 'second');
  assert.equal(server.requests[0].headers['sec-websocket-protocol'], 'first, second');
});

test('extra header fields, origin, path and query arrive', async (after) => {
  const server = await peer(after, echo);
  const result = await martlet(after, ['connect', `${server.url}some/path?key=value`, '-H', 'X-Bird: martlet',
    '-H', 'Cookie: a=b; c=d', '--origin', 'https://page.example'], 'hello');
  assert.equal(result.status, 0);
  const { url, headers } = server.requests[0];
  assert.equal(url, '/some/path?key=value');
  assert.equal(headers['x-bird'], 'martlet');
  assert.equal(headers.cookie, 'a=b; c=d');
  assert.equal(headers.origin, 'https://page.example');
});

test('a refusal is shown with status, header and body', async (after) => {
  const verifyClient = (_, done) => done(false, 429, 'Too many birds\n', { 'Retry-After': '120' });
  const server = await peer(after, echo, { verifyClient });
  const { status, output, errors } = await martlet(after, ['connect', server.url], 'hello');
  assert.deepEqual([status, output], [2, '']);
  assert.match(errors, /429/);
  assert.match(errors, /retry-after: 120/i);
  assert.match(errors, /Too many birds/);
});

test('the server closes in the ordinary way', async (after) => {
  for (const code of [1000, 1001, undefined]) {
    const server = await peer(after, (socket) => socket.close(code));
    assert.deepEqual(await listen(after, server.url), { status: 0, output: '', errors: '' });
    assert.equal((await server.ends[0]).code, code ?? 1005);
  }
});

test('the server closes with an error: the code and the reason are named', async (after) => {
  for (const [code, reason] of [[1011, 'out of birds'], [1008, ''], [4321, 'private']]) {
    const server = await peer(after, (socket) => socket.close(code, reason));
    const { status, output, errors } = await listen(after, server.url);
    assert.deepEqual([status, output], [1, '']);
    assert.match(errors, new RegExp(`${code}.*${reason}`));
    assert.equal((await server.ends[0]).code, code);
  }
});

test('a connection that breaks off is not a clean end', async (after) => {
  const server = await peer(after, (socket) => socket.terminate());
  const { status, output, errors } = await listen(after, server.url);
  assert.deepEqual([status, output], [1, '']);
  assert.match(errors, /1006/);
});

test('wss: without --insecure an unknown certificate is refused', async (after) => {
  const made = await certificate(after);
  const tls = { cert: fs.readFileSync(made.certificate), key: fs.readFileSync(made.key) };
  const server = await peer(after, echo, {}, tls);
  const { status, output, errors } = await martlet(after, ['connect', server.url], 'hello');
  assert.deepEqual([status, output], [2, '']);
  assert.match(errors, /certificate/i);
  const result = await martlet(after, ['connect', '--insecure', server.url], 'hello\nover TLS');
  assert.deepEqual(result, { status: 0, output: 'hello\nover TLS\n', errors: '' });
});

test('control characters of the peer do not reach the terminal', async (after) => {
  const server = await peer(after, (socket) => socket.send(NASTY));
  const result = await martlet(after, ['connect', server.url]);
  assert.deepEqual(result, { status: 0, output: `${HARMLESS}\n`, errors: '' });
  const closing = await peer(after, (socket) => socket.close(4000, NASTY));
  const { status, errors } = await listen(after, closing.url);
  assert.equal(status, 1);
  assert.match(errors, /4000/);
  assert.doesNotMatch(errors.trimEnd(), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

main();

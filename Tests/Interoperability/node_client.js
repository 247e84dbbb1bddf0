#!/usr/bin/env node
// The client of Node's ws talks to `martlet serve`.
//
//     MARTLET=.build/release/martlet NODE_PATH=/usr/share/nodejs node Tests/Interoperability/node_client.js [part of a name ...]
//
// Needs the module ws: Debian's package node-ws.
'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const fs = require('node:fs');
const { certificate, main, requireWebSocket, serve, test } = require('./harness.js');

const WebSocket = requireWebSocket();
const LIMIT = 1 << 20;
const UNICODE = 'Grüße 👩🏽‍🚀 日本語 שלום \u0000 \u007f \u2028 \u{10ffff}';

/** An open connection whose messages can be waited for one by one. */
async function connect(after, url, options = {}) {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  after(() => socket.terminate());
  const arrived = [];
  const waiting = [];
  socket.on('message', (data, isBinary) => {
    const message = isBinary ? data : data.toString();
    if (waiting.length > 0) waiting.shift()(message);
    else arrived.push(message);
  });
  socket.next = () => arrived.length > 0 ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve));
  socket.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

async function echoed(socket, message) {
  socket.send(message);
  assert.deepEqual(await socket.next(), message);
}

/** The response to a handshake that must not succeed. */
function refused(after, url, options = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, options);
    after(() => socket.terminate());
    socket.on('error', () => {});
    socket.on('open', () => reject(new Error('the server accepted the handshake')));
    socket.on('unexpected-response', (_, response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text) => { body += text; });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
  });
}

test('text, Unicode and empty text are echoed', async (after) => {
  const socket = await connect(after, `${(await serve(after)).ws}/echo`);
  for (const message of ['hello', UNICODE, '', 'a'.repeat(125), 'b'.repeat(126), 'c'.repeat(65535), 'd'.repeat(65536)]) {
    await echoed(socket, message);
  }
});

test('binary and empty binary are echoed as binary', async (after) => {
  const socket = await connect(after, `${(await serve(after)).ws}/echo`);
  for (const length of [256, 0, 126, 65536, LIMIT]) await echoed(socket, Buffer.alloc(length, 0xa5));
});

test('the compression that ws offers by default does no harm', async (after) => {
  const socket = await connect(after, `${(await serve(after)).ws}/echo`, { perMessageDeflate: true });
  for (const message of ['martlet '.repeat(10_000), UNICODE, '']) await echoed(socket, message);
});

test('a message over 1 MiB closes with 1009', async (after) => {
  const server = await serve(after);
  const socket = await connect(after, `${server.ws}/echo`);
  socket.send('a'.repeat(LIMIT + 1));
  const { code, reason } = await socket.closed;
  assert.equal(code, 1009);
  assert.notEqual(reason, '');
  await echoed(await connect(after, `${server.ws}/echo`), 'the server is still there');
});

test('fragmented messages arrive whole, with a ping in between', async (after) => {
  const socket = await connect(after, `${(await serve(after)).ws}/echo`);
  socket.send('one ', { fin: false });
  const pong = once(socket, 'pong');
  socket.ping('between');
  assert.equal((await pong)[0].toString(), 'between');
  socket.send('', { fin: false });
  socket.send('two', { fin: true });
  assert.equal(await socket.next(), 'one two');
  for (let part = 0; part < 100; part++) socket.send(Buffer.alloc(1000, part), { fin: part === 99 });
  assert.deepEqual(await socket.next(), Buffer.concat(Array.from({ length: 100 }, (_, part) => Buffer.alloc(1000, part))));
});

test('pings are answered with their payload', async (after) => {
  const socket = await connect(after, `${(await serve(after)).ws}/echo`);
  for (const payload of ['', 'ping', 'x'.repeat(125)]) {
    const pong = once(socket, 'pong');
    socket.ping(payload);
    assert.equal((await pong)[0].toString(), payload);
  }
});

test('close codes and reasons are answered with the code', async (after) => {
  const server = await serve(after);
  for (const [code, reason] of [[1000, ''], [1001, 'leaving'], [3000, ''], [4000, 'à bientôt 🐦'], [4999, 'r'.repeat(123)]]) {
    const socket = await connect(after, `${server.ws}/echo`);
    socket.close(code, reason);
    assert.equal((await socket.closed).code, code);
  }
  const socket = await connect(after, `${server.ws}/echo`);
  socket.close();
  assert.equal((await socket.closed).code, 1005);
});

test('50 clients at once', async (after) => {
  const server = await serve(after);
  const sockets = await Promise.all(Array.from({ length: 50 }, () => connect(after, `${server.ws}/echo`)));
  await Promise.all(sockets.map(async (socket, number) => {
    for (let turn = 0; turn < 20; turn++) await echoed(socket, `client ${number}, message ${turn}`);
  }));
});

test('everybody on /chat hears everybody', async (after) => {
  const server = await serve(after);
  const members = [];
  for (let number = 0; number < 3; number++) {
    const member = await connect(after, `${server.ws}/chat`);
    members.push(member);
    // Joining is done some time after the handshake, and before its first message comes back.
    member.send(`hello from ${number}`);
    while (await member.next() !== `hello from ${number}`);
  }
  members[0].send('all here');
  for (const member of members) while (await member.next() !== 'all here');
  for (const [number, speaker] of members.entries()) {
    for (const message of [`text of ${number}`, Buffer.from([number])]) {
      speaker.send(message);
      for (const member of members) assert.deepEqual(await member.next(), message);
    }
  }
});

test('TLS with a certificate of our own', async (after) => {
  const made = await certificate(after);
  const server = await serve(after, '--tls-certificate', made.certificate, '--tls-key', made.key);
  const socket = await connect(after, `${server.ws}/echo`, { ca: fs.readFileSync(made.certificate) });
  for (const message of [UNICODE, Buffer.alloc(LIMIT, 1), '']) await echoed(socket, message);
  await assert.rejects(connect(after, `${server.ws}/echo`), /self-signed certificate/);
});

test('a foreign origin is refused with 403 and told why', async (after) => {
  const server = await serve(after);
  const { status, body } = await refused(after, `${server.ws}/echo`, { origin: 'https://evil.example' });
  assert.equal(status, 403);
  assert.notEqual(body.trim(), '');
  await echoed(await connect(after, `${server.ws}/echo`, { origin: server.http }), 'our own origin');
});

test('an unknown path is refused with 404', async (after) => {
  const server = await serve(after);
  assert.deepEqual(await refused(after, `${server.ws}/nothing-here`), { status: 404, body: 'Nothing here.\n' });
});

test('SIGTERM closes every connection with 1001', async (after) => {
  const server = await serve(after);
  const sockets = [];
  for (const name of ['echo', 'echo', 'chat']) sockets.push(await connect(after, `${server.ws}/${name}`));
  server.process.kill('SIGTERM');
  for (const socket of sockets) assert.equal((await socket.closed).code, 1001);
  assert.equal((await server.finished).status, 0);
});

main();

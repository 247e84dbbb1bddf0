// What the tests in Node stand on: a list of tests with deadlines, a certificate, and the program under test.
'use strict';

const { execFile, spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { promisify } = require('node:util');

const ROOT = path.resolve(__dirname, '..', '..');
const MARTLET = process.env.MARTLET ?? path.join(ROOT, '.build', 'release', 'martlet');
// For one test. It is long because machines that test are busy; nothing waits for it unless something is wrong.
const DEADLINE = 60_000;
const tests = [];

/** The module ws, or a clear end if it is not there. */
function requireWebSocket() {
  try {
    return require('ws');
  } catch (error) {
    console.log(`FAIL ${error.message.split('\n')[0]}: install node-ws and set NODE_PATH=/usr/share/nodejs\n0 passed, 1 failed`);
    process.exit(1);
  }
}

/** Registers a test: an async function that is given a function to register what is to be undone after it. */
function test(name, run) {
  tests.push({ name, run });
}

/** The program under test, killed after the test whatever happens. */
class Program {
  constructor(after, ...options) {
    this.process = spawn(MARTLET, options, { env: { ...process.env, SWIFT_BACKTRACE: 'enable=no' } });
    this.output = '';
    this.errors = '';
    this.process.stdout.setEncoding('utf8').on('data', (text) => { this.output += text; });
    this.process.stderr.setEncoding('utf8').on('data', (text) => { this.errors += text; });
    // A program that ends without reading what it is given is judged by its exit status.
    this.process.stdin.on('error', () => {});
    this.finished = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      this.process.on('close', (status) => resolve({ status, output: this.output, errors: this.errors }));
    });
    this.finished.catch(() => {});
    after(() => { this.process.kill('SIGKILL'); return this.finished; });
  }

  /** The first line of standard output. */
  firstLine() {
    return new Promise((resolve, reject) => {
      const look = () => {
        const end = this.output.indexOf('\n');
        if (end >= 0) resolve(this.output.slice(0, end));
      };
      this.process.stdout.on('data', look);
      this.finished.then(({ errors }) => reject(new Error(`martlet ended before its first line: ${errors}`)), reject);
      look();
    });
  }
}

/** `martlet serve` on a free port of the loopback interface. */
async function serve(after, ...options) {
  const program = new Program(after, 'serve', '--host', '127.0.0.1', '--port', '0', ...options);
  const line = await program.firstLine();
  const found = /http(s?):\/\/127\.0\.0\.1:(\d+)\//.exec(line);
  if (!found) throw new Error(`the first line of martlet serve has no address: ${line}`);
  program.http = `http${found[1]}://127.0.0.1:${found[2]}`;
  program.ws = `ws${found[1]}://127.0.0.1:${found[2]}`;
  return program;
}

/** One run of the program from start to end. */
function martlet(after, options, input = '') {
  const program = new Program(after, ...options);
  program.process.stdin.end(input);
  return program.finished;
}

/** Paths of a certificate for 127.0.0.1 that nobody trusts, and of its key. */
async function certificate(after) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'martlet-'));
  after(() => fs.rmSync(folder, { recursive: true }));
  const made = path.join(folder, 'certificate.pem');
  const key = path.join(folder, 'key.pem');
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-keyout', key, '-out', made, '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']);
  return { certificate: made, key };
}

/** On one line, of bearable length, without anything that a terminal obeys. */
function shortened(message) {
  const line = message.replace(/\s+/g, ' ').replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd');
  return line.length <= 600 ? line : `${line.slice(0, 400)} … ${line.slice(-150)}`;
}

async function passes({ name, run }) {
  const began = performance.now();
  const undo = [];
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${DEADLINE / 1000} s`)), DEADLINE);
    });
    await Promise.race([run((step) => undo.push(step)), late]);
    console.log(`ok   ${name} (${((performance.now() - began) / 1000).toFixed(2)} s)`);
    return true;
  } catch (error) {
    console.log(`FAIL ${name}: ${shortened(error.message)}`);
    return false;
  } finally {
    clearTimeout(timer);
    for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => {});
  }
}

/** Runs the tests, or those whose name contains one of the arguments. The last line counts them. */
async function main() {
  const names = process.argv.slice(2);
  const chosen = tests.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  const results = [];
  for (const one of chosen) results.push(await passes(one));
  if (results.length === 0) {
    console.log('FAIL no test has such a name');
    results.push(false);
  }
  const passed = results.filter(Boolean).length;
  console.log(`${passed} passed, ${results.length - passed} failed`);
  process.exit(passed === results.length ? 0 : 1);
}

module.exports = { certificate, main, martlet, Program, requireWebSocket, serve, test };

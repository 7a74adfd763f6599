'use strict';

const { WebSocketReconnect } = require('../../../index.js');
const { ServerProcess } = require('./server-process.js');
const { BLOCKED_MS, blockJavaScript, watch } = require('./shared.js');
const { check } = require('./witness.js');

/** Small numbers, so that a whole life of a connection fits into some seconds. */
const OPTIONS = {
  baseDelay: 200,
  maxDelay: 2000,
  multiplier: 2,
  jitter: 0.1,
  heartbeatInterval: 250,
  heartbeatTimeout: 1500,
  circuitBreaker: { failureThreshold: 3, resetTimeout: 1500, halfOpenMaxRequests: 1 },
};

/** A wait may seem this much too short, in ms: its beginning is told late on a busy machine. */
const SLACK = 50;

async function exchange({ client, witness, timeline }, text) {
  timeline.tell('client', `message → ${text}`);
  client.send(text);
  await witness.expect('message', `the echo of '${text}'`, ({ data }) => data === text);
  timeline.seen(`'${text}' came back from the server`);
}

async function showConnecting(demo) {
  const { client, witness, timeline } = demo;
  timeline.step('1. Connect and talk');
  const connected = client.connect();
  const began = await witness.expect('stateChange', 'CONNECTING', (state) => state === 'CONNECTING');
  const opened = await witness.expect('open', 'the connection opening');
  await connected;
  timeline.seen(`connected in ${opened.at - began.at} ms`);
  await exchange(demo, 'hello');
  await exchange(demo, 'how are you?');
}

async function showKill({ server, witness, timeline }) {
  timeline.step('2. The server is killed (SIGKILL): no close frame, no goodbye');
  timeline.tell('server', `killed, process ${server.pid}`, 'red');
  await server.kill();
  await witness.expect('close', 'close 1006 after the kill', ({ code }) => code === 1006);
  timeline.seen('the client noticed: close 1006');
}

/** One retry: announced with its delay, made after it, refused. */
async function showRetry({ witness, timeline }, attempt) {
  const due = OPTIONS.baseDelay * OPTIONS.multiplier ** (attempt - 1);
  const retry = await witness.expect('retry', `retry ${attempt}`, (detail) => detail.attempt === attempt);
  const { delay } = retry.detail;
  const allowed = due * OPTIONS.jitter + 1;
  check(Math.abs(delay - due) <= allowed, `retry ${attempt} after ${due} ms ± 10 % (it was ${delay} ms)`);
  const dialled = await witness.expect(
    'stateChange',
    `attempt ${attempt}`,
    (state) => state === 'CONNECTING',
  );
  const waited = dialled.at - retry.at;
  check(waited >= delay - SLACK, `retry ${attempt} waiting ${delay} ms (it waited ${waited} ms)`);
  await witness.expect('error', `attempt ${attempt} refused`, (error) => error.code === 'ECONNREFUSED');
  timeline.seen(`retry ${attempt}: announced ${delay} ms, waited ${waited} ms, refused`);
}

async function showRetries(demo) {
  const { failureThreshold } = OPTIONS.circuitBreaker;
  demo.timeline.step('3. Retries, each after twice the delay, with jitter');
  for (let attempt = 1; attempt <= failureThreshold; attempt += 1) await showRetry(demo, attempt);
}

/** The circuit's next probe: after `resetTimeout` and not before. */
async function showProbe({ witness }, openedAt) {
  const { resetTimeout } = OPTIONS.circuitBreaker;
  const half = await witness.expect(
    'circuitChange',
    'the circuit HALF-OPEN',
    (state) => state === 'HALF-OPEN',
  );
  const waited = half.at - openedAt;
  check(
    waited >= resetTimeout - SLACK,
    `the circuit staying OPEN for ${resetTimeout} ms (it was ${waited} ms)`,
  );
  await witness.expect('stateChange', 'a probe', (state) => state === 'CONNECTING');
  return waited;
}

async function showCircuit(demo) {
  const { client, witness, timeline } = demo;
  const { failureThreshold } = OPTIONS.circuitBreaker;
  timeline.step('4. The circuit opens, waits, and probes');
  const opened = await witness.expect('circuitChange', 'the circuit OPEN', (state) => state === 'OPEN');
  await witness.expect('stateChange', 'BLOCKED', (state) => state === 'BLOCKED');
  check(client.state === 'BLOCKED', 'the state BLOCKED while the circuit is OPEN');
  timeline.seen(`${failureThreshold} failures in a row opened the circuit: nobody is called now`);
  const waited = await showProbe(demo, opened.at);
  await witness.expect('error', 'the probe refused', (error) => error.code === 'ECONNREFUSED');
  const reopened = await witness.expect(
    'circuitChange',
    'the circuit OPEN again',
    (state) => state === 'OPEN',
  );
  timeline.seen(`probed after ${waited} ms; nobody there: the circuit is open again`);
  return reopened.at;
}

async function showReturn(demo, openedAt) {
  const { witness, timeline } = demo;
  const { port } = demo.server;
  timeline.step('5. The server comes back');
  demo.server = await ServerProcess.start(port);
  timeline.tell('server', `listening on port ${port} again, process ${demo.server.pid}`, 'green');
  await showProbe(demo, openedAt);
  await witness.expect('circuitChange', 'the circuit CLOSED', (state) => state === 'CLOSED');
  await witness.expect('open', 'the connection opening again');
  timeline.seen('the probe found the server: connected again, circuit closed');
  check(demo.client.retryCount === 0, 'the count of retries starting again from 0');
  await exchange(demo, 'good to see you again');
}

async function showHeartbeat(demo) {
  const { client, server, timeline } = demo;
  timeline.step(
    `6. Heartbeats every ${OPTIONS.heartbeatInterval} ms, while JavaScript is blocked for ${BLOCKED_MS} ms`,
  );
  timeline.tell('client', 'JavaScript is busy …', 'yellow');
  const { from, to, ticks } = blockJavaScript();
  timeline.tell(
    'client',
    `JavaScript is back after ${to - from} ms; its own 100 ms timer ran ${ticks} times`,
    'yellow',
  );
  const during = (await server.heartbeats()).filter((at) => at > from && at < to).length;
  const due = Math.floor(BLOCKED_MS / OPTIONS.heartbeatInterval);
  const what = `the server got ${during} heartbeats meanwhile (${due} were due)`;
  // Half of them is proof enough: a machine under load may delay some.
  check(during >= due / 2, what);
  check(client.state === 'OPEN', 'the connection still open after the block');
  timeline.seen(what);
  await exchange(demo, 'still here');
}

async function showClosing({ client, witness, timeline }) {
  timeline.step('7. Close');
  client.close(1000, 'bye');
  await witness.expect('stateChange', 'CLOSED', (state) => state === 'CLOSED');
  await witness.expect('close', 'close 1000', ({ code, wasClean }) => code === 1000 && wasClean);
  check(client.state === 'CLOSED', 'the state CLOSED');
  timeline.seen('closed cleanly');
}

async function showSilence({ client, server, witness, timeline }) {
  await server.kill();
  check(witness.asked === witness.events.length && client.state === 'CLOSED', 'nothing following the close');
  timeline.seen('closed for good: the server has ended, and no retry follows');
}

/** The whole life of a connection, against a server of its own. */
async function run(timeline) {
  const server = await ServerProcess.start();
  const url = `ws://127.0.0.1:${server.port}`;
  timeline.tell('server', `listening on ${url}, process ${server.pid}`, 'green');
  const client = new WebSocketReconnect({ url, ...OPTIONS });
  const demo = { client, server, timeline, witness: watch(client, timeline) };

  await showConnecting(demo);
  await showKill(demo);
  await showRetries(demo);
  const openedAt = await showCircuit(demo);
  await showReturn(demo, openedAt);
  await showHeartbeat(demo);
  await showClosing(demo);
  await showSilence(demo);
}

module.exports = { run };

#!/usr/bin/env node
'use strict';

/*
 * What many clients of one server cost over TLS: each over a connection of its own, and all over one of HTTP/2.
 *
 *   node bench/http2.js [CLIENTS [ROUNDS]]
 *
 * Prints a table, of medians: the time until all of 1,000 clients are open, and on both sides the processor time for that
 * and the memory by which the process has grown. The server is Node's own, with the server's class of `ws` on each stream.
 */

const { fork } = require('child_process');
const { restingMemory } = require('./resting.js');
const { certificates } = require('../__test__/peer/certificates.js');

const KIB = 1024;
/** Connections under way at the same time. */
const AT_ONCE = 50;
/** Clients that are opened before anything counts. */
const FIRST = 20;

const CONTESTANTS = ['this package, HTTP/2', 'this package, HTTP/1.1', '`ws`, HTTP/1.1'];

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What has been spent, and what is held. */
async function spent() {
  const cpu = cpuSeconds();
  return { cpu, memory: await restingMemory() };
}

/** In a process of its own: takes WebSockets by HTTP/1.1 and by HTTP/2, and tells what that has cost. */
function serve({ leaf }) {
  const http2 = require('http2');
  const { WebSocket, WebSocketServer } = require('ws');
  const server = http2.createSecureServer({
    ...leaf,
    allowHTTP1: true,
    settings: { enableConnectProtocol: true },
  });
  const keep = new Set();
  new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => keep.add(socket));
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 30000 });
    socket.on('error', () => {});
    socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, skipUTF8Validation: false });
    keep.add(socket);
  });
  process.on('message', async () => process.send(await spent()));
  server.listen(0, '127.0.0.1', () => {
    process.send({ port: /** @type {any} */ (server.address()).port });
  });
}

/** Opens one client; resolves to it. */
const OPEN = {
  [CONTESTANTS[0]]: (url, ca) => openOurs(url, { ca, http2: true }),
  [CONTESTANTS[1]]: (url, ca) => openOurs(url, { ca }),
  [CONTESTANTS[2]](url, ca) {
    const { WebSocket } = require('ws');
    const socket = new WebSocket(url, { ca, perMessageDeflate: false });
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(socket));
      socket.on('error', reject);
    });
  },
};

async function openOurs(url, options) {
  const { WebSocketReconnect } = require('..');
  const websocketOptions = { ...options, perMessageDeflate: false };
  const ws = new WebSocketReconnect({ url, websocketOptions, heartbeatInterval: 0 });
  await ws.connect();
  return ws;
}

/** In a process of its own: opens all, and tells what that has cost. */
async function connect({ who, port, ca, count }) {
  const clients = [];
  const openMany = async (most) => {
    while (clients.length < most) {
      const some = Math.min(AT_ONCE, most - clients.length);
      const opening = Array.from({ length: some }, () => OPEN[who](`wss://127.0.0.1:${port}/`, ca));
      clients.push(...(await Promise.all(opening)));
    }
  };
  await openMany(FIRST);
  const before = await spent();
  process.send({ ready: true });
  process.once('message', async () => {
    const from = performance.now();
    const cpu = cpuSeconds();
    await openMany(FIRST + count);
    const ms = performance.now() - from;
    const used = cpuSeconds() - cpu;
    const { memory } = await spent();
    process.send({ ms, cpu: used, memory: memory - before.memory });
  });
}

const ROLES = { serve, connect };

const heard = (child) =>
  new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });

function start(role, task) {
  const child = fork(__filename, [], { execArgv: ['--expose-gc'], env: { ...process.env, ROLE: role } });
  child.send(task);
  return child;
}

/** One measurement: both sides in processes of their own. */
async function measure(who, count) {
  const { leaf, ca } = certificates();
  const server = start('serve', { leaf });
  const { port } = await heard(server);
  const client = start('connect', { who, port, ca, count });
  await heard(client);
  server.send('now');
  const before = await heard(server);
  client.send('now');
  const ours = await heard(client);
  server.send('now');
  const after = await heard(server);
  client.kill();
  server.kill();
  return {
    ms: ours.ms,
    cpu: ours.cpu,
    memory: ours.memory / count / KIB,
    serverCpu: after.cpu - before.cpu,
    serverMemory: (after.memory - before.memory) / count / KIB,
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function run([count = 1000, rounds = 3]) {
  const results = new Map(CONTESTANTS.map((who) => [who, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const who of CONTESTANTS) results.get(who).push(await measure(who, count));
  }
  console.log(`${count} clients of one server over TLS, Node ${process.versions.node}\n`);
  console.log(
    '| | all open, ms | CPU of the client, s | of the server, s | memory of the client, KiB each | of the server, KiB each |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const [who, all] of results) {
    const of = (name, digits) => median(all.map((one) => one[name])).toFixed(digits);
    const cells = [of('ms', 0), of('cpu', 2), of('serverCpu', 2), of('memory', 1), of('serverMemory', 1)];
    console.log(`| ${who} | ${cells.join(' | ')} |`);
  }
}

if (process.env.ROLE) process.once('message', ROLES[process.env.ROLE]);
else run(process.argv.slice(2).map(Number));

'use strict';

/**
 * What is about addresses, in a network where packets to 10.0.0.0/8 get lost and DNS is at 127.0.0.1. Runs the function that
 * is named, and prints what it returns as JSON.
 */
const { execFileSync } = require('child_process');
const dgram = require('dgram');
const { readFileSync, readdirSync } = require('fs');
const https = require('https');
const { certificates } = require('../peer/certificates.js');
const { WebSocketReconnect } = require('../subject.js');
const { heard } = require('../support/waiting.js');
const { echo, real } = require('../support/ws-servers.js');

const DEAD = '10.255.255.1';
const LATE = '10.9.9.9';

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ip = (...args) => execFileSync('ip', args);
const threads = () => readdirSync('/proc/self/task').length;

const make = (url, websocketOptions, more) =>
  new WebSocketReconnect({
    url,
    maxRetries: 0,
    websocketOptions: { perMessageDeflate: false, ...websocketOptions },
    ...more,
  });

/** How many ms a client takes to open, or with what code it fails. */
async function opening(url, websocketOptions) {
  const ws = make(url, websocketOptions);
  const started = Date.now();
  const ended = new Promise((resolve) => {
    ws.on('open', () => resolve({ ms: Date.now() - started }));
    ws.on('error', ({ code }) => resolve({ code, ms: Date.now() - started }));
  });
  ws.connect();
  const end = await ended;
  ws.close();
  return end;
}

/** A DNS server that never answers: the queries that it has had, by name. */
async function silentServer() {
  const queries = {};
  const server = dgram.createSocket('udp4');
  server.on('message', (query) => {
    const first = query.toString('latin1', 13, 13 + query[12]);
    queries[first] = (queries[first] || 0) + 1;
  });
  await new Promise((resolve) => server.bind(53, '127.0.0.1', resolve));
  server.unref();
  return queries;
}

/** Has clients look for hosts of these names until that has begun. */
async function hang(names, queries) {
  for (const name of names) make(`ws://${name}.hangs.test/`).connect();
  const distinct = [...new Set(names)].slice(0, 4);
  while (!distinct.every((name) => queries[name])) await wait(5);
}

/** How long others take to look their hosts up while look-ups hang: one, three, and more than there are threads. */
async function silentDns() {
  const { port } = new URL(await echo());
  const url = `ws://localhost:${port}/`;
  await opening(url);
  const before = threads();
  const queries = await silentServer();
  await hang(Array(20).fill('one'), queries);
  const besideOne = await opening(url);
  const queriesOfOne = queries.one;
  const threadsForOne = threads() - before;
  await hang(['two', 'three'], queries);
  const besideThree = await opening(url);
  for (let i = 0; i < 20; i += 1) make(`ws://more${i}.hangs.test/`).connect();
  const besideMany = await opening(url);
  return { besideOne, queriesOfOne, threadsForOne, besideThree, besideMany, threads: threads() - before };
}

/** What `lookup` answers with these addresses. */
const found = (addresses) => (_host, _options, callback) =>
  callback(
    null,
    addresses.map((address) => ({ address, family: 4 })),
  );

/** A host of which the first address is dead and the second alive. */
async function deadAddress() {
  const { port } = new URL(await echo());
  const url = `ws://host.test:${port}/`;
  const lookup = found([DEAD, '127.0.0.1']);
  return {
    raced: await opening(url, { lookup }),
    later: await opening(url, { lookup, autoSelectFamilyAttemptTimeout: 700 }),
    alone: await opening(url, { lookup, autoSelectFamily: false, handshakeTimeout: 1000 }),
  };
}

/** A host of which the first address answers late, and the second never. */
async function lateAddress() {
  const { port } = new URL(await echo({ host: '0.0.0.0' }));
  const opens = opening(`ws://host.test:${port}/`, { lookup: found([LATE, DEAD]) });
  await wait(500);
  ip('addr', 'add', `${LATE}/32`, 'dev', 'lo');
  return opens;
}

/** The connections that the system has to an address. */
function connectionsTo(address) {
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  const remote = bytes.reverse().join('').toUpperCase();
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => (line.trim().split(/\s+/)[2] || '').startsWith(`${remote}:`)).length;
}

/** A server that speaks TLS: its port. */
async function secureServer() {
  const server = https.createServer(certificates().leaf);
  await heard(server.listen(0, '0.0.0.0'), 'listening');
  new real.WebSocketServer({ server }).on('connection', (socket) => socket.on('error', () => {}));
  return server.address().port;
}

/**
 * How long the system keeps connections to a peer that is gone: with a heartbeat, by TLS too, with one that is set once the
 * connection is open, and without. At most 5 s are waited.
 */
async function deadPeer() {
  const { port } = new URL(await echo({ host: '0.0.0.0' }));
  const url = `ws://${LATE}:${port}/`;
  const byTls = `wss://${LATE}:${await secureServer()}/`;
  const beat = { heartbeatInterval: 300, heartbeatTimeout: 200 };
  const none = { heartbeatInterval: 0 };
  const cases = {
    beating: [url, beat, {}],
    secure: [byTls, beat, {}],
    assigned: [url, none, beat],
    silent: [url, none, {}],
  };
  const kept = {};
  const ways = { localAddress: '127.0.0.1', rejectUnauthorized: false };
  for (const [name, [where, given, assigned]] of Object.entries(cases)) {
    ip('addr', 'add', `${LATE}/32`, 'dev', 'lo');
    const ws = make(where, ways, given);
    ws.on('error', () => {});
    await ws.connect();
    Object.assign(ws, assigned);
    ip('addr', 'del', `${LATE}/32`, 'dev', 'lo');
    ws.send('lost');
    if (name === 'silent') ws.terminate();
    const started = Date.now();
    while (connectionsTo(LATE) > 0 && Date.now() - started < 5000) await wait(20);
    kept[name] = Date.now() - started;
  }
  return kept;
}

const run = { silentDns, deadAddress, lateAddress, deadPeer }[process.argv[2]];
run().then((result) => {
  console.log(JSON.stringify(result));
  process.exit();
});

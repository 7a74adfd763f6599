'use strict';

/*
 * One measurement in a process of its own: fork(measure.js, [what, peer, url, count]). It sends its
 * result over IPC and ends.
 */

const PEERS = { native: '../index.js', skill: './peers/skill.js' };

/** Connections under way at the same time while many are opened. */
const AT_ONCE = 50;

const [what, peer, url, count] = process.argv.slice(2);
const { WebSocketReconnect } = require(PEERS[peer]);

/** A client that is open, and how long that took from `connect()` to `open`, in µs. */
function open(options) {
  return new Promise((resolve, reject) => {
    const client = new WebSocketReconnect({ url, maxRetries: 0, ...options });
    client.on('error', reject);
    let began = 0n;
    client.on('open', () => resolve({ client, took: Number(process.hrtime.bigint() - began) / 1000 }));
    began = process.hrtime.bigint();
    client.connect().catch(reject);
  });
}

function closed(client) {
  return new Promise((resolve) => {
    client.on('close', resolve);
    client.close();
  });
}

/** The median time from `connect()` to `open` in µs, one connection after the other. */
async function timeToOpen(connections) {
  const warmUp = Math.ceil(connections / 4);
  const times = [];
  for (let i = 0; i < warmUp + connections; i += 1) {
    const { client, took } = await open();
    await closed(client);
    if (i >= warmUp) times.push(took);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

/** The resident memory in bytes, once it has come to rest. */
async function restingMemory() {
  let before = Infinity;
  let now = process.memoryUsage().rss;
  for (let i = 0; i < 20 && Math.abs(now - before) > 64 * 1024; i += 1) {
    global.gc();
    await new Promise((resolve) => setTimeout(resolve, 100));
    before = now;
    now = process.memoryUsage().rss;
  }
  return now;
}

/**
 * The resident memory in bytes that each of many idle connections costs. What is paid once (threads,
 * code, buffers) is shared out among them; loading the modules is not counted.
 */
async function memoryPerConnection(connections) {
  const before = await restingMemory();
  const clients = [];
  while (clients.length < connections) {
    const some = Math.min(AT_ONCE, connections - clients.length);
    const opened = await Promise.all(Array.from({ length: some }, () => open()));
    for (const { client } of opened) clients.push(client);
  }
  const after = await restingMemory();
  return (after - before) / clients.length;
}

/** Blocks JavaScript for `ms`, and tells when that was: the server has counted the heartbeats. */
async function blockedWindow(ms) {
  await open({ heartbeatInterval: 100, heartbeatTimeout: 1000 });
  const from = Date.now();
  while (Date.now() - from < ms);
  return { from, to: from + ms };
}

const MEASUREMENTS = { timeToOpen, memoryPerConnection, blockedWindow };

MEASUREMENTS[what](Number(count)).then(
  (result) => process.send({ result }, () => process.exit()),
  (error) => process.send({ failed: error.stack }, () => process.exit(1)),
);

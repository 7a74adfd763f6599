'use strict';

/*
 * Three processes collect from twelve streams; one of them is killed, and the others take over.
 *
 *   node examples/fleet/run.js [redis://…]
 *
 * Without a place it starts the redis-server of the PATH, with a port and a folder of its own.
 */

const { execFileSync, fork, spawn } = require('child_process');
const { once } = require('events');
const { existsSync, mkdtempSync, rmSync } = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { startStreamServer } = require('../servers/stream-server.js');

const STREAMS = Array.from({ length: 12 }, (_, i) => `stream-${i + 1}`);
/** Longest wait for anything here, in ms. */
const PATIENCE = 20000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, check) {
  const end = Date.now() + PATIENCE;
  while (!check()) {
    if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE} ms`);
    await sleep(20);
  }
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  server.close();
  return port;
}

/** A Redis that is gone with this process. */
async function startRedis() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fleet-example-'));
  const port = await freePort();
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', ''].map(String);
  const child = spawn('redis-server', args, { stdio: 'ignore' });
  child.on('error', (error) => {
    console.error(`${error.message}: install redis-server, or name a Redis: run.js redis://…`);
    process.exit(1);
  });
  process.on('exit', () => {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  return `redis://127.0.0.1:${port}`;
}

/** Begins a collector, which keeps what it has and what it took. */
function startCollector(redisUrl, url) {
  const child = fork(path.join(__dirname, 'collector.js'), [redisUrl, url, ...STREAMS]);
  const collector = { child, keys: [], took: new Set() };
  child.on('message', (message) => {
    if (message.keys) collector.keys = message.keys;
    else collector.took.add(message.stream);
  });
  return collector;
}

/** Whether each stream belongs to one collector, which has a message of it. */
function areCollected(collectors) {
  const keys = collectors.flatMap((one) => one.keys);
  return (
    keys.length === STREAMS.length &&
    new Set(keys).size === STREAMS.length &&
    collectors.every((one) => one.keys.every((key) => one.took.has(key)))
  );
}

function show(collectors) {
  for (const { child, keys } of collectors)
    console.log(`  process ${child.pid}: ${keys.join(' ') || 'none'}`);
}

async function main([given]) {
  if (!existsSync(path.join(__dirname, 'node_modules'))) {
    execFileSync('npm', ['ci', '--silent', '--no-audit', '--no-fund'], { cwd: __dirname, stdio: 'inherit' });
  }
  const redisUrl = given || (await startRedis());
  const server = await startStreamServer();
  const collectors = [1, 2, 3].map(() => startCollector(redisUrl, server.url));
  await until('each stream has one collector', () => areCollected(collectors));
  console.log('Each stream is collected once:');
  show(collectors);
  const gone = collectors.reduce((most, one) => (one.keys.length > most.keys.length ? one : most));
  const rest = collectors.filter((one) => one !== gone);
  const killedAt = Date.now();
  gone.child.kill('SIGKILL');
  console.log(`Process ${gone.child.pid} is killed`);
  await until('the others take over', () => areCollected(rest));
  console.log(`Each stream is collected once again, after ${((Date.now() - killedAt) / 1000).toFixed(1)} s:`);
  show(rest);
  const ends = rest.map(({ child }) => once(child, 'exit'));
  for (const { child } of rest) child.kill('SIGTERM');
  await Promise.all(ends);
  server.stop();
}

main(process.argv.slice(2)).then(
  () => process.exit(),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);

'use strict';

// Servers of Redis for the tests, each with a port and a folder of its own.

const { execFileSync, spawn } = require('child_process');
const { once } = require('events');
const { mkdtempSync, rmSync } = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { until } = require('../../support/waiting.js');

const made = new Set();

process.on('exit', () => {
  for (const { child } of made) child.kill('SIGKILL');
});

/** Whether nobody listens at a port. */
async function isFree(port) {
  const server = net.createServer();
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  );
  server.listen(port, '127.0.0.1');
  if (!(await listening)) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** A free port with a free one 10000 above it, which a node of a Cluster listens at too. */
async function freePort() {
  for (;;) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    if ((await isFree(port)) && (await isFree(port + 10000))) return port;
  }
}

class RedisServer {
  constructor(options = []) {
    this.options = options;
    this.port = 0;
  }

  async start() {
    this.port = this.port || (await freePort());
    this.folder = this.folder || mkdtempSync(path.join(os.tmpdir(), 'wsr-redis-'));
    const own = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.folder];
    const args = [...own, '--save', '', '--appendonly', 'no', ...this.options].map(String);
    this.child = spawn('redis-server', args, { stdio: 'ignore' });
    made.add(this);
    await until(() => this.cli('ping') === 'PONG');
    return this;
  }

  /** What a command answers, or undefined where nobody does. */
  cli(...args) {
    try {
      const all = ['-p', String(this.port), ...args.map(String)];
      return execFileSync('redis-cli', all, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 5000,
      }).trim();
    } catch (_error) {
      return undefined;
    }
  }

  /** How many scripts it has run. */
  scriptCalls() {
    const calls = [...this.cli('info', 'commandstats').matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)];
    return calls.reduce((sum, [, count]) => sum + Number(count), 0);
  }

  pause() {
    this.child.kill('SIGSTOP');
  }

  resume() {
    this.child.kill('SIGCONT');
  }

  /** Ends it with all that it knows. */
  async kill() {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
}

/** Three nodes of a Cluster. */
async function startCluster() {
  const nodes = [0, 1, 2].map(
    () => new RedisServer(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']),
  );
  for (const node of nodes) await node.start();
  const places = nodes.map(({ port }) => `127.0.0.1:${port}`);
  execFileSync('redis-cli', ['--cluster', 'create', ...places, '--cluster-yes'], { stdio: 'ignore' });
  await until(() => nodes.every((node) => /cluster_state:ok/.test(node.cli('cluster', 'info'))));
  return nodes;
}

async function endServers() {
  for (const server of made) {
    await server.kill();
    rmSync(server.folder, { recursive: true, force: true });
  }
}

module.exports = { RedisServer, endServers, startCluster };

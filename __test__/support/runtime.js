'use strict';

const { spawn, spawnSync } = require('child_process');
const path = require('path');
const { DUE_MS } = require('./deadlines.js');

const { deno, bun, node } = process.versions;

/** A user that has no other process: one of its own for each that runs tests. */
const NOBODY = 60000 + (process.pid % 5000);

/** The runtime that runs this test: 'node', 'bun' or 'deno', and Node's major version, or that it imitates. */
const runtime = { name: deno ? 'deno' : bun ? 'bun' : 'node', nodeMajor: Number(node.split('.')[0]) };

/** The arguments that make this runtime run a script with a garbage collector that can be called. */
function scriptArguments(script, args, exposeGc) {
  const gc = { node: ['--expose-gc'], bun: [], deno: ['--v8-flags=--expose-gc'] }[runtime.name];
  const run = { node: [], bun: [], deno: ['run', '-A'] }[runtime.name];
  return [...run, ...(exposeGc ? gc : []), script, ...args];
}

/** Makes a network of its own, where packets to 10.0.0.0/8 get lost, and DNS is at 127.0.0.1. */
const NETWORK =
  'ip link set lo up && ip route add 10.0.0.0/8 dev lo src 127.0.0.1 && names=$(mktemp) && echo nameserver 127.0.0.1 > $names' +
  ' && mount --bind $names /etc/resolv.conf && rm $names && exec "$@"';

/** The arguments that run a command there. */
const inNetwork = (command) => ['unshare', '-rnm', 'sh', '-c', NETWORK, 'sh', ...command];

/** Whether this system lets its user have such a network. */
function hasNetworks() {
  const [command, ...args] = inNetwork(['true']);
  return process.platform === 'linux' && spawnSync(command, args).status === 0;
}

/**
 * Runs a script in a process of its own under the same runtime, and waits for its end.
 *
 * Resolves to `{code, signal, stdout, stderr, ms}`. After `deadline` ms it is killed: `code` is null then. With
 * `stays`, it is killed so many ms after the first that it prints; with `until`, once that promise has resolved. `descriptors` is
 * how many it may open, where there is a shell to say so, and `threads` how many threads it may have, as a user of its own:
 * only root can give it one. `ownNetwork`: where `hasNetworks`, it runs in one of its own.
 */
function runScript(script, args = [], options = {}) {
  const {
    env = {},
    exposeGc = false,
    deadline = DUE_MS,
    stays,
    until,
    flags = [],
    descriptors = 0,
    threads = 0,
    ownNetwork = false,
  } = options;
  const started = Date.now();
  let command = [process.execPath, ...flags, ...scriptArguments(script, args, exposeGc)];
  if (descriptors > 0) command.unshift('sh', '-c', `ulimit -n ${descriptors} && exec "$@"`, 'sh');
  // The word for it differs by shell.
  const limit = `ulimit -u ${threads} 2>/dev/null || ulimit -p ${threads}`;
  if (threads > 0) command.unshift('sh', '-c', `{ ${limit}; } && exec "$@"`, 'sh');
  if (ownNetwork) command = inNetwork(command);
  const child = spawn(command[0], command.slice(1), {
    ...(threads > 0 && { uid: NOBODY, gid: NOBODY, cwd: '/' }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const kill = () => child.kill('SIGKILL');
  let timer = setTimeout(kill, deadline);
  if (until) until.then(kill, kill);
  if (stays !== undefined) {
    child.stdout.once('data', () => {
      clearTimeout(timer);
      timer = setTimeout(kill, stays);
    });
  }
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, ms: Date.now() - started });
    });
  });
}

/** Keeps this thread busy. */
function block(ms) {
  const end = Date.now() + ms;
  while (Date.now() < end);
}

/** A script of `__test__/life`. */
const program = (name) => path.join(__dirname, '..', 'life', name);

module.exports = { runtime, runScript, hasNetworks, program, block };

#!/usr/bin/env node
'use strict';

/*
 * Compares this package with other clients. What is measured is in rows.js, by whom in contestants.js.
 *
 *   npm run bench [-- OPTION …]
 *
 *   --quick           a glance in less than a minute: shows that it runs, and writes nothing
 *   --only=REGEX      the rows whose name it matches; --skill is those beside the skill
 *   --peers=A,B       these alone: native, ws, bufferutil, node22, websocket, bun, rust, skill, unhooked, watched
 *   --rounds=N        instead of 5
 *   --duration=MS     of each measurement, instead of 200
 *   --memory          what a client weighs, part by part, in place of the rows; writes that into docs/performance/
 *
 * A whole run, with no option, writes docs/performance/.
 */

const { spawn, spawnSync } = require('child_process');
const { mkdtempSync, rmSync } = require('fs');
const os = require('os');
const path = require('path');
const { PEERS, prepare, rust } = require('./contestants.js');
const { weighAll } = require('./memory.js');
const { document, results, table } = require('./report.js');
const { MEASUREMENTS } = require('./rows.js');

const FULL = { rounds: 5, warmUp: 100, duration: 200 };
const QUICK = { rounds: 1, warmUp: 20, duration: 40 };

/** How long one measurement may take, in ms. */
const PATIENCE = 60000;

/** Files that a connection needs beside those that are measured. */
const SPARE_FILES = 200;

function readOptions(args) {
  const options = { only: /^/, peers: Object.keys(PEERS), whole: args.length === 0 };
  const plan = { ...(args.includes('--quick') ? QUICK : FULL) };
  for (const arg of args) {
    const [name, value] = arg.split(/=(.*)/s);
    if (name === '--only' && value) options.only = new RegExp(value);
    else if (name === '--peers' && value) options.peers = value.split(',');
    else if (name === '--rounds' && Number(value) >= 1) plan.rounds = Number(value);
    else if (name === '--duration' && Number(value) >= 1) plan.duration = Number(value);
    else if (name === '--skill' && !value) options.only = /^skill/;
    else if (name === '--quick' && !value) options.quick = true;
    else if (name === '--memory' && !value) options.memory = true;
    else
      throw new Error(
        `${arg}: the options are --quick, --skill, --memory, --only=, --peers=, --rounds=, --duration=`,
      );
  }
  const unknown = options.peers.find((peer) => !(peer in PEERS));
  if (unknown) throw new Error(`no peer ${unknown}; there are ${Object.keys(PEERS).join(', ')}`);
  return { ...options, plan };
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'wsr-bench-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** A process, with what it has printed so far, and its end. */
function start(command, args, options) {
  const child = spawn(command, args, options);
  children.add(child);
  const started = { child, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      started[name] += text;
    });
  }
  started.ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code === null ? signal : code));
  }).finally(() => children.delete(child));
  return started;
}

/** A server for each measurement: none pays for what another left behind. */
async function withServer(use) {
  const ca = path.join(folder, 'ca.pem');
  const server = start(rust(), ['server', ca]);
  const ready = new Promise((resolve) => {
    server.child.stdout.on('data', () => server.stdout.includes('\n') && resolve('ready'));
  });
  if ((await Promise.race([ready, server.ended])) !== 'ready')
    throw new Error(`the server: ${server.stderr}`);
  try {
    return await use({ ...JSON.parse(server.stdout), ca });
  } catch (error) {
    throw new Error(`${error.message.trim()}\n${server.stderr}`.trim());
  } finally {
    server.child.stdin.end();
    await server.ended;
  }
}

/** The result of one peer's process. */
function measure({ command: [program, ...args], env }, task) {
  return withServer(async ({ ws, wss, ca }) => {
    const { path, secure, deflate, ...rest } = task;
    const url = `${secure ? `wss://127.0.0.1:${wss}` : `ws://127.0.0.1:${ws}`}${path}${deflate ? '&deflate=1' : ''}`;
    const trust = secure ? { NODE_EXTRA_CA_CERTS: ca } : {};
    const client = start(program, [...args, JSON.stringify({ ...rest, url, ca: secure ? ca : undefined })], {
      env: { ...process.env, ...trust, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const late = setTimeout(() => client.child.kill('SIGKILL'), PATIENCE);
    const code = await client.ended.finally(() => clearTimeout(late));
    if (code !== 0) throw new Error(`ended with ${code}: ${client.stderr || client.stdout}`);
    return JSON.parse(client.stdout);
  });
}

/** Why a task is not for a peer, if it is not. */
function obstacle(peer, task) {
  const cannot = peer.cannot(task);
  if (cannot) return cannot;
  if (process.platform === 'win32') return undefined;
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  const files = stdout.trim() === 'unlimited' ? Infinity : Number(stdout);
  if ((task.connections || 0) + SPARE_FILES > files)
    return `no process may open more than ${files} files here`;
  return undefined;
}

/**
 * The results of all peers, who take turns in each round; another one begins each time, so that a machine that slows
 * down slows all of them.
 */
async function takeTurns(peers, task, rounds) {
  const found = {};
  const missing = {};
  for (const [key, peer] of Object.entries(peers)) {
    const why = obstacle(peer, task);
    if (why) missing[key] = why;
    else found[key] = [];
  }
  for (let round = 0; round < rounds; round += 1) {
    const keys = Object.keys(found);
    for (const key of [...keys.slice(round % keys.length), ...keys.slice(0, round % keys.length)]) {
      try {
        found[key].push(await measure(peers[key], task));
      } catch (error) {
        delete found[key];
        missing[key] = error.message.trim();
        console.error(`${peers[key].title}: ${missing[key]}`);
        process.exitCode = 1;
      }
    }
  }
  return { found, missing };
}

async function main() {
  const { memory, only, peers: keys, plan, quick, whole } = readOptions(process.argv.slice(2));
  if (memory) {
    const weighed = prepare(['native', 'ws']);
    await weighAll((key, task) => measure(weighed[key], task), machine(), Math.min(plan.rounds, 3));
    return;
  }
  const peers = prepare(keys);
  const began = Date.now();
  const rows = [];
  for (const { task, rows: all, peers: some = keys.filter((key) => !PEERS[key].named) } of MEASUREMENTS) {
    const wanted = all.filter(({ name }) => only.test(name));
    if (wanted.length === 0) continue;
    const { quick: less, rounds = plan.rounds, ...usual } = task;
    const chosen = Object.fromEntries(
      some.filter((key) => keys.includes(key)).map((key) => [key, peers[key]]),
    );
    const turns = { warmUp: plan.warmUp, duration: plan.duration, ...usual, ...(quick ? less : {}) };
    const taken = await takeTurns(chosen, turns, Math.min(rounds, plan.rounds));
    for (const row of wanted) rows.push(results(row, taken));
    process.stderr.write(`${rows.length} rows, ${((Date.now() - began) / 1000).toFixed(0)} s\r`);
  }
  const titles = Object.fromEntries(Object.entries(peers).map(([key, { title }]) => [key, title]));
  const run = { machine: machine(), plan, titles, rows };
  console.log(table(run));
  console.log(`${((Date.now() - began) / 1000).toFixed(0)} s in all.`);
  if (whole && !process.exitCode) document(run);
}

function machine() {
  const [{ model }, ...others] = os.cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processors: `${others.length + 1} × ${model}`,
  };
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});

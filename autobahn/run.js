'use strict';

// Runs the Autobahn Testsuite against this package and `ws`, and prints the verdicts by section.
// Usage: run.js [native] [ws]. Exits with 1 where this package fails a case or passes one non-strictly.

const { fork, spawn, spawnSync } = require('child_process');
const { once } = require('events');
const { existsSync } = require('fs');
const { createServer } = require('net');
const path = require('path');

const SUITE = path.join(__dirname, '..', '.tools', 'autobahn');
const SHARDS = 2;
const VERDICTS = ['OK', 'NON-STRICT', 'INFORMATIONAL', 'FAILED'];

function prepare() {
  if (existsSync(path.join(SUITE, 'py3'))) return;
  const { status } = spawnSync(path.join(__dirname, 'prepare'), [SUITE], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The Autobahn Testsuite cannot be installed');
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function startServer() {
  const port = await freePort();
  const python = path.join(SUITE, 'venv', 'bin', 'python');
  const server = spawn(python, [path.join(__dirname, 'server.py'), String(port), path.join(SUITE, 'py3')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let printed = '';
  await new Promise((resolve, reject) => {
    server.once('exit', () => reject(new Error(`The suite's server ended: ${printed}`)));
    // It prints every case, so its output is read to the end.
    server.stdout.on('data', (chunk) => {
      printed += chunk;
      if (/cases/.test(printed)) resolve();
    });
  });
  return { server, url: `ws://127.0.0.1:${port}` };
}

/** Runs the cases that `next` tells the numbers of, one after the other. */
async function runShard(name, next) {
  const { server, url } = await startServer();
  try {
    const client = fork(path.join(__dirname, 'client.js'), [name, url], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    client.on('message', () => client.send(next()));
    let output = '';
    client.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const [status] = await once(client, 'close');
    if (status !== 0) throw new Error(`The client of ${name} ended with ${status}`);
    return JSON.parse(output);
  } finally {
    server.kill();
  }
}

/** The worse of how a case behaved and how it closed; closing informs where it need not be strict. */
function verdict({ behavior, behaviorClose }) {
  if (behavior === 'OK' && behaviorClose === 'FAILED') return 'FAILED';
  return behavior;
}

function tabulate(name, cases) {
  const sections = new Map();
  const noted = [];
  for (const [id, result] of Object.entries(cases)) {
    const section = id.split('.')[0];
    const row = sections.get(section) || Object.fromEntries(VERDICTS.map((word) => [word, 0]));
    const word = verdict(result);
    row[word] = (row[word] || 0) + 1;
    sections.set(section, row);
    if (word === 'FAILED' || word === 'NON-STRICT') noted.push(`${id} ${word}`);
  }
  const sum = (word) => [...sections.values()].reduce((total, row) => total + row[word], 0);
  const line = (cells) => console.log(cells.map((cell) => String(cell).padStart(13)).join(''));
  console.log(`\n${name}`);
  line(['section', 'cases', 'passed', 'non-strict', 'informational', 'failed']);
  for (const [section, row] of [...sections].sort(([a], [b]) => a - b)) {
    line([
      section,
      VERDICTS.reduce((total, word) => total + row[word], 0),
      ...VERDICTS.map((word) => row[word]),
    ]);
  }
  line(['all', Object.keys(cases).length, ...VERDICTS.map(sum)]);
  if (noted.length > 0) console.log(`  ${noted.join(', ')}`);
  return {
    passed: sum('OK') + sum('INFORMATIONAL'),
    bad: sum('FAILED') + sum('NON-STRICT'),
    cases: Object.keys(cases).length,
  };
}

async function main(names) {
  prepare();
  for (const name of names) {
    const started = Date.now();
    let number = 0;
    const next = () => ++number;
    const shards = await Promise.all(Array.from({ length: SHARDS }, () => runShard(name, next)));
    const { passed, bad, cases } = tabulate(name, Object.assign({}, ...shards));
    console.log(`  ${Math.round((Date.now() - started) / 1000)} s`);
    if (name !== 'native') continue;
    console.log(`${passed} passed, ${bad} failed`);
    if (bad > 0 || cases < 517) process.exitCode = 1;
  }
}

const asked = process.argv.slice(2);
main(asked.length > 0 ? asked : ['native', 'ws']);

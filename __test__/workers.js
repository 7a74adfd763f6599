'use strict';

// Ends worker threads at random moments, under each of the runtimes: a crash of the process is a failure.
// Usage: workers.js [--count=1000] [--seed=N] [RUNTIME …], for example `workers.js 14 26`; without a
// runtime the one that runs this.

const { spawn } = require('child_process');
const { stopServers } = require('./peer/index.js');
const { ENDINGS, endingsUrls } = require('./support/endings.js');
const { RUNTIMES, bring } = require('../scripts/runtimes.js');

const asked = process.argv.slice(2);
const option = (name, standard) => {
  const given = asked.find((word) => word.startsWith(`--${name}=`));
  return given === undefined ? standard : given.slice(name.length + 3);
};
const count = option('count', '1000');
const seed = option('seed', String(Date.now() % 2 ** 31));
const keys = asked.filter((word) => !word.startsWith('--'));
const unknown = keys.find((key) => !(key in RUNTIMES));
if (unknown) throw new Error(`no runtime ${unknown}; there are ${Object.keys(RUNTIMES).join(', ')}`);

function commandOf(key) {
  const { name, command } = bring(key);
  const [program, ...args] = command;
  return { name, program, args };
}

async function end({ name, program, args }) {
  const urls = await endingsUrls();
  const started = Date.now();
  const child = spawn(program, [...args, ENDINGS, urls, count, seed], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const { code, signal } = await new Promise((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  await stopServers();
  const fine = code === 0 && stdout.trim() === 'done';
  const ended = fine ? 'all ended' : `FAILED: ${signal || `exit code ${code}`}\n${stdout}${stderr}`;
  console.log(
    `${name.padEnd(13)} ${count} workers, seed ${seed}: ${ended}  (${Math.round((Date.now() - started) / 1000)} s)`,
  );
  return fine;
}

(async () => {
  const own = { name: 'this runtime', program: process.execPath, args: [] };
  const results = [];
  for (const runtime of keys.length > 0 ? keys.map(commandOf) : [own]) results.push(await end(runtime));
  const failed = results.filter((fine) => !fine).length;
  console.log(`\n${results.length - failed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
})();

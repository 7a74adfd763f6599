#!/usr/bin/env node
'use strict';

/*
 * The ratio of this package to the JavaScript skill on `ws` (bench/peers/skill.js).
 *
 *   node bench/compare-skill.js [--quick]
 *
 * Each measurement runs in its own process, against a server in another; the two peers take turns, and
 * who begins changes from round to round, so that a machine that slows down slows both. Takes under
 * 90 s, and under 60 s with --quick, where it usually takes 10.
 */

const { fork } = require('child_process');
const os = require('os');
const path = require('path');
const { ServerProcess } = require('../scripts/demo/server-process.js');
const { within } = require('../scripts/demo/witness.js');

const PEERS = ['native', 'skill'];
const HEARTBEAT_MS = 100;
const CONNECTIONS = 1000;

/** Rounds of each measurement, and what one of them counts. */
const FULL = { open: [9, 300], memory: [5, CONNECTIONS], heartbeat: [3, 2000], patience: 90000 };
const QUICK = { open: [3, 100], memory: [1, CONNECTIONS], heartbeat: [1, 1000], patience: 60000 };

/** One measurement in its own process. */
async function measure(what, peer, url, count) {
  const args = [what, peer, url, String(count)];
  const child = fork(path.join(__dirname, 'measure.js'), args, { execArgv: ['--expose-gc'] });
  const told = new Promise((resolve, reject) => {
    child.once('message', ({ result, failed }) => (failed ? reject(new Error(failed)) : resolve(result)));
    child.once('exit', (code) => reject(new Error(`${what} of ${peer} ended with ${code}`)));
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  try {
    return await told;
  } finally {
    process.off('exit', end);
    end();
  }
}

/** The results of both peers over `rounds`, taken in turns. */
async function takeTurns(rounds, one) {
  const results = { native: [], skill: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? PEERS : [...PEERS].reverse();
    for (const peer of order) results[peer].push(await one(peer));
  }
  return results;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** A server for each measurement: none pays for what another left behind. */
async function withServer(use) {
  const server = await ServerProcess.start();
  try {
    return await use(server, `ws://127.0.0.1:${server.port}`);
  } finally {
    await server.kill();
  }
}

function compareOpen([rounds, count]) {
  return takeTurns(rounds, (peer) => withServer((_, url) => measure('timeToOpen', peer, url, count)));
}

function compareMemory([rounds, count]) {
  return takeTurns(rounds, (peer) =>
    withServer((_, url) => measure('memoryPerConnection', peer, url, count)),
  );
}

function compareHeartbeats([rounds, ms]) {
  const due = ms / HEARTBEAT_MS;
  return takeTurns(rounds, (peer) =>
    withServer(async (server, url) => {
      // Half an interval more, so that the last one due does not fall on the end.
      const { from, to } = await measure('blockedWindow', peer, url, ms + HEARTBEAT_MS / 2);
      const kept = (await server.heartbeats()).filter((at) => at > from && at <= to).length;
      return (100 * kept) / due;
    }),
  );
}

function figure(values, unit) {
  const show = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${show(median(values))} ${unit} (${show(low)}–${show(high)})`;
}

function ratio({ native, skill }) {
  const [mine, theirs] = [median(native), median(skill)];
  return theirs === 0 ? '∞' : `${(mine / theirs).toFixed(2)} ×`;
}

function row(title, unit, results, better) {
  return [title, figure(results.native, unit), figure(results.skill, unit), ratio(results), better];
}

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const [head, ...body] = rows;
  console.log(line(head));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const cells of body) console.log(line(cells));
}

async function compare(plan) {
  const began = Date.now();
  const kibibytes = (values) => values.map((value) => value / 1024);

  const opening = await compareOpen(plan.open);
  const memory = await compareMemory(plan.memory);
  const heartbeats = await compareHeartbeats(plan.heartbeat);

  console.log(
    `Node ${process.version}, ${os.cpus().length} × ${os.cpus()[0].model}, ws ${require('ws/package.json').version}`,
  );
  console.log(
    `Medians (lowest–highest) of ${plan.open[0]}, ${plan.memory[0]} and ${plan.heartbeat[0]} rounds.\n`,
  );
  printTable([
    ['', 'this package', 'skill on ws', 'ratio', 'better is'],
    row('connect() to open', 'µs', opening, 'less'),
    row(
      `RSS per idle connection at ${CONNECTIONS}`,
      'KiB',
      { native: kibibytes(memory.native), skill: kibibytes(memory.skill) },
      'less',
    ),
    row(`heartbeats kept while JavaScript is blocked ${plan.heartbeat[1]} ms`, '%', heartbeats, 'more'),
  ]);
  console.log(`\n${((Date.now() - began) / 1000).toFixed(0)} s in all.`);
}

/** Prints the comparison; rejects when it takes longer than it may. */
function compareSkill({ quick }) {
  const plan = quick ? QUICK : FULL;
  return within(compare(plan), 'the end of the comparison', plan.patience);
}

/** Runs the comparison as the command line asks for it. */
async function main(args = process.argv.slice(2)) {
  try {
    await compareSkill({ quick: args.includes('--quick') });
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

if (require.main === module) main();

module.exports = { main };

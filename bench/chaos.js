#!/usr/bin/env node
'use strict';

/*
 * What arrives when the connection is cut again and again: this package beside other clients.
 *
 *   node bench/chaos.js [--quick] [--seed N] [--only NAME]
 *
 * Prints how many messages each client lost, put out of order and doubled; the method is in
 * docs/performance/chaos.md. Fails where this package, asked to deliver at least once, loses a message or puts
 * one out of order. Takes at most 5 minutes, and at most 60 s with --quick.
 */

const { fork } = require('child_process');
const os = require('os');
const path = require('path');
const { within } = require('../lib/cli/demo/witness.js');
const { install } = require('../scripts/tools.js');

/** How many connections a client holds at a time. */
const LINKS = 8;

/** Cuts for each client, and what each may take in ms. */
const FULL = { cuts: 1000, patience: 58000 };
const QUICK = { cuts: 40, patience: 12000 };

/** Each client's name, as chaos/subject.js knows it, with its title. */
const SUBJECTS = {
  'at-least-once': "this package, `delivery: 'at-least-once'`",
  queue: 'this package, `queue: true`',
  'reconnecting-websocket': 'reconnecting-websocket on ws',
  partysocket: 'partysocket on ws',
  skill: 'the skill on ws',
};

/** A child process that is asked by messages, and ends with this one. */
class Child {
  constructor(script, args) {
    this.process = fork(path.join(__dirname, 'chaos', script), args);
    this.end = () => this.process.kill('SIGKILL');
    process.once('exit', this.end);
    this.gone = new Promise((_, reject) => {
      this.process.once('exit', (code, signal) =>
        reject(new Error(`${script} ended with ${code || signal}`)),
      );
    });
    this.gone.catch(() => {});
  }

  /** Resolves to the next message of that kind. */
  told(kind) {
    const message = new Promise((resolve) => {
      const take = (message) => {
        if (!(kind in message)) return;
        this.process.off('message', take);
        resolve(message[kind]);
      };
      this.process.on('message', take);
    });
    return Promise.race([message, this.gone]);
  }

  ask(question, kind) {
    const answer = this.told(kind);
    this.process.send(question);
    return answer;
  }

  stop() {
    process.off('exit', this.end);
    this.end();
  }
}

async function torment(name, seed, { cuts }) {
  const server = new Child('server.js', [String(seed), String(cuts)]);
  let subject;
  try {
    const port = await server.told('listening');
    const done = server.told('done');
    subject = new Child('subject.js', [name, String(port), String(LINKS), String(seed + 1)]);
    const began = Date.now();
    await Promise.race([done, subject.gone]);
    const cutting = Date.now() - began;
    const sent = await subject.ask('finish', 'sent');
    const got = await server.ask('report', 'report');
    return { name, cutting, ...sum(sent, got.links), cuts: got.cuts };
  } finally {
    server.stop();
    if (subject) subject.stop();
  }
}

/** Adds up what was sent and what arrived over all links. */
function sum(sent, links) {
  const total = { sent: 0, refused: 0, lost: 0, disordered: 0, doubled: 0 };
  for (const [link, { accepted, refused }] of Object.entries(sent)) {
    const { unique, disordered, doubled } = links[link] || { unique: 0, disordered: 0, doubled: 0 };
    total.sent += accepted;
    total.refused += refused;
    total.lost += accepted - unique;
    total.disordered += disordered;
    total.doubled += doubled;
  }
  return total;
}

function printTable(results) {
  const rows = [['client', 'sent', 'refused by a throw', 'lost', 'out of order', 'duplicates']];
  for (const { name, sent, refused, lost, disordered, doubled } of results) {
    rows.push([SUBJECTS[name], ...[sent, refused, lost, disordered, doubled].map(String)]);
  }
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  const [head, ...body] = rows;
  console.log(line(head));
  console.log(line(widths.map((width) => '-'.repeat(width))));
  for (const cells of body) console.log(line(cells));
}

function option(args, name) {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

async function main(args = process.argv.slice(2)) {
  const plan = args.includes('--quick') ? QUICK : FULL;
  const seed = Number(option(args, '--seed') || Date.now() % 2 ** 31);
  const only = option(args, '--only');
  install(__dirname);
  const began = Date.now();
  const results = [];
  try {
    for (const name of Object.keys(SUBJECTS).filter((name) => !only || name === only)) {
      results.push(await within(torment(name, seed, plan), `the end of ${name}`, plan.patience));
    }
  } catch (error) {
    console.error(`${error.message}; seed ${seed}`);
    process.exit(1);
  }
  const { reset, end, silence } = results[0].cuts;
  const [cpu] = os.cpus();
  console.log(`Node ${process.version}, ${os.cpus().length} × ${cpu ? cpu.model : 'CPU'}, seed ${seed}`);
  console.log(
    `${plan.cuts} cuts for each client (the first: ${reset} RST, ${end} FIN, ${silence} silences) over ${LINKS} connections.\n`,
  );
  printTable(results);
  console.log(`\n${((Date.now() - began) / 1000).toFixed(0)} s in all.`);
  const faults = results.filter(
    ({ name, lost, disordered }) =>
      (name === 'at-least-once' && lost !== 0) ||
      (name in { queue: 1, 'at-least-once': 1 } && disordered !== 0),
  );
  for (const { name } of faults)
    console.error(`${SUBJECTS[name]} lost messages or their order; seed ${seed}`);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

if (require.main === module) main();

module.exports = { main };

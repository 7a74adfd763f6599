'use strict';

// A herd of clients that are cut off at once, by the policy itself: `npm run simulate -- --clients 10000 --outage 20 --capacity 500`
// prints a table and writes an SVG. `fleet` among the jitters is the first of them under the budget of a fleet.

const { mkdirSync, writeFileSync } = require('fs');
const path = require('path');
const { SlidingWindow } = require('../lib/fleet/sliding-window.js');
const { ROOT } = require('./tools.js');

const JITTERS = ['0.1', 'full', 'equal', 'decorrelated', 'none', 'fleet'];

const DEFAULTS = {
  clients: 10000,
  outage: 20,
  capacity: 500,
  baseDelay: 1000,
  maxDelay: 30000,
  multiplier: 2,
  jitter: JITTERS.join(','),
  seed: 1,
  /** The fleet's budget: so many attempts in any `per` ms; 0: what the server takes in that time. */
  max: 0,
  per: 1000,
  /** What a server does that takes no more: `refuse`, or `timeout` after so many seconds. */
  over: 'refuse',
  limit: 1200,
  svg: path.join('artifacts', 'herd.svg'),
};

function read(args) {
  const given = { ...DEFAULTS };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (!(name in DEFAULTS) || args[i + 1] === undefined) {
      throw new Error(`no option ${args[i]}; there are --${Object.keys(DEFAULTS).join(', --')}`);
    }
    given[name] = typeof DEFAULTS[name] === 'number' ? Number(args[i + 1]) : args[i + 1];
  }
  return given;
}

/** When an attempt may begin under the budget of a fleet. */
function budget({ max, per, capacity }) {
  const window = new SlidingWindow(per);
  return (at) => {
    const begins = window.freeAt(at, max || Math.floor((capacity * per) / 1000));
    window.add(begins);
    return begins;
  };
}

const seconds = (ms) => (ms === undefined ? 'never' : `${(ms / 1000).toFixed(1)} s`);

function table(results) {
  const head = ['jitter', 'half back', '95 % back', 'all back', 'attempts', 'most in 100 ms'];
  const rows = results.map(({ jitter, half, most, all, attempts, worst }) => [
    jitter,
    seconds(half),
    seconds(most),
    seconds(all),
    String(attempts),
    String(worst),
  ]);
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join(
    '\n',
  );
}

async function main() {
  const given = read(process.argv.slice(2));
  const { herd, picture } = await import('../docs/lab/herd.mjs');
  const started = Date.now();
  const results = given.jitter.split(',').map((jitter) => {
    if (jitter !== 'fleet') return herd({ ...given, jitter });
    return { ...herd({ ...given, jitter: JITTERS[0], gate: budget(given) }), jitter };
  });
  console.log(table(results));
  const file = path.resolve(ROOT, given.svg);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, picture(results, given));
  console.log(
    `\n${given.clients} clients, in ${((Date.now() - started) / 1000).toFixed(1)} s; the picture: ${given.svg}`,
  );
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});

'use strict';

const { mkdirSync, writeFileSync } = require('fs');
const path = require('path');
const { SlidingWindow } = require('../fleet/sliding-window.js');

const JITTERS = ['0.1', 'full', 'equal', 'decorrelated', 'none'];
/** Among the jitters: the first of them, under the budget of a fleet. */
const FLEET = 'fleet';

const DEFAULTS = {
  clients: 10000,
  outage: 20,
  capacity: 500,
  baseDelay: 1000,
  maxDelay: 30000,
  multiplier: 2,
  jitter: [...JITTERS, FLEET].join(','),
  seed: 1,
  /** The fleet's budget: so many attempts in any `per` ms; 0: what the server takes in that time. */
  max: 0,
  per: 1000,
  /** What a server does that takes no more: `refuse`, or `timeout` after so many seconds. */
  over: 'refuse',
  limit: 1200,
  /** Where the picture goes; none where it is empty. */
  svg: '',
};

function read(args, defaults) {
  const given = { ...defaults };
  for (let i = 0; i < args.length; i += 2) {
    const name = args[i].replace(/^--/, '');
    if (!(name in defaults) || args[i + 1] === undefined) {
      throw new TypeError(`no option ${args[i]}; there are --${Object.keys(defaults).join(', --')}`);
    }
    given[name] = typeof defaults[name] === 'number' ? Number(args[i + 1]) : args[i + 1];
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

/**
 * Prints what a herd of clients does that is cut off at once, by the policy itself, and draws it where `--svg` says.
 * @throws TypeError for an option that is not known.
 */
async function simulate(args, svg = DEFAULTS.svg) {
  const given = read(args, { ...DEFAULTS, svg });
  const { herd, picture } = await import('../../docs/lab/herd.mjs');
  const started = Date.now();
  const results = given.jitter.split(',').map((jitter) => {
    if (jitter !== FLEET) return herd({ ...given, jitter });
    return { ...herd({ ...given, jitter: JITTERS[0], gate: budget(given) }), jitter };
  });
  console.log(table(results));
  const took = `${given.clients} clients, in ${((Date.now() - started) / 1000).toFixed(1)} s`;
  if (given.svg === '') {
    console.log(`\n${took}`);
    return;
  }
  mkdirSync(path.dirname(given.svg), { recursive: true });
  writeFileSync(given.svg, picture(results, given));
  console.log(`\n${took}; the picture: ${given.svg}`);
}

module.exports = { simulate };

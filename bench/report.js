'use strict';

/* From results to the table, and to docs/performance/. */

const { readFileSync, writeFileSync } = require('fs');
const path = require('path');
const { ROOT } = require('../scripts/tools.js');
const { chart } = require('./chart.js');

const DOCS = path.join(ROOT, 'docs', 'performance');
/** What the other columns are ratios to, where it takes part. */
const BASES = ['ws', 'skill', 'unhooked'];

/** The median of some numbers, with the lowest and the highest. */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { median, low: sorted[0], high: sorted[sorted.length - 1] };
}

/** The row of a value in what the peers measured. A ratio is that of one round, so that a slow round hurts none. */
function results({ name, value, unit, divisor = 1, more = false, goal }, { found, missing }) {
  const base = BASES.find((key) => key in found);
  const peers = {};
  const reasons = { ...missing };
  for (const [key, all] of Object.entries(found)) {
    const values = all.map((result) => result[value]);
    if (values.some((number) => !Number.isFinite(number))) {
      reasons[key] = 'this system does not tell it';
      continue;
    }
    const scaled = values.map((number) => number / divisor);
    peers[key] = { ...spread(scaled), rounds: scaled };
    if (base) peers[key].ratio = spread(values.map((number, round) => number / found[base][round][value]));
  }
  const reached =
    goal && peers.native && peers.native.ratio && reaches(peers.native.ratio.median, more, goal);
  return { name, unit, better: more ? 'more' : 'less', base, goal, reached, peers, missing: reasons };
}

function reaches(ratio, more, goal) {
  const [least, aim] = goal.map((number) => (more ? ratio >= number : ratio <= number));
  if (aim) return 'aim';
  return least ? 'least' : 'no';
}

/** Three digits that count. */
function short(number) {
  if (!Number.isFinite(number)) return '∞';
  if (number >= 999500) return `${short(number / 1e6)} M`;
  if (number >= 9995) return `${short(number / 1e3)} k`;
  return number >= 100 ? number.toFixed(0) : number.toPrecision(3);
}

const figure = (peer, unit) => (peer ? `${short(peer.median)} ${unit}` : '–');

function ratio(peer, base, spread) {
  if (!peer || !peer.ratio || peer === base) return '–';
  const { median, low, high } = peer.ratio;
  return spread ? `${short(median)} (${short(low)}–${short(high)})` : short(median);
}

const REACHED = { aim: 'aim', least: 'yes', no: 'no' };

/** The cells of rows that have the same base. */
function cells(rows, titles, base) {
  const others = Object.keys(titles).filter(
    (key) => key !== 'native' && key !== base && rows.some(({ peers }) => peers[key]),
  );
  const head = ['', 'this package', titles[base] || 'no base', 'ratio', ...others.map((key) => titles[key])];
  const goals = rows.some(({ goal }) => goal) ? ['goal · aim', 'reached'] : [];
  const body = rows.map(({ name, unit, better, peers, goal, reached }) => [
    `${name} ${better === 'more' ? '↑' : '↓'}`,
    figure(peers.native, unit),
    figure(peers[base], unit),
    ratio(peers.native, peers[base], true),
    ...others.map((key) => (base ? ratio(peers[key], peers[base]) : figure(peers[key], unit))),
    ...(goals.length > 0 ? [goal ? goal.join(' · ') : '', goal ? REACHED[reached] || '–' : ''] : []),
  ]);
  return [[...head, ...goals], ...body];
}

function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(rows[0]), line(widths.map((width) => '-'.repeat(width))), ...rows.slice(1).map(line)].join(
    '\n',
  );
}

/** Why cells are empty, each reason once. */
function notes(rows, titles) {
  const found = new Map();
  for (const { name, missing } of rows) {
    for (const [key, why] of Object.entries(missing)) {
      const note = `${titles[key]}: ${why.split('\n')[0]}`;
      found.set(note, [...(found.get(note) || []), name]);
    }
  }
  return [...found].map(([note, names]) => (names.length > 3 ? note : `${note} (${names.join('; ')})`));
}

/** All that a run found, as Markdown. */
function table({ machine, plan, titles, rows }) {
  const { date, node, system, processors } = machine;
  const parts = [
    `${date}, Node ${node}, ${processors}, ${system}. Medians (lowest–highest) of ${plan.rounds} rounds; ↑ more is better, ↓ less is.`,
  ];
  for (const base of [...BASES, undefined]) {
    const some = rows.filter((row) => row.base === base);
    if (some.length > 0) parts.push(markdown(cells(some, titles, base)));
  }
  const empty = notes(rows, titles);
  if (empty.length > 0) parts.push(`Empty cells:\n\n${empty.map((note) => `- ${note}`).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

/** Writes the results, the chart, and the table between its marks. */
function document(run) {
  writeFileSync(path.join(DOCS, 'results.json'), `${JSON.stringify(run, null, 1)}\n`);
  writeFileSync(path.join(DOCS, 'chart.svg'), chart(run));
  insert('table', table(run));
}

/** Writes a text between its marks in the document. */
function insert(name, text) {
  const file = path.join(DOCS, 'README.md');
  const marked = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*(<!-- end of the ${name} -->)`);
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(marked, (_, begin, end) => `${begin}\n${text}\n${end}`),
  );
}

module.exports = { document, insert, markdown, results, spread, table };

'use strict';

/* What a client weighs, part by part: `npm run bench -- --memory`. Its table goes into docs/performance. */

const { insert, markdown, spread } = require('./report.js');

const CONNECTIONS = 1000;

/** Who is weighed, and when. */
const COLUMNS = [
  { title: 'never connected', peer: 'native', task: {} },
  { title: 'open', peer: 'native', task: { opens: true } },
  { title: 'open, each another URL', peer: 'native', task: { opens: true, urls: true } },
  { title: 'open, TLS', peer: 'native', task: { opens: true, secure: true } },
  { title: 'ws, open', peer: 'ws', task: { opens: true } },
  { title: 'ws, open, TLS', peer: 'ws', task: { opens: true, secure: true } },
];

/** The parts of a client in the heap of JavaScript, by the names of their classes. */
const PARTS = {
  WebSocketReconnect: 'the client',
  Handlers: 'its handlers',
  Client: "the engine's client",
  Life: '`life.js`',
  View: '`view.js`',
  Inbox: '`inbox.js`',
  Route: '`route.js`',
  Lifetime: '`lifetime.js`',
  Cutoffs: '`cutoffs.js`',
  Waiters: '`waiters.js`',
  AsyncResource: 'the async context',
};

const TOTALS = {
  heap: "JavaScript's heap in all",
  native: 'allocated natively',
  rss: 'resident memory',
};

const rounded = (number) => (number === undefined ? '–' : String(Math.round(number)));

/** Weighs each column; `measure` is given who and what. Rounds count for all but the parts, which are the same each time. */
async function weigh(measure, rounds) {
  const columns = [];
  for (const { title, peer, task } of COLUMNS) {
    const all = { measure: 'weigh', path: '/idle', connections: CONNECTIONS, ...task };
    const parts = await measure(peer, { ...all, parts: true });
    const totals = [];
    for (let round = 0; round < rounds; round += 1) totals.push(await measure(peer, all));
    columns.push({ title, parts: peer === 'native' ? parts : {}, totals });
  }
  return columns;
}

function table({ date, node, processors, system }, rounds, columns) {
  const body = Object.entries(PARTS).map(([name, shown]) => [
    shown,
    ...columns.map(({ parts }) => rounded(parts[name])),
  ]);
  for (const [name, shown] of Object.entries(TOTALS)) {
    const cell = ({ totals }) => rounded(spread(totals.map((all) => all[name])).median);
    body.push([shown, ...columns.map(cell)]);
  }
  const head = ['bytes of one client', ...columns.map(({ title }) => title)];
  return [
    `${date}, Node ${node}, ${processors}, ${system}. Each of ${CONNECTIONS} clients; medians of ${rounds} rounds.`,
    `${markdown([head, ...body])}\n`,
  ].join('\n\n');
}

/** Weighs, shows the table, and writes it into the document. `measure` is given who is measured, and what. */
async function weighAll(measure, machine, rounds) {
  const text = table(machine, rounds, await weigh(measure, rounds));
  console.log(text);
  insert('weights', text);
}

module.exports = { weighAll };

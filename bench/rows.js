'use strict';

/* What is measured, what of it becomes a row of the table, and the goals. */

/** Messages on their way, not confirmed yet: 1 MiB of small ones, 4 MiB of large ones, and fewer that take long. */
const WINDOWS = { 64: 16384, 1024: 4096, 65536: 64, json: 1024 };

/** The values of a result: their unit, what to divide by, and whether more is better. */
const VALUES = {
  rate: { unit: '/s', more: true },
  cpu: { unit: 'µs' },
  p50: { unit: 'µs' },
  p99: { unit: 'µs' },
  bytes: { unit: 'KiB', divisor: 1024 },
  kept: { unit: '%', more: true },
};

const row = (name, value, goal) => ({ name, value, goal, ...VALUES[value] });

const flood = (kind, size, more) => ({
  measure: 'receive',
  path: `/flood?kind=${kind}&size=${size}`,
  ...more,
});

function sink(kind, size, perTick, more) {
  const window = WINDOWS[kind] || WINDOWS[size];
  return {
    measure: 'send',
    path: `/sink?kind=${kind}&size=${size}&ack=${window / 4}`,
    perTick,
    window,
    ...more,
  };
}

const SECURE = { secure: true };
const DEFLATE = { deflate: true };
const SKILL = ['native', 'skill'];
const CLASSES = ['native', 'ws'];
/** Over connections that Node makes. */
const BY_NODE = ['byNode', 'ws'];
/** With its hooks and nobody who listens, without them, and with subscribers to all channels. */
const SEEN = ['native', 'unhooked', 'watched'];

/** Each measurement with its rows. A goal is the ratio to reach at least, and the one to aim at. */
const MEASUREMENTS = [
  { task: flood('text', 16), rows: [row('receive 16 B text', 'rate', [5, 10])] },
  {
    task: flood('text', 64),
    rows: [
      row('receive 64 B text', 'rate', [4, 6]),
      row('CPU per message, receiving 64 B text', 'cpu', [0.3, 0.15]),
    ],
  },
  { task: flood('binary', 64), rows: [row('receive 64 B binary', 'rate', [4, 6])] },
  { task: flood('text', 1024), rows: [row('receive 1 KiB text', 'rate', [1.5, 2.5])] },
  { task: flood('binary', 1024), rows: [row('receive 1 KiB binary', 'rate', [1.5, 2])] },
  { task: flood('text', 65536), rows: [row('receive 64 KiB text', 'rate', [0.95, 1.2])] },
  { task: flood('binary', 65536), rows: [row('receive 64 KiB binary', 'rate', [0.95, 1.2])] },
  { task: flood('unicode', 64), rows: [row('receive 64 B text beyond ASCII', 'rate')] },
  { task: flood('mixed', 0), rows: [row('receive text of 16 B to 16 KiB', 'rate')] },
  {
    task: flood('text', 64, { connections: 100 }),
    rows: [row('receive 64 B text, 100 connections at once', 'rate')],
  },
  { task: sink('text', 64, 1000), rows: [row('send 64 B text, 1000 a tick', 'rate', [10, 25])] },
  { task: sink('text', 64, 8), rows: [row('send 64 B text, 8 a tick', 'rate', [6, 10])] },
  { task: sink('text', 64, 1), rows: [row('send 64 B text, 1 a tick', 'rate', [3, 4.5])] },
  { task: sink('text', 1024, 8), rows: [row('send 1 KiB text, 8 a tick', 'rate', [4, 8])] },
  { task: sink('text', 65536, 1), rows: [row('send 64 KiB text, 1 a tick', 'rate', [2.5, 5])] },
  {
    task: { measure: 'echo', path: '/echo?size=64' },
    rows: [
      row('echo 64 B, p50', 'p50', [1, 0.9]),
      row('echo 64 B, p99', 'p99', [0.8, 0.4]),
      row('CPU per message, echo 64 B', 'cpu', [0.9, 0.55]),
    ],
  },
  {
    task: { measure: 'idle', path: '/idle', connections: 1000, quick: { connections: 100 } },
    rows: [row('RSS per idle connection, 1,000', 'bytes', [0.6, 0.3])],
  },
  {
    task: { measure: 'idle', path: '/idle', connections: 10000, rounds: 3, quick: { connections: 100 } },
    rows: [row('RSS per idle connection, 10,000', 'bytes', [0.6, 0.3])],
  },
  { task: flood('text', 64, SECURE), rows: [row('wss: receive 64 B text', 'rate', [2, 4])] },
  { task: flood('text', 1024, SECURE), rows: [row('wss: receive 1 KiB text', 'rate', [2, 4])] },
  { task: sink('text', 64, 8, SECURE), rows: [row('wss: send 64 B text, 8 a tick', 'rate', [2, 4])] },
  { task: sink('text', 1024, 8, SECURE), rows: [row('wss: send 1 KiB text, 8 a tick', 'rate', [2, 4])] },
  {
    task: flood('json', 1024, DEFLATE),
    rows: [row('permessage-deflate: receive 1 KiB JSON', 'rate', [1.5, 3])],
  },
  {
    task: sink('json', 1024, 8, DEFLATE),
    rows: [row('permessage-deflate: send 1 KiB JSON, 8 a tick', 'rate', [1.5, 3])],
  },
  {
    peers: CLASSES,
    task: {
      measure: 'beside',
      path: '/echo?size=64',
      flood: '/flood?kind=text&size=100',
      floods: 2,
      handler: 0.1,
      warmUp: 300,
      duration: 2000,
      rounds: 3,
      quick: { duration: 300 },
    },
    rows: [row('fairness: echo beside two floods and a handler of 0.1 ms, p50', 'p50', [1, 0.2])],
  },
  {
    task: {
      measure: 'receive',
      path: '/paced?size=64&rate=100',
      connections: 1000,
      warmUp: 300,
      duration: 500,
      quick: { connections: 100, duration: 100 },
    },
    rows: [row('CPU per message, 1,000 connections × 100 msgs/s', 'cpu', [0.5, 0.25])],
  },
  {
    task: { measure: 'connect', path: '/idle', connections: 32, duration: 500, quick: { duration: 200 } },
    rows: [row('connect, open, close: 32 at once', 'rate', [1.5, 3])],
  },
  { task: { measure: 'open', path: '/idle' }, rows: [row('connect to open, one by one', 'p50')] },
  {
    peers: BY_NODE,
    task: flood('text', 64),
    rows: [row("transport: 'node': receive 64 B text", 'rate')],
  },
  {
    peers: BY_NODE,
    task: flood('binary', 65536),
    rows: [row("transport: 'node': receive 64 KiB binary", 'rate')],
  },
  {
    peers: BY_NODE,
    task: sink('text', 64, 8),
    rows: [row("transport: 'node': send 64 B text, 8 a tick", 'rate')],
  },
  {
    peers: BY_NODE,
    task: { measure: 'echo', path: '/echo?size=64' },
    rows: [row("transport: 'node': echo 64 B, p50", 'p50')],
  },
  {
    peers: SKILL,
    task: { measure: 'open', path: '/idle' },
    rows: [row('skill: connect() to open', 'p50')],
  },
  {
    peers: SKILL,
    task: { measure: 'idle', path: '/idle', connections: 1000, quick: { connections: 100 } },
    rows: [row('skill: RSS per idle connection, 1,000', 'bytes')],
  },
  {
    peers: SKILL,
    task: { measure: 'blocked', path: '/idle', duration: 2000, quick: { duration: 1000 } },
    rows: [row('skill: heartbeats kept while JavaScript is blocked 2 s', 'kept')],
  },
  {
    peers: SEEN,
    task: { measure: 'connect', path: '/idle', connections: 32, duration: 500, quick: { duration: 200 } },
    rows: [
      row('nobody listens: connect, open, close: 32 at once', 'rate'),
      row('nobody listens: CPU of connect, open, close', 'cpu'),
    ],
  },
  { peers: SEEN, task: flood('text', 64), rows: [row('nobody listens: receive 64 B text', 'rate')] },
];

module.exports = { MEASUREMENTS };

'use strict';

// Every option of the class, once. Its checks, its default, its name among the known ones, its property and what
// documents tell of it are made from its row; scripts/option-texts.js has the sentences.

const { MIB, boolean, bytes, choice, group, integer, ms, number } = require('./rows.js');
const { PROXY_TABLE } = require('./proxy-table.js');
const { WEBSOCKET_TABLE } = require('./websocket-table.js');

/** @typedef {import('./rows.js').Row} Row */

/** @type {Row[]} */
const TABLE = [
  ...group('', 'policy', [
    { name: 'url', type: 'url', takes: 'route' },
    { name: 'urls', type: 'urls', takes: 'route' },
    { name: 'protocols', type: 'strings', default: [], secret: true, takes: 'route' },
    { name: 'headers', type: 'headers', secret: true, takes: 'route' },
    {
      name: 'proxy',
      type: 'proxy',
      default: 'env',
      choices: ['env', false],
      off: [false, 'turns it off'],
      secret: true,
      takes: 'route',
    },
    { name: 'websocketOptions', type: 'object', default: {}, secret: true, takes: 'route' },
    integer('maxRetries', 10, 0, { infinite: true, off: [0, 'turns retrying off'] }),
    ms('baseDelay', 1000, { above: 0 }),
    ms('maxDelay', 30000, { above: 0, infinite: true, off: [Infinity, 'turns the cap off'] }),
    number('multiplier', 2, { min: 1, off: [1, 'turns the growth off'] }),
    number('jitter', 0.1, {
      min: 0,
      max: 1,
      choices: ['full', 'equal', 'decorrelated', 'none'],
      off: [0, 'turns it off'],
    }),
    ms('heartbeatInterval', 30000, { min: 0, off: [0, 'turns the heartbeat off'] }),
    ms('heartbeatTimeout', 5000, { above: 0 }),
    { name: 'heartbeatMessage', type: 'text', default: '{"type":"ping"}', secret: true, takes: 'heartbeat' },
    choice('heartbeatMode', ['message', 'ping']),
    { name: 'heartbeatReply', type: 'matcher' },
    boolean('hidePong', false),
    ms('idleTimeout', 0, { min: 0, off: [0, 'turns it off'] }),
    ms('maxEventLoopBlock', 0, { min: 0, off: [0, 'turns it off'] }),
    boolean('detectSleep', true, { off: [false, 'turns it off, wake and network too'] }),
    { name: 'init', type: 'function' },
    { name: 'queue', type: 'object', choices: [true, false], takes: 'nothing' },
    choice('delivery', ['at-most-once', 'at-least-once'], {
      off: ['at-most-once', 'turns it off'],
      takes: 'nothing',
    }),
    bytes('highWaterMark', MIB, { min: 0, infinite: true, off: [Infinity, 'turns it off'], takes: 'marks' }),
    bytes('maxBufferedAmount', Infinity, {
      above: 0,
      infinite: true,
      off: [Infinity, 'turns it off'],
      takes: 'marks',
    }),
    {
      name: 'circuitBreaker',
      type: 'object',
      choices: [false],
      off: [false, 'turns it off'],
      takes: 'circuit',
    },
    choice('failover', ['next', 'random']),
    ms('preferFirst', 0, { min: 0, off: [0, 'turns it off'] }),
    ms('minUptime', 0, { min: 0, off: [0, 'turns it off'] }),
    { name: 'connectGate', type: 'function' },
    {
      name: 'connectRate',
      type: 'object',
      choices: [false],
      off: [false, 'turns it off'],
      takes: 'connects',
    },
    { name: 'shouldReconnect', type: 'function' },
    choice('reconnectOn', ['always', 'transient'], { off: ['always', 'turns it off'] }),
    { name: 'reconnectDelay', type: 'function' },
    ms('maxRetryAfter', 300000, { min: 0, infinite: true, off: [0, 'ignores it'] }),
    ms('connectionTimeout', undefined, {
      min: 0,
      infinite: true,
      off: [0, 'sets no limit'],
      takes: 'route',
    }),
    { name: 'signal', type: 'signal', takes: 'signal' },
    { name: 'webSocket', type: 'function', takes: 'platform' },
    choice('timers', ['page', 'worker'], { takes: 'platform' }),
    choice('whenHidden', ['connect', 'wait'], { off: ['connect', 'turns it off'], takes: 'platform' }),
  ]),
  ...group('circuitBreaker', 'policy', [
    integer('failureThreshold', 5, 1, {
      infinite: true,
      off: [Infinity, 'turns the circuit breaker off, where there is no window'],
    }),
    ms('resetTimeout', 60000, { above: 0 }),
    integer('halfOpenMaxRequests', 3, 1),
    ms('window', 0, { min: 0, off: [0, 'counts failures in a row'] }),
    number('failureRate', 0.5, { min: 0, max: 1 }),
    integer('minimumRequests', 5, 1),
    {
      name: 'scope',
      type: 'name',
      default: 'instance',
      allowed: "'instance', 'host' or a name of your own",
      off: ['instance', 'turns sharing off'],
    },
  ]),
  ...group('connectRate', 'connects', [
    integer('max', Infinity, 1, { infinite: true, off: [Infinity, 'sets no limit'] }),
    ms('per', 1000, { above: 0 }),
    integer('concurrency', Infinity, 1, { infinite: true, off: [Infinity, 'sets no limit'] }),
    { name: 'scope', type: 'name', default: 'host', allowed: "'host' or a name of your own" },
  ]),
  ...PROXY_TABLE,
  ...group('queue', 'nothing', [
    integer('maxMessages', 1000, 1),
    bytes('maxBytes', 16 * MIB, { integer: true, min: 1 }),
    choice('overflow', ['throw', 'drop-oldest', 'drop-newest']),
    ms('ttl', 0, { min: 0, off: [0, 'turns it off'] }),
  ]),
  ...WEBSOCKET_TABLE,
];

/** The argument in which the constructor and methods are given options. */
const ARGUMENT = { name: 'options', path: 'options', type: 'object', default: {}, secret: true };

/** Each row by its path, … */
const ROWS = {};
/** … and those of each group by the path of that. */
const GROUPS = {};
for (const row of TABLE) {
  ROWS[row.path] = row;
  GROUPS[row.group] = GROUPS[row.group] || [];
  GROUPS[row.group].push(row);
}

const rowsOf = (path) => GROUPS[path];

module.exports = { ARGUMENT, ROWS, TABLE, rowsOf };

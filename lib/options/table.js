'use strict';

// Every option of the class, once. Its checks, its default, its name among the known ones, its property and what
// documents tell of it are made from its row; scripts/option-texts.js has the sentences.

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} type What checks it, by its name in check.js.
 * @property {any} [default] What stands for an absent value; some options have none.
 * @property {'ms' | 'bytes'} [unit]
 * @property {number} [above] The bounds of a number: above this one.
 * @property {number} [min] At least this one.
 * @property {number} [max] At most this one.
 * @property {boolean} [integer]
 * @property {boolean} [infinite] Whether `Infinity` is a value too.
 * @property {any[]} [choices] The values that are allowed, besides those of the type where it has some of its own.
 * @property {[any, string]} [off] The value that turns it off, and what that does.
 * @property {string} [allowed] What is allowed, where it cannot be told from the rest of the row.
 * @property {boolean} [ignored] It is checked, and has nothing to tune here.
 * @property {boolean} [secret] No error shows its value.
 * @property {string} [takes] What of the client takes a value that is assigned later; `nothing` and `platform`: it can only be read.
 * @property {string} [group] The path of the option that it lies in; '' is the top.
 * @property {string} [path] The group and the name, as users write them.
 */

const MIB = 1024 * 1024;

const number = (name, standard, rest) => ({ name, type: 'number', default: standard, ...rest });
const ms = (name, standard, rest) => number(name, standard, { unit: 'ms', ...rest });
const bytes = (name, standard, rest) => number(name, standard, { unit: 'bytes', ...rest });
const integer = (name, standard, min, rest) => number(name, standard, { integer: true, min, ...rest });
const boolean = (name, standard, rest) => ({ name, type: 'boolean', default: standard, ...rest });
const choice = (name, choices, rest) => ({ name, type: 'choice', default: choices[0], choices, ...rest });
const string = (name, rest) => ({ name, type: 'string', ...rest });
const blobs = (name) => ({ name, type: 'blobs', secret: true });
const fixed = (name, value) => ({ name, type: 'fixed', default: value });

/** The rows of a group; `takes` is of those that do not say it. */
function group(path, takes, rows) {
  for (const row of rows) {
    row.group = path;
    row.path = path === '' ? row.name : `${path}.${row.name}`;
    row.takes = row.takes || takes;
  }
  return rows;
}

/** @type {Row[]} */
const TABLE = [
  ...group('', 'policy', [
    { name: 'url', type: 'url', takes: 'route' },
    { name: 'urls', type: 'urls', takes: 'route' },
    { name: 'protocols', type: 'strings', default: [], secret: true, takes: 'route' },
    { name: 'headers', type: 'headers', secret: true, takes: 'route' },
    { name: 'websocketOptions', type: 'object', default: {}, takes: 'route' },
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
  ...group('queue', 'nothing', [
    integer('maxMessages', 1000, 1),
    bytes('maxBytes', 16 * MIB, { integer: true, min: 1 }),
    choice('overflow', ['throw', 'drop-oldest', 'drop-newest']),
    ms('ttl', 0, { min: 0, off: [0, 'turns it off'] }),
  ]),
  ...group('websocketOptions', 'route', [
    { name: 'headers', type: 'headers', secret: true },
    string('origin'),
    string('auth', { allowed: "a string 'user:password'", secret: true }),
    ms('handshakeTimeout', 10000, { min: 0, infinite: true, off: [0, 'sets no limit'] }),
    bytes('maxPayload', 100 * MIB, { integer: true, min: 0, off: [0, 'sets no limit'] }),
    boolean('followRedirects', false),
    integer('maxRedirects', 10, 0, { max: 2 ** 32 - 1 }),
    {
      name: 'perMessageDeflate',
      type: 'object',
      default: true,
      choices: [true, false],
      off: [false, 'offers none'],
    },
    ms('closeTimeout', 30000, { min: 0, infinite: true }),
    string('localAddress', { allowed: 'an IP address' }),
    choice('family', [0, 4, 6]),
    string('servername', { allowed: 'a host name' }),
    boolean('rejectUnauthorized', true),
    blobs('ca'),
    blobs('cert'),
    blobs('key'),
    blobs('pfx'),
    string('passphrase', { secret: true }),
    fixed('protocolVersion', 13),
    fixed('allowSynchronousEvents', true),
    fixed('autoPong', true),
    fixed('skipUTF8Validation', false),
  ]),
  ...group('websocketOptions.perMessageDeflate', 'route', [
    boolean('serverNoContextTakeover', false),
    boolean('clientNoContextTakeover'),
    integer('serverMaxWindowBits', undefined, 8, { max: 15, choices: [true, false] }),
    integer('clientMaxWindowBits', undefined, 8, { max: 15, choices: [true, false] }),
    bytes('threshold', 1024, { min: 0, infinite: true }),
    { name: 'zlibDeflateOptions', type: 'object' },
    { name: 'zlibInflateOptions', type: 'object', ignored: true },
    number('concurrencyLimit', undefined, { above: 0, infinite: true, ignored: true }),
  ]),
  ...group('websocketOptions.perMessageDeflate.zlibDeflateOptions', 'route', [
    integer('level', undefined, -1, { max: 9 }),
    integer('memLevel', undefined, 1, { max: 9 }),
    number('chunkSize', undefined, { above: 0, infinite: true, ignored: true }),
  ]),
  ...group('websocketOptions.perMessageDeflate.zlibInflateOptions', 'route', [
    number('chunkSize', undefined, { above: 0, infinite: true, ignored: true }),
  ]),
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

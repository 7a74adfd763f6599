'use strict';

const assert = require('assert');
const { startServer } = require('./peer/index.js');
const { Life } = require('./rules.js');
const { client } = require('./support/clients.js');
const { DUE_MS } = require('./support/deadlines.js');
const { random } = require('./support/random.js');
const { EVENTS } = require('./support/recorder.js');
const { block, runtime } = require('./support/runtime.js');

const seed = Number(process.env.WSR_SEED || Date.now() % 2 ** 31);
const usual = runtime.name === 'node' && runtime.nodeMajor >= 20 ? 1000 : 200;
const lives = Number(process.env.WSR_LIVES || usual);
const AT_A_TIME = 50;
const TIMEOUT_MS = 10 * 60000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a user may do, each with a violation where the call did what it must not. */
const DEEDS = {
  connect: ({ log, promises }) => {
    promises.push(log.call('connect').catch(() => {}));
  },
  send(life) {
    const { state } = life.ws;
    let threw = false;
    try {
      life.ws.send('x'.repeat(life.chance.below(2000)));
    } catch (_error) {
      threw = true;
    }
    if (threw === (state === 'OPEN' || state === 'CONNECTING')) {
      life.violations.push(`send() ${threw ? 'threw' : 'did not throw'} in the state ${state}`);
    }
  },
  close: ({ log, chance }) => log.call('close', chance.of([1000, 3000, 4999]), 'enough'),
  reset: ({ log }) => log.call('reset'),
  openCircuit: ({ log }) => log.call('openCircuit'),
  closeCircuit: ({ log }) => log.call('closeCircuit'),
  handleError: ({ log }) => log.call('handleError', new Error('from outside')),
  retryCount: ({ log, chance }) => log.assign('retryCount', chance.below(3)),
  circuitFailures: ({ log, chance }) => log.assign('circuitFailures', chance.below(3)),
  again({ log, promises }) {
    log.call('reset');
    promises.push(log.call('connect').catch(() => {}));
  },
  block: ({ chance }) => block(chance.below(8)),
};

/** What a user may do to connect anew, besides. */
const ANEW = {
  reconnect({ log, promises }) {
    promises.push(log.call('reconnect', 4000, 'anew').catch(() => {}));
  },
  terminate: ({ log }) => log.call('terminate'),
};
/** What a user may assign, and what to. A name with a dot is one of the circuit breaker's. */
const ASSIGNABLE = {
  url: (chance, url) => `${url}${chance.below(3)}`,
  urls: (chance, url) => [`${url}a`, `${url}b`].slice(chance.below(2)),
  protocols: (chance) => chance.of([[], ['chat']]),
  headers: (chance) => chance.of([undefined, { 'X-Some': 'thing' }]),
  websocketOptions: (chance) => ({ handshakeTimeout: 50 + chance.below(50), closeTimeout: 60 }),
  connectionTimeout: (chance) => chance.of([undefined, 50, 100]),
  failover: (chance) => chance.of(['next', 'random']),
  maxRetries: (chance) => chance.of([0, 1, 5, Infinity]),
  baseDelay: (chance) => 1 + chance.below(20),
  maxDelay: (chance) => 10 + chance.below(30),
  multiplier: (chance) => 1 + chance.next(),
  jitter: (chance) => chance.of([0, 0.5, 'full', 'equal', 'decorrelated', 'none']),
  minUptime: (chance) => chance.of([0, 5, 50]),
  maxRetryAfter: (chance) => chance.of([0, 1000]),
  reconnectOn: (chance) => chance.of(['always', 'transient']),
  shouldReconnect: (chance) => chance.of([undefined, () => true, () => pause(5).then(() => true)]),
  init: (chance) => chance.of([undefined, () => {}, () => pause(5)]),
  reconnectDelay: (chance) => chance.of([undefined, () => null, () => pause(5).then(() => 5)]),
  heartbeatInterval: (chance) => chance.of([0, 10, 30]),
  heartbeatTimeout: (chance) => 20 + chance.below(40),
  heartbeatMessage: (chance) => chance.of(['beat', { type: 'ping' }]),
  heartbeatMode: (chance) => chance.of(['message', 'ping']),
  hidePong: (chance) => chance.below(2) === 0,
  detectSleep: (chance) => chance.below(2) === 0,
  idleTimeout: (chance) => chance.of([0, 0, 30]),
  maxEventLoopBlock: (chance) => chance.of([0, 0, 20]),
  highWaterMark: (chance) => chance.of([1000, Infinity]),
  binaryType: (chance) => chance.of(['nodebuffer', 'arraybuffer']),
  'circuitBreaker.scope': (chance) => chance.of(['instance', 'host', `some ${seed}`, `others ${seed}`]),
  'circuitBreaker.failureThreshold': (chance) => 1 + chance.below(4),
  'circuitBreaker.resetTimeout': (chance) => 5 + chance.below(40),
  'circuitBreaker.halfOpenMaxRequests': (chance) => 1 + chance.below(3),
  'circuitBreaker.window': (chance) => chance.of([0, 50]),
  'circuitBreaker.failureRate': (chance) => chance.next(),
  'circuitBreaker.minimumRequests': (chance) => 1 + chance.below(5),
};

/** What a user may do who assigns. */
const ASSIGNMENTS = {
  assign({ log, chance, url }) {
    const name = chance.of(Object.keys(ASSIGNABLE));
    log.assign(name, ASSIGNABLE[name](chance, url));
  },
  move: ({ log, chance }) => log.assign('circuitBreaker.scope', ASSIGNABLE['circuitBreaker.scope'](chance)),
};

/** Weighted: what users do often is here often. */
const OFTEN = [
  'connect',
  'connect',
  'send',
  'send',
  'send',
  'again',
  'again',
  'block',
  ...Object.keys(DEEDS),
];

/** Functions of the user that answer at once, later, with an error, and at times never. Each `look`s around first. */
function functions(chance, url, look) {
  const some = (where, value, { signal }) => {
    look(where);
    signal.addEventListener('abort', () => look('abort'));
    const way = chance.below(20);
    if (way === 0) throw new Error('thrown');
    if (way === 1) return Promise.reject(new Error('rejected'));
    if (way === 2) return new Promise(() => {});
    return way < 10 ? value : pause(chance.below(15)).then(() => value);
  };
  const later = (where, value) => {
    look(where);
    return chance.below(2) === 0 ? value : pause(chance.below(15)).then(() => value);
  };
  return {
    ...chance.of([
      { url: (context) => some('url', url, context) },
      { urls: [url, `${url}b`], preferFirst: chance.below(100) },
    ]),
    ...chance.of([{}, { headers: (context) => some('headers', { 'X-Some': 'thing' }, context) }]),
    ...chance.of([{}, { init: (session) => some('init', undefined, session) }]),
    ...chance.of([{}, { shouldReconnect: () => later('shouldReconnect', chance.below(10) > 0) }]),
    ...chance.of([{}, { reconnectDelay: () => later('reconnectDelay', chance.of([null, 0, 5, 10.5])) }]),
    ...chance.of([{}, { reconnectOn: 'transient' }]),
    jitter: chance.of(['full', 'equal', 'decorrelated', 'none']),
    connectionTimeout: 100,
  };
}

function settings(chance, url) {
  const maxRetries = chance.of([0, 1, 3, 5, Infinity, Infinity]);
  return {
    url,
    maxRetries,
    baseDelay: 1 + chance.below(20),
    maxDelay: 30,
    jitter: chance.next(),
    heartbeatInterval: chance.of([0, 10, 30]),
    heartbeatTimeout: 20 + chance.below(40),
    circuitBreaker: {
      failureThreshold: 1 + chance.below(4),
      resetTimeout: 5 + chance.below(40),
      halfOpenMaxRequests: 1 + chance.below(3),
    },
    websocketOptions: { handshakeTimeout: 100, closeTimeout: 60 },
  };
}

/** Kinds of users: what they do, what they do often, and what options they give besides. */
const USERS = {
  plain: { deeds: DEEDS, often: OFTEN, more: () => ({}) },
  asked: {
    deeds: { ...DEEDS, ...ANEW },
    often: [...OFTEN, ...Object.keys(ANEW), 'reconnect'],
    more: functions,
  },
  assigning: {
    deeds: { ...DEEDS, ...ANEW, ...ASSIGNMENTS },
    often: [...OFTEN, ...Object.keys(ANEW), ...Array(16).fill('assign'), 'move', 'move', 'move'],
    more: () => ({}),
  },
};

/** Lives one life of chance to its end; gives the rules it broke. */
async function live(number, url, { deeds, often, more }) {
  const chance = random(seed + number);
  const look = (where) => life.log.look(where);
  const options = { ...settings(chance, url), ...more(chance, url, look) };
  if (options.urls) delete options.url;
  const { ws, log } = client(options);
  const life = { ws, log, chance, url, promises: [], violations: [] };
  let inHandlers = 10;
  for (const event of EVENTS) {
    ws.on(event, () => {
      if (inHandlers === 0 || chance.below(20) > 0) return;
      inHandlers -= 1;
      deeds[chance.of(often)](life);
    });
  }

  DEEDS.connect(life);
  for (let i = chance.below(12); i >= 0; i--) {
    await pause(chance.below(40));
    deeds[chance.of(often)](life);
  }

  inHandlers = 0;
  log.call('close');
  const rules = new Life(options);
  let isSettled = false;
  Promise.all(life.promises).then(() => (isSettled = true));
  const deadline = Date.now() + DUE_MS;
  const isOver = () => {
    // A little at a time: a history of many messages takes long to read, and all lives share one thread.
    rules.read(log.events);
    return isSettled && rules.isAtEnd;
  };
  while (!isOver() && Date.now() < deadline) await pause(5);
  if (!isSettled) life.violations.push('a promise never settled');
  // Nothing more is to come.
  await pause(60);

  rules.read(log.events);
  rules.finish();
  const violations = [...life.violations, ...rules.violations];
  return violations.length === 0
    ? []
    : [
        `life ${number} (${JSON.stringify(options)}):`,
        ...violations,
        'in',
        ...log.lines.map((line, i) => `  ${i}: ${line}`),
      ];
}

/** A long list without its middle. */
function shortened(lines) {
  const most = 400;
  return lines.length <= most ? lines : [...lines.slice(0, most / 2), '…', ...lines.slice(-most / 2)];
}

/** Lives many lives; gives the rules that they broke, of which there is to be none. */
async function liveAll(users) {
  const server = await startServer({ chaos: seed });
  const broken = [];
  let next = 0;
  const one = async () => {
    while (next < lives && broken.length === 0) broken.push(...(await live(next++, server.url, users)));
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
  return broken;
}

describe('random lives', () => {
  it(`${lives} of them keep the rules (WSR_SEED=${seed})`, async function () {
    this.timeout(TIMEOUT_MS);
    const broken = await liveAll(USERS.plain);
    assert.strictEqual(broken.length, 0, shortened(broken).join('\n'));
  });

  it(`${lives} of users who say when and where to connect keep them too (WSR_SEED=${seed})`, async function () {
    this.timeout(TIMEOUT_MS);
    const broken = await liveAll(USERS.asked);
    assert.strictEqual(broken.length, 0, shortened(broken).join('\n'));
  });

  it(`${lives} of users who assign whatever can be keep them too (WSR_SEED=${seed})`, async function () {
    this.timeout(TIMEOUT_MS);
    const broken = await liveAll(USERS.assigning);
    assert.strictEqual(broken.length, 0, shortened(broken).join('\n'));
  });
});

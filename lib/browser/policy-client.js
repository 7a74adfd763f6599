'use strict';

// The policy of src/policy/, which `npm run build:browser` has compiled: calls by number, as src/browser.rs takes them.

const { WeakValues } = require('../weakly.js');
const instantiate = require('./policy.js');

const policy = instantiate();
/** The memory of the policy as numbers; another where it has grown. */
let numbers = new Float64Array(0);
let bytes = new Uint8Array(0);

function look() {
  const { buffer } = policy.memory;
  if (numbers.buffer === buffer) return;
  numbers = new Float64Array(buffer, policy.numbers(), 32);
  bytes = new Uint8Array(buffer);
}

/** Hands a text over. It is put into UTF-8 without an encoder, which not every platform has. */
function say(text) {
  const encoded = unescape(encodeURIComponent(text.replace(/[\ud800-\udfff]{1,2}/g, paired)));
  const at = policy.room(encoded.length);
  look();
  for (let i = 0; i < encoded.length; i += 1) bytes[at + i] = encoded.charCodeAt(i);
}

/** Half of a pair of surrogates has no UTF-8. */
const paired = (found) => (/^[\ud800-\udbff][\udc00-\udfff]$/.test(found) ? found : '\ufffd');

/** The text that the policy has said. */
function heard() {
  const [at, length] = [policy.text(), policy.length()];
  look();
  let encoded = '';
  for (let i = at; i < at + length; i += 1) encoded += String.fromCharCode(bytes[i]);
  return decodeURIComponent(escape(encoded));
}

const JITTERS = ['', 'full', 'equal', 'decorrelated'];

/** The settings in their order. */
function put(settings) {
  const { jitter, circuitBreaker } = settings;
  const { failureThreshold, resetTimeout, halfOpenMaxRequests, window } = circuitBreaker;
  const share = typeof jitter === 'number' ? jitter : 0;
  const rate = window === undefined ? { duration: 0, failureRate: 0, minimumRequests: 0 } : window;
  look();
  numbers.set([
    settings.maxRetries,
    settings.baseDelay,
    settings.maxDelay,
    settings.multiplier,
    Math.max(JITTERS.indexOf(jitter), 0),
    share,
    settings.heartbeatInterval,
    settings.heartbeatTimeout,
    Number(settings.judgesReplies),
    settings.idleTimeout,
    Number(settings.detectSleep),
    failureThreshold,
    resetTimeout,
    halfOpenMaxRequests,
    rate.duration,
    rate.failureRate,
    rate.minimumRequests,
    settings.closeTimeout,
    settings.minUptime,
    settings.connectionTimeout,
    Number(settings.reconnectOn === 'transient'),
    Number(settings.asksRoute),
    Number(settings.asksRetry),
    settings.places,
    Number(settings.failover === 'random'),
    settings.preferFirst,
    Number(settings.asksInit),
  ]);
}

/** The facts that the policy is told, by name. */
const INPUT = Object.freeze({
  tick: 0,
  close: 1,
  terminate: 2,
  reset: 3,
  openCircuit: 4,
  closeCircuit: 5,
  countFailure: 6,
  setRetryCount: 7,
  setCircuitFailures: 8,
  setManualClose: 9,
  setCircuit: 10,
  answered: 11,
  judged: 12,
  woke: 13,
  networkChanged: 14,
  awaited: 15,
  routed: 16,
  decided: 17,
  opened: 18,
  refused: 19,
  received: 20,
  lost: 21,
  paused: 22,
  resumed: 23,
  suspected: 24,
  shown: 25,
  initialized: 26,
});

/** An ending whose closing handshake was not whole has its code above this. */
const UNCLEAN = 65536;

const STATES = ['CLOSED', 'CONNECTING', 'OPEN', 'CLOSING', 'BLOCKED', 'FAILED'];
const CIRCUITS = ['CLOSED', 'OPEN', 'HALF-OPEN'];
const GIVE_UPS = ['', 'MAX_RETRIES', 'STOPPED', 'NOT_TRANSIENT', 'INTERNAL'];
const REFUSALS = [
  undefined,
  { code: 'WSR_ERR_CLOSED', message: 'Connection manually closed' },
  { code: 'WSR_ERR_CIRCUIT_OPEN', message: 'Circuit breaker is OPEN' },
  { code: 'WSR_ERR_HALF_OPEN_LIMIT', message: 'Circuit breaker HALF-OPEN limit reached' },
];

/** What the policy has decided, of its number, its numbers and its text: a notice is as src/binding/protocol.rs has it. */
const OUTPUTS = {
  1: (attempt, place, limit) => ({ dial: { attempt, place, limit } }),
  2: () => ({ beat: true }),
  3: () => ({ ping: true }),
  4: (code) => ({ shut: { code, reason: heard() } }),
  5: () => ({ cut: true }),
  6: (code) => ({ leave: { code, reason: heard() } }),
  10: (state) => ({ kind: 'state', state: STATES[state] }),
  11: (state) => ({ kind: 'circuit', state: CIRCUITS[state] }),
  12: (attempt, downtime) => ({ kind: 'open', attempt, downtime: downtime < 0 ? undefined : downtime }),
  13(thrownFor) {
    const [code, ...message] = heard().split('\n');
    return {
      kind: 'error',
      message: message.join('\n'),
      code: code || undefined,
      thrownFor: thrownFor || undefined,
    };
  },
  14: (code, wasClean) => ({
    kind: 'close',
    code: code < 0 ? GIVE_UPS[-code] : code,
    reason: heard(),
    wasClean: wasClean > 0,
  }),
  15: (attempt, delay, maxRetries) => ({ kind: 'retry', attempt, delay, maxRetries }),
  16: () => ({ kind: 'proved' }),
  17: (id, attempt, place) => ({
    kind: 'ask-route',
    id,
    attempt,
    place: place < 0 ? -1 - place : place,
    isReconnect: place < 0,
  }),
  18: (id, attempt, elapsed) => ({ kind: 'ask-retry', id, attempt, elapsed }),
  19: (limit) => ({ kind: 'undecided', limit }),
  20: (slept) => ({ kind: 'wake', slept }),
  21: () => ({ kind: 'network' }),
  22: (connection) => ({ kind: 'was-answered', connection }),
  24: (id, afterOpen) => ({ kind: 'ask-init', id, isReconnect: afterOpen > 0 }),
};

/** The clients by their links, which are let go of once those are gone. */
const clients = new WeakValues((link) => policy.release(link));

/** The circuits that clients share, by their scope. */
const circuits = new Map();

/** The policy of one client. Times are in ms. */
class PolicyClient {
  /** `seed`: of its random numbers, 32 bits. */
  constructor(settings, seed) {
    put(settings);
    this.link = policy.create(seed);
    clients.set(this.link, this);
  }

  configure(settings, now) {
    put(settings);
    policy.configure(this.link, now * 1000);
  }

  /** Why it does not connect, or undefined. */
  connect(now) {
    return REFUSALS[policy.connect(this.link, now * 1000)];
  }

  reconnect(code, reason, now) {
    say(reason);
    return REFUSALS[policy.reconnect(this.link, code, now * 1000)];
  }

  /** Tells a fact, one of `INPUT`. */
  tell(input, now, a = 0, b = 0, text = undefined) {
    if (text !== undefined) say(text);
    policy.tell(this.link, input, a, b, now * 1000);
  }

  /** Tells the state of the circuit that the user has assigned. */
  setCircuit(state, now) {
    this.tell(INPUT.setCircuit, now, CIRCUITS.indexOf(state));
  }

  /** The next decision, or undefined. */
  next() {
    const kind = policy.next(this.link);
    if (kind === 0) return undefined;
    look();
    const [a, b, c, retryCount, circuitFailures, alive] = numbers;
    const output = OUTPUTS[kind](a, b, c);
    return output.kind === undefined
      ? output
      : { notice: { ...output, retryCount, circuitFailures, alive: alive > 0 } };
  }

  /** When to tell a tick. */
  get deadline() {
    return policy.deadline(this.link) / 1000;
  }

  /** A delay before a retry, drawn for it. */
  delay(attempt) {
    return policy.delay(this.link, attempt);
  }

  /** Moves to the circuit of a scope, or without one to a circuit of its own. */
  join(scope, now) {
    if (scope !== undefined && !circuits.has(scope)) circuits.set(scope, policy.circuit());
    policy.join(this.link, scope === undefined ? 0 : circuits.get(scope), now * 1000);
  }

  /** Whether another has moved the circuit: a tick is due. */
  get isBehind() {
    return policy.behind(this.link) > 0;
  }
}

module.exports = { INPUT, PolicyClient, UNCLEAN };

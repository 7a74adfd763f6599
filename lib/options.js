'use strict';

const { badRange, badType } = require('./errors.js');
const { refuse, takeKnown } = require('./names.js');
const own = require('./own.js');

/** A number option: its default, its bounds, and how an error describes them. */
const ms = (value) => ({ value, above: 0, allowed: 'a number of milliseconds above 0' });
const orOff = (off) => ({
  value: 0,
  min: 0,
  allowed: `a number of milliseconds of at least 0; 0 turns it off: ${off}`,
});
const count = (value, min) => ({ value, min, integer: true, allowed: `an integer of at least ${min}` });

const NUMBERS = {
  maxRetries: { ...count(10, 0), infinite: true, allowed: 'an integer of at least 0, or Infinity' },
  baseDelay: ms(1000),
  maxDelay: { ...ms(30000), infinite: true, allowed: 'a number of milliseconds above 0, or Infinity' },
  multiplier: { value: 2, min: 1, allowed: 'a number of at least 1' },
  jitter: {
    value: 0.1,
    min: 0,
    max: 1,
    words: ['full', 'equal', 'decorrelated', 'none'],
    allowed: "a number from 0 to 1, or 'full', 'equal', 'decorrelated' or 'none'",
  },
  heartbeatInterval: {
    value: 30000,
    min: 0,
    allowed: 'a number of milliseconds of at least 0; 0 turns the heartbeat off',
  },
  heartbeatTimeout: ms(5000),
  idleTimeout: orOff('a silent peer is not cut'),
  maxEventLoopBlock: orOff('a blocked event loop ends no connection'),
  minUptime: orOff('a new connection is trusted at once'),
  maxRetryAfter: {
    value: 300000,
    min: 0,
    infinite: true,
    allowed: 'a number of milliseconds of at least 0, or Infinity; 0 ignores Retry-After',
  },
  preferFirst: orOff('the client stays where it is connected'),
};

const CIRCUIT = {
  failureThreshold: {
    ...count(5, 1),
    infinite: true,
    allowed: 'an integer of at least 1, or Infinity, which turns the circuit breaker off',
  },
  resetTimeout: ms(60000),
  halfOpenMaxRequests: count(3, 1),
  window: {
    value: 0,
    min: 0,
    allowed: 'a number of milliseconds of at least 0; 0 counts failures in a row',
  },
  failureRate: { value: 0.5, min: 0, max: 1, allowed: 'a number from 0 to 1' },
  minimumRequests: count(5, 1),
};

const COUNT = count(0, 0);
const TIME = { value: 0, allowed: 'a number of milliseconds since the epoch' };
const HEARTBEAT = '{"type":"ping"}';

/** Checks a number against its rule; `undefined` and `null` give the default. */
function number(name, value, rule) {
  if (value === undefined || value === null) return rule.value;
  if (rule.words && rule.words.includes(value)) return value;
  if (typeof value !== 'number') throw badType(name, value, rule.allowed);
  const fits =
    (Number.isFinite(value) || (rule.infinite && value === Infinity)) &&
    (!rule.integer || !Number.isFinite(value) || Number.isSafeInteger(value)) &&
    (rule.above === undefined || value > rule.above) &&
    (rule.min === undefined || value >= rule.min) &&
    (rule.max === undefined || value <= rule.max);
  if (!fits) throw badRange(name, value, rule.allowed);
  return value;
}

/** Checks an object option; `undefined` and `null` give an empty one. */
function object(name, value, allowed = 'an object') {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw badType(name, value, allowed);
  return value;
}

function url(value, name = 'url') {
  const text = value && typeof value === 'object' ? value.href : value;
  if (typeof text === 'string') return text;
  throw badType(name, value, 'a string or a URL with ws: or wss:');
}

function protocols(value) {
  if (value === undefined || value === null) return [];
  // What is not there counts too.
  const list = Array.isArray(value) ? Array.from(value) : [value];
  if (!list.every((entry) => typeof entry === 'string')) {
    throw badType('protocols', value, 'a string or an array of strings');
  }
  return list;
}

/** The text that a heartbeat sends. */
function heartbeatText(value) {
  const message = value === undefined || value === null ? HEARTBEAT : value;
  if (typeof message === 'string') return message;
  const allowed = 'a string, or an object that JSON can hold';
  if (typeof message !== 'object') throw badType('heartbeatMessage', message, allowed);
  let text;
  try {
    text = JSON.stringify(message);
  } catch (error) {
    throw badType('heartbeatMessage', message, `${allowed} (${error.message})`);
  }
  if (text === undefined) throw badType('heartbeatMessage', message, allowed);
  return text;
}

/** With whom a circuit is shared. */
function scope(value) {
  if (value === undefined || value === null) return 'instance';
  const allowed = "'instance', 'host' or a name of your own";
  if (typeof value !== 'string') throw badType('circuitBreaker.scope', value, allowed);
  if (value === '') throw badRange('circuitBreaker.scope', value, allowed);
  return value;
}

/** On the circuit breaker's settings: whose they are. */
const OWNER = Symbol('owner');

const CIRCUIT_NAMES = [...Object.keys(CIRCUIT), 'scope'];

function circuitSetting(name, value) {
  return name === 'scope' ? scope(value) : number(`circuitBreaker.${name}`, value, CIRCUIT[name]);
}

/** Checks what is assigned to the circuit breaker's settings, and tells their owner. Nothing can be taken away. */
const CHECKED = {
  set(settings, name, value) {
    if (!CIRCUIT_NAMES.includes(name)) refuse('circuitBreaker', String(name), CIRCUIT_NAMES);
    settings[name] = circuitSetting(name, value);
    settings[OWNER][own.configure]();
    return true;
  },
  defineProperty: () => false,
  deleteProperty: () => false,
};

/** The circuit breaker's settings as an object that checks what is assigned, and calls `_configure` of its owner. */
function circuitBreaker(value, owner) {
  const allowed = 'an object, or false, which turns it off';
  const asked = value === false ? { failureThreshold: Infinity } : object('circuitBreaker', value, allowed);
  const given = takeKnown('circuitBreaker', asked, CIRCUIT_NAMES);
  /** @type {any} */
  const settings = Object.defineProperty({}, OWNER, { value: owner });
  for (const name of CIRCUIT_NAMES) settings[name] = circuitSetting(name, given[name]);
  return new Proxy(settings, CHECKED);
}

module.exports = {
  NUMBERS,
  COUNT,
  TIME,
  HEARTBEAT,
  number,
  object,
  url,
  protocols,
  heartbeatText,
  circuitBreaker,
};

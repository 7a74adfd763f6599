'use strict';

const { badType, coded, oneOf } = require('./errors.js');
const { takeKnown } = require('./names.js');
const { SendStatus } = require('./native.js');
const { number, object } = require('./options.js');

/** @typedef {Pick<import('../native/index.js').DeliveryOptions, 'maxMessages' | 'maxBytes' | 'overflow' | 'ttl'>} Limits */

const MIB = 1024 * 1024;

const QUEUE = {
  maxMessages: { value: 1000, min: 1, integer: true, allowed: 'an integer of at least 1' },
  maxBytes: { value: 16 * MIB, min: 1, integer: true, allowed: 'an integer of at least 1' },
  ttl: { value: 0, min: 0, allowed: 'a number of milliseconds of at least 0; 0 turns it off' },
};

const BUFFER = {
  highWaterMark: {
    value: MIB,
    min: 0,
    infinite: true,
    allowed: 'a number of bytes of at least 0, or Infinity, which turns it off',
  },
  maxBufferedAmount: {
    value: Infinity,
    above: 0,
    infinite: true,
    allowed: 'a number of bytes above 0, or Infinity, which turns it off',
  },
};

const TIMEOUT = {
  value: 30000,
  min: 0,
  infinite: true,
  allowed: 'a number of milliseconds of at least 0; 0 turns it off',
};

const OVERFLOWS = ['throw', 'drop-oldest', 'drop-newest'];
const GUARANTEES = ['at-most-once', 'at-least-once'];

/**
 * Why it is not known whether the peer has read a message.
 * @type {Record<import('../native/index.js').UnconfirmedReason, string>}
 */
const DOUBTS = {
  lost: 'the connection was lost first',
  'timed-out': 'no answer came in time',
  overflow: 'it was dropped since the queue was full',
  expired: 'it was dropped since it had waited too long',
  closed: 'the client was closed or gave up',
  'not-connected': 'there is no connection',
};

function word(name, value, words) {
  return value === undefined || value === null ? words[0] : oneOf(name, value, words);
}

/** The options of the constructor that say how messages are kept, checked. */
function delivery(options) {
  const guarantee = word('delivery', options.delivery, GUARANTEES);
  const { queue } = options;
  const absent = queue === undefined || queue === null;
  const asked = typeof queue === 'boolean' ? {} : queue;
  if (!absent && (typeof asked !== 'object' || Array.isArray(asked))) {
    throw badType('queue', queue, 'true, false or an object');
  }
  const given = takeKnown('queue', object('queue', asked), [...Object.keys(QUEUE), 'overflow']);
  const limits = /** @type {Limits} */ ({ overflow: word('queue.overflow', given.overflow, OVERFLOWS) });
  for (const name of Object.keys(QUEUE)) limits[name] = number(`queue.${name}`, given[name], QUEUE[name]);
  const keeps = guarantee === 'at-least-once';
  const queues = absent ? keeps : queue !== false;
  return {
    guarantee,
    /** What `send` takes without a connection: all, nothing, or, where that is undefined, what is sent while connecting. */
    queues: queues || queue === false ? queues : undefined,
    limits: queues || keeps ? limits : undefined,
  };
}

/**
 * What the engine takes of it, if it is to do anything.
 * @returns {import('../native/index.js').DeliveryOptions | undefined}
 */
function forEngine({ guarantee, queues, limits }) {
  if (limits === undefined) return undefined;
  const { maxMessages, maxBytes, overflow, ttl } = limits;
  return { queues: queues === true, guarantee, maxMessages, maxBytes, overflow, ttl };
}

/** The time limit of a receipt in ms; 0 is none. */
function timeout(options) {
  const given = takeKnown('options', object('options', options), ['timeout']);
  const ms = number('timeout', given.timeout, TIMEOUT);
  return ms === Infinity ? 0 : ms;
}

/** The error of a `send` with this status, if any. */
function refusal(status) {
  if (status & SendStatus.QueueFull) return coded(Error, 'WSR_ERR_QUEUE_FULL', 'The queue is full');
  if (status & SendStatus.BufferFull) return bufferFull();
  return undefined;
}

const bufferFull = () => coded(Error, 'WSR_ERR_BUFFER_FULL', 'The buffer is full');

/** @param {import('../native/index.js').UnconfirmedReason} doubt */
function unsent(doubt) {
  return coded(Error, 'WSR_ERR_UNCONFIRMED', `Whether it was sent is not known: ${DOUBTS[doubt]}`);
}

/** @param {import('../native/index.js').UnconfirmedReason} doubt */
function unconfirmed(doubt) {
  return coded(Error, 'WSR_ERR_UNCONFIRMED', `Whether the peer has read it is not known: ${DOUBTS[doubt]}`);
}

module.exports = {
  BUFFER,
  delivery,
  forEngine,
  timeout,
  refusal,
  bufferFull,
  unsent,
  unconfirmed,
};

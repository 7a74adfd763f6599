'use strict';

const { coded } = require('./errors.js');
const { SendStatus } = require('./native.js');
const { check, checkMembers, isAbsent } = require('./options/check.js');
const { ARGUMENT, ROWS, rowsOf } = require('./options/table.js');

/** @typedef {Pick<import('../native/index.js').DeliveryOptions, 'maxMessages' | 'maxBytes' | 'overflow' | 'ttl'>} Limits */

/** How long a receipt is waited for. */
const TIMEOUT = {
  name: 'timeout',
  path: 'timeout',
  type: 'number',
  default: 30000,
  unit: 'ms',
  min: 0,
  infinite: true,
  off: [0, 'turns it off'],
};

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

/** The options of the constructor that say how messages are kept, checked. */
function delivery(options) {
  const guarantee = check(ROWS.delivery, options.delivery);
  const { queue } = options;
  const limits = checkMembers(ROWS.queue, queue, rowsOf('queue'));
  const keeps = guarantee === 'at-least-once';
  const queues = isAbsent(queue) ? keeps : queue !== false;
  return {
    guarantee,
    /** What `send` takes without a connection: all, nothing, or, where that is undefined, what is sent while connecting. */
    queues: queues || queue === false ? queues : undefined,
    limits: queues || keeps ? limits : undefined,
  };
}

/** The time limit of a receipt in ms; 0 is none. */
function timeout(options) {
  const { timeout: ms } = checkMembers(ARGUMENT, options, [TIMEOUT]);
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
  delivery,
  timeout,
  refusal,
  bufferFull,
  unsent,
  unconfirmed,
};

'use strict';

const { coded } = require('./errors.js');
const { check, checkMembers, isAbsent } = require('./options/check.js');
const { ARGUMENT, ROWS, rowsOf } = require('./options/table.js');

/** Kinds of the rows that tell what became of what was sent (see src/binding/value.rs). */
const DROPPED = 30;
const RECEIPT = 31;
const DRAINED = 32;

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

/** Why a message was dropped, by the number that the engine tells. */
const DROP_REASONS = ['overflow', 'expired', 'closed'];

/** Why it is not known whether the peer has read a message, by the number that the engine tells. */
const DOUBTS = [
  'the connection was lost first',
  'no answer came in time',
  'it was dropped since the queue was full',
  'it was dropped since it had waited too long',
  'the client was closed or gave up',
  'there is no connection',
];

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

/** What a call of `send` led to, as bits (see src/binding/delivery.rs). */
const ABOVE = 1;
const TOLD = 2;
const QUEUE_FULL = 4;
const BUFFER_FULL = 8;

/** The time limit of a receipt in ms; 0 is none. */
function timeout(options) {
  const { timeout: ms } = checkMembers(ARGUMENT, options, [TIMEOUT]);
  return ms === Infinity ? 0 : ms;
}

/** The error of a `send` with this status, if any. */
function refusal(status) {
  if (status & QUEUE_FULL) return coded(Error, 'WSR_ERR_QUEUE_FULL', 'The queue is full');
  if (status & BUFFER_FULL) return bufferFull();
  return undefined;
}

const bufferFull = () => coded(Error, 'WSR_ERR_BUFFER_FULL', 'The buffer is full');

function unsent(doubt) {
  return coded(Error, 'WSR_ERR_UNCONFIRMED', `Whether it was sent is not known: ${DOUBTS[doubt]}`);
}

function unconfirmed(doubt) {
  return coded(Error, 'WSR_ERR_UNCONFIRMED', `Whether the peer has read it is not known: ${DOUBTS[doubt]}`);
}

module.exports = {
  DROPPED,
  RECEIPT,
  DRAINED,
  ABOVE,
  TOLD,
  DROP_REASONS,
  delivery,
  timeout,
  refusal,
  bufferFull,
  unsent,
  unconfirmed,
};

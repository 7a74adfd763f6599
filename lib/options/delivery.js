'use strict';

const { check, checkMembers, isAbsent } = require('./check.js');
const { sharing } = require('./shared.js');
const { ARGUMENT, ROWS, rowsOf } = require('./table.js');

/** How long something is waited for: a receipt, unless told otherwise. */
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

function read(options) {
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

const shared = sharing();

/** How messages are kept by who was given nothing of it. */
const STANDARD = read({});

/** The options of the constructor that say how messages are kept, checked. Clients that were given the same share it. */
function deliveryOf(options) {
  return isAbsent(options.delivery) && isAbsent(options.queue) ? STANDARD : shared(read(options));
}

/** The time limit in ms that is asked for, of a receipt where `standard` is not another's; 0 is none. */
function timeoutOf(options, standard = TIMEOUT.default) {
  const { timeout: ms } = checkMembers(ARGUMENT, options, [{ ...TIMEOUT, default: standard }]);
  return ms === Infinity ? 0 : ms;
}

module.exports = { deliveryOf, timeoutOf };

'use strict';

const { sharedContext } = require('./context.js');
const { clearInterval, setInterval } = require('../loop.js');
const { SIGNS } = require('../options/crossing.js');

/** A timer takes no more milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How long the event loop may be blocked for the clients that have such a limit, in ms by id. */
const limits = new Map();
/** How many clients have each limit. */
const counts = new Map();
let timer;
let period;

function count(limit, change) {
  const clients = (counts.get(limit) || 0) + change;
  if (clients > 0) counts.set(limit, clients);
  else counts.delete(limit);
}

/** Whether the event loop runs is told by `note` for as long as a client with a limit lives; 0 is none. */
function watchEventLoop(id, limit, note) {
  const before = limits.get(id) || 0;
  if (limit === before) return;
  if (before > 0) count(before, -1);
  if (limit > 0) {
    limits.set(id, limit);
    count(limit, 1);
  } else {
    limits.delete(id);
  }
  const next = Math.min(Math.min(...counts.keys()) / SIGNS, LONGEST_TIMER);
  if (period === next) return;
  clearInterval(timer);
  period = next;
  if (counts.size === 0) return;
  timer = sharedContext.runInAsyncScope(() => setInterval(note, period));
  timer.unref();
  note();
}

module.exports = { watchEventLoop };

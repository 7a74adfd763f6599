'use strict';

const { isThenable } = require('./ask.js');
const { sharedContext } = require('./context.js');
const { coded } = require('./errors.js');
const { clearInterval, report, setInterval } = require('./loop.js');
const own = require('./own.js');

/** @typedef {import('../native/index.js').Notice} Notice */

/**
 * Notices of who is alive, by their kind. They are told at once, also while paused.
 * @type {Set<Notice['kind']>}
 */
const KINDS = new Set(['pinged', 'blocked', 'wake', 'network', 'was-answered', 'runs']);

/** A client's sign of life comes so many times within the time that it may be silent for. */
const SIGNS = 4;
/** A timer takes no more milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** What tells whether a message is the reply to a heartbeat that the user asks for. */
function judgeOf(reply) {
  const fails = (error) => report("the function 'heartbeatReply'", error);
  if (typeof reply !== 'function') {
    // Of one's own, since its `lastIndex` changes: the user's may be frozen.
    const pattern = new RegExp(reply);
    return (data) => {
      pattern.lastIndex = 0;
      return typeof data === 'string' && pattern.test(data);
    };
  }
  return (data) => {
    try {
      const answer = reply(data);
      if (isThenable(answer)) answer.then(undefined, fails);
      return Boolean(answer);
    } catch (error) {
      fails(error);
      return false;
    }
  };
}

/** Whether a message is JSON of the type `pong`. */
function isPong(data) {
  if (typeof data !== 'string' || !data.includes('"pong"')) return false;
  try {
    return JSON.parse(data).type === 'pong';
  } catch (_error) {
    return false;
  }
}

/** The pings of one client that wait for their pong. */
class Pings {
  constructor() {
    /** By number. */
    this.waiting = new Map();
  }

  /** Resolves to the round trip in ms. */
  wait(number, timeout) {
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject, timeout }));
  }

  /** Takes what became of a ping: `ms` is undefined where no pong came in time. */
  settle(number, ms) {
    const ping = this.waiting.get(number);
    if (!ping) return;
    this.waiting.delete(number);
    if (ms !== undefined) ping.resolve(ms);
    else ping.reject(coded(Error, 'WSR_ERR_PING_TIMEOUT', `No pong within ${ping.timeout} ms`));
  }

  /** The connection has ended. */
  lose() {
    for (const { reject } of this.waiting.values()) reject(pingLost());
    this.waiting.clear();
  }
}

function pingLost() {
  return coded(Error, 'WSR_ERR_PING_LOST', 'The connection ended before the pong came');
}

/**
 * Takes a notice about who is alive.
 * @param {Notice} notice
 */
function deliver(view, notice) {
  switch (notice.kind) {
    case 'pinged':
      view[own.inner].pings.settle(notice.number, notice.roundTrip);
      return;
    case 'blocked':
      view[own.tell]('blocked', { duration: notice.duration });
      return;
    case 'wake':
      view[own.tell]('wake', { slept: notice.slept });
      return;
    case 'network':
      view[own.tell]('network');
      return;
    case 'was-answered': {
      // All messages before this notice have been judged.
      const { connection } = notice;
      view[own.deliverNow](view[own.overtake]((client, received) => client.judged(received, connection)));
      return;
    }
    case 'runs':
      view[own.deliverNow](view[own.overtake]((client, received) => client.runs(received)));
  }
}

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

/** Whether the event loop runs is told by `sign` for as long as a client with a limit lives; 0 is none. */
function watchEventLoop(id, limit, sign) {
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
  timer = sharedContext.runInAsyncScope(() => setInterval(sign, period));
  timer.unref();
  sign();
}

module.exports = { SIGNS, KINDS, judgeOf, isPong, Pings, pingLost, deliver, watchEventLoop };

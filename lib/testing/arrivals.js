'use strict';

// Faked timers of a test hold nothing up here: these are taken when this loads.
const { clearTimeout, setTimeout } = require('timers');
const { coded } = require('../errors.js');
const { checkMembers } = require('../options/check.js');
const { ms } = require('../options/rows.js');
const { ARGUMENT } = require('../options/table.js');

/** How long something is waited for: less than the 5 s that Jest and Vitest give a test. */
const TIMEOUT = { ...ms('timeout', 4000, { min: 0, infinite: true }), path: 'timeout' };

/** The longest time of a timer, in ms. */
const LONGEST = 2 ** 31 - 1;

const inVain = (message) => coded(Error, 'WSR_ERR_TESTING', message);

/** What has arrived, in its order, and who waits for more of it. */
class Arrivals {
  /** @param {string} what One of them, as errors name it. */
  constructor(what) {
    this.what = what;
    this.items = [];
    /** So many were taken by `next`. */
    this.taken = 0;
    this.waiting = new Set();
    /** Why nothing arrives any more. */
    this.end = undefined;
  }

  push(item) {
    this.items.push(item);
    for (const waiter of this.waiting) waiter.look();
  }

  /** Nothing arrives any more. */
  stop(reason) {
    if (this.end === undefined) this.end = reason;
    for (const waiter of this.waiting) waiter.fail(reason);
  }

  /** The next one that was not taken yet. */
  next(options) {
    const take = () => {
      this.taken += 1;
      return this.items[this.taken - 1];
    };
    return this.wait(`the next ${this.what}`, () => this.taken < this.items.length, take, options);
  }

  /** The one of that number, from 0. */
  at(index, options) {
    const isThere = () => index < this.items.length;
    return this.wait(`${this.what} ${index}`, isThere, () => this.items[index], options);
  }

  async wait(what, isThere, take, options) {
    const { timeout } = checkMembers(ARGUMENT, options, [TIMEOUT]);
    if (isThere()) return take();
    if (this.end !== undefined) throw inVain(`${what} does not come: ${this.end}`);
    return new Promise((resolve, reject) => {
      const settle = (call, value) => {
        clearTimeout(timer);
        this.waiting.delete(waiter);
        call(value);
      };
      const fail = (reason) => settle(reject, inVain(`${what} does not come: ${reason}`));
      const waiter = {
        fail,
        look: () => {
          if (isThere()) settle(resolve, take());
        },
      };
      const late = () => fail(`none within ${timeout} ms, after ${this.items.length}`);
      const timer = setTimeout(late, Math.min(timeout, LONGEST));
      this.waiting.add(waiter);
    });
  }
}

module.exports = { Arrivals, inVain };

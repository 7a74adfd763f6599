'use strict';

/** Longest wait for one thing that must happen, in ms. */
const PATIENCE = 5000;

/** What did not happen in time, or happened otherwise than told. */
class NotSeen extends Error {}

/** Throws unless `condition` holds; `what` says in words what should have been so. */
function check(condition, what) {
  if (!condition) throw new NotSeen(what);
}

/** Resolves as `promise` does; rejects once `patience` ms have passed without that. */
function within(promise, what, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new NotSeen(`${what} (waited ${patience} ms)`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Writes down the events of a client, to be asked for one after the other.
 *
 * An event that is asked for late is found all the same, and one that came before what was last asked
 * for is not: so the order is part of every check.
 */
class Witness {
  constructor(client, names) {
    this.events = [];
    this.asked = 0;
    this.waiting = () => {};
    for (const name of names) client.on(name, (detail) => this.note(name, detail, client.lastActivity));
  }

  note(name, detail, activeAt) {
    this.events.push({ name, detail, at: Date.now(), activeAt });
    this.waiting();
  }

  /** The next event `name` that `fits`; `what` says it in words. */
  expect(name, what, fits = (_) => true, patience = PATIENCE) {
    const found = new Promise((resolve) => {
      this.waiting = () => {
        const at = this.events.findIndex(
          (event, i) => i >= this.asked && event.name === name && fits(event.detail),
        );
        if (at === -1) return;
        this.asked = at + 1;
        this.waiting = () => {};
        resolve(this.events[at]);
      };
      this.waiting();
    });
    return within(found, what, patience);
  }

  /** Goes on from here: what was written down so far answers no later question. */
  skip() {
    this.asked = this.events.length;
  }

  /** All events `name` between two times in ms since the epoch, by when the engine read them. */
  activeBetween(name, from, to) {
    return this.events.filter(
      (event) => event.name === name && event.activeAt >= from && event.activeAt <= to,
    );
  }
}

module.exports = { NotSeen, Witness, check, within };

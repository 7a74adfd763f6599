'use strict';

// What is held weakly. There is no FinalizationRegistry: where a process or a worker ends while one has something to call, as
// Node 16 and Node 20.11 have it, that is called without end, in vain.

const { ignore } = require('./errors.js');

/** Before Node 14.6 nothing can be held weakly. */
const canHoldWeakly = typeof WeakRef === 'function';

const weakly = (value) => (canHoldWeakly ? new WeakRef(value) : { deref: () => value });

/** So many values may be gone before they are looked for. */
const LEAST = 16;

/** Values by keys, each for as long as somebody holds it. What is left of those that are gone is cleared away as others come. */
class WeakValues {
  /** @param {(key: any) => void} onGone Is called with the key of each that is gone. */
  constructor(onGone = ignore) {
    this.onGone = onGone;
    this.references = new Map();
    /** With more than so many, those that are gone are looked for. */
    this.most = LEAST;
  }

  get(key) {
    const reference = this.references.get(key);
    return reference && reference.deref();
  }

  set(key, value) {
    if (this.references.size >= this.most) this.clearAway();
    this.references.set(key, weakly(value));
  }

  /** Whether it was there. */
  delete(key) {
    return this.references.delete(key);
  }

  clearAway() {
    for (const [key, reference] of this.references) {
      if (reference.deref() !== undefined) continue;
      this.references.delete(key);
      this.onGone(key);
    }
    this.most = Math.max(LEAST, 2 * this.references.size);
  }
}

module.exports = { WeakValues, canHoldWeakly, weakly };

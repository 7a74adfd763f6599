'use strict';

/** Whether the attempts of this process fail: what it says where the fleet decides whether its circuit opens. */
class Verdicts {
  constructor({ failureThreshold, resetTimeout }) {
    this.threshold = failureThreshold;
    this.lasts = resetTimeout;
    /** Failures in a row. */
    this.failures = 0;
    this.failedAt = -Infinity;
  }

  add(isOpen, now) {
    this.failures = isOpen ? 0 : this.failures + 1;
    if (!isOpen) this.failedAt = now;
  }

  /** The circuit has changed: what failed before says nothing of it. */
  forget() {
    this.failures = 0;
  }

  /** Failures that lie further back than a circuit stays open count no more: nobody has tried since. */
  isFailing(now) {
    return this.failures >= this.threshold && now - this.failedAt < this.lasts;
  }
}

module.exports = { Verdicts };

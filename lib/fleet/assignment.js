'use strict';

const { keysOf } = require('./rendezvous.js');

/** Which of some keys a member has, told to its user as it changes. */
class Assignment {
  constructor(keys, onChange) {
    this.all = [...new Set(keys)];
    this.onChange = onChange;
    this.keys = [];
    /** Those who lived when it was last looked at. */
    this.seen = undefined;
  }

  /** Those who live, as of now. */
  see(member, members) {
    // Each answer of Redis tells them, and there may be many keys.
    const seen = [...members].sort().join();
    if (seen === this.seen) return;
    const isFirst = this.seen === undefined;
    this.seen = seen;
    const before = new Set(this.keys);
    const keys = keysOf(member, members, this.all);
    const after = new Set(keys);
    const added = keys.filter((key) => !before.has(key));
    const removed = this.keys.filter((key) => !after.has(key));
    if (!isFirst && added.length + removed.length === 0) return;
    this.keys = keys;
    this.onChange({ keys, added, removed });
  }
}

module.exports = { Assignment };

'use strict';

const { keysOf } = require('./rendezvous.js');

/** Which of some keys a member has, told to its user as it changes. */
class Assignment {
  constructor(keys, onChange) {
    this.all = [...new Set(keys)];
    this.onChange = onChange;
    this.keys = [];
    this.isTold = false;
  }

  /** Those who live, as of now. */
  see(member, members) {
    const before = new Set(this.keys);
    const keys = keysOf(member, members, this.all);
    const after = new Set(keys);
    const added = keys.filter((key) => !before.has(key));
    const removed = this.keys.filter((key) => !after.has(key));
    if (this.isTold && added.length + removed.length === 0) return;
    this.isTold = true;
    this.keys = keys;
    this.onChange({ keys, added, removed });
  }
}

module.exports = { Assignment };

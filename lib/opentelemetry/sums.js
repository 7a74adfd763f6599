'use strict';

/** Numbers by attributes. */
class Sums {
  constructor() {
    this.entries = new Map();
  }

  add(attributes, value) {
    const key = JSON.stringify(attributes);
    const entry = this.entries.get(key);
    if (entry === undefined) this.entries.set(key, { attributes, value });
    else entry.value += value;
  }

  /** Begins anew: attributes that were there stay, at 0, since a series that vanishes says nothing. */
  clear() {
    for (const entry of this.entries.values()) entry.value = 0;
  }

  observe(result, instrument) {
    for (const { attributes, value } of this.entries.values()) result.observe(instrument, value, attributes);
  }
}

module.exports = { Sums };

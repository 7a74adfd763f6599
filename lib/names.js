'use strict';

const { coded } = require('./errors.js');

/** How many characters must be added, left out or exchanged to make one word of the other. */
function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const exchanged = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(exchanged, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** Which of the known names a name may be meant for, as the end of a message; `shown` says where that one belongs. */
function meant(name, known, shown = (other) => other) {
  let nearest;
  let least = Math.ceil(name.length / 3) + 1;
  for (const other of known) {
    const far = distance(name.toLowerCase(), other.toLowerCase());
    if (far < least) [nearest, least] = [other, far];
  }
  return nearest === undefined ? '' : `; did you mean ${shown(nearest)}?`;
}

/** Throws for a name that is not known inside of the option `place`. */
function refuse(place, name, known) {
  const message = `${place}.${name}: is not known; allowed are ${known.join(', ')}${meant(name, known)}`;
  throw coded(TypeError, 'WSR_ERR_OPTION', message);
}

/**
 * Reads the known options of an object, each once, whether they are its own, inherited or computed: those that are set. Any
 * other that is set is handed to `other` with its value.
 */
function take(given, known, other) {
  const taken = {};
  for (const name of known) {
    const value = given[name];
    if (value !== undefined && value !== null) taken[name] = value;
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const value = given[name];
    if (value !== undefined && value !== null) other(name, value);
  }
  return taken;
}

/** The same, where a name that is not known throws. */
const takeKnown = (place, given, known) => take(given, known, (name) => refuse(place, name, known));

module.exports = { meant, refuse, take, takeKnown };

'use strict';

const { WeakValues, canHoldWeakly } = require('../weakly.js');

/** A number that JSON has not. */
const inText = (_name, value) => (value === Infinity ? 'Infinity' : value);

/**
 * What is shared, each with its content, which may be a secret, and the number that stands for it in that of others: they are gone
 * with it.
 * @type {WeakMap<object, { content: string, made: any, number: number }>}
 */
const entries = new WeakMap();
let last = 0;

/** The number of what is shared; undefined where it is not. */
function numberOf(value) {
  const entry = entries.get(value);
  return entry && entry.number;
}

/** A number for a text, which hardly another has. */
function hashOf(text) {
  let hash = 0;
  for (let i = 0; i < text.length; i += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/**
 * A function that returns one object for all of the same content, for as long as somebody holds it; it calls `make` where nobody
 * does. Before Node 14.6 nothing is shared.
 * @returns {<T extends object>(content: string, make: () => T) => T}
 */
function sharingMade(known = new WeakValues()) {
  if (!canHoldWeakly) return (_content, make) => make();
  return (/** @type {string} */ content, /** @type {() => any} */ make) => {
    const hash = hashOf(content);
    const before = known.get(hash);
    if (before !== undefined && before.content === content) return before.made;
    const made = make();
    last += 1;
    const entry = { content, made, number: last };
    entries.set(made, entry);
    known.set(hash, entry);
    return made;
  };
}

/**
 * The same for what is there already. Content is numbers, words and lists of those.
 * @returns {<T extends object>(value: T) => T}
 */
function sharing(known = new WeakValues()) {
  const share = sharingMade(known);
  return (value) => share(JSON.stringify(value, inText), () => value);
}

module.exports = { numberOf, sharing, sharingMade };

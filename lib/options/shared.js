'use strict';

/** A number that JSON has not. */
const inText = (_name, value) => (value === Infinity ? 'Infinity' : value);

/**
 * The number of what is shared: it stands for its content in that of others.
 * @type {WeakMap<object, number>}
 */
const numbers = new WeakMap();
let last = 0;

/** That of an object; undefined where it is not shared. */
const numberOf = (value) => numbers.get(value);

/**
 * A function that returns one object for all of the same content, for as long as somebody holds it; it calls `make` where nobody
 * does. Before Node 14.6 nothing can be held weakly, and so nothing is shared.
 * @returns {<T extends object>(content: string, make: () => T) => T}
 */
function sharingMade(known = new Map()) {
  if (typeof FinalizationRegistry !== 'function') return (_content, make) => make();
  const collected = new FinalizationRegistry((content) => {
    const reference = known.get(content);
    // Another of that content may have come since, and gone.
    if (reference && reference.deref() === undefined) known.delete(content);
  });
  return (/** @type {string} */ content, /** @type {() => any} */ make) => {
    const reference = known.get(content);
    const before = reference && reference.deref();
    if (before !== undefined) return before;
    const made = make();
    last += 1;
    numbers.set(made, last);
    known.set(content, new WeakRef(made));
    collected.register(made, content);
    return made;
  };
}

/**
 * The same for what is there already. Content is numbers, words and lists of those.
 * @returns {<T extends object>(value: T) => T}
 */
function sharing(known = new Map()) {
  const share = sharingMade(known);
  return (value) => share(JSON.stringify(value, inText), () => value);
}

module.exports = { numberOf, sharing, sharingMade };

'use strict';

/** A number that JSON has not. */
const inText = (_name, value) => (value === Infinity ? 'Infinity' : value);

/**
 * A function that returns one object for all of the same content, for as long as somebody holds it. Content is numbers,
 * words and lists of those. Before Node 14.6 nothing can be held weakly, and so nothing is shared.
 * @returns {<T extends object>(value: T) => T}
 */
function sharing(known = new Map()) {
  if (typeof FinalizationRegistry !== 'function') return (value) => value;
  const collected = new FinalizationRegistry((content) => {
    const reference = known.get(content);
    // Another of that content may have come since, and gone.
    if (reference && reference.deref() === undefined) known.delete(content);
  });
  return (/** @type {any} */ value) => {
    const content = JSON.stringify(value, inText);
    const reference = known.get(content);
    const before = reference && reference.deref();
    if (before !== undefined) return before;
    known.set(content, new WeakRef(value));
    collected.register(value, content);
    return value;
  };
}

module.exports = { sharing };

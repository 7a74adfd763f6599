'use strict';

const { Buffer } = require('buffer');
const workerThreads = require('worker_threads');

/** Before Node 14.5 it cannot be forbidden to give memory away. */
const { markAsUntransferable = () => {} } = /** @type {any} */ (workerThreads);

/** The class that Buffers are of: it makes one in half of the time of `Buffer.from`, which checks what is known here. */
const FastBuffer = /** @type {any} */ (Buffer)[Symbol.species];

/** An ArrayBuffer that gives a copy away in place of its memory. */
const COPIED = Object.create(ArrayBuffer.prototype);
for (const name of ['transfer', 'transferToFixedLength']) {
  const value = function copied(...args) {
    return ArrayBuffer.prototype[name].apply(this.slice(0), args);
  };
  Object.defineProperty(COPIED, name, { value, configurable: true, writable: true });
}

/** Whether `ArrayBuffer.prototype.transfer` takes the memory in spite of that, as on Node 21 to 23. */
function isTakenAllTheSame() {
  const probe = /** @type {any} */ (new ArrayBuffer(1));
  if (probe.transfer === undefined) return false;
  markAsUntransferable(probe);
  try {
    probe.transfer();
  } catch (_error) {
    return false;
  }
  return true;
}

const copies = isTakenAllTheSame();

/**
 * A handler that gives away the memory of its message, to a worker or by `transfer()`, must not take the messages
 * behind it along: as with Node's own pool, it is copied or throws.
 */
function keep(chunk) {
  markAsUntransferable(chunk);
  if (copies) Object.setPrototypeOf(chunk, COPIED);
}

/** A binary message, which lies in a chunk that it may share with others. */
function binaryOf(type, chunk, offset, length) {
  if (type === 'nodebuffer') return new FastBuffer(chunk, offset, length);
  return length === chunk.byteLength ? chunk : chunk.slice(offset, offset + length);
}

module.exports = { binaryOf, keep };

'use strict';

// What a client receives and sends as streams of the WHATWG, where the runtime has these.

const { manuallyClosed } = require('../errors.js');
const { LIFE } = require('./client.js');
const { Messages, watchEnd } = require('./iteration.js');
const { write } = require('./sink.js');

/**
 * The messages of a client, from the first read on: a stream that is looked at and not read holds nothing up.
 * @param {() => void} forget Called at the stream's end.
 */
function readableOf(client, forget) {
  let messages;
  return new ReadableStream(
    {
      async pull(controller) {
        if (messages === undefined) messages = new Messages(client);
        const { value, done } = await messages.next().catch((error) => {
          forget();
          throw error;
        });
        if (!done) {
          controller.enqueue(value);
          return;
        }
        forget();
        controller.close();
      },
      cancel() {
        forget();
        if (messages !== undefined) messages.return();
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * What a client sends. Closing it closes the client, aborting it terminates that.
 * @param {() => void} forget Called at the stream's end.
 */
function writableOf(client, forget) {
  let stop;
  const leave = () => {
    stop();
    forget();
  };
  return new WritableStream({
    start(controller) {
      stop = watchEnd(client, (error) => {
        forget();
        controller.error(error || manuallyClosed());
      });
      // At once: `abort` of a stream is called behind the write that is under way, which this ends.
      /** @type {any} */ (controller).signal.addEventListener('abort', () => {
        leave();
        client.terminate();
      });
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        write(client, data, (error) => (error ? reject(error) : resolve()));
      }),
    close() {
      leave();
      client.close();
      return new Promise((resolve) => watchEnd(client, () => resolve()));
    },
  });
}

/** Adds a property with a stream that is the same until it has ended. */
function addStream(WebSocketReconnect, name, make) {
  const streams = new WeakMap();
  Object.defineProperty(WebSocketReconnect.prototype, name, {
    configurable: true,
    get() {
      const life = this[LIFE];
      const known = streams.get(life);
      if (known !== undefined) return known;
      let isOver = false;
      const stream = make(this, () => {
        isOver = true;
        streams.delete(life);
      });
      if (!isOver) streams.set(life, stream);
      return stream;
    },
  });
}

/** Adds `readable` and `writable`, documented in index.d.ts, to the class `WebSocketReconnect`. */
function addWebStreams(WebSocketReconnect) {
  if (typeof ReadableStream !== 'function' || typeof WritableStream !== 'function') return;
  addStream(WebSocketReconnect, 'readable', readableOf);
  addStream(WebSocketReconnect, 'writable', writableOf);
}

module.exports = { addWebStreams };

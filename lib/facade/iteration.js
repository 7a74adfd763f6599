'use strict';

// Events as async iterators, and the end of a client that leaves its scope. It is a module apart, so that bundles for
// browsers, which do not ask for it, do not carry it.

const { badType, ignore } = require('../errors.js');
const { LIFE } = require('./client.js');

/** Once so much waits for a reader, its client pauses, in bytes; a message counts as its data and what it costs besides. */
const AHEAD = 65536;
const MESSAGE = 64;

/** Who of those that read a client waits for room: it is paused for as long as anybody does. */
class Gate {
  constructor(client) {
    this.client = client;
    this.holders = new Set();
  }

  /** A reader has enough. What comes behind `close()` is not held: it leads to the end. */
  hold(reader) {
    this.holders.add(reader);
    if (!this.client.manualClose) this.client.pause();
  }

  /** A reader wants more, or has gone. */
  free(reader) {
    this.holders.delete(reader);
    if (this.holders.size === 0) this.client.resume();
  }
}

/**
 * By what is inside of a client: that may be wrapped in a Proxy.
 * @type {WeakMap<object, Gate>}
 */
const gates = new WeakMap();

/** That of a client: one for all who read it. */
function gateOf(client) {
  const life = client[LIFE];
  if (!gates.has(life)) gates.set(life, new Gate(client));
  return gates.get(life);
}

/**
 * Calls `end` once the client's life is over, at once where it is: with the error of `connect()` where the client has given
 * up. A client that was not started yet has its life before it. Returns what stops watching.
 */
function watchEnd(client, end) {
  const life = client[LIFE];
  const { alive, lastClose, manualClose, state } = life.view;
  const gaveUp = state === 'FAILED' && lastClose !== undefined;
  if (alive || !(gaveUp || manualClose)) return listenForEnd(client, life, end);
  end(gaveUp ? life.gaveUp(lastClose.reason) : undefined);
  return ignore;
}

function listenForEnd(client, life, end) {
  const { view } = life;
  const handlers = {
    // Another handler of the same event may have begun another life.
    close({ code }) {
      if (!view.alive && typeof code !== 'string') finish();
    },
    giveup({ message }) {
      if (!view.alive) finish(life.gaveUp(message));
    },
    // All that one tells which was never started.
    stateChange(state) {
      if (!view.alive && view.manualClose && state === 'CLOSED') finish();
    },
  };
  const stop = () => {
    for (const event of Object.keys(handlers)) client.removeListener(event, handlers[event]);
  };
  const finish = (error) => {
    stop();
    end(error);
  };
  for (const event of Object.keys(handlers)) client.on(event, handlers[event]);
  return stop;
}

const DONE = { value: undefined, done: true };

/** An event of a client as an async iterator, to the end of the client's life. */
class Events {
  constructor(client, event) {
    this.client = client;
    this.event = event;
    /** What has come and nobody has asked for, … */
    this.values = [];
    /** … and who has asked for what has not come. One of both is empty. */
    this.waiting = [];
    this.isOver = false;
    /** Why the client gave up, until that is thrown. */
    this.error = undefined;
    this.handler = (argument) => this.take(argument);
    client.on(event, this.handler);
    this.stopWatching = ignore;
    this.stopWatching = watchEnd(client, (error) => this.end(error));
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  next() {
    if (this.values.length > 0) return Promise.resolve({ value: this.shift(), done: false });
    const { error } = this;
    this.error = undefined;
    if (error !== undefined) return Promise.reject(error);
    if (this.isOver) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  return() {
    this.values = [];
    this.error = undefined;
    if (!this.isOver) this.end();
    return Promise.resolve(DONE);
  }

  take(value) {
    if (this.waiting.length > 0) this.waiting.shift().resolve({ value, done: false });
    else this.values.push(value);
  }

  shift() {
    return this.values.shift();
  }

  end(error) {
    this.isOver = true;
    this.client.removeListener(this.event, this.handler);
    this.stopWatching();
    const [first, ...others] = this.waiting;
    this.waiting = [];
    if (first === undefined) this.error = error;
    else if (error === undefined) first.resolve(DONE);
    else first.reject(error);
    for (const { resolve } of others) resolve(DONE);
  }
}

const sizeOf = (data) => MESSAGE + (data.length || data.byteLength || 0);

/** The messages of a client. It pauses while more wait than are good to have at hand. */
class Messages extends Events {
  constructor(client) {
    super(client, 'message');
    this.size = 0;
  }

  next() {
    const result = super.next();
    if (!this.isOver && this.values.length === 0) gateOf(this.client).free(this);
    return result;
  }

  take({ data }) {
    super.take(data);
    if (this.values.length === 0) return;
    this.size += sizeOf(data);
    if (this.size >= AHEAD) gateOf(this.client).hold(this);
  }

  shift() {
    const data = super.shift();
    this.size -= sizeOf(data);
    return data;
  }

  end(error) {
    super.end(error);
    gateOf(this.client).free(this);
  }
}

/** Methods of the class. They are documented in index.d.ts. */
const METHODS = {
  [Symbol.asyncIterator]() {
    return new Messages(this);
  },

  events(event) {
    if (typeof event !== 'string' && typeof event !== 'symbol') {
      throw badType('event', event, "an event's name", 'WSR_ERR_ARGUMENT');
    }
    return new Events(this, event);
  },
};

/** Where the runtime has it. */
const { asyncDispose } = /** @type {any} */ (Symbol);
if (asyncDispose) {
  METHODS[asyncDispose] = function dispose() {
    this.close();
    return new Promise((resolve) => watchEnd(this, () => resolve(undefined)));
  };
}

/** Adds them to the class `WebSocketReconnect`. */
function addIteration(WebSocketReconnect) {
  for (const name of Reflect.ownKeys(METHODS)) {
    Object.defineProperty(WebSocketReconnect.prototype, name, {
      value: METHODS[name],
      writable: true,
      configurable: true,
    });
  }
}

module.exports = { Messages, addIteration, gateOf, watchEnd };

'use strict';

const EventEmitter = require('events');
const { heed } = require('./ask.js');
const { badType } = require('../errors.js');
const loop = require('../loop.js');
const { check } = require('../options/check.js');
const { ROWS } = require('../options/table.js');
const { weakly } = require('../weakly.js');

/** The event by which errors are heard of and not handled. Node has it from 12.16 on. */
const { errorMonitor } = /** @type {any} */ (EventEmitter);

/** The argument of the one event that is built for each message. */
class MessageEvent {
  constructor(data, target) {
    this.type = 'message';
    this.data = data;
    this.target = target;
  }
}

/** What a WHATWG listener is called with, made of an event's argument. */
const DOM_EVENTS = {
  __proto__: null,
  open: (_, target) => ({ type: 'open', target }),
  message: (event) => event,
  close: (ending, target) => ({ type: 'close', ...ending, target }),
  error: (error, target) => ({ type: 'error', error, message: error && error.message, target }),
};

/** On the function that stands for a WHATWG listener among the handlers: what is known of that listener. */
const STAND_IN = Symbol('standIn');

function report(event, error) {
  loop.report(`the handler of '${String(event)}'`, error);
}

/** Calls a handler. What it throws is reported, and what a promise rejects with that it returns. */
function invoke(event, handler, receiver, args) {
  try {
    heed(handler.apply(receiver, args), (error) => report(event, error));
  } catch (error) {
    report(event, error);
  }
}

/** What `listen` is to an event, as a handler that is given the argument of `emit`. */
function standIn(emitter, type, listen, known) {
  const toEvent = DOM_EVENTS[type] || ((argument) => argument);
  const handler = (argument) => listen(toEvent(argument, emitter));
  handler[STAND_IN] = { ...known, listen };
  return handler;
}

/** The function among the handlers of `type` of whose listener `is` holds. */
function findStandIn(emitter, type, is) {
  const handlers = /** @type {any[]} */ (emitter.rawListeners(type));
  return handlers.find((handler) => handler[STAND_IN] && is(handler[STAND_IN]));
}

/** Of the options of a listener: `true` alone stands for this. */
const captures = (options) =>
  Boolean(options !== null && typeof options === 'object' ? options.capture : options);

/**
 * Calls `remove` when the signal aborts. Returns what has it listen no more.
 *
 * The signal keeps nothing of the client alive.
 */
function onAbort(signal, remove) {
  const kept = weakly(remove);
  const abort = () => {
    const known = kept.deref();
    if (known) known();
  };
  signal.addEventListener('abort', abort);
  return () => signal.removeEventListener && signal.removeEventListener('abort', abort);
}

/** The handlers of one emitter, by event: nothing is inherited, and it takes a third of the dictionary that Node makes. */
function Handlers() {}
Handlers.prototype = Object.create(null);

/**
 * An EventEmitter in which a handler that throws, or whose promise rejects, is reported and hurts no other, in
 * which `error` without a handler throws nothing, and which has the WHATWG methods beside its own.
 */
class Emitter extends EventEmitter {
  constructor() {
    super();
    /** @type {any} */ (this)._events = new Handlers();
  }

  emit(event, ...args) {
    if (event === 'error' && errorMonitor !== undefined && this.listenerCount(errorMonitor) > 0) {
      this.emit(errorMonitor, ...args);
    }
    const handlers = this.rawListeners(event);
    for (const handler of handlers) invoke(event, handler, this, args);
    return handlers.length > 0;
  }

  off(event, ...handlers) {
    return handlers.length === 0 ? this.removeAllListeners(event) : this.removeListener(event, handlers[0]);
  }

  addEventListener(type, listener, options) {
    const isObject = listener !== null && typeof listener === 'object';
    if (!isObject && typeof listener !== 'function') return;
    const { once, signal } = options !== null && typeof options === 'object' ? options : {};
    const capture = captures(options);
    if (check(ROWS.signal, signal) && signal.aborted) return;
    if (findStandIn(this, type, (known) => known.listener === listener && known.capture === capture)) return;
    let isRemoved = false;
    let release;
    const remove = () => {
      isRemoved = true;
      this.removeListener(type, handler);
      if (release) release();
    };
    const listen = (event) => {
      // By a listener that was called before this one.
      if (isRemoved) return undefined;
      if (once) remove();
      return isObject ? listener.handleEvent(event) : listener.call(this, event);
    };
    const handler = standIn(this, type, listen, { listener, capture, remove });
    if (signal) release = onAbort(signal, remove);
    this.on(type, handler);
  }

  removeEventListener(type, listener, options) {
    const capture = captures(options);
    const handler = findStandIn(
      this,
      type,
      (known) => known.listener === listener && known.capture === capture,
    );
    if (handler) handler[STAND_IN].remove();
  }

  dispatchEvent(event) {
    if (event === null || typeof event !== 'object' || typeof event.type !== 'string') {
      throw badType('event', event, 'an Event, or an object with a type', 'WSR_ERR_ARGUMENT');
    }
    // One that cannot be changed is handed over as it is.
    Reflect.defineProperty(event, 'target', {
      value: this,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    for (const handler of /** @type {any[]} */ (this.rawListeners(event.type))) {
      if (handler[STAND_IN]) invoke(event.type, handler[STAND_IN].listen, this, [event]);
    }
    return !event.defaultPrevented;
  }
}

/** Emits an event of our own. An `emit` of the user's that throws stops nothing. Whether somebody listens. */
function tell(emitter, event, ...args) {
  try {
    return emitter.emit(event, ...args);
  } catch (error) {
    loop.rethrow(error);
    return true;
  }
}

/** Emits `message`. Most clients have one handler: that one is called without a list being made. */
function emitMessage(emitter, data) {
  // What EventEmitter keeps: a function where there is one handler, an array where there are more.
  const { message } = emitter._events;
  let isPlain;
  try {
    isPlain = emitter.emit === Emitter.prototype.emit;
  } catch (error) {
    loop.rethrow(error);
    return;
  }
  if (message === undefined && isPlain) return;
  const event = new MessageEvent(data, emitter);
  if (typeof message !== 'function' || !isPlain) {
    tell(emitter, 'message', event);
    return;
  }
  try {
    const returned = message.call(emitter, event);
    if (returned !== undefined) heed(returned, (error) => report('message', error));
  } catch (error) {
    report('message', error);
  }
}

for (const type of Object.keys(DOM_EVENTS)) {
  Object.defineProperty(Emitter.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    get() {
      const handler = findStandIn(this, type, (known) => known.attribute);
      return handler ? handler[STAND_IN].attribute : null;
    },
    set(attribute) {
      const known = findStandIn(this, type, (other) => other.attribute);
      if (known) this.removeListener(type, known);
      if (typeof attribute !== 'function') return;
      this.on(
        type,
        standIn(this, type, (event) => attribute.call(this, event), { attribute }),
      );
    },
  });
}

module.exports = { Emitter, emitMessage, tell };

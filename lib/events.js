'use strict';

const EventEmitter = require('events');
const own = require('./own.js');

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
  open: (_, target) => ({ type: 'open', target }),
  message: (event) => event,
  close: (ending, target) => ({ type: 'close', ...ending, target }),
  error: (error, target) => ({ type: 'error', error, message: error && error.message, target }),
};

/** On the function that stands for a WHATWG listener: that listener. */
const LISTENER = Symbol('listener');
/** On the function that stands for an `on…` handler. */
const ATTRIBUTE = Symbol('attribute');

function report(event, error) {
  console.error(`Error in the handler of '${String(event)}':`, error);
}

/**
 * An EventEmitter in which a handler that throws is reported and hurts no other, in which `error`
 * without a handler throws nothing, and which has the WHATWG methods beside its own.
 */
class Emitter extends EventEmitter {
  emit(event, ...args) {
    const handlers = this.rawListeners(event);
    for (const handler of handlers) {
      try {
        handler.apply(this, args);
      } catch (error) {
        report(event, error);
      }
    }
    return handlers.length > 0;
  }

  /** Emits `message`. Most clients have one handler: that one is called without a list being made. */
  [own.emitMessage](data) {
    // What EventEmitter keeps: a function where there is one handler, an array where there are more.
    const { message } = /** @type {any} */ (this)._events;
    const isPlain = this.emit === Emitter.prototype.emit;
    if (message === undefined && isPlain) return;
    const event = new MessageEvent(data, this);
    if (typeof message !== 'function' || !isPlain) {
      this.emit('message', event);
      return;
    }
    try {
      message.call(this, event);
    } catch (error) {
      report('message', error);
    }
  }

  off(event, ...handlers) {
    return handlers.length === 0 ? this.removeAllListeners(event) : this.removeListener(event, handlers[0]);
  }

  addEventListener(type, listener, options) {
    const isObject = listener !== null && typeof listener === 'object';
    if (!isObject && typeof listener !== 'function') return;
    if (this.rawListeners(type).some((known) => known[LISTENER] === listener)) return;
    const toEvent = DOM_EVENTS[type] || ((argument) => argument);
    const handler = (argument) => {
      if (options && options.once) this.removeListener(type, handler);
      const event = toEvent(argument, this);
      if (isObject) listener.handleEvent(event);
      else listener.call(this, event);
    };
    handler[LISTENER] = listener;
    this.on(type, handler);
  }

  removeEventListener(type, listener) {
    const handler = this.rawListeners(type).find((known) => known[LISTENER] === listener);
    if (handler) this.removeListener(type, /** @type {any} */ (handler));
  }
}

for (const type of Object.keys(DOM_EVENTS)) {
  Object.defineProperty(Emitter.prototype, `on${type}`, {
    enumerable: true,
    configurable: true,
    get() {
      const handler = this.rawListeners(type).find((known) => known[ATTRIBUTE]);
      return handler ? handler[ATTRIBUTE] : null;
    },
    set(listener) {
      const known = this.rawListeners(type).find((handler) => handler[ATTRIBUTE]);
      if (known) this.removeListener(type, known);
      if (typeof listener !== 'function') return;
      const handler = (argument) => listener.call(this, DOM_EVENTS[type](argument, this));
      handler[ATTRIBUTE] = listener;
      this.on(type, handler);
    },
  });
}

module.exports = { Emitter, MessageEvent };

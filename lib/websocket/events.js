'use strict';

// The DOM's classes that the WebSocket class is made of: the runtime's own where it has them. Node has EventTarget, Event and
// MessageEvent from 15 on, DOMException from 17, CloseEvent from 23, ErrorEvent from 26.

const { rethrow } = require('../loop.js');

const scope = /** @type {any} */ (globalThis);

const captures = (options) =>
  Boolean(options !== null && typeof options === 'object' ? options.capture : options);

/** The listeners of an own target, in their order. */
const LISTENERS = Symbol('listeners');

const isSame = (one, type, listener, capture) =>
  one.type === type && one.listener === listener && one.capture === capture;

function call(listener, target, event) {
  try {
    if (typeof listener === 'function') listener.call(target, event);
    else listener.handleEvent(event);
  } catch (error) {
    rethrow(error);
  }
}

const Event =
  scope.Event ||
  class Event {
    constructor(type, { cancelable = false } = {}) {
      this.type = String(type);
      this.cancelable = Boolean(cancelable);
      this.bubbles = false;
      this.defaultPrevented = false;
      this.target = null;
      this.currentTarget = null;
      this.isTrusted = false;
      this.timeStamp = Date.now();
      /** Whether listeners that were not called yet are left out. */
      this.isStopped = false;
    }

    preventDefault() {
      if (this.cancelable) this.defaultPrevented = true;
    }

    /** There is nothing around a target that it could reach. */
    stopPropagation() {}

    stopImmediatePropagation() {
      this.isStopped = true;
    }
  };

/** What a listener throws is an `uncaughtException`, as with the EventTarget of Node. */
const EventTarget =
  scope.EventTarget ||
  class EventTarget {
    constructor() {
      Object.defineProperty(this, LISTENERS, { value: [] });
    }

    addEventListener(type, listener, options) {
      if (listener === null || listener === undefined) return;
      const { once, signal } = options !== null && typeof options === 'object' ? options : {};
      if (signal && signal.aborted) return;
      const capture = captures(options);
      if (this[LISTENERS].some((one) => isSame(one, String(type), listener, capture))) return;
      this[LISTENERS].push({ type: String(type), listener, capture, once: Boolean(once), isRemoved: false });
      if (signal) signal.addEventListener('abort', () => this.removeEventListener(type, listener, options));
    }

    removeEventListener(type, listener, options) {
      const capture = captures(options);
      const at = this[LISTENERS].findIndex((one) => isSame(one, String(type), listener, capture));
      if (at < 0) return;
      this[LISTENERS][at].isRemoved = true;
      this[LISTENERS].splice(at, 1);
    }

    dispatchEvent(event) {
      event.target = this;
      event.currentTarget = this;
      for (const one of this[LISTENERS].filter(({ type }) => type === event.type)) {
        if (one.isRemoved || event.isStopped) continue;
        if (one.once) this.removeEventListener(one.type, one.listener, one.capture);
        call(one.listener, this, event);
      }
      event.currentTarget = null;
      return !event.defaultPrevented;
    }
  };

class MessageEvent extends Event {
  constructor(type, { data = null, origin = '' } = {}) {
    super(type);
    this.data = data;
    this.origin = origin;
    this.lastEventId = '';
    this.source = null;
    this.ports = [];
  }
}

class CloseEvent extends Event {
  constructor(type, { code = 0, reason = '', wasClean = false } = {}) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

class ErrorEvent extends Event {
  constructor(type, { message = '', error = undefined } = {}) {
    super(type);
    this.message = message;
    this.error = error;
    this.filename = '';
    this.lineno = 0;
    this.colno = 0;
  }
}

class DOMException extends Error {
  constructor(message, name) {
    super(message);
    Object.defineProperty(this, 'name', { value: name, configurable: true, writable: true });
    this.code = CODES[name];
  }
}

// Else they name themselves after what they extend.
for (const Kind of [MessageEvent, CloseEvent, ErrorEvent, DOMException]) {
  Object.defineProperty(Kind.prototype, Symbol.toStringTag, { value: Kind.name, configurable: true });
}

/** The numbers that the standard has for those that are thrown here. */
const CODES = { InvalidStateError: 11, SyntaxError: 12, InvalidAccessError: 15 };

/** What makes an event of a class, which is looked up when it is first needed: Node loads much along with its own. */
function maker(name, Own) {
  let Kind;
  return (type, init) => {
    if (Kind === undefined) Kind = scope[name] || Own;
    return new Kind(type, init);
  };
}

const messageEvent = maker('MessageEvent', MessageEvent);
const closeEvent = maker('CloseEvent', CloseEvent);
const errorEvent = maker('ErrorEvent', ErrorEvent);

/** The exception that the standard names. */
function domException(name, message) {
  const Kind = scope.DOMException || DOMException;
  return new Kind(message, name);
}

module.exports = { Event, EventTarget, closeEvent, domException, errorEvent, messageEvent };

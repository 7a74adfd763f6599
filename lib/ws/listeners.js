'use strict';

// The WHATWG's way to listen, beside that of EventEmitter. The events are objects of their own: nobody dispatches them.

/** On the function that stands for a listener: the listener, and whether it is that of an attribute. */
const STANDS_FOR = Symbol('standsFor');

/** What a listener is called with, made of an event's arguments. */
const EVENTS = {
  __proto__: null,
  open: () => ({}),
  message: (_, data, isBinary) => ({ data: isBinary ? data : data.toString() }),
  close: ({ wasClean }, code, reason) => ({ code, reason: reason.toString(), wasClean }),
  error: (_, error) => ({ error, message: error.message }),
};

const TYPES = Object.keys(EVENTS);

/** The function among the handlers of `type` that stands for a listener, or for the attribute. */
const find = (target, type, isAttribute, listener) =>
  target.listeners(type).find(({ [STANDS_FOR]: known }) => {
    const isIt = known !== undefined && known.isAttribute === isAttribute;
    return isIt && (isAttribute || known.listener === listener);
  });

/** `connection` knows how it ended. */
function add(target, connection, type, listener, isAttribute, isOnce) {
  const handler = (...args) => {
    const event = { type, target, ...EVENTS[type](connection, ...args) };
    if (typeof listener === 'object' && listener.handleEvent) listener.handleEvent(event);
    else listener.call(target, event);
  };
  handler[STANDS_FOR] = { listener, isAttribute };
  if (isOnce) target.once(type, handler);
  else target.on(type, handler);
}

/**
 * Adds `addEventListener`, `removeEventListener` and the `on…` attributes to a class; `connectionOf` gives that of an object.
 */
function addListening(WebSocket, connectionOf) {
  const { prototype } = WebSocket;
  prototype.addEventListener = function addEventListener(type, listener, options) {
    if (!(type in EVENTS) || find(this, type, false, listener)) return;
    add(this, connectionOf(this), type, listener, false, Boolean(options && options.once));
  };
  prototype.removeEventListener = function removeEventListener(type, listener) {
    const known = find(this, type, false, listener);
    if (known) this.removeListener(type, known);
  };
  for (const type of TYPES) {
    Object.defineProperty(prototype, `on${type}`, {
      enumerable: true,
      configurable: true,
      get() {
        const known = find(this, type, true);
        return known ? known[STANDS_FOR].listener : null;
      },
      set(listener) {
        const known = find(this, type, true);
        if (known) this.removeListener(type, known);
        if (typeof listener === 'function') add(this, connectionOf(this), type, listener, true, false);
      },
    });
  }
}

module.exports = { addListening };

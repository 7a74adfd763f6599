'use strict';

// What of Node's `events` the facade is built on, for bundles. `_events` holds a function where there is one handler, a list where there are
// more, as there.

/** @type {any} */
const errorMonitor = Symbol('events.errorMonitor');

const lists = (emitter) => {
  if (emitter._events === undefined) emitter._events = Object.create(null);
  return emitter._events;
};

const listOf = (emitter, event) => {
  const known = lists(emitter)[event];
  if (known === undefined) return [];
  return typeof known === 'function' ? [known] : known;
};

function put(emitter, event, list) {
  const all = lists(emitter);
  if (list.length === 0) delete all[event];
  else all[event] = list.length === 1 ? list[0] : list;
}

function checkHandler(handler) {
  if (typeof handler === 'function') return;
  /** @type {any} */
  const error = new TypeError('The "listener" argument must be of type function');
  error.code = 'ERR_INVALID_ARG_TYPE';
  throw error;
}

function onceOf(emitter, event, handler) {
  checkHandler(handler);
  const wrapper = (...args) => {
    emitter.removeListener(event, wrapper);
    return handler.apply(emitter, args);
  };
  wrapper.listener = handler;
  return wrapper;
}

class EventEmitter {
  constructor() {
    lists(this);
  }

  on(event, handler) {
    checkHandler(handler);
    if (lists(this).newListener !== undefined) this.emit('newListener', event, handler.listener || handler);
    put(this, event, [...listOf(this, event), handler]);
    return this;
  }

  addListener(event, handler) {
    return this.on(event, handler);
  }

  prependListener(event, handler) {
    checkHandler(handler);
    put(this, event, [handler, ...listOf(this, event)]);
    return this;
  }

  once(event, handler) {
    return this.on(event, onceOf(this, event, handler));
  }

  prependOnceListener(event, handler) {
    return this.prependListener(event, onceOf(this, event, handler));
  }

  removeListener(event, handler) {
    const list = listOf(this, event);
    for (let at = list.length - 1; at >= 0; at -= 1) {
      const one = list[at];
      if (one !== handler && one.listener !== handler) continue;
      put(this, event, [...list.slice(0, at), ...list.slice(at + 1)]);
      if (lists(this).removeListener !== undefined) this.emit('removeListener', event, handler);
      break;
    }
    return this;
  }

  off(event, handler) {
    return this.removeListener(event, handler);
  }

  removeAllListeners(event) {
    if (event === undefined) this._events = Object.create(null);
    else put(this, event, []);
    return this;
  }

  emit(event, ...args) {
    const list = listOf(this, event);
    for (const handler of list) handler.apply(this, args);
    return list.length > 0;
  }

  listeners(event) {
    return listOf(this, event).map((handler) => handler.listener || handler);
  }

  rawListeners(event) {
    return [...listOf(this, event)];
  }

  listenerCount(event) {
    return listOf(this, event).length;
  }

  eventNames() {
    return Reflect.ownKeys(lists(this));
  }

  /** There is no warning of many handlers here. */
  setMaxListeners() {
    return this;
  }

  getMaxListeners() {
    return Infinity;
  }
}

/** @type {any} */ (EventEmitter).errorMonitor = errorMonitor;

module.exports = EventEmitter;

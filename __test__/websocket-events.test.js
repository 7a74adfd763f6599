'use strict';

const assert = require('assert');
const { uncaughtBy } = require('./support/reported.js');

const NAMES = ['Event', 'EventTarget', 'MessageEvent', 'CloseEvent', 'ErrorEvent', 'DOMException'];
const FILE = require.resolve('../lib/websocket/events.js');

/** What `use` returns of the module as it is where the runtime has none of these classes. */
function withoutGlobals(use) {
  const before = NAMES.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  const cached = require.cache[FILE];
  delete require.cache[FILE];
  try {
    for (const name of NAMES) {
      Object.defineProperty(globalThis, name, { value: undefined, configurable: true, writable: true });
    }
    return use(require('../lib/websocket/events.js'));
  } finally {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else delete globalThis[name];
    }
    require.cache[FILE] = cached;
  }
}

describe("the DOM's classes where the runtime has none", () => {
  const { Event, EventTarget, ...made } = withoutGlobals((own) => ({
    Event: own.Event,
    EventTarget: own.EventTarget,
    message: own.messageEvent('message', { data: 'x', origin: 'ws://a' }),
    close: own.closeEvent('close', { code: 1000, reason: 'y', wasClean: true }),
    error: own.errorEvent('error', { message: 'z', error: NAMES }),
    exceptions: ['InvalidStateError', 'SyntaxError', 'InvalidAccessError'].map((name) =>
      own.domException(name, 'why'),
    ),
  }));

  it('are events by their names, with what the standard says', () => {
    const { close, error, message } = made;
    for (const [event, name] of [
      [message, 'MessageEvent'],
      [close, 'CloseEvent'],
      [error, 'ErrorEvent'],
    ]) {
      assert.ok(event instanceof Event);
      assert.strictEqual(event.constructor.name, name);
      assert.strictEqual(String(event), `[object ${name}]`);
    }
    assert.deepStrictEqual([message.type, message.data, message.origin], ['message', 'x', 'ws://a']);
    assert.deepStrictEqual([close.code, close.reason, close.wasClean], [1000, 'y', true]);
    assert.deepStrictEqual([error.message, error.error], ['z', NAMES]);
  });

  it('are exceptions with a name and the number of it', () => {
    const seen = made.exceptions.map(({ name, code, message }) => [name, code, message]);
    assert.deepStrictEqual(seen, [
      ['InvalidStateError', 11, 'why'],
      ['SyntaxError', 12, 'why'],
      ['InvalidAccessError', 15, 'why'],
    ]);
    for (const exception of made.exceptions) assert.ok(exception instanceof Error);
  });

  /** A target, and what listeners that it makes were called. */
  function target() {
    const calls = [];
    const listener = (name) => () => calls.push(name);
    return { calls, listener, made: new EventTarget() };
  }

  it('call each listener once, functions and objects, with the target as this', () => {
    const { calls, made: one } = target();
    function listener(event) {
      calls.push(['function', this === one, event.target === one, event.currentTarget === one]);
    }
    const object = {
      handleEvent(event) {
        calls.push(['object', this === object, event.target === one, event.currentTarget === one]);
      },
    };
    for (const again of [listener, listener, object, object]) one.addEventListener('open', again);
    one.addEventListener('open', null);
    const event = new Event('open');
    assert.strictEqual(one.dispatchEvent(event), true);
    assert.deepStrictEqual(calls, [
      ['function', true, true, true],
      ['object', true, true, true],
    ]);
    assert.strictEqual(event.currentTarget, null);
  });

  it('tell a listener that listens once, and one that captures besides', () => {
    const { calls, listener, made: one } = target();
    const twice = listener('twice');
    one.addEventListener('open', listener('once'), { once: true });
    one.addEventListener('open', twice);
    one.addEventListener('open', twice, true);
    one.dispatchEvent(new Event('open'));
    one.removeEventListener('open', twice, { capture: true });
    one.dispatchEvent(new Event('open'));
    assert.deepStrictEqual(calls, ['once', 'twice', 'twice', 'twice']);
  });

  it('call no listener that was removed, added or left out while an event is told', () => {
    const { calls, listener, made: one } = target();
    const removed = listener('removed');
    one.addEventListener('open', () => {
      one.removeEventListener('open', removed);
      one.addEventListener('open', listener('added'));
    });
    one.addEventListener('open', removed);
    one.addEventListener('open', (event) => event.stopImmediatePropagation());
    one.addEventListener('open', listener('left out'));
    one.dispatchEvent(new Event('open'));
    assert.deepStrictEqual(calls, []);
  });

  it('tell what a listener throws as an uncaught exception, and call the next', async () => {
    const { calls, listener, made: one } = target();
    const thrown = new Error('mine');
    one.addEventListener('open', () => {
      throw thrown;
    });
    one.addEventListener('open', listener('next'));
    const uncaught = await uncaughtBy(async (count) => {
      one.dispatchEvent(new Event('open'));
      await count(1);
    });
    assert.deepStrictEqual([uncaught, calls], [[thrown], ['next']]);
  });

  it('heed a signal', () => {
    const { calls, listener, made: one } = target();
    const signal = new EventTarget();
    signal.aborted = false;
    one.addEventListener('open', listener('until it aborts'), { signal });
    one.dispatchEvent(new Event('open'));
    signal.aborted = true;
    signal.dispatchEvent(new Event('abort'));
    one.addEventListener('open', listener('never'), { signal });
    one.dispatchEvent(new Event('open'));
    assert.deepStrictEqual(calls, ['until it aborts']);
  });

  it('tell whether a default was prevented', () => {
    const { made: one } = target();
    one.addEventListener('open', (event) => event.preventDefault());
    assert.strictEqual(one.dispatchEvent(new Event('open')), true);
    assert.strictEqual(one.dispatchEvent(new Event('open', { cancelable: true })), false);
  });
});

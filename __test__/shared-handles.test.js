'use strict';

/** What clients have alike crosses to the engine once: its native half is one for all of them. */
const assert = require('assert');
const native = require('../lib/node/native.js');
const { make } = require('./support/clients.js');

/** The classes of the addon that hold what clients share. */
const SHARED = ['Settings', 'RouteSettings'];

/** All clients of a test: what nobody holds any more is not shared. */
const kept = [];

/** How many objects of each class are made by this. */
function madeBy(run) {
  const made = {};
  const before = SHARED.map((name) => [name, native[name]]);
  for (const [name, of] of before) {
    made[name] = 0;
    native[name] = new Proxy(of, {
      construct(target, args) {
        made[name] += 1;
        return Reflect.construct(target, args);
      },
    });
  }
  try {
    run();
  } finally {
    for (const [name, of] of before) native[name] = of;
  }
  return made;
}

/** How many are made by clients with these options. */
const madeByClients = (options) => madeBy(() => kept.push(...options.map(make)));

/** Content that no other client of this process has. */
let last = 0;
const unique = () => {
  last += 1;
  return { maxRetries: 1000000 + last, websocketOptions: { maxPayload: 1000000 + last } };
};

const copies = (options) =>
  [1, 2, 3].map(() => ({ ...options, websocketOptions: { ...options.websocketOptions } }));

describe('what clients have alike', () => {
  before(function () {
    // Without it nothing can be held weakly, and so nothing is shared.
    if (typeof WeakRef === 'undefined') this.skip();
  });

  afterEach(() => {
    kept.length = 0;
  });

  it('crosses once for clients that were given the same', () => {
    assert.deepStrictEqual(madeByClients(copies(unique())), { Settings: 1, RouteSettings: 1 });
  });

  it('crosses again only for a client that differs in it', () => {
    const one = unique();
    const { maxRetries, websocketOptions } = unique();
    const clients = [one, { ...one, maxRetries }, { ...one, websocketOptions }];
    assert.deepStrictEqual(madeByClients(clients), { Settings: 2, RouteSettings: 2 });
  });

  it('crosses once for clients that differ in their URL', () => {
    const clients = copies(unique()).map((options, index) => ({
      ...options,
      url: `ws://127.0.0.1:${index + 1}/`,
    }));
    assert.deepStrictEqual(madeByClients(clients), { Settings: 1, RouteSettings: 1 });
  });

  it('crosses once for clients with the same subprotocols and headers', () => {
    const own = (protocol) => ({ protocols: [protocol], headers: { 'x-a': '1' } });
    const options = unique();
    const clients = copies(options).map((copy) => ({ ...copy, ...own('a') }));
    clients.push({ ...options, ...own('b') });
    assert.deepStrictEqual(madeByClients(clients), { Settings: 1, RouteSettings: 2 });
  });

  it('crosses once for clients that trust the certificates of Node', () => {
    const clients = copies(unique()).map((options) => ({ ...options, url: 'wss://127.0.0.1:1/' }));
    assert.deepStrictEqual(madeByClients(clients), { Settings: 1, RouteSettings: 1 });
  });

  it('crosses once where the same is assigned to each', () => {
    kept.push(...copies(unique()).map(make));
    const { maxRetries } = unique();
    const assign = () => {
      for (const ws of kept) ws.maxRetries = maxRetries;
    };
    assert.deepStrictEqual(madeBy(assign), { Settings: 1, RouteSettings: 0 });
  });
});

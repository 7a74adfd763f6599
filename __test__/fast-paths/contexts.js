'use strict';

/*
 * The first client of the process connects in a context, others in another, and in none. Says `in context` when every
 * handler, and every function that is an option, has run in that of its own client.
 */

const { AsyncLocalStorage } = require('async_hooks');
const { startServer, deadPort } = require('../peer/index.js');
const { WebSocketReconnect } = require('../subject.js');

const EVENTS = [
  'open',
  'message',
  'close',
  'error',
  'retry',
  'reconnected',
  'stateChange',
  'circuitChange',
  'ping',
  'drain',
];
const MESSAGES = 300;

const storage = new AsyncLocalStorage();
const whose = () => storage.getStore();

/** What was called in which context, as `event context`. */
const called = new Set();
let failed = false;

function check(name, owner) {
  called.add(name);
  if (whose() === owner) return;
  failed = true;
  console.log(`${name} of ${owner} ran in the context of ${whose()}`);
}

function make(owner, url, dead) {
  const asked = (name, value) => () => {
    check(name, owner);
    return value;
  };
  const later = (name, value) => async () => {
    check(name, owner);
    await null;
    return value;
  };
  let places = 0;
  const ws = new WebSocketReconnect({
    url: () => {
      check('url', owner);
      // The first attempt fails.
      places += 1;
      return places === 1 ? dead : url;
    },
    protocols: later('protocols', ['chat']),
    headers: asked('headers', { 'X-Owner': String(owner) }),
    websocketOptions: { headers: later('websocketOptions.headers', {}) },
    shouldReconnect: later('shouldReconnect', true),
    reconnectDelay: asked('reconnectDelay', 10),
    heartbeatReply: asked('heartbeatReply', true),
    heartbeatInterval: 20,
    heartbeatMessage: 'beat',
    highWaterMark: 1,
    circuitBreaker: { failureThreshold: 1, resetTimeout: 20 },
  });
  for (const event of EVENTS) ws.on(event, () => check(event, owner));
  return ws;
}

const next = (ws, event, is = () => true) =>
  new Promise((resolve) => {
    const listener = (argument) => {
      if (!is(argument)) return;
      ws.removeListener(event, listener);
      resolve();
    };
    ws.on(event, listener);
  });

async function live(owner) {
  const server = await startServer({ echo: true, tick: 10 });
  const ws = make(owner, server.url, `ws://127.0.0.1:${await deadPort()}/`);
  const connect = () => ws.connect();
  await (owner === undefined ? connect() : storage.run(owner, connect));
  const all = next(ws, 'message', ({ data }) => data === `${MESSAGES}`);
  for (let i = 1; i <= MESSAGES; i += 1) ws.send(`${i}`);
  await all;
  ws.send(Buffer.alloc(8 * 1024 * 1024));
  await next(ws, 'drain');
  await next(ws, 'message', ({ data }) => data === 'beat');
  await next(ws, 'ping');
  const again = next(ws, 'reconnected');
  await server.cut();
  await again;
  // Others call.
  await storage.run('another', async () => {
    await ws.sendConfirmed('confirmed');
    check('sendConfirmed()', 'another');
    await ws.ping();
    check('ping()', 'another');
    ws.pause();
    ws.send('paused');
    await ws.flush();
    const held = next(ws, 'message', ({ data }) => data === 'paused');
    ws.resume();
    await held;
    ws.handleError(new Error('counted'));
    ws.closeCircuit();
    const ended = next(ws, 'close');
    ws.close();
    check('close()', 'another');
    await ended;
  });
}

async function main() {
  // Alice's is the first, and its life goes on while the others live theirs.
  const owned = ['Alice', 'Bob'].map((owner) => storage.run('the maker', () => live(owner)));
  await Promise.all([...owned, live(undefined)]);
  const functions = ['url', 'protocols', 'headers', 'websocketOptions.headers', 'shouldReconnect'];
  const wanted = [...EVENTS, ...functions, 'reconnectDelay', 'heartbeatReply'];
  const missing = wanted.filter((name) => !called.has(name));
  if (missing.length > 0) console.log(`never called: ${missing.join(', ')}`);
  else if (!failed) console.log('in context');
  process.exit();
}

main();

'use strict';

/**
 * One client, or several, that go through the steps of the command line: `process.js URL step…`. A step is
 * a setting (`many`, `maxRetries`, `threshold`), a call, or an event or state that is waited for.
 */
const { WebSocketReconnect } = require('../subject.js');

const [url, ...steps] = process.argv.slice(2);
const options = { url, baseDelay: 60000, maxDelay: 60000, jitter: 0, circuitBreaker: {} };
let many = 1;
const clients = [];

const first = () => {
  if (clients.length === 0) {
    for (let i = 0; i < many; i++) clients.push(new WebSocketReconnect(options));
  }
  return clients[0];
};
const all = (call) => first() && clients.forEach(call);

const SETTINGS = {
  many: () => (many = 20),
  maxRetries: () => (options.maxRetries = 0),
  threshold: () => (options.circuitBreaker.failureThreshold = 1),
};
const CALLS = {
  connect: () => all((ws) => ws.connect()),
  close: () => all((ws) => ws.close()),
  openCircuit: () => first().openCircuit(),
  unref: () => all((ws) => ws.unref()),
  ref: () => all((ws) => ws.ref()),
  state: () => console.log(first().state),
  exit: () => process.exit(7),
  throw: () => {
    throw new Error('nobody catches this');
  },
};
const once =
  (event, fits = () => true) =>
  (next) => {
    const handler = (argument) => {
      if (!fits(argument)) return;
      first().off(event, handler);
      // Out of the handler, where a throw would be caught.
      setTimeout(next, 0);
    };
    first().on(event, handler);
  };
const EVENTS = {
  open: once('open'),
  message: once('message'),
  retry: once('retry'),
  closed: once('close', ({ code }) => code === 'MAX_RETRIES'),
  BLOCKED: once('stateChange', (state) => state === 'BLOCKED'),
};

(function step() {
  const name = steps.shift();
  if (name === undefined) return;
  if (EVENTS[name]) {
    EVENTS[name](step);
    return;
  }
  (SETTINGS[name] || CALLS[name])();
  // A close that was begun is waited for.
  if (name === 'close') once('close')(step);
  else step();
})();

'use strict';

/**
 * What users' code throws while events are delivered: `escapes.js URL DELIVERY`. The server echoes, and cuts a
 * connection on which it hears `cut`. After each deed it is told how that was told; all that follows must still come.
 */
const { inspect } = require('util');
const { WebSocketReconnect } = require('../subject.js');

const [url, delivery] = process.argv.slice(2);
const options = {
  url,
  baseDelay: 10,
  jitter: 0,
  heartbeatInterval: 0,
  websocketOptions: url.startsWith('wss:') ? { rejectUnauthorized: false } : {},
};

/** A client whose `emit` is its user's. */
class Fussy extends WebSocketReconnect {
  emit(event, ...args) {
    const { deed } = this;
    if (!deed || event !== this.at) return super.emit(event, ...args);
    this.deed = undefined;
    return deed();
  }
}

/** A client of which not even that can be read. */
class Guarded extends WebSocketReconnect {
  get emit() {
    const { deed } = this;
    if (!deed) return super.emit;
    this.deed = undefined;
    return deed();
  }
}

const CLASSES = { emit: Fussy, accessor: Guarded };

let thrown;
const fail = () => {
  throw thrown;
};
const error = console.error;
const unprintable = () => Object.assign(new Error(), { [inspect.custom]: fail });

const DEEDS = {
  handler: fail,
  nextTick: () => process.nextTick(fail),
  microtask: () => queueMicrotask(fail),
  rejection: () => {
    Promise.reject(thrown);
  },
  timer: () => setTimeout(fail, 0),
  immediate: () => setImmediate(fail),
  console() {
    console.error = () => {
      console.error = error;
      throw new Error('no console');
    };
    fail();
  },
  inspect() {
    const { message } = thrown;
    thrown = unprintable();
    thrown.message = message;
    throw thrown;
  },
  emit: fail,
  accessor: fail,
};

let told = [];
let onTold = () => {};
const note = (how) => (value) => {
  told.push(`${how} ${value.message}`);
  onTold();
};
process.on('uncaughtException', note('uncaught'));
process.on('unhandledRejection', note('unhandled'));
console.error = (...args) => {
  const last = args[args.length - 1];
  if (!(last instanceof Error)) return error(...args);
  // As the console does; it throws where that does.
  inspect(last);
  return note('reported')(last);
};
const report = console.error;

const until = (client, event, fits = () => true) =>
  new Promise((resolve) => {
    const handler = (argument) => {
      if (!fits(argument)) return;
      client.off(event, handler);
      resolve(argument);
    };
    client.on(event, handler);
  });
const message = (client, text) => until(client, 'message', ({ data }) => data === text);
const echoed = (client, text) => {
  const echo = message(client, text);
  client.send(text);
  return echo;
};
const turn = () => new Promise((resolve) => setImmediate(resolve));
const untilTold = (count) =>
  new Promise((resolve) => {
    onTold = () => told.length >= count && resolve();
    onTold();
  });

/** Does a deed in a handler, in the way of delivery that is asked for, and waits until it is done. */
async function provoke(client, kind) {
  const at = delivery === 'call' ? 'stateChange' : 'message';
  const prepare = () =>
    new Promise((done) => {
      const deed = () => {
        done();
        DEEDS[kind]();
      };
      if (kind in CLASSES) Object.assign(client, { deed, at });
      else client.once(at, deed);
    });
  if (delivery === 'call') {
    const done = prepare();
    await client.connect();
    return done;
  }
  await client.connect();
  // What comes first is read by the engine.
  for (let i = 0; i < 5; i++) await echoed(client, `${kind} 0`);
  const done = prepare();
  if (delivery === 'backlog') client.pause();
  const followed = message(client, `${kind} 1 follows`);
  client.send(`${kind} 1`);
  client.send(`${kind} 1 follows`);
  // Both echoes are there by then, and so are delivered together.
  for (const end = Date.now() + 5; Date.now() < end; );
  if (delivery === 'backlog') {
    // The pong comes behind the echo, and is told at once.
    await client.ping();
    client.resume();
  }
  return Promise.all([done, followed]);
}

async function survive(other, kind) {
  told = [];
  thrown = new Error(`boom in ${kind}`);
  const client = new (CLASSES[kind] || WebSocketReconnect)(options);
  await provoke(client, kind);
  await turn();
  for (const one of [other, client]) await echoed(one, `${kind} 2`);
  await untilTold(kind === 'console' ? 2 : 1);
  console.error = report;
  const again = Promise.all([until(client, 'close'), until(client, 'retry'), until(client, 'open')]);
  client.send('cut');
  await again;
  const closed = until(client, 'close');
  client.close();
  await closed;
  console.log(`${kind}: ${told.sort().join(', ')}`);
}

(async () => {
  const other = new WebSocketReconnect(options);
  await other.connect();
  for (const kind of Object.keys(DEEDS)) await survive(other, kind);
  console.log(`the other is ${other.state}`);
  process.exit(0);
})().catch((reason) => {
  console.log(reason.stack);
  process.exit(1);
});

'use strict';

const { constants } = require('buffer');
const { sharedContext } = require('./context.js');
const { beginTurn, nextTick, rethrow, setImmediate } = require('./loop.js');
const native = require('./native.js');
const own = require('./own.js');
const { trustedCertificates } = require('./trust.js');

const { ROW_HEAD, RowKind, SendFlag } = native;

/** What the engine hands over at a time is taken so many times in one turn of the event loop. */
const BATCHES = 4;
/** So many shares of what clients have kept are delivered in one. */
const SHARES = 16;

/** Clients that may be told something, by id. All others can be collected. */
const clients = new Map();
/** Clients that others may have something to tell about their shared circuit, by id: each can be collected. */
const sharers = new Map();
const collected =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry((id) => sharers.delete(id))
    : undefined;
/** Ids of clients that need nothing more, and may still have rows under way. */
const leaving = new Set();
/** Ids of clients that keep the process alive. */
const holders = new Set();

/**
 * This copy of the package, as the engine knows it; from the first client on.
 * @type {import('../native/index.js').Facade}
 */
let facade;
/** @type {ReturnType<import('../native/index.js').Facade['sender']>} */
let sendNative;
/** Whether that holds what it calls, which else is collected with this copy. */
let kept = false;

let rows = [];
let cursor = 0;
let more = false;
/** Something was sent in this turn of the event loop. */
let sending = false;

/**
 * Delivers what the engine has told, and leaves the event loop its turn where that takes long.
 *
 * After an `open`, what follows waits for the next turn of the event loop: who awaits `connect()` and
 * then adds a `message` handler misses nothing.
 */
function deliver() {
  const isOver = beginTurn();
  let goesOn = true;
  for (let batch = 0; goesOn && batch < BATCHES; batch += 1) {
    if (cursor >= rows.length) take();
    goesOn = deliverTaken(isOver);
  }
  if (!isDrained()) {
    setImmediate(deliver);
    return;
  }
  rows = [];
  facade.delivered();
  if (leaving.size === 0 || !facade.isEmpty()) return;
  for (const id of leaving) clients.delete(id);
  leaving.clear();
  keep();
}

/** Takes what comes next. What of it cannot be made in JavaScript is told, and the rest delivered. */
function take() {
  try {
    facade.take();
  } catch (error) {
    rethrow(error);
    // It may have failed before it said so.
    more = !facade.isEmpty();
  }
}

/** Delivers what was taken. Whether more may follow in this turn. */
function deliverTaken(isOver) {
  while (cursor < rows.length) {
    const at = cursor;
    const client = clients.get(rows[at]) || sharer(rows[at]);
    cursor = nextRow(rows, at);
    if (client) deliverRow(client, rows, at);
    if (tellsOpen(rows, at) || isOver()) return false;
  }
  return more;
}

/** Clients that have resumed and have kept something. They take turns. */
let resumed = new Set();
let resuming = false;

/** Delivers what a client has kept, from the next turn of the event loop on. */
function deliverKept(client) {
  resumed.add(client);
  if (resuming) return;
  resuming = true;
  setImmediate(deliverAllKept);
}

function deliverAllKept() {
  const isOver = beginTurn();
  resuming = false;
  const waiting = [...resumed];
  resumed = new Set();
  for (let share = 0; share < SHARES && waiting.length > 0 && !isOver(); share += 1) {
    const client = waiting.shift();
    try {
      if (client[own.deliverShare]()) waiting.push(client);
    } catch (error) {
      rethrow(error);
    }
  }
  const later = resumed;
  resumed = new Set();
  for (const client of [...waiting, ...later]) deliverKept(client);
}

function sharer(id) {
  const reference = sharers.get(id);
  return reference && reference.deref();
}

/** Takes what `facade.take` gives: whether more is left, and rows. */
function receive(isMore, ...taken) {
  more = isMore;
  rows = taken;
  cursor = 0;
}

/** Delivers messages that this thread has read by itself. */
function deliverHere(...taken) {
  for (let at = 0; at < taken.length; at = nextRow(taken, at)) {
    const client = clients.get(taken[at]);
    if (client) deliverRow(client, taken, at);
  }
}

/** Nothing that escapes from one row, or one client, may keep another from being delivered. */
function deliverRow(client, list, at) {
  try {
    dispatch(client, list, at);
  } catch (error) {
    rethrow(error);
  }
}

function dispatch(client, list, at) {
  const first = at + ROW_HEAD;
  switch (list[at + 1]) {
    case RowKind.Texts:
      client[own.inContext](own.deliverTexts, list, first, nextRow(list, at), list[at + 2]);
      return;
    case RowKind.Binaries:
      client[own.inContext](own.deliverBinaries, list, first, nextRow(list, at), list[at + 2]);
      return;
    case RowKind.Ping:
      client[own.inContext](own.deliverControl, 'ping', list[first], list[at + 2]);
      return;
    case RowKind.Pong:
      client[own.inContext](own.deliverControl, 'pong', list[first], list[at + 2]);
      return;
    case RowKind.Notice:
      client[own.deliverQueued](list[first + 1], list[at + 2], list[first]);
      return;
    case RowKind.Outcome:
      client[own.inContext](own.deliverOutcome, list[first]);
  }
}

/** Where the row behind the one at `at` begins. */
const nextRow = (list, at) => at + ROW_HEAD + list[at + 3];

const tellsOpen = (list, at) => list[at + 1] === RowKind.Notice && list[at + ROW_HEAD + 1].kind === 'open';

/** Whether JavaScript has been told all that was taken, and all has been taken. */
function isDrained() {
  return cursor >= rows.length && !more;
}

function endTurn() {
  sending = false;
}

/** Sends a string or a Uint8Array by a client, whose view is open or on its way there. */
function send(id, data, isBinary, isOpen) {
  let flags = isOpen ? SendFlag.SeenOpen : 0;
  if (isBinary) flags |= SendFlag.Binary;
  if (!sending) {
    sending = true;
    nextTick(endTurn);
    flags |= SendFlag.First;
  }
  return sendNative(id, data, flags);
}

/**
 * The fast ways that are on: all, but for those that `WEBSOCKET_RECONNECT_NATIVE_WITHOUT` in the environment names
 * (`write,read,runs`), and for reading by this thread outside of Node, whose event loop that takes, and before Node-API 8,
 * whose hook at the end of an environment it needs.
 */
function ways() {
  const without = (process.env.WEBSOCKET_RECONNECT_NATIVE_WITHOUT || '').split(',');
  const isOn = (way) => !without.includes(way);
  const { bun, deno, napi } = /** @type {any} */ (process.versions);
  const cannotRead = bun || deno || Number(napi) < 8;
  return { write: isOn('write'), read: isOn('read') && !cannotRead, runs: isOn('runs') };
}

/** What the engine calls. */
const callbacks = { onNotifications: deliver, receive, deliver: deliverHere };

/** What this JavaScript environment has once: a copy of this package that is loaded later finds it again. */
function environment() {
  if (!native.environment) {
    const longest = { text: constants.MAX_STRING_LENGTH, binary: constants.MAX_LENGTH };
    native.environment = sharedContext.runInAsyncScope(() => new native.Environment(ways(), longest));
  }
  return native.environment;
}

function ownFacade() {
  if (!facade) {
    facade = new native.Facade(environment(), callbacks);
    sendNative = facade.sender();
  }
  return facade;
}

/** Hands the certificates that Node trusts to the engine, once. */
function trust() {
  if (!environment().trusts()) environment().trust(trustedCertificates());
}

/**
 * Makes the native half of a client. `trusts`: it may need the certificates that Node trusts.
 * @param {import('../native/index.js').ClientOptions} options
 * @param {import('../native/index.js').RouteOptions} route
 */
function createClient(options, route, trusts) {
  if (trusts) trust();
  const client = new native.Client(ownFacade(), options, route);
  return { id: client.id(), client };
}

/** Before an attempt whose route a user's function has said. `trusts`: as above. */
function prepare(trusts) {
  if (trusts) trust();
}

/**
 * Gives a client another route for its next attempts.
 * @param {import('../native/index.js').Client} client
 * @param {import('../native/index.js').RouteOptions} route
 */
function reroute(client, route, trusts) {
  if (trusts) trust();
  client.reroute(route);
}

/**
 * Shares the circuit of `client`, which others may have something to tell about from then on. Before Node 14.6
 * there is no weak reference: such a client is not collected there.
 * @param {import('../native/index.js').Client} native
 */
function share(id, client, native, scope) {
  const isShared = scope !== 'instance';
  if (isShared && !sharers.has(id)) {
    sharers.set(id, collected ? new WeakRef(client) : { deref: () => client });
    if (collected) collected.register(client, id);
  }
  native.share(scope);
  if (isShared || !sharers.delete(id) || clients.has(id)) return;
  // What others have done to the circuit may be under way still.
  clients.set(id, client);
  letGo(id);
  keep();
}

/** Tells the engine that the event loop runs. */
function tellThatItRuns() {
  environment().runs();
}

/** Nothing may collect this copy of the package while it has clients that may be told something. */
function keep() {
  if (clients.size > 0 === kept) return;
  kept = !kept;
  facade.keep(kept);
}

/** Lets go of a client once it has been told all. */
function letGo(id) {
  if (isDrained() && facade.isEmpty()) {
    clients.delete(id);
    leaving.delete(id);
  } else {
    leaving.add(id);
  }
}

/** Keeps `client` reachable for what it may be told, or lets go of it once it has been told all. */
function track(id, client, reachable, holding) {
  leaving.delete(id);
  if (reachable) clients.set(id, client);
  else if (clients.has(id)) letGo(id);
  const held = holders.size > 0;
  if (holding) holders.add(id);
  else holders.delete(id);
  if (holders.size > 0 !== held) facade.hold(!held);
  keep();
}

module.exports = {
  createClient,
  deliverKept,
  prepare,
  reroute,
  share,
  send,
  tellThatItRuns,
  track,
};

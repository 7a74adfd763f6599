'use strict';

const native = require('./native.js');
const { trustedCertificates } = require('./trust.js');

/** How many values a row has, by its kind (see src/binding/value.rs). */
const ROW_LENGTH = [4, 4, 5, 7, 7, 6, 10, 9, 9];
const OPEN = 5;

/** Clients that may be told something, by id. All others can be collected. */
const clients = new Map();
/** Ids of clients that need nothing more, and may still have rows under way. */
const leaving = new Set();
/** Ids of clients that keep the process alive. */
const holders = new Set();

let environment;
let lastId = 0;
let trusting = false;

let rows = [];
let cursor = 0;
let more = false;

/**
 * Delivers all that the engine has told.
 *
 * After an `open`, what follows waits for the next turn of the event loop: who awaits `connect()` and
 * then adds a `message` handler misses nothing. A full batch leaves the timers their turn.
 */
function deliver() {
  if (cursor >= rows.length) {
    rows = environment.take();
    more = rows[0];
    cursor = 1;
  }
  while (cursor < rows.length) {
    const at = cursor;
    const kind = rows[at + 1];
    const client = clients.get(rows[at]);
    cursor += ROW_LENGTH[kind];
    if (client) client._deliverQueued(kind, rows, at);
    if (kind === OPEN) break;
  }
  if (!isDrained()) {
    setImmediate(deliver);
    return;
  }
  rows = [];
  environment.delivered();
  if (leaving.size === 0 || !environment.isEmpty()) return;
  for (const id of leaving) clients.delete(id);
  leaving.clear();
}

/** Whether JavaScript has been told all that was taken, and all has been taken. */
function isDrained() {
  return cursor >= rows.length && !more;
}

/** Calls `take` with the kind and the place of each row that a call returned. */
function eachRow(list, take) {
  for (let at = 1; at < list.length; at += ROW_LENGTH[list[at + 1]]) take(list[at + 1], at);
}

function sharedEnvironment() {
  if (!environment) environment = new native.Environment(deliver);
  return environment;
}

/** Hands the certificates that Node trusts to the engine, once. */
function trust() {
  if (trusting) return;
  environment.trust(trustedCertificates());
  trusting = true;
}

/** Makes the native half of a client. `trusts`: it may need the certificates that Node trusts. */
function createClient(policy, route, trusts) {
  const shared = sharedEnvironment();
  if (trusts) trust();
  lastId = (lastId + 1) >>> 0;
  return { id: lastId, client: new native.Client(shared, lastId, policy, route) };
}

/** Gives a client another route for its next attempts. */
function reroute(client, route, trusts) {
  if (trusts) trust();
  client.reroute(route);
}

/** Keeps `client` reachable for what it may be told, or lets go of it once it has been told all. */
function track(id, client, reachable, holding) {
  leaving.delete(id);
  if (reachable) clients.set(id, client);
  else if (isDrained() && environment.isEmpty()) clients.delete(id);
  else if (clients.has(id)) leaving.add(id);
  const held = holders.size > 0;
  if (holding) holders.add(id);
  else holders.delete(id);
  if (holders.size > 0 !== held) environment.hold(!held);
}

module.exports = { createClient, reroute, eachRow, track };

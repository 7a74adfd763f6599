'use strict';

const { constants } = require('buffer');
const { isDeepStrictEqual } = require('util');
const websocketOptions = require('../options/websocket.js');
const { binaryOf, keep: keepChunk } = require('./chunk.js');
const clock = require('./clock.js');
const content = require('./content.js');
const { currentContext, sharedContext } = require('./context.js');
const watchdog = require('./event-loop-watchdog.js');
const { coded } = require('../errors.js');
const { beginTurn, rethrow, setImmediate } = require('../loop.js');
const native = require('./native.js');
const { supplyAddresses } = require('./needs.js');
const { lookAtSocket, supplySocket } = require('./sockets.js');
const { environmentProxy } = require('./proxy.js');
const { isSecureUrl } = require('../options/check.js');
const { isOfEnvironment, proxyNeedsTrust, readProxy } = require('../options/proxy.js');
const { NO_TLS, tlsSurroundings } = require('./tls-surroundings.js');
const { trustedCertificates } = require('./trust.js');
const { WeakValues } = require('../weakly.js');

const { ROW_HEAD, RowKind, SendFlag, SendStatus } = native;

/** What the engine hands over at a time is taken so many times in one turn of the event loop. */
const BATCHES = 4;
/** So many shares of what clients have kept are delivered in one. */
const SHARES = 16;

/** The inboxes of clients that may be told something, by id. All others can be collected. */
const inboxes = new Map();
/** The inboxes of clients that others may have something to tell about their shared circuit, by id: each can be collected. */
const sharers = new WeakValues();
/** Ids of clients that need nothing more, and may still have rows under way. */
const leaving = new Set();
/** Ids of those of `inboxes` that do not keep the process alive: few, or soon gone. */
const resting = new Set();
/** Whether one of the others does. */
let holding = false;

/**
 * This copy of the package, as the engine knows it; from the first client on.
 * @type {import('../../native/index.js').Facade}
 */
let facade;
/** @type {ReturnType<import('../../native/index.js').Facade['sender']>} */
let sendNative;
/** Whether that holds what it calls, which else is collected with this copy. */
let kept = false;

let rows = [];
let cursor = 0;
let more = false;
/** An `open` has been told in this turn: until the next, nothing counts as delivered, so nobody reads on. */
let opening = false;

/**
 * Delivers what the engine has told, and leaves the event loop its turn where that takes long.
 *
 * After an `open`, what follows waits for the next turn of the event loop: who awaits `connect()` and
 * then adds a `message` handler misses nothing.
 */
function deliver() {
  // Who is asked to deliver takes all there is, and is not asked again before.
  if (opening) more = true;
  else deliverNow();
}

function deliverNow() {
  opening = false;
  const isOver = beginTurn();
  let goesOn = true;
  for (let batch = 0; goesOn && batch < BATCHES; batch += 1) {
    if (cursor >= rows.length) take();
    goesOn = deliverTaken(isOver);
  }
  if (opening) return;
  if (!isDrained()) {
    setImmediate(deliver);
    return;
  }
  rows = [];
  facade.delivered();
  if (leaving.size === 0 || !facade.isEmpty()) return;
  for (const id of leaving) forget(id);
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
    const inbox = inboxes.get(rows[at]) || sharers.get(rows[at]);
    cursor = nextRow(rows, at);
    if (rows[at + 1] === RowKind.Socket) lookAt(rows[at + ROW_HEAD]);
    else if (inbox) deliverRow(inbox, rows, at);
    if (tellsOpen(rows, at)) {
      opening = true;
      setImmediate(deliverNow);
      return false;
    }
    if (isOver()) return false;
  }
  return more;
}

/** Clients that have resumed and have kept something. They take turns. */
let resumed = new Set();
let resuming = false;

/** Delivers what a client has kept, from the next turn of the event loop on. */
function deliverKept(inbox) {
  resumed.add(inbox);
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
    const inbox = waiting.shift();
    try {
      if (inbox.deliverShare()) waiting.push(inbox);
    } catch (error) {
      rethrow(error);
    }
  }
  const later = resumed;
  resumed = new Set();
  for (const inbox of [...waiting, ...later]) deliverKept(inbox);
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
    const inbox = inboxes.get(taken[at]);
    if (inbox) deliverRow(inbox, taken, at);
  }
}

/** Nothing that escapes from one row, or one client, may keep another from being delivered. */
function deliverRow(inbox, list, at) {
  try {
    dispatch(inbox, list, at);
  } catch (error) {
    rethrow(error);
  }
}

/** A socket may be told of behind the end of its client. */
function lookAt(number) {
  try {
    lookAtSocket(number);
  } catch (error) {
    rethrow(error);
  }
}

function dispatch(inbox, list, at) {
  const first = at + ROW_HEAD;
  switch (list[at + 1]) {
    case RowKind.Texts:
      inbox.takeTexts(list, first, nextRow(list, at), list[at + 2]);
      return;
    case RowKind.Binaries:
      inbox.takeBinaries(list, first, nextRow(list, at), list[at + 2]);
      return;
    case RowKind.Ping:
      inbox.takeControl('ping', list[first], list[at + 2]);
      return;
    case RowKind.Pong:
      inbox.takeControl('pong', list[first], list[at + 2]);
      return;
    case RowKind.Notice:
      inbox.takeNotice(list[first + 1], list[at + 2], list[first]);
      return;
    case RowKind.Outcome:
      inbox.outcomes += 1;
      inbox.takeOutcome(list[first]);
      return;
    case RowKind.AddressNeed:
      inbox.takeNeed(supplyAddresses, list[first]);
      return;
    case RowKind.SocketNeed:
      inbox.takeNeed(supplySocket, list[first]);
  }
}

/** Where the row behind the one at `at` begins. */
const nextRow = (list, at) => at + ROW_HEAD + list[at + 3];

const tellsOpen = (list, at) => list[at + 1] === RowKind.Notice && list[at + ROW_HEAD + 1].kind === 'open';

/** Whether JavaScript has been told all that was taken, and all has been taken. */
function isDrained() {
  return cursor >= rows.length && !more;
}

/** Sends a string or a Uint8Array by a client, whose view is open or on its way there. */
function send(id, data, isBinary, isOpen) {
  let flags = isOpen ? SendFlag.SeenOpen : 0;
  if (isBinary) flags |= SendFlag.Binary;
  return sendNative(id, data, flags);
}

/**
 * The fast paths that are on: all, but for those that `WEBSOCKET_RECONNECT_NATIVE_WITHOUT` in the environment names
 * (`write,read,runs`), and for reading by this thread outside of Node, whose event loop that takes, and before Node-API 8,
 * whose hook at the end of an environment it needs.
 */
function fastPaths() {
  const without = (process.env.WEBSOCKET_RECONNECT_NATIVE_WITHOUT || '').split(',');
  const isOn = (path) => !without.includes(path);
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
    native.environment = sharedContext.runInAsyncScope(() => new native.Environment(fastPaths(), longest));
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

/** Hands the certificates of a store to the engine, once. */
function trust(store) {
  if (!environment().trusts(store)) environment().trust(store, trustedCertificates(store));
}

/**
 * What returns the native half of what clients share: it crosses once, and is there for as long as the other half.
 * @template {object} Made
 * @param {(given: any) => Made} make
 * @returns {(given: object) => Made}
 */
function nativeHalves(make) {
  const known = new WeakMap();
  return (given) => {
    let made = known.get(given);
    if (made === undefined) {
      made = make(given);
      known.set(given, made);
    }
    return made;
  };
}

/** @typedef {import('../../native/index.js').PolicySettings} PolicySettings */
/** @typedef {import('../../native/index.js').RouteOptions} RouteOptions */

const nativeSettings = nativeHalves((/** @type {PolicySettings} */ given) => new native.Settings(given));

/**
 * Whether TLS may be spoken with a server or a proxy.
 * @param {RouteOptions} terms
 * @param {string[] | undefined} urls
 */
function mayBeSecure({ followRedirects, proxy }, urls = []) {
  const { ws = '', wss = '' } = proxy || {};
  return followRedirects || [...urls, ws, wss].some(isSecureUrl);
}

/**
 * The native halves of routes, each by what of the surroundings counted when it was made.
 * @type {WeakMap<RouteOptions, Map<string, import('../../native/index.js').RouteSettings>>}
 */
const termsMade = new WeakMap();

/**
 * `trusts`: a client may need the certificates that the platform trusts, for a server.
 * @param {RouteOptions} terms
 * @param {string[] | undefined} urls
 */
function termsOf(terms, urls, trusts) {
  const needsTrust = trusts || proxyNeedsTrust(terms.proxy);
  if (needsTrust) trust(terms.trust);
  const { proxy, rejectUnauthorized } = terms;
  const isAsked = rejectUnauthorized === undefined || (proxy && proxy.rejectUnauthorized === undefined);
  const tls = mayBeSecure(terms, urls) ? tlsSurroundings(isAsked) : NO_TLS;
  const made = termsMade.get(terms) || new Map();
  termsMade.set(terms, made);
  const surroundings = `${needsTrust} ${tls.rejectUnauthorized} ${tls.keyLog}`;
  if (!made.has(surroundings)) made.set(surroundings, new native.RouteSettings(environment(), terms, tls));
  return made.get(surroundings);
}

/**
 * The addon's class, whose objects have no room for what Node-API keeps on each, and take another for it. One of JavaScript leaves
 * some to those of this class.
 */
class Client extends native.Client {
  constructor(own, settings, terms, urls, options) {
    super(own, settings, terms, urls, options);
    /** Its name, which no other client of this JavaScript environment has. */
    this.number = this.id();
  }
}

/**
 * Makes the native half of a client. `trusts`: as above.
 * @param {import('../../native/index.js').ClientOptions & { settings: PolicySettings }} options
 * @param {RouteOptions} terms
 * @param {string[] | undefined} urls
 */
function createNative(options, terms, urls, trusts) {
  const routeSettings = termsOf(terms, urls, trusts);
  return new Client(ownFacade(), nativeSettings(options.settings), routeSettings, urls, options);
}

/**
 * Gives a client other settings.
 * @param {import('../../native/index.js').Client} client
 * @param {PolicySettings} settings
 */
function configure(client, settings) {
  client.configure(nativeSettings(settings));
}

/**
 * Gives a client another route for its next attempts. `trusts`: as above.
 * @param {import('../../native/index.js').Client} client
 * @param {RouteOptions} terms
 * @param {string[] | undefined} urls
 */
function reroute(client, terms, urls, trusts) {
  client.reroute(termsOf(terms, urls, trusts), urls);
}

/**
 * Answers where and how an attempt connects. `trusts`: as above.
 * @param {import('../../native/index.js').Client} client
 * @param {RouteOptions} terms
 * @param {string[] | undefined} urls
 */
function sayRoute(client, attempt, terms, urls, trusts) {
  client.sayRoute(attempt, termsOf(terms, urls, trusts), urls);
}

/**
 * Shares the circuit of a client, which others may have something to tell about from then on. Before Node 14.6
 * there is no weak reference: such a client is not collected there.
 * @param {import('../../native/index.js').Client} native
 */
function share(id, inbox, native, scope) {
  const isShared = scope !== 'instance';
  if (isShared && sharers.get(id) === undefined) sharers.set(id, inbox);
  native.share(scope);
  if (isShared || !sharers.delete(id) || inboxes.has(id)) return;
  // What others have done to the circuit may be under way still.
  inboxes.set(id, inbox);
  resting.add(id);
  letGo(id);
  keep();
}

/** Tells the engine that the event loop runs. */
function tellThatItRuns() {
  environment().runs();
}

/** Watches over the event loop for a client with such a limit, in ms; 0 is none. */
function watchEventLoop(id, limit) {
  watchdog.watchEventLoop(id, limit, tellThatItRuns);
}

/** Data from the engine, or what the user has sent, as a message is received: a binary in memory of its own. */
function receivedForm(type, data) {
  if (typeof data === 'string') return data;
  const memory = ArrayBuffer.isView(data) ? new Uint8Array(/** @type {any} */ (data)).buffer : data;
  return binaryOf(type, memory, 0, memory.byteLength);
}

const warn = (message, code) => process.emitWarning(message, { code });

/** Nothing may collect this copy of the package while it has clients that may be told something. */
function keep() {
  if (inboxes.size > 0 === kept) return;
  kept = !kept;
  facade.keep(kept);
}

function forget(id) {
  inboxes.delete(id);
  resting.delete(id);
}

/** Lets go of a client once it has been told all. */
function letGo(id) {
  if (isDrained() && facade.isEmpty()) forget(id);
  else leaving.add(id);
}

/** Keeps a client reachable for what it may be told, or lets go of it once it has been told all. It holds the process or not. */
function track(id, inbox, reachable, holds) {
  leaving.delete(id);
  if (holds) resting.delete(id);
  else if (reachable || inboxes.has(id)) resting.add(id);
  if (reachable) inboxes.set(id, inbox);
  else if (inboxes.has(id)) letGo(id);
  hold();
  keep();
}

/** Options that only an engine over a platform's own WebSocket has. */
const OF_PLATFORM = ['webSocket', 'timers', 'whenHidden'];

/** Refuses an option that has no effect here. */
function refuse(name, value) {
  if (!OF_PLATFORM.includes(name) || value === undefined || value === null) return;
  const message = `${name} is not supported by the native engine; it is for browsers, and for websocket-reconnect-native/portable`;
  throw coded(TypeError, 'WSR_ERR_UNSUPPORTED_OPTION', message);
}

/** Has the process live for as long as one of the clients holds it. */
function hold() {
  if (inboxes.size > resting.size === holding) return;
  holding = !holding;
  facade.hold(holding);
}

module.exports = {
  ...content,
  ...websocketOptions,
  SendStatus,
  binaryOf,
  /** Every code that may be sent. */
  canClose: (_code) => true,
  configure,
  createNative,
  currentContext,
  deliverKept,
  isSame: isDeepStrictEqual,
  keepChunk,
  monotonic: clock.monotonic,
  now: clock.now,
  readProxy: (given) => (isOfEnvironment(given) ? environmentProxy(process.env) : readProxy(given)),
  receivedForm,
  refuse,
  reroute,
  sayRoute,
  send,
  share,
  track,
  wallTime: () => Date.now(),
  warn,
  watchEventLoop,
};

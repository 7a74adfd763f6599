'use strict';

const { badType, coded, messageOf } = require('../errors.js');
const { check, checkPerAttempt, checkPresent, isAbsent, isFunction } = require('../options/check.js');
const { ROWS } = require('../options/table.js');
const { readHeaders } = require('../request-headers.js');
const { AnyController, abortError, asError, ask } = require('./ask.js');

/** @typedef {import('../../native/index.js').RouteOptions} RouteOptions */

/** Adds headers, name, value, name, value, …; those of the same names in `flat` give way. */
function withHeaders(flat, more) {
  if (more.length === 0) return flat;
  const names = new Set(more.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase()));
  const merged = [];
  for (let i = 0; i < flat.length; i += 2) {
    if (!names.has(flat[i].toLowerCase())) merged.push(flat[i], flat[i + 1]);
  }
  return [...merged, ...more];
}

/** A URL must be there. */
const checkUrl = (value) => (isFunction(value) ? value : checkPresent(ROWS.url, value));

/**
 * Only such a client costs reading the certificates that the platform trusts.
 * @param {RouteOptions} route
 */
function mayNeedTrust(route) {
  const { urls = [] } = route;
  const isSecure = urls.some((url) => /^wss:/i.test(url.trim()));
  return route.ca === undefined && (isSecure || route.followRedirects);
}

/** The value of an option that the engine refused is out of range: its type is checked here. */
function thrownHere(call) {
  try {
    return call();
  } catch (error) {
    throw error.code === 'WSR_ERR_OPTION' ? coded(RangeError, error.code, error.message) : error;
  }
}

/**
 * What has been said before anything is.
 * @type {Readonly<Record<string, any>>}
 */
const NOTHING = Object.freeze({});

/** What is offered by who offers none. */
const NO_PROTOCOLS = Object.freeze([]);

/** Where and how to connect: what the user has set, and what the user's functions say for each attempt. */
class Route {
  constructor(engine, given) {
    const urls = check(ROWS.urls, given.urls);
    const hasUrl = !isAbsent(given.url);
    this.engine = engine;
    this.native = undefined;
    this.url = urls && !hasUrl ? urls[0] : checkUrl(given.url);
    if (urls) this.urls = urls;
    const { protocols, headers, websocketOptions, connectionTimeout } = given;
    if (!isAbsent(protocols)) this.protocols = checkPerAttempt(ROWS.protocols, protocols);
    if (!isAbsent(headers)) this.headers = headers;
    if (!isAbsent(websocketOptions)) this.websocketOptions = check(ROWS.websocketOptions, websocketOptions);
    if (!isAbsent(connectionTimeout)) {
      this.connectionTimeout = check(ROWS.connectionTimeout, connectionTimeout);
    }
    if (urls && hasUrl) {
      if (isFunction(this.url)) throw badType('urls', urls, 'none where url is a function');
      this.urls = [this.url, ...urls.filter((other) => other !== this.url)];
    }
    /** Whether the engine asks where and how to connect. */
    this.asks = this.functions().length > 0;
    /** As the engine has it. */
    this.current = this.read();
  }

  /** Makes the engine's half of a client that connects here. */
  createNative(options) {
    const { engine, current } = this;
    this.native = thrownHere(() => engine.createNative(options, current, mayNeedTrust(current)));
    return this.native;
  }

  /** The user's functions that say where and how to connect, by name. */
  functions() {
    const { url, protocols, headers, websocketOptions } = this;
    const asked = [];
    if (isFunction(url)) asked.push(['url', url]);
    if (isFunction(protocols)) asked.push(['protocols', protocols]);
    if (isFunction(headers)) asked.push(['headers', headers]);
    if (websocketOptions !== undefined && isFunction(websocketOptions.headers)) {
      asked.push(['websocketOptions.headers', websocketOptions.headers]);
    }
    return asked;
  }

  /** Whether the user has nothing at hand that could be written into. */
  get isFixed() {
    return (
      !this.asks &&
      this.urls === undefined &&
      this.protocols === undefined &&
      this.headers === undefined &&
      this.websocketOptions === undefined
    );
  }

  /** Where and how to connect, as the engine takes it. There are no URLs before the user's function has said one. */
  read(said = NOTHING) {
    const { url, urls, protocols, headers } = this;
    const terms = this.readTerms(said);
    /** @type {RouteOptions} */
    const route = Object.create(terms);
    // What was given may have been written into since.
    if (isFunction(url)) route.urls = 'url' in said ? [checkPresent(ROWS.url, said.url)] : undefined;
    else route.urls = urls ? check(ROWS.urls, urls) : [url];
    const offered = isFunction(protocols) ? said.protocols : protocols;
    route.protocols = isAbsent(offered) ? NO_PROTOCOLS : check(ROWS.protocols, offered);
    const more = readHeaders(isFunction(headers) ? said.headers : headers, 'headers');
    if (more.length > 0) route.headers = withHeaders(terms.headers, more);
    return route;
  }

  /** What of a route is the same for all clients with such `websocketOptions`: an object that they share. */
  readTerms(said) {
    const { connectionTimeout, current, engine, websocketOptions = NOTHING } = this;
    const instead = /** @type {any} */ ({});
    if (isFunction(websocketOptions.headers)) instead.headers = said['websocketOptions.headers'];
    const isLimited = !isAbsent(websocketOptions.handshakeTimeout);
    if (connectionTimeout !== undefined && !isLimited) instead.handshakeTimeout = 0;
    if (this.kept === undefined && engine.hasBlobs(websocketOptions)) this.kept = new Map();
    const terms = engine.readWebSocketOptions(websocketOptions, instead, this.kept);
    const before = current && Object.getPrototypeOf(current);
    return before && engine.isSame(terms, before) ? before : terms;
  }

  /** Changes what the user has set, unless that is no route. `onChange` is called where there is a change. */
  set(change, onChange) {
    const before = {};
    for (const name of Object.keys(change)) before[name] = this[name];
    Object.assign(this, change);
    try {
      this.handOverRead(onChange);
    } catch (error) {
      Object.assign(this, before);
      throw error;
    }
  }

  /** Hands the route over where it has changed: users also write into `websocketOptions.headers`. */
  handOver(onChange) {
    if (!this.isFixed) this.handOverRead(onChange);
  }

  handOverRead(onChange) {
    const route = this.read(this.said);
    const asks = this.functions().length > 0;
    if (asks === this.asks && this.engine.isSame(route, this.current)) return;
    thrownHere(() => this.engine.reroute(this.native, route, mayNeedTrust(route)));
    this.current = route;
    this.asks = asks;
    onChange();
  }

  /** A handler may have written a fresh token into the headers for the next attempt. */
  handOverForNext(onChange, fail) {
    if (this.asks && this.functions().length > 0) return;
    try {
      this.handOver(onChange);
    } catch (error) {
      fail(error);
    }
  }

  /** The engine asks where and how the attempt `id` connects. */
  ask(id, attempt, lastError) {
    this.controller = new AnyController();
    const context = { attempt, lastError, signal: this.controller.signal };
    const asked = this.functions();
    const calls = asked.map(
      ([, value]) =>
        () =>
          value(context),
    );
    const say = (values) => this.say(id, Object.fromEntries(asked.map(([name], i) => [name, values[i]])));
    const fail = (thrown) => this.fail(id, asError(thrown, asked.map(([name]) => name).join(', ')));
    ask(calls, say, fail, () => this.native.sayAwaited(id));
  }

  say(id, said) {
    try {
      const route = this.read(said);
      this.engine.prepare(mayNeedTrust(route));
      thrownHere(() => this.native.sayRoute(id, route));
      this.current = route;
      this.said = said;
    } catch (error) {
      this.fail(id, error);
    }
  }

  fail(id, error) {
    this.thrown = { id, error };
    this.native.failRoute(id, messageOf(error));
  }

  /** What a function threw for the attempt `id`, as `error`; undefined where none did. */
  takeThrown(id) {
    const { thrown } = this;
    if (thrown !== undefined) this.thrown = undefined;
    return thrown !== undefined && thrown.id === id ? thrown : undefined;
  }

  /** An attempt is not under way any more. Returns what tells the user's functions that it was given up. */
  endAttempt() {
    const { controller } = this;
    if (controller !== undefined) this.controller = undefined;
    return controller && (() => controller.abort(abortError('The attempt was given up')));
  }

  /** The URL that a user sees; `reached` is that of the latest connection. */
  shownUrl(reached) {
    const { url, urls, said } = this;
    if (isFunction(url)) return 'url' in said ? checkPresent(ROWS.url, said.url) : '';
    return urls ? reached || urls[0] : url;
  }

  /** The URLs that a user sees. */
  shownUrls() {
    const { url, urls } = this;
    if (urls) return urls;
    return isFunction(url) ? [] : [url];
  }

  /** The subprotocols that a user sees, and may write into. */
  shownProtocols() {
    const { protocols, said } = this;
    if (isFunction(protocols)) return check(ROWS.protocols, said.protocols);
    if (protocols === undefined) this.protocols = check(ROWS.protocols, undefined);
    return this.protocols;
  }

  /** The client options of `ws` that a user sees, and may write into. */
  shownWebSocketOptions() {
    if (this.websocketOptions === undefined) {
      this.websocketOptions = check(ROWS.websocketOptions, undefined);
    }
    return this.websocketOptions;
  }

  /** A URL that the engine tells, as the text that the client has of it already. */
  asGiven(url) {
    const { urls } = this.current;
    return (urls && urls.find((other) => other === url)) || url;
  }
}

// What few users give, or have a function for.

/** @type {string[] | undefined} */
Route.prototype.urls = undefined;
Route.prototype.protocols = undefined;
Route.prototype.headers = undefined;
/** @type {Record<string, any> | undefined} */
Route.prototype.websocketOptions = undefined;
/** @type {number | undefined} */
Route.prototype.connectionTimeout = undefined;
/** As the engine has it. */
Route.prototype.current = undefined;
/** What was made of certificates and keys, and of what. */
Route.prototype.kept = undefined;
/** What the user's functions said last. */
Route.prototype.said = NOTHING;
/** What the attempt under way tells the user's functions that it is given up with. */
Route.prototype.controller = undefined;
/** What a function threw, and for which attempt. */
Route.prototype.thrown = undefined;

module.exports = { Route, checkUrl };

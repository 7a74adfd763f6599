'use strict';

const { badType, coded, messageOf } = require('../errors.js');
const { check, checkPerAttempt, checkPresent, isAbsent, isFunction } = require('../options/check.js');
const { ROWS } = require('../options/table.js');
const { readHeaders } = require('../request-headers.js');
const { AnyController, abortError, asError, ask } = require('./ask.js');

/** @typedef {import('../../native/index.js').RouteOptions} RouteOptions */

/** Adds headers, name, value, name, value, …; those of the same names in `flat` give way. */
function withHeaders(flat, more) {
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

/** Where and how to connect: what the user has set, and what the user's functions say for each attempt. */
class Route {
  /** `options`: those of the client that it holds, of which the route reads `connectionTimeout`. */
  constructor(engine, given, options) {
    const urls = check(ROWS.urls, given.urls);
    const hasUrl = !isAbsent(given.url);
    this.engine = engine;
    this.options = options;
    this.native = undefined;
    this.url = urls && !hasUrl ? urls[0] : checkUrl(given.url);
    this.urls = urls;
    this.protocols = checkPerAttempt(ROWS.protocols, given.protocols);
    this.headers = given.headers;
    this.websocketOptions = check(ROWS.websocketOptions, given.websocketOptions);
    /** What was made of certificates and keys, and of what. */
    this.kept = undefined;
    /** What the user's functions said last. */
    this.said = NOTHING;
    /** What the attempt under way tells the user's functions that it is given up with. */
    this.controller = undefined;
    /** What a function threw, and for which attempt. */
    this.thrown = undefined;
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
    const all = { url, protocols, headers, 'websocketOptions.headers': websocketOptions.headers };
    return Object.entries(all).filter(([, value]) => isFunction(value));
  }

  /** Where and how to connect, as the engine takes it. There are no URLs before the user's function has said one. */
  read(said = NOTHING) {
    const { url, urls, protocols, headers, websocketOptions, options, engine } = this;
    const instead = {};
    if (isFunction(websocketOptions.headers)) instead.headers = said['websocketOptions.headers'];
    const isLimited = !isAbsent(websocketOptions.handshakeTimeout);
    if (options.connectionTimeout !== undefined && !isLimited) instead.handshakeTimeout = 0;
    if (this.kept === undefined && engine.hasBlobs(websocketOptions)) this.kept = new Map();
    const route = engine.readWebSocketOptions(websocketOptions, instead, this.kept);
    const more = readHeaders(isFunction(headers) ? said.headers : headers, 'headers');
    route.headers = withHeaders(route.headers, more);
    // What was given may have been written into since.
    let places = urls ? check(ROWS.urls, urls) : [url];
    if (isFunction(url)) places = 'url' in said ? [checkPresent(ROWS.url, said.url)] : undefined;
    const offered = check(ROWS.protocols, isFunction(protocols) ? said.protocols : protocols);
    return /** @type {RouteOptions} */ ({ ...route, urls: places, protocols: offered });
  }

  /** Changes what the user has set, here or in `place`, unless that is no route. `onChange` is called where there is a change. */
  set(change, onChange, place = this) {
    const before = {};
    for (const name of Object.keys(change)) before[name] = place[name];
    Object.assign(place, change);
    try {
      this.handOver(onChange);
    } catch (error) {
      Object.assign(place, before);
      throw error;
    }
  }

  /** Hands the route over where it has changed: users also write into `websocketOptions.headers`. */
  handOver(onChange) {
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
    this.thrown = undefined;
    return thrown !== undefined && thrown.id === id ? thrown : undefined;
  }

  /** An attempt is not under way any more. Returns what tells the user's functions that it was given up. */
  endAttempt() {
    const { controller } = this;
    this.controller = undefined;
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

  /** The subprotocols that a user sees. */
  shownProtocols() {
    const { protocols, said } = this;
    return isFunction(protocols) ? check(ROWS.protocols, said.protocols) : protocols;
  }
}

module.exports = { Route, checkUrl };

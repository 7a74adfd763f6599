'use strict';

const { badType, coded, messageOf } = require('../errors.js');
const {
  check,
  checkPerAttempt,
  checkPresent,
  isAbsent,
  isFunction,
  isSecureUrl,
} = require('../options/check.js');
const { checkProxy, isOfEnvironment } = require('../options/proxy.js');
const { numberOf, sharingMade } = require('../options/shared.js');
const { ROWS } = require('../options/table.js');
const { readHeaders } = require('../request-headers.js');
const { AnyController, abortError, asError, ask } = require('./ask.js');

/**
 * How to connect, whatever the URL: clients share it that are told apart by nothing in it.
 * @typedef {import('../../native/index.js').RouteOptions & { closeTimeout: number }} Terms
 */

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
 * @param {Terms} terms
 */
function mayNeedTrust(terms, urls = []) {
  if (terms.maker === 'node' || terms.maker === 'custom') return false;
  return terms.ca === undefined && (terms.followRedirects || urls.some(isSecureUrl));
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

/**
 * What each engine reads of options that were not given: with the time limit that `websocketOptions` have, and without.
 * @type {WeakMap<object, any[]>}
 */
const standard = new WeakMap();

function standardTerms(engine, isLimited) {
  let terms = standard.get(engine);
  if (terms === undefined) {
    terms = [{ handshakeTimeout: 0 }, {}].map((instead) => engine.readWebSocketOptions({}, instead));
    standard.set(engine, terms);
  }
  return terms[Number(isLimited)];
}

const share = sharingMade();

/**
 * Terms with subprotocols, headers and a proxy besides.
 * @param {Terms} terms
 */
function withOwn(terms, protocols, headers, proxy) {
  if (protocols.length === 0 && headers.length === 0 && proxy === undefined) return terms;
  // That of an agent is the more particular one.
  const own = { protocols, headers: withHeaders(terms.headers, headers), proxy: terms.proxy || proxy };
  const make = () => Object.assign({}, terms, own);
  const number = numberOf(terms);
  return number === undefined ? make() : share(JSON.stringify([number, own]), make);
}

/** Where and how to connect: what the user has set, and what the user's functions say for each attempt. */
class Route {
  constructor(engine, given) {
    const urls = check(ROWS.urls, given.urls);
    const hasUrl = !isAbsent(given.url);
    this.engine = engine;
    this.native = undefined;
    this.url = urls && !hasUrl ? urls[0] : checkUrl(given.url);
    if (urls) this.urls = urls;
    const { protocols, headers, proxy, websocketOptions, connectionTimeout } = given;
    if (!isAbsent(protocols)) this.protocols = checkPerAttempt(ROWS.protocols, protocols);
    if (!isAbsent(headers)) this.headers = headers;
    if (!isOfEnvironment(proxy)) this.proxy = checkProxy(proxy);
    if (!isAbsent(websocketOptions)) this.websocketOptions = check(ROWS.websocketOptions, websocketOptions);
    if (!isAbsent(connectionTimeout)) {
      this.connectionTimeout = check(ROWS.connectionTimeout, connectionTimeout);
    }
    if (urls && hasUrl) {
      if (isFunction(this.url)) throw badType('urls', urls, 'none where url is a function');
      this.urls = [this.url, ...urls.filter((other) => other !== this.url)];
    }
    if (this.functions().length > 0) this.asks = true;
    /**
     * As the engine has them.
     * @type {Terms}
     */
    this.terms = undefined;
    this.keep(this.read());
  }

  /** The URLs as the engine has them. There are none before the user's function has said one. */
  get currentUrls() {
    return this.keptUrls === undefined && !isFunction(this.url) ? [this.url] : this.keptUrls;
  }

  /** What the engine has. A URL of which there is but one is there already. */
  keep({ terms, urls }) {
    this.terms = terms;
    const kept = this.urls === undefined && !isFunction(this.url) ? undefined : urls;
    if (this.keptUrls !== kept) this.keptUrls = kept;
  }

  /** Makes the engine's half of a client that connects here. */
  createNative(options) {
    const { engine, terms, currentUrls: urls } = this;
    this.native = thrownHere(() => engine.createNative(options, terms, urls, mayNeedTrust(terms, urls)));
    return this.native;
  }

  /** The user's functions that say where and how to connect, by name. */
  functions() {
    const { url, protocols, headers, proxy, websocketOptions } = this;
    const asked = [];
    if (isFunction(url)) asked.push(['url', url]);
    if (isFunction(protocols)) asked.push(['protocols', protocols]);
    if (isFunction(headers)) asked.push(['headers', headers]);
    if (isFunction(proxy)) asked.push(['proxy', proxy]);
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
      this.proxy === undefined &&
      this.websocketOptions === undefined
    );
  }

  /** Where and how to connect. There are no URLs before the user's function has said one. */
  read(said = NOTHING) {
    const { url, urls, protocols, headers } = this;
    const standard = this.readWebSocketOptions(said);
    let leads;
    // What was given may have been written into since.
    if (isFunction(url)) leads = 'url' in said ? [checkPresent(ROWS.url, said.url)] : undefined;
    else leads = urls ? check(ROWS.urls, urls) : [url];
    const offered = check(ROWS.protocols, isFunction(protocols) ? said.protocols : protocols);
    const more = readHeaders(isFunction(headers) ? said.headers : headers, 'headers');
    const terms = withOwn(standard, offered, more, this.readProxy(said));
    const { engine, terms: before } = this;
    const isSame = terms === before || (before !== undefined && engine.isSame(terms, before));
    return { terms: isSame ? before : terms, urls: leads };
  }

  /**
   * The proxy that leads there, as the engine has it. The environment is read when an attempt is near, and not for what may never
   * connect.
   */
  readProxy(said) {
    const { engine, native } = this;
    const proxy = isFunction(this.proxy) ? said.proxy : this.proxy;
    return native === undefined && isOfEnvironment(proxy) ? undefined : engine.readProxy(proxy);
  }

  readWebSocketOptions(said) {
    const { connectionTimeout, engine, websocketOptions } = this;
    if (websocketOptions === undefined) return standardTerms(engine, connectionTimeout === undefined);
    const instead = /** @type {any} */ ({});
    if (isFunction(websocketOptions.headers)) instead.headers = said['websocketOptions.headers'];
    const isLimited = !isAbsent(websocketOptions.handshakeTimeout);
    if (connectionTimeout !== undefined && !isLimited) instead.handshakeTimeout = 0;
    if (this.blobs === undefined && engine.hasBlobs(websocketOptions)) this.blobs = new Map();
    return engine.readWebSocketOptions(websocketOptions, instead, this.blobs);
  }

  /** Changes what the user has set, unless that is no route. `onChange` is called where there is a change. */
  set(change, onChange) {
    const before = {};
    const { currentUrls } = this;
    for (const name of Object.keys(change)) before[name] = this[name];
    Object.assign(this, change);
    try {
      this.handOverRead(onChange, currentUrls);
    } catch (error) {
      Object.assign(this, before);
      throw error;
    }
  }

  /** Hands the route over where it has changed: users also write into `websocketOptions.headers`, and into `process.env`. */
  handOver(onChange) {
    if (this.isFixed && this.readProxy(this.said) === this.terms.proxy) return;
    this.handOverRead(onChange, this.currentUrls);
  }

  /** `before`: the URLs that the engine has. */
  handOverRead(onChange, before) {
    const { engine } = this;
    const route = this.read(this.said);
    const { terms, urls } = route;
    const asks = this.functions().length > 0;
    if (asks === this.asks && terms === this.terms && engine.isSame(urls, before)) return;
    thrownHere(() => engine.reroute(this.native, terms, urls, mayNeedTrust(terms, urls)));
    if (this.asks !== asks) this.asks = asks;
    this.keep(route);
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

  /** An attempt begins. Returns the signal by which the user's functions are told that it was given up. */
  beginAttempt() {
    this.controller = new AnyController();
    return this.controller.signal;
  }

  /** The proxy that a user sees. */
  shownProxy() {
    return this.proxy === undefined ? ROWS.proxy.default : this.proxy;
  }

  /** One of the URLs; undefined before the user's function has said it. */
  urlAt(place) {
    const { currentUrls } = this;
    return currentUrls && currentUrls[place];
  }

  /** The engine asks where and how the attempt `id` connects. */
  ask(id, context) {
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
      const { terms, urls } = route;
      thrownHere(() => this.engine.sayRoute(this.native, id, terms, urls, mayNeedTrust(terms, urls)));
      this.keep(route);
      this.said = said;
    } catch (error) {
      this.fail(id, error);
    }
  }

  /** Has `supply` answer what an attempt asks for, by the options that it goes by. */
  supply(supply, need) {
    supply(need, this.websocketOptions || NOTHING, (error) => {
      const id = need.attempt();
      // What fails again, or late, does not take the place of what an attempt has failed with.
      if (this.thrown === undefined || this.thrown.id < id) this.thrown = { id, error };
      need.fail(messageOf(error));
    });
  }

  /** The attempt `id` fails; where it was `withheld`, that says nothing of the server. */
  fail(id, error, withheld = false) {
    this.thrown = { id, error };
    this.native.failAttempt(id, messageOf(error), withheld);
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

  /** A connection is open at one of the URLs. */
  reach(url) {
    if (this.urls) this.reached = url;
  }

  /** The URL that a user sees. */
  shownUrl() {
    const { reached, url, urls, said } = this;
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
}

// What few users give, or have a function for.

/** The engine asks where and how to connect. */
Route.prototype.asks = false;
/** @type {string[] | undefined} */
Route.prototype.urls = undefined;
Route.prototype.protocols = undefined;
Route.prototype.headers = undefined;
Route.prototype.proxy = undefined;
/** @type {Record<string, any> | undefined} */
Route.prototype.websocketOptions = undefined;
/** @type {number | undefined} */
Route.prototype.connectionTimeout = undefined;
/** See `currentUrls`. */
Route.prototype.keptUrls = undefined;
/** What was made of certificates and keys, and of what. */
Route.prototype.blobs = undefined;
/** Which of several URLs the latest connection led to, since they were given. */
Route.prototype.reached = undefined;
/** What the user's functions said last. */
Route.prototype.said = NOTHING;
/** What the attempt under way tells the user's functions that it is given up with. */
Route.prototype.controller = undefined;
/** What a function threw, and for which attempt. */
Route.prototype.thrown = undefined;

module.exports = { Route, checkUrl };

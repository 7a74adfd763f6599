'use strict';

const { isDeepStrictEqual } = require('util');
const { AnyController, abortError, asError, ask } = require('./ask.js');
const { badType, coded, messageOf } = require('./errors.js');
const mailbox = require('./mailbox.js');
const own = require('./own.js');
const { check, checkPerAttempt, checkPresent, isAbsent, isFunction } = require('./options/check.js');
const { ROWS } = require('./options/table.js');
const { hasBlobs, readWebSocketOptions } = require('./options/websocket.js');
const { View } = require('./view.js');
const { readHeaders } = require('./request-headers.js');

/** @typedef {import('../native/index.js').RouteOptions} RouteOptions */

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
 * Only such a client costs reading the certificates that Node trusts.
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

/** Where and how to connect: what the user has set, and what the user's functions say for each attempt. */
class Routed extends View {
  [own.readRouteOptions](given) {
    const urls = check(ROWS.urls, given.urls);
    const hasUrl = !isAbsent(given.url);
    Object.assign(this[own.inner], {
      url: urls && !hasUrl ? urls[0] : checkUrl(given.url),
      urls,
      protocols: checkPerAttempt(ROWS.protocols, given.protocols),
      headers: given.headers,
      websocketOptions: check(ROWS.websocketOptions, given.websocketOptions),
      route: undefined,
      /** What was made of certificates and keys, and of what. */
      kept: undefined,
      /** Whether the engine asks where and how to connect. */
      asksRoute: false,
      /** What the user's functions said last. */
      said: {},
      /** What the attempt under way tells the user's functions that it is given up with. */
      controller: undefined,
      /** What a function threw, and for which attempt. */
      thrown: undefined,
    });
    const { url } = this[own.inner];
    if (!urls || !hasUrl) return;
    if (isFunction(url)) throw badType('urls', urls, 'none where url is a function');
    this[own.inner].urls = [url, ...urls.filter((other) => other !== url)];
  }

  /** The user's functions that say where and how to connect, by name. */
  [own.routeFunctions]() {
    const { url, protocols, headers, websocketOptions } = this[own.inner];
    const all = { url, protocols, headers, 'websocketOptions.headers': websocketOptions.headers };
    return Object.entries(all).filter(([, value]) => isFunction(value));
  }

  /** Where and how to connect, as the engine takes it. There are no URLs before the user's function has said one. */
  [own.readRoute](said = {}) {
    const inner = this[own.inner];
    const { url, urls, protocols, headers, websocketOptions, options } = inner;
    const instead = {};
    if (isFunction(websocketOptions.headers)) instead.headers = said['websocketOptions.headers'];
    const isLimited = !isAbsent(websocketOptions.handshakeTimeout);
    if (options.connectionTimeout !== undefined && !isLimited) instead.handshakeTimeout = 0;
    if (inner.kept === undefined && hasBlobs(websocketOptions)) inner.kept = new Map();
    const route = readWebSocketOptions(websocketOptions, instead, inner.kept);
    const more = readHeaders(isFunction(headers) ? said.headers : headers, 'headers');
    route.headers = withHeaders(route.headers, more);
    // What was given may have been written into since.
    let places = urls ? check(ROWS.urls, urls) : [url];
    if (isFunction(url)) places = 'url' in said ? [checkPresent(ROWS.url, said.url)] : undefined;
    const offered = check(ROWS.protocols, isFunction(protocols) ? said.protocols : protocols);
    return /** @type {RouteOptions} */ ({ ...route, urls: places, protocols: offered });
  }

  [own.setRoute](change, place = this[own.inner]) {
    const before = {};
    for (const name of Object.keys(change)) before[name] = place[name];
    Object.assign(place, change);
    try {
      this[own.reroute]();
    } catch (error) {
      Object.assign(place, before);
      throw error;
    }
  }

  /** Hands the route over where it has changed: users also write into `websocketOptions.headers`. */
  [own.reroute]() {
    const inner = this[own.inner];
    const route = this[own.readRoute](inner.said);
    const asks = this[own.routeFunctions]().length > 0;
    if (asks === inner.asksRoute && isDeepStrictEqual(route, inner.route)) return;
    thrownHere(() => mailbox.reroute(inner.client, route, mayNeedTrust(route)));
    Object.assign(inner, { route, asksRoute: asks });
    this[own.configure]();
  }

  /** A handler may have written a fresh token into the headers for the next attempt. */
  [own.rerouteForNext]() {
    if (this[own.inner].asksRoute && this[own.routeFunctions]().length > 0) return;
    try {
      this[own.reroute]();
    } catch (error) {
      this[own.tell]('error', error);
    }
  }

  /** The engine asks where and how the attempt `id` connects. */
  [own.askForRoute](id, attempt) {
    const inner = this[own.inner];
    inner.controller = new AnyController();
    const context = { attempt, lastError: inner.lastError, signal: inner.controller.signal };
    const asked = this[own.routeFunctions]();
    ask(
      asked.map(
        ([, value]) =>
          () =>
            value(context),
      ),
      (values) => {
        const said = {};
        asked.forEach(([name], i) => {
          said[name] = values[i];
        });
        this[own.sayRoute](id, said);
      },
      (thrown) => this[own.failRoute](id, asError(thrown, asked.map(([name]) => name).join(', '))),
      () => inner.client.sayAwaited(id),
    );
  }

  [own.sayRoute](id, said) {
    const inner = this[own.inner];
    try {
      const route = this[own.readRoute](said);
      mailbox.prepare(mayNeedTrust(route));
      thrownHere(() => inner.client.sayRoute(id, route));
      inner.route = route;
      inner.said = said;
    } catch (error) {
      this[own.failRoute](id, error);
    }
  }

  [own.failRoute](id, error) {
    this[own.inner].thrown = { id, error };
    this[own.inner].client.failRoute(id, messageOf(error));
  }

  [own.endAttempt]() {
    const { controller } = this[own.inner];
    this[own.inner].controller = undefined;
    return controller;
  }

  [own.abandon](controller) {
    controller.abort(abortError('The attempt was given up'));
  }

  get url() {
    const { url, reachedUrl, urls, said } = this[own.inner];
    if (isFunction(url)) return 'url' in said ? checkPresent(ROWS.url, said.url) : '';
    return urls ? reachedUrl || urls[0] : url;
  }

  set url(value) {
    this[own.setRoute]({ url: checkUrl(value), urls: undefined });
  }

  get urls() {
    const { url, urls } = this[own.inner];
    if (urls) return urls;
    return isFunction(url) ? [] : [url];
  }

  set urls(value) {
    const urls = checkPresent(ROWS.urls, value);
    this[own.setRoute]({ url: urls[0], urls, reachedUrl: undefined });
  }

  get protocols() {
    const { protocols, said } = this[own.inner];
    return isFunction(protocols) ? check(ROWS.protocols, said.protocols) : protocols;
  }

  set protocols(value) {
    this[own.setRoute]({ protocols: checkPerAttempt(ROWS.protocols, value) });
  }

  get headers() {
    return this[own.inner].headers;
  }

  set headers(value) {
    this[own.setRoute]({ headers: value });
  }

  get websocketOptions() {
    return this[own.inner].websocketOptions;
  }

  set websocketOptions(value) {
    this[own.setRoute]({ websocketOptions: check(ROWS.websocketOptions, value) });
  }
}

module.exports = { Routed, mayNeedTrust, thrownHere };

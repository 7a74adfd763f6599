'use strict';

// Agents whose proxy the engine can speak with by itself. Whatever else one was told is for Node.

const { proxied } = require('./proxy.js');

/** What says where a proxy is, in a parsed URL of `https-proxy-agent` 5, … */
const PLACE = ['auth', 'hash', 'headers', 'host', 'hostname', 'href', 'path', 'pathname', 'port', 'protocol'];
const OF_URL = [...PLACE, 'query', 'search', 'slashes'];
/** … in what later ones connect with, … */
const OF_CONNECTION = ['ALPNProtocols', 'host', 'port'];
/** … and what agents have of themselves. */
const OF_AGENT = ['noDelay', 'path', 'scheduling'];

const hasOnly = (object, names) => Object.keys(object).every((name) => names.includes(name));

const flat = (headers) => [].concat(...Object.keys(headers).map((name) => [name, String(headers[name])]));

/** Host and port as a URL has them. */
const place = ({ host, port }) => `${String(host).includes(':') ? `[${host}]` : host}:${port}`;

const leads = (url, headers, auth) => proxied({ ws: url, wss: url, headers: flat(headers || {}), auth });

/** That of `https-proxy-agent`. */
function httpsProxy({ proxy, connectOpts, proxyHeaders }) {
  if (connectOpts === undefined) {
    if (proxy instanceof URL || !hasOnly(proxy, OF_URL)) return undefined;
    return leads(`${proxy.protocol}//${place(proxy)}`, proxy.headers, proxy.auth || undefined);
  }
  if (typeof proxyHeaders === 'function' || !hasOnly(connectOpts, OF_CONNECTION)) return undefined;
  return leads(proxy.href, proxyHeaders, undefined);
}

/** That of `socks-proxy-agent`. The password is no name that `Object.keys` tells. */
function socksProxy({ proxy, options, lookup, shouldLookup = lookup, socketOptions = {} }) {
  if (!hasOnly(options || {}, OF_AGENT) || !hasOnly(socketOptions || {}, [])) return undefined;
  const { type, userId, password = '' } = proxy;
  const scheme = type === 4 ? ['socks4a', 'socks4'] : ['socks5h', 'socks5'];
  const auth = userId ? `${userId}:${password}` : undefined;
  return leads(`${scheme[Number(Boolean(shouldLookup))]}://${place(proxy)}`, {}, auth);
}

/** @type {Map<string, (agent: any) => ReturnType<typeof proxied> | undefined>} */
const READERS = new Map(
  /** @type {any} */ ([
    ['HttpsProxyAgent', httpsProxy],
    ['SocksProxyAgent', socksProxy],
  ]),
);

/** What an agent would do by a method of its own, nobody can tell. */
const isChanged = (agent) => Object.keys(agent).some((name) => typeof agent[name] === 'function');

/** The proxy of an agent that does nothing but lead to it; undefined where it may do more. */
function agentProxy(agent) {
  const reader = READERS.get(Object(Object.getPrototypeOf(agent)).constructor.name);
  if (reader === undefined || Object(agent.proxy) !== agent.proxy || isChanged(agent)) return undefined;
  return reader(agent);
}

module.exports = { agentProxy };

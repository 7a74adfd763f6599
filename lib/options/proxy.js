'use strict';

const { badType } = require('../errors.js');
const { allowed, check, checkMembers, isAbsent } = require('./check.js');
const { ROWS, rowsOf } = require('./table.js');

/** @typedef {import('../../native/index.js').ProxyOptions} ProxyOptions */

/** A proxy as it crosses. */
const proxied = (known) => /** @type {ProxyOptions} */ ({ headers: [], cert: [], ...known });

const bytes = (list) => list && list.map((entry) => Buffer.from(entry));

/** Whether the environment says which proxy there is. */
const isOfEnvironment = (given) => isAbsent(given) || given === 'env';

/**
 * The proxy that a user names, as it crosses; undefined for none.
 * @returns {ProxyOptions | undefined}
 */
function readProxy(given) {
  const proxy = check(ROWS.proxy, given);
  if (proxy === false || isOfEnvironment(proxy)) return undefined;
  const isUrl = typeof proxy === 'string' || 'href' in proxy;
  const members = checkMembers(ROWS.proxy, isUrl ? { url: proxy } : proxy, rowsOf('proxy'));
  const { url, headers, auth, ca, cert, key } = members;
  // Who does not say it goes by the environment.
  const rejectUnauthorized =
    isUrl || isAbsent(proxy.rejectUnauthorized) ? undefined : members.rejectUnauthorized;
  if (url === undefined) throw badType('proxy.url', url, allowed(ROWS['proxy.url']));
  const [own, ...more] = bytes(key) || [];
  if (more.length > 0) throw badType('proxy.key', key, 'one private key');
  return proxied({
    ws: url,
    wss: url,
    headers: headers || [],
    auth,
    rejectUnauthorized,
    ca: bytes(ca),
    cert: bytes(cert) || [],
    key: own,
  });
}

/** What is held of what was given, checked: nothing where the environment says it. A function says it for each attempt. */
function checkProxy(given) {
  if (isOfEnvironment(given)) return undefined;
  if (typeof given !== 'function') readProxy(given);
  return given;
}

/**
 * Whether a proxy may need the certificates that the platform trusts.
 * @param {ProxyOptions | undefined} proxy
 */
function proxyNeedsTrust(proxy) {
  if (proxy === undefined || proxy.ca !== undefined) return false;
  return [proxy.ws, proxy.wss].some((url) => url !== undefined && /^https:/i.test(url.trim()));
}

module.exports = { checkProxy, isOfEnvironment, proxied, proxyNeedsTrust, readProxy };

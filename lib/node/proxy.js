'use strict';

// Which proxies an environment names. Which hosts need none of them, src/net/bypass.rs says: it is asked for each host that a
// redirect leads to.

const { proxied } = require('../options/proxy.js');
const { sharingMade } = require('../options/shared.js');
const { variable } = require('./process-settings.js');

const share = sharingMade();

/** As curl has it: a proxy without a scheme speaks HTTP. */
const urlOf = (value) => (value === undefined || value.includes('://') ? value : `http://${value}`);

/**
 * The proxies of an environment, as they cross; undefined where there are none. For the same content it is the same object.
 * `ws:` needs a tunnel as `wss:` does (RFC 6455, 4.1), so the proxy for `https:` comes before that for `http:`.
 * @param {Record<string, string | undefined>} env
 */
function environmentProxy(env) {
  const get = (name) => variable(name.toLowerCase(), env) || variable(name, env);
  const secure = get('HTTPS_PROXY');
  const all = get('ALL_PROXY');
  // A CGI program has the header `Proxy` of any request under that name.
  const plain = variable('REQUEST_METHOD', env) ? variable('http_proxy', env) : get('HTTP_PROXY');
  const wss = urlOf(get('WSS_PROXY') || secure || all);
  const ws = urlOf(get('WS_PROXY') || secure || plain || all);
  if (ws === undefined && wss === undefined) return undefined;
  const named = { ws, wss, bypass: get('NO_PROXY') || '' };
  return share(JSON.stringify(named), () => Object.freeze(proxied(named)));
}

module.exports = { environmentProxy };

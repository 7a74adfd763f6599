'use strict';

const { performance } = require('perf_hooks');

/** Without it Node tells DevTools nothing of the network. */
const FLAG = '--experimental-network-inspection';

const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS || '').split(/\s+/)];

/** What tells DevTools of WebSockets, where it is asked to. Node has it from 24.7 on. */
function loadNetwork() {
  if (!flags.includes(FLAG)) return undefined;
  try {
    const { Network } = /** @type {any} */ (require('inspector'));
    return Network !== undefined && Network.webSocketCreated !== undefined ? Network : undefined;
  } catch (_error) {
    // A Node that was built without the inspector.
    return undefined;
  }
}

const network = loadNetwork();

/** Whether DevTools may be told something. */
const isInspected = network !== undefined;

/** In the unit of DevTools. */
const seconds = () => performance.now() / 1000;

let requests = 0;
/** What DevTools knows the connection by that a client has, or attempts. */
const shown = new WeakMap();

function create(client, url) {
  requests += 1;
  const requestId = `websocket-reconnect-${requests}`;
  shown.set(client, requestId);
  network.webSocketCreated({ requestId, url });
}

function open(client, { url, statusCode, headers }) {
  if (!shown.has(client)) create(client, url);
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  const response = {
    status: statusCode,
    statusText: 'Switching Protocols',
    headers: Object.fromEntries(texts),
  };
  network.webSocketHandshakeResponseReceived({
    requestId: shown.get(client),
    timestamp: seconds(),
    response,
  });
}

function close(client) {
  const requestId = shown.get(client);
  if (!shown.delete(client)) return;
  network.webSocketClosed({ requestId, timestamp: seconds() });
}

/**
 * Shows DevTools what a client is about to be told. An attempt is shown from its beginning on where its URL is sure by then.
 * @param {import('../facade/life.js').Life} life
 */
function inspectEvent({ emitter, route }, event, argument) {
  if (event === 'open') open(emitter, argument);
  if (event !== 'stateChange' || argument === 'OPEN' || argument === 'CLOSING') return;
  close(emitter);
  const { currentUrls, url } = route;
  const isSure = typeof url !== 'function' && currentUrls.length === 1;
  if (argument === 'CONNECTING' && isSure) create(emitter, currentUrls[0]);
}

module.exports = { inspectEvent, isInspected };
